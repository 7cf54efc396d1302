"""What exists in the mock NHS Jobs, for a fuzz run.

Adverts are pushed over the contract. That they are published, that somebody applies, is offered the post and accepts, is
what people do in life: the control API of the sandbox plays them.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.conformance.feed_client import CHECK, CHECK_TYPES, EMPLOYER, FeedClient
from sandbox.conformance.world_feed import FeedExhaustedError, Known
from sandbox.timestamps import from_text
from simulators.applicants import applicant
from simulators.credentials import Access
from simulators.world import World

_STABLE = 8
_CURSORS = ("list_adverts", "list_applications")
_LATER = ("dateOfBirth", "niNumber")
_SEARCH = {"countryCode": "ENG", "sort": "publicationDateDesc", "page": "1", "limit": "10"}


class NhsJobsFeed:
    """Feeds a fuzz run against NHS Jobs."""

    def __init__(self, base_url: str, access: Access, seed: int, run_id: str) -> None:
        self._client = FeedClient(base_url, access, run_id)
        sandbox = base_url.removesuffix("/nhs-jobs/v1")
        # A client may use the powers of its own workspace, whatever the level.
        self._acts = FeedClient(f"{sandbox}/control/v1", access, f"{run_id}-acts")
        self._esr = FeedClient(f"{sandbox}/esr/v1", access, f"{run_id}-esr")
        self._seed = seed
        self._people = World.make(seed, 1, 60).without_staff()
        self._places: list[dict[str, Any]] = []
        self._adverts: list[dict[str, Any]] = []
        self._applications: list[dict[str, Any]] = []
        self._cursors: dict[str, str] = {}

    def prepare(self) -> None:
        """Brings some applicants as far as an accepted offer."""
        query: dict[str, str | int] = {"limit": 50}
        self._places = self._esr.get("/positions", query).json()["positions"]
        if not self._places:
            raise FeedExhaustedError("The world has no positions; fill it first.")
        now = from_text(self._acts.get("/clock").json()["now"])
        self._today = now.date()
        for _ in range(_STABLE):
            application = self._new_application()
            self._client.write(
                "PUT",
                f"/applications/{application['applicationId']}/pre-employment-checks/identity",
                CHECK,
                application["odsCode"],
            )
            self._applications.append(application)

    def known(self, operation_id: str, *, fresh: bool) -> Known:
        """Values for one call."""
        self._client.count += 1
        found = self._known(operation_id, fresh)
        if operation_id in _CURSORS:
            query = {**found.query, "cursor": self._cursors.get(operation_id)}
            return Known(path=found.path, headers=found.headers, query=query)
        return found

    def observe(self, operation_id: str, status: int, body: Any) -> None:
        """Learns cursors."""
        if operation_id in _CURSORS and status < 300 and isinstance(body, dict) and "next" in body:
            self._cursors[operation_id] = body["next"]

    def _known(self, operation_id: str, fresh: bool) -> Known:  # noqa: PLR0911  (as in EsrFeed)
        turn = self._client.count
        application = self._applications[turn % len(self._applications)]
        advert = self._adverts[turn % len(self._adverts)]
        place = self._places[turn % len(self._places)]
        holder = {EMPLOYER: application["odsCode"]}
        path = {"applicationId": str(application["applicationId"])}
        match operation_id:
            case "search_adverts" | "search_adverts_xml":
                return Known(query={**_SEARCH, "employerCode": place["odsCode"]})
            case "push_advert":
                body = self._advert(place)
                references = {
                    "/positionId": place["positionId"],
                    "/supplierReference": body["supplierReference"],
                }
                return Known(headers={EMPLOYER: place["odsCode"]}, body=body, references=references)
            case "list_adverts":
                return Known(headers={EMPLOYER: advert["odsCode"]})
            case "read_advert":
                return Known(
                    path={"advertId": str(advert["advertId"])},
                    headers={EMPLOYER: advert["odsCode"]},
                )
            case "list_applications":
                return Known(headers=holder, query={"advertId": str(application["advertId"])})
            case "read_application" | "read_offer" | "list_pre_employment_checks":
                return Known(path=path, headers=holder)
            case "record_pre_employment_check":
                if fresh:
                    application = self._new_application()
                    path = {"applicationId": str(application["applicationId"])}
                check_type = CHECK_TYPES[turn % len(CHECK_TYPES)]
                return Known(
                    path={**path, "checkType": check_type},
                    headers={EMPLOYER: application["odsCode"]},
                    body=CHECK,
                )
            case _:
                return Known()

    def _advert(self, place: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "supplierReference": self._client.reference("V"),
            "title": place["positionTitle"],
            "description": f"{place['positionTitle']}: come and join us.",
            "staffGroup": place["staffGroup"],
            "jobRole": place["jobRole"],
            "areaOfWork": place["areaOfWork"],
            "payBand": "BAND_5",
            "contractType": "Permanent",
            "workingPattern": ["full-time"],
            "salary": {"text": "Depends on experience"},
            "locations": [{"town": "Northmere", "postcode": "EA1 2AB"}],
            "closeDate": (self._today + timedelta(days=28)).isoformat(),
            "positionId": place["positionId"],
        }

    def _new_application(self) -> dict[str, Any]:
        """An application whose offer is accepted."""
        self._client.count += 1
        place = self._places[self._client.count % len(self._places)]
        advert = self._client.write("POST", "/adverts", self._advert(place), place["odsCode"])
        self._acts.write("POST", f"/nhs-jobs/adverts/{advert['advertId']}/publication")
        self._adverts.append(advert)
        number = self._client.first_person + self._client.count
        someone = applicant(self._seed, number, self._people)["person"]
        candidate = {name: value for name, value in someone.items() if name not in _LATER}
        application = self._acts.write(
            "POST",
            f"/nhs-jobs/adverts/{advert['advertId']}/applications",
            {"candidate": candidate},
        )
        acts = f"/nhs-jobs/applications/{application['applicationId']}"
        offer = {
            "offerDate": self._today.isoformat(),
            "startDate": (self._today + timedelta(days=56)).isoformat(),
            "contractType": "05",
            "assignmentType": "01",
        }
        self._acts.write("POST", f"{acts}/offer", offer)
        later = {name: someone[name] for name in _LATER if name in someone}
        later.setdefault("niNumber", f"MW{number % 1_000_000:06d}A")
        answer = {"answer": "ACCEPT", "dataSharingConsent": True, **later}
        self._acts.write("POST", f"{acts}/answer", answer)
        return application
