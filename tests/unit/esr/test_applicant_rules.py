"""Every row of the rules for an applicant: what keeps it, what breaks it, and that a row that went would be missed."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.errors import Code, status_of
from sandbox.esr.domain.applicants import (
    AMENDMENT_RULES,
    SUBMISSION_RULES,
    amendment_findings,
    is_refused,
    merged,
    submission_findings,
)
from sandbox.esr.domain.facts import Facts
from sandbox.esr.domain.matching import outcome_of
from sandbox.esr.domain.people import Candidate, Grade, Kind
from sandbox.esr.reference import retired_by_code
from sandbox.rules import WARNING, findings

ABSENT = "(absent)"
SUBMISSION: dict[str, Any] = {
    "supplierReference": "APP-1",
    "vacancyReference": "901-C9901-1001",
    "positionId": 90000001,
    "person": {
        "firstName": "Amara",
        "lastName": "Fielding",
        "dateOfBirth": "1994-05-17",
        "gender": "2",
        "niNumber": "PZ900001A",
        "nationality": "GB",
        "emailAddress": "amara.fielding@example.org",
        "address": {
            "line1": "1 Example Street",
            "town": "Northmere",
            "postcode": "XN1 2AB",
            "country": "GB",
        },
    },
    "registrations": [{"body": "09", "number": "99Z0001Z", "type": "33"}],
    "staffGroup": "03",
    "jobRole": "03007",
    "contractType": "05",
    "assignmentType": "01",
    "offerDate": "2026-04-01",
    "offerAcceptedDate": "2026-04-03",
    "startDate": "2026-06-01",
    "endDate": "2027-05-31",
}
HELD: dict[str, Any] = {
    "ods_code": "X0A1B",
    "organisation": {"odsCode": "X0A1B", "interfaces": {"applicants": True}},
    "position": {
        "odsCode": "X0A1B",
        "positionId": 90000001,
        "jobRole": "03007",
        "changeDeleteIndicator": "C",
        "hiringStatus": "ACTIVE",
        "effectiveFrom": "2024-04-01",
    },
    "vacancy": {"odsCode": "X0A1B", "status": "01", "positionId": 90000001},
    "live_applicant": None,
    "reference_taken_by": None,
}


def facts(changes: dict[str, Any]) -> Facts:
    """A submission that keeps every rule, but for the changes: by dotted path into it, or into what ESR holds."""
    submission, held = deepcopy(SUBMISSION), deepcopy(HELD)
    for path, value in changes.items():
        target = held if path.startswith("held.") else submission
        *way, last = path.removeprefix("held.").split(".")
        for step in way:
            target = target[step]
        if value is ABSENT:
            del target[last]
        else:
            target[last] = value
    return Facts(submission=submission, code_lists=retired_by_code(), **held)


def registered(body: str, number: str, kind: str | None = None) -> dict[str, Any]:
    return {"registrations": [{"body": body, "number": number, **({"type": kind} if kind else {})}]}


POSTCODE, COUNTRY = "person.address.postcode", "person.address.country"
NI, BIRTH = "person.niNumber", "person.dateOfBirth"

BREAKS: list[tuple[Code, dict[str, Any]]] = [
    (Code.EMPLOYER_UNKNOWN, {"held.organisation": None}),
    (Code.INTERFACE_NOT_ENABLED, {"held.organisation.interfaces.applicants": False}),
    (Code.VACANCY_UNKNOWN, {"held.vacancy": None}),
    (Code.VACANCY_UNKNOWN, {"held.vacancy.odsCode": "X0A2B"}),
    *(
        (Code.VACANCY_NOT_OPEN, {"held.vacancy.status": status})
        for status in ("03", "04", "05", "06", "07", "08", "09", "10")
    ),
    (Code.POSITION_UNKNOWN, {"held.position": None}),
    (Code.POSITION_UNKNOWN, {"held.position.odsCode": "X0A2B"}),
    (Code.POSITION_DELETED, {"held.position.changeDeleteIndicator": "D"}),
    (Code.POSITION_NOT_OF_VACANCY, {"held.vacancy.positionId": 90000002}),
    (Code.JOB_ROLE_UNKNOWN, {"jobRole": "03999"}),
    (Code.JOB_ROLE_NOT_IN_STAFF_GROUP, {"staffGroup": "01"}),
    (Code.REGISTRATION_NUMBER_INVALID, registered("02", "1234567")),
    (Code.REGISTRATION_NUMBER_INVALID, registered("03", "123456")),
    (Code.REGISTRATION_NUMBER_INVALID, registered("08", "P12345")),
    (Code.REGISTRATION_NUMBER_INVALID, registered("09", "99Z001Z")),
    (Code.REGISTRATION_NUMBER_INVALID, registered("16", "3123456")),
    *(
        (Code.NI_NUMBER_INVALID, {NI: number})
        for number in (
            *("BG123456A", "GB123456A", "KN123456A", "NK123456A"),
            *("NT123456A", "TN123456A", "ZZ123456A"),
            *("DA123456A", "FA123456A", "QQ123456A", "AO123456A"),
            *("AB12345A", "AB1234567", "AB123456E", "ab123456a", "AB123456A "),
        )
    ),
    (Code.NI_NUMBER_ABSENT, {NI: ABSENT}),
    (Code.POSTCODE_INVALID, {POSTCODE: "12345"}),
    (Code.POSTCODE_INVALID, {POSTCODE: "XN12AB"}),
    (Code.POSTCODE_INVALID, {POSTCODE: "Q1I 2ABC"}),
    (Code.BIRTH_NOT_BEFORE_OFFER, {BIRTH: "2026-04-01"}),
    (Code.OFFER_AFTER_ACCEPTANCE, {"offerAcceptedDate": "2026-03-31"}),
    (Code.OFFER_AFTER_START, {"startDate": "2026-03-31", "offerAcceptedDate": ABSENT}),
    (Code.ACCEPTANCE_AFTER_START, {"offerAcceptedDate": "2026-06-02"}),
    (Code.END_BEFORE_START, {"endDate": "2026-05-31"}),
    (Code.TOO_YOUNG_TO_START, {BIRTH: "2010-06-02"}),
    (Code.TOO_YOUNG_TO_START, {BIRTH: "2012-02-29", "startDate": "2028-02-28", "endDate": ABSENT}),
    (Code.JOB_ROLE_DIFFERS_FROM_POSITION, {"held.position.jobRole": "03008"}),
    (Code.APPLICANT_EXISTS, {"held.live_applicant": "10000001"}),
    (Code.SUPPLIER_REFERENCE_TAKEN, {"held.reference_taken_by": "10000001"}),
]

KEEPS: list[dict[str, Any]] = [
    {},
    *({"held.vacancy.status": status} for status in ("01", "02", "11", "12")),
    {"registrations": ABSENT},
    {"registrations": []},
    registered("02", "1"),
    registered("02", "123456"),
    registered("03", "1234567"),
    registered("03", "L123456"),
    registered("08", "PH12345"),
    registered("08", "ODP1"),
    registered("16", "2123456"),
    registered("16", "5123456"),
    registered("01", "ANYTHING1"),
    *(
        {POSTCODE: postcode}
        for postcode in (
            "M1 1AA",
            "B33 8TH",
            "CR2 6XH",
            "DN55 1PT",
            "W1A 1HQ",
            "EC1A 1BB",
            "GIR 0AA",
        )
    ),
    {POSTCODE: "75008", COUNTRY: "FR"},
    {"offerAcceptedDate": "2026-04-01"},
    {"offerAcceptedDate": "2026-06-01"},
    {"offerAcceptedDate": ABSENT, "startDate": "2026-04-01"},
    {"endDate": "2026-06-01"},
    {"endDate": ABSENT},
    {BIRTH: "2010-06-01"},
    {BIRTH: "2012-02-29", "startDate": "2028-02-29", "endDate": ABSENT},
]


def name_of(case: Any) -> str | None:
    return str(case) if isinstance(case, Code) else None


@pytest.mark.parametrize(("code", "changes"), BREAKS, ids=name_of)
def test_a_submission_that_breaks_one_rule_is_told_so_and_nothing_else(
    code: Code, changes: dict[str, Any]
) -> None:
    [rule] = [rule for rule in SUBMISSION_RULES if rule.code == code]

    found = submission_findings(facts(changes))

    assert [(item.code, item.pointer, item.kind) for item in found] == [
        (code, rule.pointer, rule.kind)
    ]
    assert is_refused(found) is (rule.kind != WARNING)


@pytest.mark.parametrize("changes", KEEPS, ids=str)
def test_a_submission_that_keeps_the_rules_has_nothing_said_of_it(changes: dict[str, Any]) -> None:
    assert submission_findings(facts(changes)) == []


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert {code for code, _ in BREAKS} == {rule.code for rule in SUBMISSION_RULES}


@pytest.mark.parametrize("table", [SUBMISSION_RULES, AMENDMENT_RULES])
def test_a_rule_that_is_taken_away_is_missed_by_its_case(table: tuple[Any, ...]) -> None:
    survivors = []
    for row, rule in enumerate(table):
        rest = (*table[:row], *table[row + 1 :])
        cases = [facts(changes) for code, changes in BREAKS if code == rule.code]
        if all(findings(rest, case) == findings(table, case) for case in cases):
            survivors.append(rule.code)

    print(f"{len(table)} rules taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [case for case in BREAKS if case[0] in {rule.code for rule in AMENDMENT_RULES}],
    ids=name_of,
)
def test_an_amendment_keeps_the_rules_about_person_dates_and_duplicates(
    code: Code, changes: dict[str, Any]
) -> None:
    assert [item.code for item in amendment_findings(facts(changes))] == [code]


def test_every_broken_rule_is_named_in_the_order_of_the_table() -> None:
    found = submission_findings(
        facts({"staffGroup": "01", NI: "ZZ123456A", "endDate": "2026-05-31"})
    )

    assert [item.code for item in found] == [
        Code.JOB_ROLE_NOT_IN_STAFF_GROUP,
        Code.NI_NUMBER_INVALID,
        Code.END_BEFORE_START,
    ]


def test_a_rule_that_needs_a_broken_one_is_not_asked() -> None:
    nothing_known = {"held.organisation": None, "held.vacancy": None, "held.position": None}

    assert [item.code for item in submission_findings(facts(nothing_known))] == [
        Code.EMPLOYER_UNKNOWN
    ]


UNCERTAIN = outcome_of("review-1", False, (Candidate(1, Kind.EX_EMPLOYEE, Grade.NI_ONLY),))
CONFLICT = outcome_of("strict-1", False, (Candidate(1, Kind.EX_EMPLOYEE, Grade.NI_ONLY),))


@pytest.mark.parametrize("asked", [submission_findings, amendment_findings])
@pytest.mark.parametrize(
    ("match", "said", "refused"),
    [
        (None, [], False),
        (outcome_of("review-1", False, ()), [], False),
        (UNCERTAIN, [Code.MATCH_UNDER_REVIEW], False),
        (CONFLICT, [Code.PERSON_CONFLICTS], True),
    ],
)
def test_what_the_match_says_is_said_with_the_rules(
    asked: Any, match: Any, said: list[Code], refused: bool
) -> None:
    found = asked(facts({"held.match": match}))

    assert [item.code for item in found] == said
    assert is_refused(found) is refused


@pytest.mark.parametrize(
    ("held", "code"),
    [
        ({"held.live_applicant": "10000001"}, Code.APPLICANT_EXISTS),
        (
            {"held.organisation": None, "held.vacancy": None, "held.position": None},
            Code.EMPLOYER_UNKNOWN,
        ),
    ],
)
def test_the_match_says_nothing_of_a_duplicate_or_of_an_employer_who_is_unknown(
    held: dict[str, Any], code: Code
) -> None:
    found = submission_findings(facts({**held, "held.match": CONFLICT}))

    assert [item.code for item in found] == [code]


@pytest.mark.parametrize("rule", SUBMISSION_RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_a_message_can_carry(rule: Any) -> None:
    assert 0 < len(rule.text) <= 200
    assert rule.source
    assert rule.pointer == "" or rule.pointer.startswith("/")
    assert status_of(rule.code) in (409, 422)


def test_a_merge_patch_replaces_removes_and_leaves_the_rest() -> None:
    document = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}

    patched = merged(document, {"a": None, "b": {"c": 4, "f": 5}, "e": [3], "g": {"h": None}})

    assert patched == {"b": {"c": 4, "d": 3, "f": 5}, "e": [3], "g": {}}
    assert document == {"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}
