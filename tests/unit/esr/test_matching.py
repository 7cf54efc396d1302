"""Who somebody is among the people whom ESR knows: every grade, every kind of person, and every outcome, row by row."""

from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import pytest

from sandbox.errors import Code, status_of
from sandbox.esr.domain import matching, people
from sandbox.esr.domain.matching import MESSAGES, OUTCOMES, match_of, outcome_of
from sandbox.esr.domain.people import (
    GRADES,
    KINDS,
    Application,
    Candidate,
    Employment,
    Grade,
    Kind,
    Known,
    candidates_among,
    grade_of,
    keys,
    kind_of,
    live_applicant,
)
from sandbox.esr.domain.profiles import Matching

TODAY = date(2026, 4, 1)
HERE, ELSEWHERE, VACANCY = "X0A1B", "X0A2B", "901-A"
PERSON = {
    "firstName": "Amara",
    "lastName": "Fielding",
    "dateOfBirth": "1994-05-17",
    "niNumber": "PZ900001A",
}
ABSENT = None

# What ESR knows of somebody, told by how it differs from the person who is sent.
GRADED: list[tuple[dict[str, Any], dict[str, Any], str | None]] = [
    ({}, {}, "EXACT"),
    ({}, {"lastName": "FIELDING"}, "EXACT"),
    ({}, {"firstName": "Zoë"}, "EXACT"),
    ({"lastName": "Zoe\u0301"}, {"lastName": "zo\u00e9"}, "EXACT"),
    ({"lastName": "van  Straßen"}, {"lastName": "Van Strassen"}, "EXACT"),
    ({"lastName": "Reed", "previousLastName": "Fielding"}, {}, "FORMER_NAME"),
    ({}, {"lastName": "Reed", "previousLastName": "fielding"}, "FORMER_NAME"),
    ({}, {"lastName": "Reed"}, "NI_ONLY"),
    ({}, {"dateOfBirth": "1994-05-18"}, "NI_ONLY"),
    ({}, {"lastName": "Reed", "dateOfBirth": "1994-05-18"}, "NI_ONLY"),
    (
        {"lastName": "Reed", "previousLastName": "Fielding"},
        {"dateOfBirth": "1994-05-18"},
        "NI_ONLY",
    ),
    ({"niNumber": ABSENT}, {}, "NAME_AND_BIRTH"),
    ({}, {"niNumber": ABSENT, "firstName": "AMARA"}, "NAME_AND_BIRTH"),
    ({"niNumber": ABSENT}, {"niNumber": ABSENT}, "NAME_AND_BIRTH"),
    ({}, {"niNumber": "PZ900002A"}, None),
    ({"niNumber": ABSENT}, {"firstName": "Zoë"}, None),
    ({"niNumber": ABSENT}, {"lastName": "Reed"}, None),
    ({"niNumber": ABSENT}, {"dateOfBirth": "1994-05-18"}, None),
    ({"niNumber": ABSENT, "lastName": "Reed", "previousLastName": "Fielding"}, {}, None),
]

WORKS_HERE = Employment(HERE, None)
ENDS_TODAY = Employment(HERE, "2026-04-01")
LEFT_YESTERDAY = Employment(HERE, "2026-03-31")
WORKS_ELSEWHERE = Employment(ELSEWHERE, None)
LEFT_ELSEWHERE = Employment(ELSEWHERE, "2026-03-31")


def applied(status: str) -> Application:
    return Application("10000001", "901-B", status)


# What ESR has of somebody → what that makes of the person to the employer, the first that holds.
KNOWN_AS: list[tuple[tuple[Employment, ...], tuple[Application, ...], str]] = [
    ((WORKS_HERE,), (), "EMPLOYEE"),
    ((ENDS_TODAY,), (), "EMPLOYEE"),
    ((WORKS_ELSEWHERE, WORKS_HERE), (applied("ACCEPTED"),), "EMPLOYEE"),
    ((WORKS_ELSEWHERE,), (), "EMPLOYEE_ELSEWHERE"),
    ((LEFT_YESTERDAY, WORKS_ELSEWHERE), (applied("ACCEPTED"),), "EMPLOYEE_ELSEWHERE"),
    ((LEFT_YESTERDAY,), (), "EX_EMPLOYEE"),
    ((LEFT_ELSEWHERE,), (applied("HIRED"), applied("OFFER")), "EX_EMPLOYEE"),
    ((), (applied("ACTIVE_APPLICATION"),), "APPLICANT"),
    ((), (applied("OFFER"),), "APPLICANT"),
    ((), (applied("TERMINATED"), applied("ACCEPTED")), "APPLICANT"),
    ((), (applied("TERMINATED"),), "EX_APPLICANT"),
    ((), (applied("TERMINATED"), applied("HIRED")), "EX_APPLICANT"),
]

# (profile, internal) → what is found → kind of person → (action, code); "*" stands for every kind.
LINK_EXACT = {
    "EMPLOYEE": ("LINK", "MATCHED_EMPLOYEE"),
    "EMPLOYEE_ELSEWHERE": ("LINK", "MATCHED_EMPLOYEE_ELSEWHERE"),
    "EX_EMPLOYEE": ("LINK", "MATCHED_EX_EMPLOYEE"),
    "APPLICANT": ("LINK", "MATCHED_APPLICANT"),
    "EX_APPLICANT": ("LINK", "MATCHED_EX_APPLICANT"),
}
UNKNOWN = ("REFUSE", "INTERNAL_CANDIDATE_UNKNOWN")
INTERNAL_FOUND = {
    "EMPLOYEE": ("LINK", "INTERNAL_CANDIDATE_LINKED"),
    "EMPLOYEE_ELSEWHERE": UNKNOWN,
    "EX_EMPLOYEE": UNKNOWN,
    "APPLICANT": UNKNOWN,
    "EX_APPLICANT": UNKNOWN,
}
INTERNAL_CANDIDATES = {
    "NOBODY": UNKNOWN,
    "EXACT": INTERNAL_FOUND,
    "FORMER_NAME": INTERNAL_FOUND,
    "NI_ONLY": {"*": UNKNOWN},
    "NAME_AND_BIRTH": {"*": UNKNOWN},
    "SEVERAL": UNKNOWN,
}
REVIEWED = ("REVIEW", "MATCH_UNDER_REVIEW")
EXPECTED: dict[tuple[str, bool], dict[str, Any]] = {
    ("review-1", False): {
        "NOBODY": ("CREATE", None),
        "EXACT": LINK_EXACT,
        "FORMER_NAME": {"*": ("LINK", "MATCHED_FORMER_NAME")},
        "NI_ONLY": {
            "EMPLOYEE": ("REFUSE", "PERSON_CONFLICTS"),
            "EMPLOYEE_ELSEWHERE": REVIEWED,
            "EX_EMPLOYEE": REVIEWED,
            "APPLICANT": REVIEWED,
            "EX_APPLICANT": REVIEWED,
        },
        "NAME_AND_BIRTH": {"*": REVIEWED},
        "SEVERAL": ("REVIEW", "MATCH_AMBIGUOUS"),
    },
    ("strict-1", False): {
        "NOBODY": ("CREATE", None),
        "EXACT": LINK_EXACT,
        "FORMER_NAME": {"*": ("LINK", "MATCHED_FORMER_NAME")},
        "NI_ONLY": {"*": ("REFUSE", "PERSON_CONFLICTS")},
        "NAME_AND_BIRTH": {"*": ("REFUSE", "PERSON_UNCERTAIN")},
        "SEVERAL": ("REFUSE", "PERSON_AMBIGUOUS"),
    },
    ("review-1", True): INTERNAL_CANDIDATES,
    ("strict-1", True): INTERNAL_CANDIDATES,
}
KINDS_OF_PERSON = ("EMPLOYEE", "EMPLOYEE_ELSEWHERE", "EX_EMPLOYEE", "APPLICANT", "EX_APPLICANT")
SEVERITIES = {
    "MATCHED_EMPLOYEE": "WARNING",
    "MATCHED_EMPLOYEE_ELSEWHERE": "INFO",
    "MATCHED_EX_EMPLOYEE": "INFO",
    "MATCHED_APPLICANT": "INFO",
    "MATCHED_EX_APPLICANT": "INFO",
    "MATCHED_FORMER_NAME": "WARNING",
    "MATCH_UNDER_REVIEW": "WARNING",
    "MATCH_AMBIGUOUS": "WARNING",
    "PERSON_CONFLICTS": "ERROR",
    "PERSON_UNCERTAIN": "ERROR",
    "PERSON_AMBIGUOUS": "ERROR",
    "INTERNAL_CANDIDATE_LINKED": "INFO",
    "INTERNAL_CANDIDATE_UNKNOWN": "ERROR",
}


def expected_rows() -> list[tuple[str, bool, str, str | None, tuple[str, str | None]]]:
    """(profile, internal, what is found, kind of person, what follows), written out."""
    rows = []
    for (profile, internal), table in EXPECTED.items():
        for found, follows in table.items():
            if isinstance(follows, tuple):
                rows.append((profile, internal, found, None, follows))
            else:
                rows += [
                    (profile, internal, found, kind, follows.get(kind) or follows["*"])
                    for kind in KINDS_OF_PERSON
                ]
    return rows


def person(changes: dict[str, Any]) -> people.Keys:
    merged = {**PERSON, **changes}
    return keys({name: value for name, value in merged.items() if value is not ABSENT})


def candidates(found: str, kind: str | None) -> tuple[Candidate, ...]:
    """Candidates of whom the search is to say `found`."""
    if found == "NOBODY":
        return ()
    if found == "SEVERAL":
        return tuple(
            Candidate(number, Kind.EX_APPLICANT, Grade.NAME_AND_BIRTH) for number in (1, 2)
        )
    assert kind is not None
    return (Candidate(1, Kind(kind), Grade(found)),)


def follows(row: tuple[str, bool, str, str | None, Any]) -> tuple[str, str | None]:
    """What the tables say of a case now."""
    profile, internal, found, kind, _ = row
    outcome = outcome_of(profile, internal, candidates(found, kind))
    said = outcome.finding()
    return str(outcome.action), str(said.code) if said else None


@pytest.mark.parametrize(("sent", "held", "grade"), GRADED)
def test_two_people_are_alike_to_the_grade_of_the_first_row_that_holds(
    sent: dict[str, Any], held: dict[str, Any], grade: str | None
) -> None:
    assert grade_of(person(sent), person(held)) == grade
    assert grade_of(person(held), person(sent)) == grade


@pytest.mark.parametrize(("employments", "applications", "kind"), KNOWN_AS)
def test_somebody_is_to_an_employer_what_the_first_row_that_holds_says(
    employments: tuple[Employment, ...], applications: tuple[Application, ...], kind: str
) -> None:
    known = Known(1, person({}), employments=employments, applications=applications)

    assert kind_of(known, HERE, TODAY) == kind


@pytest.mark.parametrize("row", expected_rows(), ids=lambda row: "-".join(map(str, row[:4])))
def test_an_outcome_leads_to_what_its_row_says(
    row: tuple[str, bool, str, str | None, tuple[str, str | None]],
) -> None:
    assert follows(row) == row[4]


def test_every_outcome_has_its_row_and_every_row_its_case() -> None:
    assert {row[:4] for row in expected_rows()} == {tuple(key) for key in OUTCOMES}
    kinds_and_grades = len(Kind) * len(Grade)
    assert len(OUTCOMES) == len(Matching) * 2 * (kinds_and_grades + 2)


def graded() -> list[Any]:
    return [_or_problem(grade_of, person(sent), person(held)) for sent, held, _ in GRADED]


def known_as() -> list[Any]:
    return [
        _or_problem(
            kind_of,
            Known(1, person({}), employments=employments, applications=applications),
            HERE,
            TODAY,
        )
        for employments, applications, _ in KNOWN_AS
    ]


def outcomes() -> list[Any]:
    return [_or_problem(follows, row) for row in expected_rows()]


def _or_problem(question: Callable[..., Any], *values: Any) -> Any:
    try:
        return question(*values)
    except (KeyError, StopIteration) as problem:
        return type(problem).__name__


TABLES: dict[str, tuple[dict[Any, Any], Callable[[], list[Any]]]] = {
    "grades": (GRADES, graded),
    "kinds": (KINDS, known_as),
    "outcomes": (OUTCOMES, outcomes),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_row_that_is_taken_away_is_missed_by_its_case(name: str) -> None:
    table, answers = TABLES[name]
    whole, rows, survivors = answers(), dict(table), []
    try:
        for key in rows:
            table.clear()
            table.update({other: row for other, row in rows.items() if other != key})
            if answers() == whole:
                survivors.append(key)
    finally:
        table.clear()
        table.update(rows)

    print(f"{name}: {len(rows)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_has_one_severity_and_says_what_a_confirmation_can_carry(code: Code) -> None:
    severity, text = MESSAGES[code]

    assert severity == SEVERITIES[code]
    assert 0 < len(text) <= 200
    assert status_of(code) == 422


def test_every_message_is_said_by_some_outcome_and_a_refusal_always_says_why() -> None:
    assert {row.code for row in OUTCOMES.values() if row.code} == set(MESSAGES)
    assert set(MESSAGES) == set(SEVERITIES)
    for row in OUTCOMES.values():
        refuses = row.code is not None and MESSAGES[row.code][0] == "ERROR"
        assert refuses is (row.action == "REFUSE")
        assert row.basis in ("public", "modelled", "assumed")
        assert row.source


@pytest.mark.parametrize(
    ("grades", "found"),
    [
        (("EXACT", "NAME_AND_BIRTH"), "EXACT"),
        (("NAME_AND_BIRTH", "EXACT", "NAME_AND_BIRTH"), "EXACT"),
        (("FORMER_NAME", "NAME_AND_BIRTH"), "SEVERAL"),
        (("NI_ONLY", "NAME_AND_BIRTH"), "SEVERAL"),
        (("EXACT", "EXACT"), "SEVERAL"),
    ],
)
def test_of_several_people_exactly_one_who_is_exact_counts_alone(
    grades: tuple[str, ...], found: str
) -> None:
    several = tuple(
        Candidate(number, Kind.EX_APPLICANT, Grade(grade)) for number, grade in enumerate(grades)
    )

    outcome = outcome_of("review-1", False, several)

    expected = OUTCOMES[
        Matching.REVIEW_1, False, found, Kind.EX_APPLICANT if found == "EXACT" else None
    ]
    assert outcome.ruling == expected
    assert (outcome.counts is not None) is (found == "EXACT")


def test_somebody_under_review_is_nobodys_match_but_an_applicant_for_the_vacancy() -> None:
    waiting = Known(
        1,
        person({}),
        provisional=True,
        applications=(Application("10000001", VACANCY, "ACTIVE_APPLICATION"),),
    )

    assert candidates_among(person({}), [waiting], HERE, TODAY) == ()
    assert live_applicant(person({}), [waiting], VACANCY) == "10000001"


@pytest.mark.parametrize(
    ("held", "status", "vacancy", "expected"),
    [
        *(
            (held, status, VACANCY, "10000001")
            for held, status in product(
                ({}, {"lastName": "Reed"}, {"niNumber": ABSENT}),
                ("ACTIVE_APPLICATION", "OFFER", "ACCEPTED", "HIRED"),
            )
        ),
        ({}, "TERMINATED", VACANCY, None),
        ({}, "OFFER", "901-B", None),
        ({"niNumber": "PZ900002A"}, "OFFER", VACANCY, None),
    ],
)
def test_somebody_alike_to_whatever_grade_is_an_applicant_for_a_vacancy_once(
    held: dict[str, Any], status: str, vacancy: str, expected: str | None
) -> None:
    known = Known(1, person(held), applications=(Application("10000001", vacancy, status),))

    assert live_applicant(person({}), [known], VACANCY) == expected
    assert live_applicant(person({}), [known], VACANCY, but="10000001") is None


def test_a_match_tells_no_more_than_numbers_kinds_and_grades() -> None:
    two = tuple(Candidate(number, Kind.APPLICANT, Grade.NAME_AND_BIRTH) for number in (4, 5))

    assert match_of(outcome_of("review-1", False, ())) == {"result": "NEW_PERSON"}
    assert match_of(outcome_of("review-1", False, (Candidate(4, Kind.EMPLOYEE, Grade.EXACT),))) == {
        "result": "LINKED",
        "personKind": "EMPLOYEE",
        "grade": "EXACT",
    }
    assert match_of(outcome_of("review-1", False, two)) == {
        "result": "UNDER_REVIEW",
        "candidates": [
            {"personId": number, "personKind": "APPLICANT", "grade": "NAME_AND_BIRTH"}
            for number in (4, 5)
        ],
    }
    many = tuple(Candidate(number, Kind.APPLICANT, Grade.NAME_AND_BIRTH) for number in range(50))
    assert len(match_of(outcome_of("review-1", False, many))["candidates"]) == 20


def test_the_pointer_of_what_is_said_is_where_it_came_from() -> None:
    external = outcome_of("strict-1", False, candidates("SEVERAL", None)).finding()
    internal = outcome_of("strict-1", True, ()).finding()

    assert external is not None
    assert internal is not None
    assert (external.pointer, internal.pointer) == ("/person", "/internalCandidate")
    assert matching.NOBODY != matching.SEVERAL
