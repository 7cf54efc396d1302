"""Who an applicant is: the search among the people whom ESR knows, and the person whom it ends with."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sandbox.errors import Code, Place, Refusal
from sandbox.esr.domain.matching import Action, Outcome, linked, match_of, new_person, outcome_of
from sandbox.esr.domain.people import (
    KEYS,
    Candidate,
    Keys,
    Known,
    candidates_among,
    keys,
    live_applicant,
)
from sandbox.esr.domain.profiles import profile
from sandbox.esr.store.applicants import applications_of
from sandbox.esr.store.employees import employments_of_people
from sandbox.esr.store.people import (
    delete_person,
    insert_person,
    note_ni_number,
    people_alike,
    update_person,
)
from sandbox.web.call import Unit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Search:
    """What ESR knows of somebody."""

    keys: Keys
    known: tuple[Known, ...]
    outcome: Outcome
    live_applicant: str | None
    """The number of the live applicant for the same vacancy who is this person, or may be."""
    own: int | None
    """The person who is this applicant's alone, where it is one: not looked at, and free to become another."""


def search(
    unit: Unit,
    organisation: dict[str, Any] | None,
    ods_code: str,
    applicant: dict[str, Any],
    own: int | None = None,
) -> Search:
    """Looks for the person of a submission, or of an applicant whose own person is left aside."""
    sent = keys(applicant["person"])
    alike = people_alike(unit.connection, unit.workspace.name, sent)
    known = _with_records(unit, [item for item in alike if item.person_id != own])
    candidates = candidates_among(sent, known, ods_code, unit.today)
    internal = bool(applicant.get("internalCandidate", False))
    outcome = outcome_of(profile(organisation, "matching"), internal, candidates)
    number = applicant.get("applicantNumber")
    live = live_applicant(sent, known, applicant["vacancyReference"], number)
    return Search(sent, tuple(known), outcome, live, own)


def search_again(
    unit: Unit, organisation: dict[str, Any], applicant: dict[str, Any], changed: dict[str, Any]
) -> Search | None:
    """Looks for the person of an amended applicant; None where nothing changed that tells people apart.

    A person of whom ESR has more than this application is looked at like any other: an amendment never changes whom an
    employment or another application is about.
    """
    before, now = applicant["person"], changed["person"]
    if all(before.get(name) == now.get(name) for name in KEYS):
        return None
    person_id = applicant["personId"]
    own = person_id if _is_nobody_elses(unit, person_id) else None
    return search(unit, organisation, changed["odsCode"], changed, own)


def settle(unit: Unit, found: Search, new_id: Callable[[], int]) -> dict[str, Any]:
    """Makes the applicant the person whom the search ends with; answers its `personId` and `match`."""
    name, outcome = unit.workspace.name, found.outcome
    if outcome.action is Action.LINK and outcome.counts:
        person_id = outcome.counts.person_id
        if found.own is not None:
            delete_person(unit.connection, name, found.own)
    else:
        provisional = outcome.action is Action.REVIEW
        person_id = new_id() if found.own is None else found.own
        keep = insert_person if found.own is None else update_person
        keep(unit.connection, name, person_id, found.keys, provisional=provisional)
    return {"personId": person_id, "match": match_of(outcome)}


def make_new_person(unit: Unit, applicant: dict[str, Any], found: Search) -> dict[str, Any]:
    """Makes a person of its own of an applicant under review; answers its `personId` and `match`.

    Raises Refusal STATE_FORBIDS where the NI number is somebody else's.
    """
    number = found.keys.ni_number
    holder = _holder(found, number)
    if holder is not None:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"The NI number is that of person {holder.person_id}, and two people never share one: amend it, or decide otherwise.",
        )
    person_id = applicant["personId"]
    update_person(unit.connection, unit.workspace.name, person_id, found.keys, provisional=False)
    return {"personId": person_id, "match": new_person()}


def make_known_person(
    unit: Unit, applicant: dict[str, Any], found: Search, person_id: int | None
) -> dict[str, Any]:
    """Makes an applicant under review one of the candidates; answers its `personId` and `match`.

    Raises Refusal SETTING_INVALID where it is not said which or it is none of them, APPLICANT_EXISTS where that one is a
    live applicant for the vacancy.
    """
    name = unit.workspace.name
    candidate = _chosen(found.outcome.candidates, person_id)
    [known] = [item for item in found.known if item.person_id == candidate.person_id]
    live = known.live_for(applicant["vacancyReference"], applicant["applicantNumber"])
    if live is not None:
        raise Refusal(
            Code.APPLICANT_EXISTS,
            f"Person {known.person_id} is applicant {live} for the vacancy already; reject this one instead.",
        )
    delete_person(unit.connection, name, applicant["personId"])
    number = found.keys.ni_number
    if number is not None and _holder(found, number) is None:
        note_ni_number(unit.connection, name, known.person_id, number)
    return {"personId": known.person_id, "match": linked(candidate)}


def _chosen(candidates: tuple[Candidate, ...], person_id: int | None) -> Candidate:
    wanted = [item for item in candidates if person_id in (None, item.person_id)]
    if len(wanted) != 1:
        known = ", ".join(str(item.person_id) for item in candidates[:20]) or "nobody"
        raise Refusal(
            Code.SETTING_INVALID,
            f"Name one of those whom the applicant may be: {known}.",
            places=(Place("body", "/personId", "is not one of the candidates"),),
        )
    return wanted[0]


def _holder(found: Search, ni_number: str | None) -> Known | None:
    """The person, other than the applicant's own, whose NI number it is."""
    return next(
        (
            item
            for item in found.known
            if ni_number is not None and item.keys.ni_number == ni_number and not item.provisional
        ),
        None,
    )


def _is_nobody_elses(unit: Unit, person_id: int) -> bool:
    name, people = unit.workspace.name, [person_id]
    return len(applications_of(unit.connection, name, people)) == 1 and not employments_of_people(
        unit.connection, name, people
    )


def _with_records(unit: Unit, people: list[Known]) -> list[Known]:
    if not people:
        return people
    name, numbers = unit.workspace.name, [item.person_id for item in people]
    employments = _by_person(employments_of_people(unit.connection, name, numbers))
    applications = _by_person(applications_of(unit.connection, name, numbers))
    return [
        replace(
            item,
            employments=tuple(employments[item.person_id]),
            applications=tuple(applications[item.person_id]),
        )
        for item in people
    ]


def _by_person(pairs: list[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for person_id, item in pairs:
        found[person_id].append(item)
    return found
