"""A mixed load from a seed: what suppliers, ESR's staff and a test's own powers do to a sandbox at the same time."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx

from sandbox.esr.files.supplier import inbound_file, read_confirmation
from simulators.applicants import applicant
from simulators.identifiers import national_insurance_number
from simulators.world import World
from tests.durability.acts import Act, Asker, Gate, Over

BEGIN = "2030-01-01T08:10:00.000Z"
_EMPLOYER = "NHSD-End-User-Organisation-ODS"
_WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
_CHECKS = (
    ("identity", {"identity": {"photoDocuments": 2, "addressDocuments": 1, "digital": False}}),
    ("work-health-assessment", {"workHealth": {"result": "FIT"}}),
    ("alert-notice", {}),
    ("dbs", {}),
)


@dataclass
class Tenant:
    """A workspace with a seeded world, and what is known of it by all who ask in it."""

    name: str
    token: str
    world: World
    people: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._strangers = self.world.without_staff()

    @property
    def employer(self) -> str:
        return str(self.world.organisations[0]["odsCode"])

    def submission(self) -> dict[str, Any]:
        """The next applicant whom nobody has sent."""
        index = next(self.people)
        found = applicant(self.world.seed, index, self._strangers)
        number = national_insurance_number(self.world.seed, index)
        return {**found, "person": {"niNumber": number, **found["person"]}}


def new_tenant(url: str, name: str, *, frozen: bool, positions: int = 40) -> Tenant:
    """Makes a workspace of one employer."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        made = client.post(f"{url}/control/v1/workspaces", json={"name": name}).raise_for_status()
        control = f"{url}/w/{name}/control/v1"
        if frozen:
            clock = {"mode": "FROZEN", "at": BEGIN}
            client.put(f"{control}/clock", json=clock).raise_for_status()
        wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": positions}
        client.post(f"{control}/seed", json=wanted).raise_for_status()
    return Tenant(name, made.json()["token"], World.make(1, 1, positions))


class Role:
    """Somebody who goes on asking until it is over. One thread each."""

    def __init__(self, tenant: Tenant, url: str, gate: Gate, seed: int, number: int) -> None:
        self.tenant = tenant
        self.draw = Random(f"{seed}/{tenant.name}/{number}")
        self.asker = Asker(url, tenant.name, tenant.token, gate, seed * 1000 + number)
        self.trouble: BaseException | None = None
        self.shown: dict[str, dict[str, Any]] = {}
        """By address: what is read there as long as nobody changes it."""

    def run(self) -> None:
        try:
            while True:
                self.step()
        except Over:
            return
        except BaseException as problem:  # noqa: BLE001  (told by whoever watches)
            self.trouble = problem

    def step(self) -> None:
        """Does the next thing."""
        raise NotImplementedError

    def submit(self, submission: dict[str, Any] | None = None) -> str | None:
        """Sends an applicant; answers the number of one who was taken."""
        wanted = submission or self.tenant.submission()
        sent = {_EMPLOYER: self._employer_of(wanted)}
        act = self.asker.esr("submit", "POST", "/applicants", wanted, **sent)
        return str(act.json()["applicantNumber"]) if act.is_done else None

    def _employer_of(self, submission: dict[str, Any]) -> str:
        return self.tenant.employer

    def change_position(self) -> None:
        """Has ESR change a position, which is an event."""
        place = self.draw.choice(self.tenant.world.positions)["positionId"]
        body = {"shared": self.draw.random() < 0.5}
        self.asker.control("change position", "POST", f"/esr/positions/{place}/change", body)

    def write(self, name: str, method: str, path: str, body: Any, **more: str) -> Act:
        return self.asker.esr(name, method, path, body, **{_EMPLOYER: self.tenant.employer}, **more)


class Supplier(Role):
    """Sends applicants and all that follows; ESR's staff act on them; subscriptions come and go."""

    def __init__(
        self, tenant: Tenant, url: str, gate: Gate, seed: int, number: int, receiver: str
    ) -> None:
        super().__init__(tenant, url, gate, seed, number)
        self._receiver = receiver
        self._number = number
        self._held: list[str] = []
        self._vacancies = itertools.count(1)

    def step(self) -> None:
        kind = self.draw.random()
        if kind < 0.35 or not self._held:
            number = self.submit()
            if number:
                self._held.append(number)
                self._held = self._held[-30:]
        elif kind < 0.75:
            self._follow_up(self.draw.choice(self._held))
        elif kind < 0.8:
            self._vacancy()
        elif kind < 0.84:
            self._subscription()
        else:
            self.change_position()

    def _follow_up(self, number: str) -> None:
        path, draw = f"/applicants/{number}", self.draw
        address = f"{self.asker.url}/esr/v1{path}"
        kind = draw.choice(["amend", "check", "check", "withdraw", "hire", "hire"])
        if kind == "check":
            check, details = draw.choice(_CHECKS)
            state = draw.choice(["REQUESTED", "IN_PROGRESS"])
            body = {"state": state, "requestedDate": "2026-04-02", **details}
            below = f"{path}/employment-checks/{check}"
            self.shown.pop(address, None)
            self.shown.pop(f"{address}/employment-checks/{check}", None)
            act = self.write("check", "PUT", below, body)
            if act.is_done:
                self.shown[f"{address}/employment-checks/{check}"] = act.json()
            return
        if kind == "amend":
            held = self.shown.pop(address, None)
            if held is None:
                return
            person = {"firstName": f"{draw.choice(['Ada', 'Bo', 'Cy'])}{draw.randrange(1000)}"}
            headers = {"If_Match": f'"{held["version"]}"'}
            headers["Content_Type"] = "application/merge-patch+json"
            act = self.write("amend", "PATCH", path, {"person": person}, **headers)
        elif kind == "withdraw":
            self.shown.pop(address, None)
            act = self.write("withdraw", "POST", f"{path}/withdrawal", _WITHDRAWAL)
        else:
            self.shown.pop(address, None)
            act = self.asker.control("hire", "POST", f"/esr{path}/hire")
        if kind != "amend" and number in self._held:
            self._held.remove(number)
        if act.is_done:
            self.shown[address] = act.json()

    def submit(self, submission: dict[str, Any] | None = None) -> str | None:
        number = super().submit(submission)
        if number:
            # So that it can be amended: what a confirmation does not say is read.
            address = f"{self.asker.url}/esr/v1/applicants/{number}"
            self.shown[address] = {"version": 1}
        return number

    def _vacancy(self) -> None:
        place = self.draw.choice(self.tenant.world.positions)
        body = {
            "supplierReference": f"D{self._number}-{next(self._vacancies)}",
            "positionId": place["positionId"],
            "title": "Staff Nurse",
        }
        act = self.write("vacancy", "POST", "/vacancies", body)
        if act.is_done:
            made = act.json()
            self.shown[f"{self.asker.url}/esr/v1/vacancies/{made['vacancyReference']}"] = made

    def _subscription(self) -> None:
        body = {"url": f"{self._receiver}/passing", "types": ["applicant.hired"]}
        act = self.asker.esr("subscribe", "POST", "/event-subscriptions", body)
        if act.is_done and self.draw.random() < 0.8:
            path = f"/event-subscriptions/{act.json()['subscriptionId']}"
            self.asker.esr("unsubscribe", "DELETE", path)


class Mover(Role):
    """Sends applicants into a world whose clock stands, and moves the clock; deliveries fail at times and lie on its way."""

    @property
    def now(self) -> str:
        """Where the clock stands, or will when its last move has ended."""
        moves = self.asker.done("advance")
        return str(moves[-1].json()["now"]) if moves else BEGIN

    def step(self) -> None:
        for _ in range(self.draw.randrange(1, 4)):
            number = self.submit()
            if number and self.draw.random() < 0.6:
                self.asker.control("hire", "POST", f"/esr/applicants/{number}/hire")
            self.change_position()
        by = self.draw.choice(["PT5S", "PT7M", "PT1H", "PT6H", "P1D"])
        before = self.now
        act = self.asker.control("advance", "POST", "/clock/advance", {"by": by})
        assert act.is_done, act.answer
        assert self.now > before, (self.now, before)

    def look(self) -> None:
        """The clock stands where its last move was to end."""
        self.asker.read(self.asker.control_url("/clock"))
        settled = httpx.post(
            self.asker.control_url("/settle"),
            json={"timeoutSeconds": 30},
            timeout=60,
            trust_env=False,
        )
        assert settled.json()["settled"], settled.text
        now = self.asker.read(self.asker.control_url("/clock"))["now"]
        assert now == self.now, (now, self.now)


class Keeper(Role):
    """Keeps worlds and puts them back."""

    _number = 0
    _begun_with = 0
    _newest = 0

    def step(self) -> None:
        for _ in range(self.draw.randrange(1, 6)):
            self.submit()
        there = len(self.asker.acknowledged)
        self._number += 1
        name = f"kept {self._number}"
        made = self.asker.control("snapshot", "POST", "/snapshots", {"name": name})
        if made.status == 409:
            # There is room for so many: from here on the newest is put back over and over.
            self._put_back(self._newest, 0)
            self._begun_with = len(everybody(self.asker))
            return
        assert made.is_done, made.answer
        self._newest = int(made.json()["snapshotId"])
        for _ in range(self.draw.randrange(0, 4)):
            self.submit()
        if self.draw.random() < 0.7:
            self._put_back(self._newest, there)

    def _put_back(self, number: int, there: int) -> None:
        act = self.asker.control("restore", "POST", f"/snapshots/{number}/restore")
        assert act.is_done, act.answer
        self.asker.forget_since(there)

    def look(self) -> None:
        """The world holds whom it should."""
        there = len(everybody(self.asker))
        assert there == self._begun_with + len(self.asker.done("submit"))


class Resetter(Role):
    """Ends worlds and begins new ones."""

    def step(self) -> None:
        for _ in range(self.draw.randrange(1, 6)):
            self.submit()
        act = self.asker.control("reset", "POST", "/reset")
        assert act.status == 204, act.answer
        self.asker.forget_since(0)
        wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 40}
        seeded = self.asker.control("seed", "POST", "/seed", wanted)
        assert seeded.is_done, seeded.answer

    def look(self) -> None:
        """The world holds whom it should."""
        assert len(everybody(self.asker)) == len(self.asker.done("submit"))


class Filer(Role):
    """Puts files into the hub's inbox and lets the hour come."""

    def __init__(self, hub: Path, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.folder = hub / self.tenant.name / self.tenant.employer
        self._now = datetime.fromisoformat(BEGIN)
        self.sent: dict[str, int] = {}
        """By name: how many rows."""

    def step(self) -> None:
        rows = [("APA", self.tenant.submission()) for _ in range(self.draw.randrange(1, 60))]
        vpd = str(self.tenant.world.organisations[0]["vpd"])
        name, content = inbound_file("APP", vpd, len(self.sent) + 1, self._now, rows)
        growing = self.folder / "inbox" / f"{name}.part"
        growing.write_bytes(content)
        growing.rename(growing.with_suffix(""))
        self.sent[name] = len(rows)
        act = self.asker.control("hour", "POST", "/clock/advance", {"by": "PT1H"})
        assert act.is_done, act.answer
        self._now += timedelta(hours=1)

    def look(self) -> None:
        """Each file was taken once and confirmed once, and each row of it is there once."""
        settled = httpx.post(
            self.asker.control_url("/settle"),
            json={"timeoutSeconds": 30},
            timeout=60,
            trust_env=False,
        )
        assert settled.json()["settled"], settled.text
        answers = [
            read_confirmation(path.read_bytes())
            for path in sorted((self.folder / "outbox").glob("ER_*_APC_*.DAT"))
        ]
        told = Counter(answer.name for answer in answers)
        hours = len(self.asker.done("hour"))
        assert told == Counter(list(self.sent)[:hours]), (told, self.sent)
        kept = Counter(path.name for path in (self.folder / "archive").iterdir())
        assert kept == told, (kept, told)
        assert not list((self.folder / "quarantine").iterdir())
        taken: list[str] = []
        for answer in answers:
            assert len(answer.outcomes) == self.sent[answer.name], answer.name
            taken += [
                str(outcome.columns["applicantNumber"])
                for outcome in answer.outcomes
                if outcome.columns["loadStatusCode"] == "SUCCESS"
            ]
        held = everybody(self.asker)
        assert Counter(held) == Counter(taken), "what the files say is not what is held"


def everybody(asker: Asker) -> list[str]:
    """The number of every applicant of a workspace, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = asker.read(f"{asker.url}/esr/v1/applicants?limit=100{cursor}")
        found += [str(item["applicantNumber"]) for item in page["applicants"]]
        if not page["more"]:
            return found
        cursor = f"&cursor={page['next']}"
