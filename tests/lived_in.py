"""A workspace in which something of everything is there, and what it is called: for whoever wants to get at another's."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from harness import Workspace
from known_people import NAMELESS_NUMBER, PERSON, number_of, send, vacancy

from sandbox.conformance.bodies import body_of, check_body

_REGISTRATION = "registration-and-qualifications"
_NOBODY_LISTENS = "http://127.0.0.1:9/"
_NI_NUMBERS = {"A": "PZ900001A", "B": "PZ900002A", "C": "PZ900003A"}


@dataclass
class Tenant:
    """A workspace that was lived in. `mark` stands in every text of it that is its own."""

    workspace: Workspace
    mark: str
    ids: dict[str, Any] = field(default_factory=dict)
    """What is there, by its name in the contracts or by the operation that it is fit for."""
    operator: dict[str, str] = field(default_factory=dict)
    """The headers that name the operator, where only that one makes clients."""

    @property
    def today(self) -> date:
        return date.fromisoformat(self.workspace.control.get("/clock").json()["now"][:10])

    def body(self, base: str, ordinal: int = 0, reference: str = "new") -> dict[str, Any]:
        """A sound body of the first employer's; the same each time, unless it is given another reference."""
        world = self.workspace.world
        offered = vacancy(self.workspace, ordinal)
        position = world.position_by_id[offered["positionId"]]
        bound = {
            "vacancy": offered,
            "position": position,
            "person": {**PERSON, "niNumber": self.ni_number, "lastName": self.mark},
            "employer": world.organisations[0],
        }
        if base.startswith("check:"):
            return check_body(base.removeprefix("check:"), self.today)
        return body_of(base, bound, self.today, f"{self.mark}-{reference}")

    @property
    def ni_number(self) -> str:
        return _NI_NUMBERS[self.mark[-1]]

    def live(self) -> None:
        """Has something of everything happen, and stands still then with nothing under way."""
        self.workspace.freeze()
        self._at_esr()
        self._at_nhs_jobs()
        self._in_the_sandbox()
        self._note()

    def _write(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.workspace.write(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        # What follows from it between the two systems takes numbers too: the same life gives the same numbers.
        self.workspace.settle()
        return answer.json() if answer.content else None

    def _act(self, path: str, body: Any = None) -> Any:
        answer = self.workspace.control.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        self.workspace.settle()
        return answer.json()

    def _at_esr(self) -> None:
        world, ids = self.workspace, self.ids
        ids["positionId"] = world.world.positions[0]["positionId"]
        ids["costCentre"] = world.world.positions[0]["costCentre"]
        ids["odsCode"] = world.employer
        ids["vacancyReference"] = vacancy(world, 0)["vacancyReference"]
        created = self._write(
            "POST", "/vacancies", {**self.body("vacancy", reference="first"), "title": self.mark}
        )
        ids["change_vacancy_status"] = created["vacancyReference"]
        subscription = {"url": f"{_NOBODY_LISTENS}{self.mark}"}
        doomed = self._write("POST", "/event-subscriptions", subscription)["subscriptionId"]
        ids["subscriptionId"], ids["url"] = doomed, subscription["url"]
        self._write("POST", f"/event-subscriptions/{doomed}/ping")
        # A delivery is given up after three days; no file is wanted of them.
        world.change_organisation(interfaces={"files": False}).raise_for_status()
        world.advance(by="P4D")
        world.change_organisation(interfaces={"files": True}).raise_for_status()
        [letter] = world.esr.get(f"/event-subscriptions/{doomed}/dead-letters").json()[
            "deadLetters"
        ]
        ids["eventIds"] = letter["eventId"]
        ids["requestId"] = str(uuid4())
        sent = self.body("applicant", reference="first")
        taken = self._write("POST", "/applicants", sent, headers={"X-Request-ID": ids["requestId"]})
        number = ids["applicantNumber"] = taken["applicantNumber"]
        ids["supplierReference"] = sent["supplierReference"]
        ids["niNumber"] = self.ni_number
        ids["personId"] = world.read(number)["personId"]
        place = f"/applicants/{number}/employment-checks"
        for check_type in ("dbs", "work-health-assessment", _REGISTRATION):
            check = {**self.body(f"check:{check_type}"), "checkedBy": self.mark}
            if check_type == _REGISTRATION:
                # A body that answers by hand, so that it waits for the answer.
                check |= {"state": "AWAITING_ANSWER"}
                check["registration"] = {"body": "04", "number": self.mark.upper()}
            self._write("PUT", f"{place}/{check_type}", check)
        self._under_review()
        self._with_a_transfer()
        number = ids["number"] = f"99Z{self.ni_number[4:8]}Z"
        answer = {"answer": "NOT_FOUND"}
        entry = world.control.put(f"/esr/registers/09/{number}", json=answer)
        assert entry.status_code == 200, entry.text
        self._act("/esr/event-signing-keys/rotation")

    def _under_review(self) -> None:
        someone = {**NAMELESS_NUMBER, "lastName": self.mark}
        answer = send(self.workspace, vacancy(self.workspace, 1), someone)
        self.ids["decide_match"] = number_of(answer)

    def _with_a_transfer(self) -> None:
        """Two who come from the other employer, which runs no transfer by itself: one is asked for."""
        world = self.workspace
        other = str(world.world.organisations[1]["odsCode"])
        world.change_organisation(autoIat=False).raise_for_status()
        for ordinal, (name, last) in enumerate(
            (("start_transfer", f"{self.mark}s"), ("decide_transfer", f"{self.mark}d")), start=2
        ):
            someone = {
                **PERSON,
                "lastName": last,
                "niNumber": f"PZ91{ord(self.mark[-1])}{ordinal:02d}A",
            }
            more = {
                "dataSharingConsent": True,
                "previousEmployer": {"name": "The other", "odsCode": other},
            }
            answer = send(world, vacancy(world, ordinal), someone, **more)
            self.ids[name] = number_of(answer)
        self.ids["read_inter_authority_transfer"] = self.ids["decide_transfer"]
        self._act(f"/esr/applicants/{self.ids['decide_transfer']}/inter-authority-transfer/start")

    def _at_nhs_jobs(self) -> None:
        world, ids = self.workspace, self.ids
        pushed = []
        for reference in ("first", "second"):
            sent = {**self.body("advert", reference=reference), "title": self.mark}
            pushed.append(self._write("POST", "/adverts", sent, client=world.nhs_jobs))
        ids["publish_advert"], ids["advertId"] = (item["advertId"] for item in pushed)
        ids["advertReference"] = pushed[1]["supplierReference"]
        self._act(f"/nhs-jobs/adverts/{ids['advertId']}/publication")
        ids["emailAddress"] = f"{self.mark}.0@example.org".lower()
        names = ("make_offer", "answer_offer", "applicationId")
        for number, name in enumerate(names):
            applied = self._act(
                f"/nhs-jobs/adverts/{ids['advertId']}/applications", self.candidate(number)
            )
            ids[name] = applied["applicationId"]
        for name in names[1:]:
            self._act(f"/nhs-jobs/applications/{ids[name]}/offer", self.body("nhs-jobs-offer"))
        path = f"/nhs-jobs/applications/{ids['applicationId']}/answer"
        acceptance = {**self.body("acceptance"), "niNumber": f"PZ92{ord(self.mark[-1])}01A"}
        self._act(path, acceptance)
        path = f"/applications/{ids['applicationId']}/pre-employment-checks/dbs"
        self._write("PUT", path, self.body("check:dbs"), client=world.nhs_jobs)

    def client(self) -> str:
        """A client of the workspace that nobody uses yet."""
        answer = self.workspace.control.post(
            "/clients", json={"name": self.mark}, headers=self.operator
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["clientId"])

    def candidate(self, number: int) -> dict[str, Any]:
        """Somebody who has not applied yet, unless the number is one of the first."""
        someone = dict(self.body("candidate")["candidate"])
        return {"candidate": {**someone, "emailAddress": f"{self.mark}.{number}@example.org"}}

    def _in_the_sandbox(self) -> None:
        fault = {
            "system": "esr",
            "kind": "DROP",
            "header": {"name": "X-Mark", "value": self.mark},
        }
        self._act("/faults", fault)
        self.ids["clientId"] = self.client()

    def _note(self) -> None:
        """What has a name only now that all is there."""
        world, ids = self.workspace, self.ids
        exchanges = world.control.get("/exchanges", params={"limit": 100}).json()
        ids["exchangeId"] = exchanges["exchanges"][-1]["exchangeId"]
        ids["cursor"] = world.esr.get("/applicants", params={"limit": 1}).json()["next"]
        ids["since"] = world.esr.get("/positions", params={"limit": 1}).json()["next"]
        ids["snapshotName"] = f"{self.mark} kept"
        ids["snapshotId"] = self._act("/snapshots", {"name": ids["snapshotName"]})["snapshotId"]
        ids["workspace"] = world.name
        ids["keyword"] = self.mark
        ids["day"] = (self.today + timedelta(days=20)).isoformat()
