"""Whether ESR and NHS Jobs say the same of everybody: both are read back through their contracts."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.actors.connection import ActorRefused, Systems

_STATUSES = {"HIRED": "HIRED", "WITHDRAWN": "TERMINATED", "SENT_TO_ESR": "ACCEPTED"}
_CONTENT = (
    "state",
    "outcome",
    "requestedDate",
    "completedDate",
    "expiryDate",
    "followUpDate",
    "checkedBy",
    "supplierReference",
    "identity",
    "rightToWork",
    "registration",
    "employmentHistory",
    "dbs",
    "workHealth",
    "alertNotice",
)
_TERMS = (
    "startDate",
    "offerDate",
    "contractType",
    "assignmentType",
    "hoursPerWeek",
    "dataSharingConsent",
)


@dataclass(frozen=True, slots=True)
class Finished:
    """An application that came to its end, and the person as the candidate told of themselves."""

    application_id: int
    person: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing on which the two systems differ, or that one of them lacks. No personal data is in it."""

    application_id: int | None
    applicant_number: str | None
    what: str
    nhs_jobs: str
    esr: str


async def disagreements(
    systems: Systems, finished: Sequence[Finished], at_once: int
) -> list[Disagreement]:
    """Everything on which ESR and NHS Jobs differ about those who finished."""
    room = asyncio.Semaphore(at_once)

    async def look(one: Finished) -> tuple[dict[str, Any], list[Disagreement]]:
        async with room:
            return await _compare(systems, one)

    compared = await asyncio.gather(*(look(one) for one in finished))
    found = [each for _, differences in compared for each in differences]
    return found + await _surplus(systems, [application for application, _ in compared])


async def _compare(
    systems: Systems, finished: Finished
) -> tuple[dict[str, Any], list[Disagreement]]:
    path = f"/nhs-jobs/v1/applications/{finished.application_id}"
    application = await systems.read(path)
    number = application.get("esr", {}).get("applicantNumber")
    if number is None:
        lost = Disagreement(
            finished.application_id, None, "applicant", application["status"], "unknown"
        )
        return application, [lost]
    try:
        applicant = await systems.read(f"/esr/v1/applicants/{number}")
    except ActorRefused as refusal:
        if refusal.status != 404:
            raise
        lost = Disagreement(finished.application_id, number, "applicant", number, "unknown")
        return application, [lost]
    advert = await systems.read(f"/nhs-jobs/v1/adverts/{application['advertId']}")
    offer = await systems.read(f"{path}/offer")
    ours = await systems.read(f"{path}/pre-employment-checks")
    theirs = await systems.read(f"/esr/v1/applicants/{number}/employment-checks")
    pairs: list[tuple[str, Any, Any]] = [
        ("status", _STATUSES.get(application["status"]), applicant["status"]),
        ("reference", application["reference"], applicant["supplierReference"]),
        ("employer", application["odsCode"], applicant["odsCode"]),
        ("vacancyReference", advert.get("vacancyReference"), applicant["vacancyReference"]),
        ("positionId", advert.get("positionId"), applicant["positionId"]),
        ("assignmentId", application["esr"].get("assignmentId"), applicant["assignmentId"]),
        ("registrations", application["registrations"], applicant.get("registrations", [])),
        *((name, offer.get(name), applicant.get(name)) for name in _TERMS),
        *_check_pairs(ours["preEmploymentChecks"], theirs["employmentChecks"]),
    ]
    found = [
        Disagreement(
            finished.application_id, number, what, _shown(left, right), _shown(right, left)
        )
        for what, left, right in pairs
        if left != right
    ]
    for system, person in (("NHS Jobs", application["candidate"]), ("ESR", applicant["person"])):
        wrong = sorted(
            name
            for name in {*finished.person, *person}
            if finished.person.get(name) != person.get(name)
        )
        if wrong:
            found.append(
                Disagreement(
                    finished.application_id, number, f"person in {system}", "", ", ".join(wrong)
                )
            )
    return application, found


def _check_pairs(
    ours: Iterable[Mapping[str, Any]], theirs: Iterable[Mapping[str, Any]]
) -> list[tuple[str, Any, Any]]:
    left = {check["checkType"]: check for check in ours}
    right = {check["checkType"]: check for check in theirs}
    pairs: list[tuple[str, Any, Any]] = []
    for check_type in sorted({*left, *right}):
        pair = (_content(left.get(check_type)), _content(right.get(check_type)))
        pairs.append((check_type, *pair))
        if check_type in left:
            state = left[check_type]["sentToEsr"]
            pairs.append((f"{check_type} forwarded", state in ("SENT", "NOT_NEEDED"), True))
    return pairs


def _content(check: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {name: check[name] for name in _CONTENT if name in check}


async def _surplus(
    systems: Systems, applications: Sequence[Mapping[str, Any]]
) -> list[Disagreement]:
    """Applicants whom ESR has for an advert's vacancy, and NHS Jobs knows by no application, or has only once."""
    found = []
    for advert_id in sorted({application["advertId"] for application in applications}):
        advert = await systems.read(f"/nhs-jobs/v1/adverts/{advert_id}")
        sent = await systems.read_all(
            "/nhs-jobs/v1/applications", "applications", advertId=advert_id
        )
        left = {application["reference"] for application in sent}
        for applicant in await systems.read_all(
            "/esr/v1/applicants", "applicants", vacancyReference=advert["vacancyReference"]
        ):
            reference = applicant["supplierReference"]
            if reference not in left:
                number = applicant["applicantNumber"]
                found.append(Disagreement(None, number, "applicant", "none or one", reference))
            left.discard(reference)
    return found


def _shown(mine: Any, other: Any) -> str:
    """A value as it may be told: of an object only the names of what differs, of a list only its length."""
    if isinstance(mine, dict):
        theirs = other if isinstance(other, dict) else {}
        return ", ".join(sorted(name for name in mine if mine[name] != theirs.get(name)))
    if isinstance(mine, list):
        return f"{len(mine)} items"
    return str(mine)
