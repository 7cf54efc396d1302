"""What follows from a search for an applicant among the people whom ESR knows: the profiles' outcomes, row by row.

What ESR answers to anything less than an exact match is not public: those rows are ours, and an employer carries one of two
profiles of them. Where more than one person is like the applicant, exactly one EXACT likeness decides; otherwise they are
several. Somebody of whom an ESR user still has to say who it is can be nobody's match.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.errors import Code
from sandbox.esr.domain.people import Candidate, Grade, Kind
from sandbox.esr.domain.profiles import Matching
from sandbox.rules import ERROR, INFO, WARNING, Finding


class Action(StrEnum):
    """What ESR does with the applicant."""

    CREATE = "CREATE"
    LINK = "LINK"
    REVIEW = "REVIEW"
    REFUSE = "REFUSE"


_EXACT_MATCH = (
    "https://issuu.com/nhselectronicstaffrecords/docs/m-3980_nhs_crs_to_esr_data_matchin_20101025_135455/6 "
    "(NI number and family name)"
)
_MATCHES = "https://discover.esr.nhs.uk/introduction/effective-recruitment/operational-alignment"
_INTERNAL = "https://faq.nhsbsa.nhs.uk/knowledgebase/article/KA-23613/en-us"
_OURS = "ours: how ESR settles an uncertain match is not public"

MESSAGES: dict[Code, tuple[str, str]] = {
    Code.MATCHED_EMPLOYEE: (
        WARNING,
        "This person works for this employer already: send somebody who only changes the post as an internal candidate.",
    ),
    Code.MATCHED_EMPLOYEE_ELSEWHERE: (INFO, "This person works for another employer on ESR."),
    Code.MATCHED_EX_EMPLOYEE: (INFO, "This person has worked for an employer on ESR."),
    Code.MATCHED_APPLICANT: (INFO, "This person is an applicant for another vacancy."),
    Code.MATCHED_EX_APPLICANT: (INFO, "This person has been an applicant before."),
    Code.MATCHED_FORMER_NAME: (
        WARNING,
        "ESR knows this person under a former last name; see that the names agree before the appointment.",
    ),
    Code.MATCH_UNDER_REVIEW: (
        WARNING,
        "ESR knows somebody who may be this person; an ESR user has to say who it is before the applicant can be hired.",
    ),
    Code.MATCH_AMBIGUOUS: (
        WARNING,
        "ESR knows several people who may be this person; an ESR user has to say who it is before the applicant can be hired.",
    ),
    Code.PERSON_CONFLICTS: (
        ERROR,
        "ESR knows this National Insurance number with another date of birth or another last name.",
    ),
    Code.PERSON_UNCERTAIN: (
        ERROR,
        "ESR knows somebody of this name and date of birth, and without both National Insurance numbers cannot tell them apart.",
    ),
    Code.PERSON_AMBIGUOUS: (ERROR, "ESR knows several people who may be this person."),
    Code.INTERNAL_CANDIDATE_LINKED: (
        INFO,
        "The internal candidate is an employee of this employer; the employee's record is updated, nobody is hired.",
    ),
    Code.INTERNAL_CANDIDATE_UNKNOWN: (
        ERROR,
        "The internal candidate is not found among those who work for this employer.",
    ),
}
"""Code → (severity, sentence) of what a match says."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one outcome of a search leads to."""

    action: Action
    code: Code | None
    basis: str
    source: str


EXTERNAL, INTERNAL = False, True
NOBODY, SEVERAL = "NOBODY", "SEVERAL"
"""What a search came to where no one candidate decides."""
Key = tuple[Matching, bool, str, Kind | None]
_ELSEWHERE = tuple(kind for kind in Kind if kind is not Kind.EMPLOYEE)
_BOTH = tuple(Matching)
_REVIEW, _STRICT = (Matching.REVIEW_1,), (Matching.STRICT_1,)


def _rows(
    profiles: tuple[Matching, ...],
    internal: bool,
    found: tuple[str, ...],
    kinds: Iterable[Kind | None],
    ruling: Ruling,
) -> dict[Key, Ruling]:
    return {
        (profile, internal, grade, kind): ruling
        for profile in profiles
        for grade in found
        for kind in kinds
    }


_CREATED = Ruling(Action.CREATE, None, "modelled", _MATCHES)
_REVIEWED = Ruling(Action.REVIEW, Code.MATCH_UNDER_REVIEW, "assumed", _OURS)
_SEVERAL_REVIEWED = Ruling(Action.REVIEW, Code.MATCH_AMBIGUOUS, "assumed", _OURS)
_CONFLICT = Ruling(Action.REFUSE, Code.PERSON_CONFLICTS, "assumed", _OURS)
_UNCERTAIN = Ruling(Action.REFUSE, Code.PERSON_UNCERTAIN, "assumed", _OURS)
_SEVERAL_REFUSED = Ruling(Action.REFUSE, Code.PERSON_AMBIGUOUS, "assumed", _OURS)
_NOT_INTERNAL = Ruling(Action.REFUSE, Code.INTERNAL_CANDIDATE_UNKNOWN, "modelled", _INTERNAL)
_INTERNAL_LINKED = Ruling(Action.LINK, Code.INTERNAL_CANDIDATE_LINKED, "modelled", _INTERNAL)
_FORMER_NAME = Ruling(Action.LINK, Code.MATCHED_FORMER_NAME, "assumed", _OURS)


def _exact(code: Code) -> Ruling:
    return Ruling(Action.LINK, code, "modelled", _EXACT_MATCH)


OUTCOMES: dict[Key, Ruling] = {
    **_rows(_BOTH, EXTERNAL, (NOBODY,), (None,), _CREATED),
    **_rows(_BOTH, EXTERNAL, (Grade.EXACT,), (Kind.EMPLOYEE,), _exact(Code.MATCHED_EMPLOYEE)),
    **_rows(
        _BOTH,
        EXTERNAL,
        (Grade.EXACT,),
        (Kind.EMPLOYEE_ELSEWHERE,),
        _exact(Code.MATCHED_EMPLOYEE_ELSEWHERE),
    ),
    **_rows(_BOTH, EXTERNAL, (Grade.EXACT,), (Kind.EX_EMPLOYEE,), _exact(Code.MATCHED_EX_EMPLOYEE)),
    **_rows(_BOTH, EXTERNAL, (Grade.EXACT,), (Kind.APPLICANT,), _exact(Code.MATCHED_APPLICANT)),
    **_rows(
        _BOTH, EXTERNAL, (Grade.EXACT,), (Kind.EX_APPLICANT,), _exact(Code.MATCHED_EX_APPLICANT)
    ),
    **_rows(_BOTH, EXTERNAL, (Grade.FORMER_NAME,), Kind, _FORMER_NAME),
    **_rows(_REVIEW, EXTERNAL, (Grade.NI_ONLY,), (Kind.EMPLOYEE,), _CONFLICT),
    **_rows(_REVIEW, EXTERNAL, (Grade.NI_ONLY,), _ELSEWHERE, _REVIEWED),
    **_rows(_STRICT, EXTERNAL, (Grade.NI_ONLY,), Kind, _CONFLICT),
    **_rows(_REVIEW, EXTERNAL, (Grade.NAME_AND_BIRTH,), Kind, _REVIEWED),
    **_rows(_STRICT, EXTERNAL, (Grade.NAME_AND_BIRTH,), Kind, _UNCERTAIN),
    **_rows(_REVIEW, EXTERNAL, (SEVERAL,), (None,), _SEVERAL_REVIEWED),
    **_rows(_STRICT, EXTERNAL, (SEVERAL,), (None,), _SEVERAL_REFUSED),
    **_rows(_BOTH, INTERNAL, (Grade.EXACT, Grade.FORMER_NAME), (Kind.EMPLOYEE,), _INTERNAL_LINKED),
    **_rows(_BOTH, INTERNAL, (Grade.EXACT, Grade.FORMER_NAME), _ELSEWHERE, _NOT_INTERNAL),
    **_rows(_BOTH, INTERNAL, (Grade.NI_ONLY, Grade.NAME_AND_BIRTH), Kind, _NOT_INTERNAL),
    **_rows(_BOTH, INTERNAL, (NOBODY, SEVERAL), (None,), _NOT_INTERNAL),
}
"""(profile, internal candidate or not, grade, kind of person) → what follows. Every outcome of a search has its row."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search came to, and what it leads to."""

    ruling: Ruling
    candidates: tuple[Candidate, ...]
    counts: Candidate | None
    """The one candidate who decides; None where there is nobody, or several."""
    internal: bool = False

    @property
    def action(self) -> Action:
        """What ESR does with the applicant."""
        return self.ruling.action

    def finding(self) -> Finding | None:
        """What ESR has to say about the match."""
        if self.ruling.code is None:
            return None
        severity, text = MESSAGES[self.ruling.code]
        pointer = "/internalCandidate" if self.internal else "/person"
        return Finding(self.ruling.code, pointer, text, severity)


def outcome_of(profile: str, internal: bool, candidates: tuple[Candidate, ...]) -> Outcome:
    """What a search that found `candidates` leads to for an employer that carries `profile`."""
    exact = [candidate for candidate in candidates if candidate.grade is Grade.EXACT]
    considered = exact if len(exact) == 1 else list(candidates)
    counts = considered[0] if len(considered) == 1 else None
    nobody = SEVERAL if considered else NOBODY
    key = (counts.grade, counts.kind) if counts else (nobody, None)
    ruling = OUTCOMES[(Matching(profile), internal, *key)]
    return Outcome(ruling, candidates, counts, internal)


_MOST_SHOWN = 20


def new_person() -> dict[str, Any]:
    """The `Match` of an applicant whom ESR did not know."""
    return {"result": "NEW_PERSON"}


def linked(candidate: Candidate) -> dict[str, Any]:
    """The `Match` of an applicant who is somebody whom ESR knows."""
    return {"result": "LINKED", "personKind": str(candidate.kind), "grade": str(candidate.grade)}


def under_review(candidates: tuple[Candidate, ...]) -> dict[str, Any]:
    """The `Match` of an applicant of whom an ESR user has to say who it is."""
    shown = [candidate.document() for candidate in candidates[:_MOST_SHOWN]]
    return {"result": "UNDER_REVIEW", "candidates": shown}


def match_of(outcome: Outcome) -> dict[str, Any]:
    """The `Match` that an outcome leads to, unless it refuses."""
    if outcome.action is Action.REVIEW:
        return under_review(outcome.candidates)
    return linked(outcome.counts) if outcome.counts else new_person()
