"""What exists in an ESR, for a fuzz run: looked up and created over the contract, so that any ESR will do.

Operations that use up what they are given (an applicant is withdrawn once) get a fresh one for each call that is meant to
succeed.
"""

import contextlib
from collections import deque
from collections.abc import Mapping
from typing import Any

from sandbox.conformance.feed_client import CHECK, CHECK_TYPES, EMPLOYER, FeedClient
from sandbox.conformance.world_feed import FeedExhaustedError, Known
from simulators.applicants import applicant
from simulators.credentials import Access
from simulators.world import World

_OPEN = ("01", "02", "11", "12")
_SUBSCRIPTIONS = 6
_STABLE = 12
_WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-03-05"}
_CURSORS = {
    "list_organisations": "cursor",
    "list_positions": "since",
    "list_vacancies": "cursor",
    "list_applicants": "cursor",
    "list_events": "cursor",
    "list_event_subscriptions": "cursor",
    "list_dead_letters": "cursor",
}


class EsrFeed:
    """Feeds a fuzz run against an ESR."""

    def __init__(self, base_url: str, access: Access, seed: int, run_id: str) -> None:
        self._client = FeedClient(base_url, access, run_id)
        self._seed = seed
        self._run = run_id
        self._people = World.make(seed, 1, 60).without_staff()
        self._places: list[dict[str, Any]] = []
        self._organisations: list[str] = []
        self._code_lists: list[str] = []
        self._stable: list[dict[str, Any]] = []
        self._subscriptions: deque[str] = deque()
        self._cursors: dict[str, str] = {}

    def prepare(self) -> None:
        """Looks around. Raises FeedExhaustedError where there is no employer with positions and both interfaces on."""
        enabled = [
            item["odsCode"]
            for item in self._client.pages("/organisations", "organisations")
            if item["interfaces"]["vacancies"]
            and item["interfaces"]["applicants"]
            and item["interfaces"]["employmentChecks"]
        ]
        self._organisations = enabled
        self._code_lists = [
            item["codeListId"] for item in self._client.get("/code-lists").json()["codeLists"]
        ]
        for ods_code in enabled[:3]:
            query: dict[str, str | int] = {"organisation": ods_code, "limit": 50}
            page = self._client.get("/positions", query).json()
            self._places += [
                item
                for item in page["positions"]
                if item["changeDeleteIndicator"] == "C" and item["hiringStatus"] == "ACTIVE"
            ]
        if not self._places:
            raise FeedExhaustedError(
                "ESR has no employer with open positions and its interfaces switched on; fill its world first."
            )
        for _ in range(_STABLE):
            held = self._new_applicant()
            check_type = CHECK_TYPES[len(self._stable) % len(CHECK_TYPES)]
            self._client.write(
                "PUT",
                f"/applicants/{held['applicantNumber']}/employment-checks/{check_type}",
                CHECK,
                held["odsCode"],
            )
            self._stable.append({**held, "checkType": check_type})

    def known(self, operation_id: str, *, fresh: bool) -> Known:
        """Values for one call."""
        self._client.count += 1
        found = self._known(operation_id, fresh)
        cursor = _CURSORS.get(operation_id)
        if cursor is None:
            return found
        query = {**found.query, cursor: self._cursors.get(operation_id)}
        return Known(path=found.path, headers=found.headers, query=query)

    def observe(self, operation_id: str, status: int, body: Any) -> None:
        """Learns cursors and subscriptions."""
        if status >= 300 or not isinstance(body, dict):
            return
        if operation_id in _CURSORS and "next" in body:
            self._cursors[operation_id] = body["next"]
        if operation_id == "create_event_subscription":
            self._subscriptions.append(body["subscriptionId"])
            # Each subscription is sent every later event: more than a few would be a load test.
            while len(self._subscriptions) > _SUBSCRIPTIONS:
                self._end(self._subscriptions.popleft())

    # One case per operation is the plainest form, however many there are.
    def _known(self, operation_id: str, fresh: bool) -> Known:  # noqa: C901, PLR0911, PLR0912
        turn = self._client.count
        place = self._places[turn % len(self._places)]
        employer = {EMPLOYER: place["odsCode"]}
        stable = self._stable[turn % len(self._stable)]
        holder = {EMPLOYER: stable["odsCode"]}
        match operation_id:
            case "read_organisation":
                return Known(path={"odsCode": self._organisations[turn % len(self._organisations)]})
            case "read_code_list":
                return Known(path={"codeListId": self._code_lists[turn % len(self._code_lists)]})
            case "list_positions":
                query = {"organisation": place["odsCode"], "costCentre": place["costCentre"]}
                return Known(headers=employer, query=query)
            case "read_position":
                return Known(path={"positionId": str(place["positionId"])}, headers=employer)
            case "create_vacancy":
                body = self._vacancy(place)
                references = {
                    "/positionId": place["positionId"],
                    "/supplierReference": body["supplierReference"],
                }
                return Known(headers=employer, body=body, references=references)
            case "change_vacancy_status":
                vacancy = self._new_vacancy(place) if fresh else stable
                return Known(
                    path={"vacancyReference": vacancy["vacancyReference"]},
                    headers={EMPLOYER: vacancy["odsCode"]},
                    body={"status": _OPEN[turn % len(_OPEN)]},
                )
            case "read_vacancy":
                return Known(path={"vacancyReference": stable["vacancyReference"]}, headers=holder)
            case "list_vacancies" | "list_events" | "list_event_subscriptions":
                return Known(headers=employer)
            case "list_applicants":
                return Known(headers=holder, query={"vacancyReference": stable["vacancyReference"]})
            case "submit_applicant":
                return self._submission(place, fresh)
            case "amend_applicant":
                return self._amendment(fresh)
            case "withdraw_applicant":
                held = self._new_applicant() if fresh else stable
                return Known(
                    path={"applicantNumber": held["applicantNumber"]},
                    headers={EMPLOYER: held["odsCode"]},
                    body=_WITHDRAWAL,
                )
            case "record_employment_check":
                held = self._new_applicant() if fresh else stable
                return Known(
                    path={
                        "applicantNumber": held["applicantNumber"],
                        "checkType": CHECK_TYPES[turn % len(CHECK_TYPES)],
                    },
                    headers={EMPLOYER: held["odsCode"]},
                    body=CHECK,
                )
            case "read_employment_check":
                path = {name: stable[name] for name in ("applicantNumber", "checkType")}
                return Known(path=path, headers=holder)
            case "read_applicant" | "list_employment_checks" | "read_inter_authority_transfer":
                return Known(path={"applicantNumber": stable["applicantNumber"]}, headers=holder)
            case "create_event_subscription":
                body = {"url": f"http://127.0.0.1:9/{self._run}/{turn}", "types": ["ping"]}
                # Also in bodies that stay as generated: a made-up address would be sent events.
                return Known(body=body, always={"/url": body["url"], "/types": ["ping"]})
            case "read_event_subscription" | "ping_event_subscription" | "list_dead_letters":
                return Known(path={"subscriptionId": self._subscription()})
            case "replay_dead_letters":
                # Nothing is dead yet: the first attempt of ten was a moment ago.
                return Known(path={"subscriptionId": self._subscription()}, body={})
            case "delete_event_subscription":
                identifier = self._subscription()
                if fresh:
                    self._subscriptions.remove(identifier)
                return Known(path={"subscriptionId": identifier})
            case _:
                return Known()

    def _submission(self, place: Mapping[str, Any], fresh: bool) -> Known:
        vacancy = self._new_vacancy(place) if fresh else self._stable[0]
        body = self._person_for(vacancy) if fresh else None
        references = {
            "/vacancyReference": vacancy["vacancyReference"],
            "/positionId": vacancy["positionId"],
            "/supplierReference": self._client.reference("S"),
        }
        return Known(headers={EMPLOYER: vacancy["odsCode"]}, body=body, references=references)

    def _amendment(self, fresh: bool) -> Known:
        held = (
            self._new_applicant() if fresh else self._stable[self._client.count % len(self._stable)]
        )
        number = held["applicantNumber"]
        answer = self._client.get(f"/applicants/{number}")
        version = answer.headers.get("etag", '"1"')
        # Every other refused call shows what a forgotten or an old version brings.
        forced = {"If-Match": version} if fresh else {}
        return Known(
            path={"applicantNumber": number},
            headers={EMPLOYER: held["odsCode"], "If-Match": version},
            forced_headers=forced,
            body={"dataSharingConsent": self._client.count % 2 == 0},
        )

    def _subscription(self) -> str:
        if not self._subscriptions:
            body = {
                "url": f"http://127.0.0.1:9/{self._run}/{self._client.count}",
                "types": ["ping"],
            }
            held = self._client.write("POST", "/event-subscriptions", body)
            self._subscriptions.append(held["subscriptionId"])
        return self._subscriptions[0]

    def _end(self, subscription_id: str) -> None:
        """Deletes a subscription, unless a case did so before."""
        with contextlib.suppress(FeedExhaustedError):
            self._client.write("DELETE", f"/event-subscriptions/{subscription_id}")

    def _vacancy(self, place: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "supplierReference": self._client.reference("V"),
            "positionId": place["positionId"],
            "title": place["positionTitle"],
        }

    def _new_vacancy(self, place: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.write("POST", "/vacancies", self._vacancy(place), place["odsCode"])

    def _person_for(self, vacancy: Mapping[str, Any]) -> dict[str, Any]:
        """An applicant whom nobody has sent: the person is made from the seed, the post is the vacancy's."""
        position = next(
            item for item in self._places if item["positionId"] == vacancy["positionId"]
        )
        return {
            **applicant(self._seed, self._client.first_person + self._client.count, self._people),
            "supplierReference": self._client.reference("A"),
            "vacancyReference": vacancy["vacancyReference"],
            "positionId": vacancy["positionId"],
            "staffGroup": position["staffGroup"],
            "jobRole": position["jobRole"],
        }

    def _new_applicant(self) -> dict[str, Any]:
        place = self._places[self._client.count % len(self._places)]
        vacancy = self._new_vacancy(place)
        held = self._client.write(
            "POST", "/applicants", self._person_for(vacancy), vacancy["odsCode"]
        )
        return {**vacancy, "applicantNumber": held["applicantNumber"]}
