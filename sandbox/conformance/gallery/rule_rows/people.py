"""Rows about people: what a search leads to, what is said of it, how alike two are, and what somebody is to an employer."""

import re
from collections.abc import Callable, Iterator

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.patching import attribute, instead, row, unguarded
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation, of_code
from sandbox.errors import Code
from sandbox.esr.domain import identifiers, matching
from sandbox.esr.domain.matching import Action, Key, Ruling
from sandbox.esr.domain.people import GRADES, KINDS, Grade, Kind
from sandbox.esr.store.people import insert_person
from sandbox.rules import ERROR, INFO, WARNING

_BOTH = ("submit_applicant", "amend_applicant")
_EXACT = {
    Kind.EMPLOYEE: "ESR-PER-002",
    Kind.EMPLOYEE_ELSEWHERE: "ESR-PER-003",
    Kind.EX_EMPLOYEE: "ESR-PER-004",
    Kind.APPLICANT: "ESR-PER-005",
    Kind.EX_APPLICANT: "ESR-PER-006",
}
_GRADED = {
    Grade.EXACT: tuple(_EXACT.values()),
    Grade.FORMER_NAME: ("ESR-PER-007", "ESR-PER-015"),
    Grade.NI_ONLY: ("ESR-PER-008", "ESR-PER-009", "ESR-PER-010"),
    Grade.NAME_AND_BIRTH: ("ESR-PER-011", "ESR-PER-012"),
}
_SEVERITIES = {ERROR: WARNING, WARNING: INFO, INFO: WARNING}
_ANYTHING = re.compile(r".*", re.DOTALL)


def rows() -> Iterator[Deviation]:
    """Every row."""
    for key, ruling in matching.OUTCOMES.items():
        profile, internal, grade, kind = key
        told = "internal" if internal else "external"
        parts = (profile, told, grade, *([kind] if kind else []))
        turned = _turned(key, ruling)
        title = f"Who is {' '.join(parts[1:])} under {profile}: {turned.action} instead of {ruling.action}"
        apply = row(matching.OUTCOMES, key, turned)
        yield deviation(ESR, "match-outcomes", parts, title, _requirements(key, ruling), apply)
    for code, (severity, text) in matching.MESSAGES.items():
        other = _SEVERITIES[severity]
        title = f"{code} is told as {other}, not as {severity}"
        apply = row(matching.MESSAGES, code, (other, text))
        if severity == ERROR:
            # Whoever is not refused is taken, and the database has one person of an NI number, or some under review.
            apply = together(apply, instead(insert_person, _under_review))
        yield deviation(ESR, "match-messages", (code,), title, of_code(code, *_BOTH), apply)
    for grade in GRADES:
        title = f"Nobody is alike to the grade {grade}"
        yield deviation(ESR, "match-grades", (grade,), title, _GRADED[grade], _ungraded(grade))
    for kind in KINDS:
        title = f"Nobody is taken for {kind}"
        yield deviation(ESR, "person-kinds", (kind,), title, (_EXACT[kind],), _unkind(kind))
    yield from _identifiers()


def _turned(key: Key, ruling: Ruling) -> Ruling:
    """Another ruling, which the database can keep: two people never share an NI number there."""
    _, internal, grade, kind = key
    taken = ruling.action in (Action.CREATE, Action.LINK, Action.REVIEW)
    told: tuple[Action, Code | None]
    if internal and taken:
        told = Action.REFUSE, Code.INTERNAL_CANDIDATE_UNKNOWN
    elif internal and kind is not None:
        told = Action.LINK, Code.INTERNAL_CANDIDATE_LINKED
    elif grade == matching.NOBODY:
        told = (Action.REFUSE, Code.PERSON_UNCERTAIN) if taken else (Action.CREATE, None)
    elif kind is None:
        told = (Action.REFUSE, Code.PERSON_AMBIGUOUS) if taken else (Action.REVIEW, None)
    elif ruling.action is Action.LINK:
        told = Action.REVIEW, Code.MATCH_UNDER_REVIEW
    else:
        told = Action.LINK, None
    action, code = told
    return Ruling(action, code, "deviation", "the gallery")


def _requirements(key: Key, ruling: Ruling) -> list[str]:
    profile, internal, grade, kind = key
    if ruling.code is None:
        return ["ESR-PER-001"]
    if ruling.code is Code.MATCH_UNDER_REVIEW:
        return ["ESR-PER-009" if grade == Grade.NI_ONLY else "ESR-PER-011"]
    if not internal and grade == Grade.EXACT and kind is not None:
        return [_EXACT[kind]]
    return of_code(ruling.code, *_BOTH, profile=f"matching: {profile}")


def _under_review(insert: Callable[..., None]) -> Callable[..., None]:
    return lambda *given, **_named: insert(*given, provisional=True)


def _ungraded(grade: Grade) -> Apply:
    if grade is Grade.NI_ONLY:
        # Who has the same NI number must be somebody: the likeness counts as exact.
        return row(GRADES, Grade.EXACT, GRADES[Grade.NI_ONLY])
    return row(GRADES, grade, lambda _sent, _held: False)


def _unkind(kind: Kind) -> Apply:
    if kind is Kind.EX_APPLICANT:
        # Everybody is of some kind: the last falls to the one before it.
        return row(KINDS, Kind.APPLICANT, lambda _who: True)
    return row(KINDS, kind, lambda _who: False)


def _identifiers() -> Iterator[Deviation]:
    numbers = of_code(
        Code.REGISTRATION_NUMBER_INVALID, "submit_applicant", "record_employment_check"
    )
    for body, form in identifiers.REGISTRATION_NUMBERS.items():
        title = f"A registration number of body {body} may have any form, not only {form.pattern}"
        apply = row(identifiers.REGISTRATION_NUMBERS, body, _ANYTHING)
        yield deviation(ESR, "registration-numbers", (body,), title, numbers, apply)
    for name, code, place in (
        ("NI_NUMBER", Code.NI_NUMBER_INVALID, "/person/niNumber"),
        ("POSTCODE", Code.POSTCODE_INVALID, "/person/address/postcode"),
    ):
        apply = together(attribute(identifiers, name, _ANYTHING), unguarded(place))
        title = f"{name} may have any form"
        yield deviation(ESR, "identifiers", (name,), title, of_code(code, *_BOTH), apply)
