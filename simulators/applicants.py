"""Applicants at offer stage, as the contract's `ApplicantSubmission`."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from simulators import identifiers
from simulators.known_people import (
    FROM_THE_NHS,
    INTERNAL,
    KNOWN_ELSEWHERE,
    KnownPerson,
    known_person,
    staff_come_from_elsewhere,
)
from simulators.organisations import organisation
from simulators.people import declared, person
from simulators.reference.job_roles import JobRole, job_role
from simulators.reference.nationalities import SPONSORED
from simulators.registration import registration
from simulators.right_to_work import route
from simulators.streams import Stream, Weighted
from simulators.world import World

BANK, FIXED_TERM, LOCUM, PERMANENT = "01", "02", "04", "05"
FULL_TIME, PART_TIME = "01", "02"
# Permanent 85, fixed term 10, short-term cover 5 % (NHS staff survey by NHS Professionals, about
# 2009). Doctors in training hold fixed-term contracts; their shares are assumed.
_CONTRACTS = Weighted.of({PERMANENT: 85, FIXED_TERM: 10, BANK: 5})
_TRAINEE_CONTRACTS = Weighted.of({FIXED_TERM: 85, PERMANENT: 9, LOCUM: 6})
# Where strangers come from. The share of the NHS is that of all joiners (see `known_people`); the rest
# is assumed.
_OTHER_SOURCES = {
    "03": 14,
    "09": 20,
    "14": 12,
    "13": 8,
    "17": 7,
    "08": 5,
    "04": 3,
    "02": 3,
    "18": 2,
    "07": 2,
    "16": 1,
}
_NHS = "01"


def _sources(nhs: float) -> Weighted[str]:
    """The sources when `nhs` in a hundred come from the NHS."""
    return Weighted.of({_NHS: nhs / (100 - nhs) * sum(_OTHER_SOURCES.values())} | _OTHER_SOURCES)


_SOURCES = _sources(FROM_THE_NHS)
# While employees of the world come as well, fewer of the others come from the NHS.
_SOURCES_BESIDE_STAFF = _sources(
    (FROM_THE_NHS - KNOWN_ELSEWHERE) / (100 - KNOWN_ELSEWHERE - INTERNAL) * 100
)
_FROM_ABROAD = "12"
_FULL_TIME_HOURS = 37.5
_DAYS_FROM_SENDING_TO_START = (14, 77)


def applicant(
    seed: int,
    index: int,
    world: World,
    *,
    today: date | None = None,
    vacancy: Mapping[str, Any] | None = None,
    start: date | None = None,
) -> dict[str, Any]:
    """Applicant `index` of `seed` for one of the open vacancies of `world`, sent on `today`.

    What is left out is drawn, but for the day: it is then `world.today`. Of a vacancy, `vacancyReference`,
    `positionId` and `odsCode` are read.

    Dates: offer in the fortnight before; four in five have accepted; start on a Monday two to
    twelve weeks ahead, within the send window of public ESR interfaces (13 weeks to 2 days). The NI
    number is known once the offer is accepted (NHSBSA KA-25617), and may be missing even then,
    above all for a person new to the country. Some are employees of the world: see `known_people`.
    """
    stream = Stream(seed, "applicant", index)
    today = today or world.today
    known = known_person(seed, index, world)
    if known:
        vacancy = known.vacancy
    elif vacancy is None:
        vacancy = world.vacancies[stream.weighted(world.hiring)]
    position = world.position_by_id[vacancy["positionId"]]
    role = job_role(position["jobRole"])
    dates = _dates(stream, today, start, certain=known is not None)
    found: dict[str, Any] = {
        "supplierReference": supplier_reference(seed, index),
        "vacancyReference": vacancy["vacancyReference"],
        "positionId": vacancy["positionId"],
    }
    found |= _known(stream, known) if known else _stranger(stream, seed, index, role, today, dates)
    found["staffGroup"] = role.staff_group
    found["jobRole"] = role.code
    found |= _terms(stream, role, position)
    found["recruitmentSource"] = _NHS if known else _source(stream, seed, index, role, world, found)
    found |= dates
    starts = date.fromisoformat(dates["startDate"])
    if found["contractType"] in (FIXED_TERM, LOCUM):
        found["endDate"] = (starts + timedelta(days=stream.pick((90, 182, 364, 728)))).isoformat()
    if "offerAcceptedDate" in dates:
        found["dataSharingConsent"] = stream.chance(85)
    if known and known.internal:
        found["internalCandidate"] = True
    elif found["recruitmentSource"] == _NHS:
        found["previousEmployer"] = _previous_employer(
            stream, world, vacancy["odsCode"], starts, known
        )
    return found


def _known(stream: Stream, known: KnownPerson) -> dict[str, Any]:
    """The employee as they apply: the same person, who answers anew what an application asks."""
    employee = known.employee
    someone = employee["person"]
    found: dict[str, Any] = {
        "person": someone | declared(stream) | {"address": dict(someone["address"])}
    }
    if "registrations" in employee:
        found["registrations"] = [dict(each) for each in employee["registrations"]]
    return found


def _stranger(
    stream: Stream, seed: int, index: int, role: JobRole, today: date, dates: Mapping[str, str]
) -> dict[str, Any]:
    someone = person(seed, index, role, today)
    sponsored = route(seed, index, someone["nationality"], role) in SPONSORED
    if stream.chance(60 if sponsored else 97) and "offerAcceptedDate" in dates:
        someone["niNumber"] = identifiers.national_insurance_number(seed, index)
    found: dict[str, Any] = {"person": someone}
    if role.register is not None:
        found["registrations"] = [registration(seed, index, role.register, today)]
    return found


def _source(
    stream: Stream, seed: int, index: int, role: JobRole, world: World, found: Mapping[str, Any]
) -> str:
    sponsored = route(seed, index, found["person"]["nationality"], role) in SPONSORED
    if sponsored and stream.chance(70):
        return _FROM_ABROAD
    return stream.weighted(
        _SOURCES_BESIDE_STAFF if staff_come_from_elsewhere(index, world) else _SOURCES
    )


def supplier_reference(seed: int, index: int) -> str:
    """The supplier's reference of application `index`; unique in a run."""
    return f"APP-{identifiers.seed_tag(seed):06d}-{index:07d}"


def _dates(stream: Stream, today: date, start: date | None, *, certain: bool) -> dict[str, str]:
    """The dates of an offer; a `certain` one has been accepted."""
    offered = today - timedelta(days=stream.below(11))
    offered -= timedelta(days=max(0, offered.weekday() - 4))
    if start is None:
        start = today + timedelta(days=stream.between(*_DAYS_FROM_SENDING_TO_START))
        start += timedelta(days=-start.weekday() % 7)
    accepted = min(today, offered + timedelta(days=stream.below(7)))
    found = {"offerDate": offered.isoformat()}
    if stream.chance(80) or certain:
        found["offerAcceptedDate"] = accepted.isoformat()
    return found | {"startDate": start.isoformat()}


def _terms(stream: Stream, role: JobRole, position: Mapping[str, Any]) -> dict[str, Any]:
    trainee = role.staff_group == "01" and role.ages in ("foundation", "registrar")
    contract = stream.weighted(_TRAINEE_CONTRACTS if trainee else _CONTRACTS)
    hours = 0.0 if contract == BANK else position["contractedHours"]
    return {
        "contractType": contract,
        "assignmentType": FULL_TIME if hours >= _FULL_TIME_HOURS else PART_TIME,
        "hoursPerWeek": hours,
    }


def _previous_employer(
    stream: Stream, world: World, ods_code: str, start: date, known: KnownPerson | None
) -> dict[str, str]:
    """Where a known person works or worked; else another employer of the world, or one of three
    beyond it, which ESR does not know.
    """
    count = len(world.organisations)
    ends = (start - timedelta(days=stream.between(1, 30))).isoformat()
    if known is not None:
        own = known.employee["odsCode"]
        former = next(each for each in world.organisations if each["odsCode"] == own)
        ends = known.employee.get("endDate", ends)
    else:
        ordinal = stream.below(count + 3)
        former = (
            world.organisations[ordinal] if ordinal < count else organisation(world.seed, ordinal)
        )
        if former["odsCode"] == ods_code:
            former = organisation(world.seed, count + stream.below(3))
    return {"name": former["name"], "odsCode": former["odsCode"], "endDate": ends}
