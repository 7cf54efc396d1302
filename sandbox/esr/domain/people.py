"""People: what tells one from another, how alike two are, and what somebody is to an employer.

There is no national employee number; NI number, date of birth and last name are the public key (NHS CRS data matching;
automated inter-authority transfer). Two people with different NI numbers are two people.
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sandbox.esr.domain.applicant_life_cycle import Status


class Kind(StrEnum):
    """What somebody is to the employer to whom an applicant is sent; the first that holds."""

    EMPLOYEE = "EMPLOYEE"
    EMPLOYEE_ELSEWHERE = "EMPLOYEE_ELSEWHERE"
    EX_EMPLOYEE = "EX_EMPLOYEE"
    APPLICANT = "APPLICANT"
    EX_APPLICANT = "EX_APPLICANT"


class Grade(StrEnum):
    """How like an applicant is to a person whom ESR knows."""

    EXACT = "EXACT"
    FORMER_NAME = "FORMER_NAME"
    NI_ONLY = "NI_ONLY"
    NAME_AND_BIRTH = "NAME_AND_BIRTH"


KEYS = ("niNumber", "firstName", "lastName", "previousLastName", "dateOfBirth")
"""The properties of `Person` that tell people apart."""


def folded(text: str) -> str:
    """A name as it is compared: one form of each character, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Keys:
    """What tells a person from others, names folded."""

    ni_number: str | None
    last_name: str
    previous_last_name: str | None
    date_of_birth: str
    name_key: str
    """Last name, first name and date of birth: what tells somebody without an NI number."""


def keys(person: dict[str, Any]) -> Keys:
    """The keys of a `Person`."""
    last, born = folded(person["lastName"]), person["dateOfBirth"]
    return Keys(
        ni_number=person.get("niNumber"),
        last_name=last,
        previous_last_name=folded(person.get("previousLastName", "")) or None,
        date_of_birth=born,
        name_key=f"{last}|{folded(person['firstName'])}|{born}",
    )


@dataclass(frozen=True, slots=True)
class Employment:
    """Where somebody works or worked."""

    ods_code: str
    end_date: str | None

    def lasts(self, day: date) -> bool:
        """Whether it has not ended before `day`. One whose first day is yet to come counts: ESR has hired the person."""
        return self.end_date is None or self.end_date >= day.isoformat()


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody is or was an applicant for."""

    applicant_number: str
    vacancy_reference: str
    status: str


@dataclass(frozen=True, slots=True)
class Known:
    """A person whom ESR knows, with what it has of them."""

    person_id: int
    keys: Keys
    provisional: bool = False
    """An ESR user still has to say who this is."""
    employments: tuple[Employment, ...] = ()
    applications: tuple[Application, ...] = ()

    def live_for(self, vacancy_reference: str, but: str | None = None) -> str | None:
        """The number of the person's application for the vacancy that has not ended, other than `but`."""
        for item in self.applications:
            if (
                item.vacancy_reference == vacancy_reference
                # An application that led to a hire still counts as the person's for its vacancy.
                and item.status != Status.TERMINATED
                and item.applicant_number != but
            ):
                return item.applicant_number
        return None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as an employer sees them on a day."""

    known: Known
    ods_code: str
    day: date

    @property
    def present(self) -> list[Employment]:
        """Where the person works."""
        return [item for item in self.known.employments if item.lasts(self.day)]


KINDS: dict[Kind, Callable[[Standing], bool]] = {
    Kind.EMPLOYEE: lambda who: any(item.ods_code == who.ods_code for item in who.present),
    Kind.EMPLOYEE_ELSEWHERE: lambda who: bool(who.present),
    Kind.EX_EMPLOYEE: lambda who: bool(who.known.employments),
    Kind.APPLICANT: lambda who: any(
        item.status not in (Status.TERMINATED, Status.HIRED) for item in who.known.applications
    ),
    Kind.EX_APPLICANT: lambda _: True,
}
"""In order of precedence: what makes somebody of that kind."""


def _same_number(sent: Keys, held: Keys) -> bool:
    return sent.ni_number is not None and sent.ni_number == held.ni_number


def _same_birth(sent: Keys, held: Keys) -> bool:
    return sent.date_of_birth == held.date_of_birth


GRADES: dict[Grade, Callable[[Keys, Keys], bool]] = {
    Grade.EXACT: lambda sent, held: (
        _same_number(sent, held) and _same_birth(sent, held) and sent.last_name == held.last_name
    ),
    Grade.FORMER_NAME: lambda sent, held: (
        _same_number(sent, held)
        and _same_birth(sent, held)
        and (sent.last_name == held.previous_last_name or sent.previous_last_name == held.last_name)
    ),
    Grade.NI_ONLY: _same_number,
    Grade.NAME_AND_BIRTH: lambda sent, held: (
        None in (sent.ni_number, held.ni_number) and sent.name_key == held.name_key
    ),
}
"""In order of precedence: what makes two people alike to that grade."""


def grade_of(sent: Keys, held: Keys) -> Grade | None:
    """How alike two people are, or None when they are not."""
    return next((grade for grade, holds in GRADES.items() if holds(sent, held)), None)


def kind_of(known: Known, ods_code: str, day: date) -> Kind:
    """What somebody is to an employer on a day."""
    return next(kind for kind, holds in KINDS.items() if holds(Standing(known, ods_code, day)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be the applicant."""

    person_id: int
    kind: Kind
    grade: Grade

    def document(self) -> dict[str, Any]:
        """The `MatchCandidate` of the contract."""
        return {
            "personId": self.person_id,
            "personKind": str(self.kind),
            "grade": str(self.grade),
        }


def candidates_among(
    sent: Keys, people: Iterable[Known], ods_code: str, day: date
) -> tuple[Candidate, ...]:
    """Everybody among `people` who may be the applicant, by person id."""
    graded = [(known, grade_of(sent, known.keys)) for known in people if not known.provisional]
    return tuple(
        Candidate(known.person_id, kind_of(known, ods_code, day), grade)
        for known, grade in sorted(graded, key=lambda pair: pair[0].person_id)
        if grade is not None
    )


def live_applicant(
    sent: Keys, people: Iterable[Known], vacancy_reference: str, but: str | None = None
) -> str | None:
    """The number of the applicant whom somebody alike, to whatever grade, already is for the vacancy."""
    live = (
        known.live_for(vacancy_reference, but) for known in people if grade_of(sent, known.keys)
    )
    return next((number for number in live if number is not None), None)
