"""Applicants at offer stage, as the contract's `ApplicantSubmission`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

import numpy as np

from simulators import identifiers
from simulators.days import iso_days, weekdays
from simulators.draws import Bools, Draws, Ints, Tables
from simulators.known_people import (
    FROM_THE_NHS,
    INTERNAL,
    KNOWN_ELSEWHERE,
    KnownPerson,
    first_applicants,
    known_person,
)
from simulators.organisations import organisation
from simulators.people import DECLARED, people
from simulators.reference.job_roles import job_roles, role_number
from simulators.reference.nationalities import SPONSORED
from simulators.registration import registrations
from simulators.right_to_work import routes
from simulators.streams import Weighted
from simulators.world import World

BANK, FIXED_TERM, LOCUM, PERMANENT = "01", "02", "04", "05"
FULL_TIME, PART_TIME = "01", "02"
# Permanent 85, fixed term 10, short-term cover 5 % (NHS staff survey by NHS Professionals, about
# 2009). Doctors in training hold fixed-term contracts; their shares are assumed.
_CONTRACTS = Tables(
    Weighted.of({PERMANENT: 85, FIXED_TERM: 10, BANK: 5}),
    Weighted.of({FIXED_TERM: 85, PERMANENT: 9, LOCUM: 6}),
)
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


# While employees of the world come as well, fewer of the others come from the NHS.
_SOURCES = Tables(
    _sources(FROM_THE_NHS),
    _sources((FROM_THE_NHS - KNOWN_ELSEWHERE) / (100 - KNOWN_ELSEWHERE - INTERNAL) * 100),
)
_FROM_ABROAD = "12"
_FULL_TIME_HOURS = 37.5
_DAYS_FROM_SENDING_TO_START = (14, 77)
_LENGTHS = np.array([90, 182, 364, 728])
_EMPLOYERS_BEYOND = 3


@dataclass(frozen=True, slots=True)
class _Roles:
    """What depends on the role, by its number."""

    trainees: Bools
    registers: tuple[str | None, ...]
    registered: Bools


@cache
def _roles() -> _Roles:
    registers = tuple(role.register for role in job_roles())
    return _Roles(
        trainees=np.array(
            [
                role.staff_group == "01" and role.ages in ("foundation", "registrar")
                for role in job_roles()
            ]
        ),
        registers=registers,
        registered=np.array([register is not None for register in registers]),
    )


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
    made = applicants(
        seed,
        np.array([index]),
        world,
        days=np.array([(today or world.today).toordinal()]),
        vacancies=None if vacancy is None else [vacancy],
        starts=None if start is None else np.array([start.toordinal()]),
    )
    return next(made.submissions)


@dataclass(frozen=True, slots=True)
class Applicants:
    """A block of applicants."""

    roles: Ints
    """Their numbers (see `role_number`)."""
    starts: Ints
    """Ordinals."""
    nationality: list[str]
    registrations: list[Mapping[str, Any] | None]
    submissions: Iterator[dict[str, Any]]
    """The contract's `ApplicantSubmission` of each, put together only when it is asked for."""


def applicants(
    seed: int,
    indexes: Ints,
    world: World,
    *,
    days: Ints | None = None,
    vacancies: Sequence[Mapping[str, Any]] | None = None,
    starts: Ints | None = None,
) -> Applicants:
    """Each `applicant` of a block: for their vacancy, sent on their day, to start on theirs (ordinals)."""
    draws = Draws(seed, "applicant", indexes, 24)
    if days is None:
        days = np.full(len(indexes), world.today.toordinal())
    places = draws.weighted(world.openings).tolist()
    if vacancies is None:
        vacancies = [world.vacancies[place] for place in places]
    known = _known_people(seed, indexes, world)
    if known:
        vacancies = [
            known[row].vacancy if row in known else each for row, each in enumerate(vacancies)
        ]
    is_known = np.isin(np.arange(len(indexes)), list(known))
    positions = [world.position_by_id[each["positionId"]] for each in vacancies]
    roles = np.array([role_number(each["jobRole"]) for each in positions])
    made = people(seed, indexes, roles, days)
    nationality, held = made.nationality, _registrations(seed, indexes, roles, days)
    for row, each in known.items():
        nationality[row] = each.employee["person"]["nationality"]
        held[row] = next(map(dict, each.employee.get("registrations", ())), None)
    has_accepted = draws.chance(80) | is_known
    starts = _starts(draws, days) if starts is None else starts
    contract = draws.weighted(_CONTRACTS, _roles().trainees[roles])
    route = routes(seed, indexes, nationality, _roles().registered[roles])
    sponsored = np.array([each in SPONSORED for each in route])
    gives_ni_number = draws.chance(np.where(sponsored, 60, 97)) & has_accepted & ~is_known
    beside_staff = (len(world.organisations) > 1) & (indexes < first_applicants(world))
    source = draws.weighted(_SOURCES, beside_staff)
    source[draws.chance(70) & sponsored] = _FROM_ABROAD
    source[is_known] = _NHS
    rows = zip(
        indexes.tolist(),
        vacancies,
        positions,
        made.persons,
        held,
        [known.get(row) for row in range(len(indexes))],
        gives_ni_number.tolist(),
        contract.tolist(),
        source.tolist(),
        *_offers(draws, days),
        iso_days(starts),
        iso_days(starts + draws.pick(_LENGTHS)),
        has_accepted.tolist(),
        draws.chance(85).tolist(),
        draws.below(len(world.organisations) + _EMPLOYERS_BEYOND).tolist(),
        (len(world.organisations) + draws.below(_EMPLOYERS_BEYOND)).tolist(),
        iso_days(starts - draws.between(1, 30)),
        strict=True,
    )
    return Applicants(roles, starts, nationality, held, _submissions(seed, world, rows))


def _submissions(
    seed: int, world: World, rows: Iterable[tuple[Any, ...]]
) -> Iterator[dict[str, Any]]:
    for (
        index, vacancy, position, someone, registration, known, gives_number, contract_type, comes_from, offered,
        accepted_on, start, end_date, accepted, consents, former, other_former, left,
    ) in rows:  # fmt: skip
        if gives_number:
            someone["niNumber"] = identifiers.national_insurance_number(seed, index)
        hours = 0.0 if contract_type == BANK else position["contractedHours"]
        submission = {
            "supplierReference": supplier_reference(seed, index),
            "vacancyReference": vacancy["vacancyReference"],
            "positionId": vacancy["positionId"],
            "person": someone,
            "staffGroup": position["staffGroup"],
            "jobRole": position["jobRole"],
            "contractType": contract_type,
            "assignmentType": FULL_TIME if hours >= _FULL_TIME_HOURS else PART_TIME,
            "hoursPerWeek": hours,
            "recruitmentSource": comes_from,
            "offerDate": offered,
            "startDate": start,
        }
        if registration is not None:
            submission["registrations"] = [registration]
        if contract_type in (FIXED_TERM, LOCUM):
            submission["endDate"] = end_date
        if accepted:
            submission["offerAcceptedDate"] = accepted_on
            submission["dataSharingConsent"] = consents
        if comes_from == _NHS:
            name, ods_code = _employer(world, former)
            if ods_code == vacancy["odsCode"]:
                name, ods_code = _employer(world, other_former)
            submission["previousEmployer"] = {"name": name, "odsCode": ods_code, "endDate": left}
        if known is not None:
            _employed(submission, known, world)
        yield submission


def _known_people(seed: int, indexes: Ints, world: World) -> dict[int, KnownPerson]:
    """By row, those who are employees of the world."""
    found = {}
    if world.employees:
        for row, index in enumerate(indexes.tolist()):
            known = known_person(seed, index, world)
            if known is not None:
                found[row] = known
    return found


def _registrations(
    seed: int, indexes: Ints, roles: Ints, days: Ints
) -> list[Mapping[str, Any] | None]:
    """What each holds whose role needs one."""
    found: list[Mapping[str, Any] | None] = [None] * len(indexes)
    rows = np.flatnonzero(_roles().registered[roles])
    registers = [_roles().registers[role] for role in roles[rows].tolist()]
    if registers:
        made = registrations(seed, indexes[rows], registers, days[rows])
        for row, registration in zip(rows.tolist(), made, strict=True):
            found[row] = registration
    return found


def _offers(draws: Draws, days: Ints) -> tuple[list[str], list[str]]:
    """When they were offered the post, on a weekday of the fortnight before, and when they may have accepted."""
    offered = days - draws.below(11)
    offered -= np.maximum(0, weekdays(offered) - 4)
    return iso_days(offered), iso_days(np.minimum(days, offered + draws.below(7)))


def _starts(draws: Draws, days: Ints) -> Ints:
    """A Monday two to twelve weeks ahead."""
    starts = days + draws.between(*_DAYS_FROM_SENDING_TO_START)
    return starts + -weekdays(starts) % 7


def _employer(world: World, ordinal: int) -> tuple[str, str]:
    """Name and ODS code of an employer of the world, or of one beyond it, which ESR does not know."""
    if ordinal < len(world.organisations):
        known = world.organisations[ordinal]
        return known["name"], known["odsCode"]
    return _employer_beyond(world.seed, ordinal)


@lru_cache(maxsize=64)
def _employer_beyond(seed: int, ordinal: int) -> tuple[str, str]:
    made = organisation(seed, ordinal)
    return made["name"], made["odsCode"]


def _employed(submission: dict[str, Any], known: KnownPerson, world: World) -> None:
    """Makes the applicant the employee: the same person, who answers anew what an application asks, and tells where they
    work or worked.
    """
    someone = known.employee["person"]
    anew = {name: submission["person"][name] for name in DECLARED}
    submission["person"] = someone | anew | {"address": dict(someone["address"])}
    if known.internal:
        submission["internalCandidate"] = True
        del submission["previousEmployer"]
        return
    own = known.employee["odsCode"]
    name = next(each["name"] for each in world.organisations if each["odsCode"] == own)
    ended = known.employee.get("endDate", submission["previousEmployer"]["endDate"])
    submission["previousEmployer"] = {"name": name, "odsCode": own, "endDate": ended}


def supplier_reference(seed: int, index: int) -> str:
    """The supplier's reference of application `index`; unique in a run."""
    return f"APP-{identifiers.seed_tag(seed):06d}-{index:07d}"
