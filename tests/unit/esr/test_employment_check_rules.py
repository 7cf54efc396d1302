"""Every row of the rules for a check: what keeps it, what breaks it, and that a row that went would be missed."""

from typing import Any

import pytest

from sandbox.errors import Code
from sandbox.esr.domain.employment_checks import DETAILS, UPDATE_RULES, CheckFacts
from sandbox.esr.reference import retired_by_code
from sandbox.rules import findings
from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.world import World

OPEN = {"state": "IN_PROGRESS", "requestedDate": "2026-04-02"}
DONE = {
    "state": "COMPLETE",
    "outcome": "CLEAR",
    "requestedDate": "2026-04-02",
    "completedDate": "2026-04-03",
}
REGISTRATION = "registration-and-qualifications"


def facts(check_type: str, update: dict[str, Any]) -> CheckFacts:
    return CheckFacts(check_type, update, retired_by_code())


def right_to_work(route: str, permission_ends: str | None = None, **changes: Any) -> dict[str, Any]:
    ends = {"permissionExpiryDate": permission_ends} if permission_ends else {}
    return {**DONE, "rightToWork": {"route": route, **ends}, **changes}


def dbs(level: str, **detail: Any) -> dict[str, Any]:
    return {**OPEN, "dbs": {"level": level, "workforce": "ADULT", **detail}}


def certificate(**detail: Any) -> dict[str, Any]:
    found = {"certificateNumber": "001234567890", "issueDate": "2026-04-03", **detail}
    held = {name: value for name, value in found.items() if value is not None}
    return {**DONE, "dbs": {"level": "ENHANCED", "workforce": "ADULT", **held}}


LIMITED = ("HEALTH_AND_CARE_WORKER", "SKILLED_WORKER", "GRADUATE", "STUDENT", "DEPENDANT")
SHORT = {"yearsCovered": 2, "references": 1, "gapsExplained": False}
OPEN_STATES = ("REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER", "CANCELLED")

BREAKS: list[tuple[Code, str, dict[str, Any]]] = [
    (Code.CHECK_OUTCOME_MISSING, "dbs", {"state": "COMPLETE", "requestedDate": "2026-04-02"}),
    *(
        (Code.CHECK_OUTCOME_TOO_SOON, "dbs", {**OPEN, "state": state, "outcome": outcome})
        for state in OPEN_STATES
        for outcome in ("CLEAR", "CONSIDER", "NOT_CLEAR")
    ),
    *(
        (Code.CHECK_DETAILS_MISPLACED, check_type, {**OPEN, name: {"body": "01", "number": "1"}})
        for check_type in DETAILS
        for other, name in DETAILS.items()
        if other != check_type
    ),
    (Code.CHECK_DATES_OUT_OF_ORDER, "identity", {**DONE, "completedDate": "2026-04-01"}),
    (
        Code.REGISTRATION_NUMBER_INVALID,
        REGISTRATION,
        {**OPEN, "registration": {"body": "03", "number": "123"}},
    ),
    (Code.CODE_UNKNOWN, REGISTRATION, {**OPEN, "registration": {"body": "77", "number": "1"}}),
    (
        Code.CODE_UNKNOWN,
        REGISTRATION,
        {**OPEN, "registration": {"body": "03", "number": "1234567", "type": "99"}},
    ),
    (Code.CODE_RETIRED, REGISTRATION, {**OPEN, "registration": {"body": "06", "number": "1"}}),
    *(
        (Code.RIGHT_TO_WORK_EXPIRY_MISSING, "right-to-work", right_to_work(route, **given))
        for route in LIMITED
        for given in (
            {},
            {"followUpDate": "2028-01-01"},
            {"permission_ends": "2028-01-31"},
        )
    ),
    (
        Code.RIGHT_TO_WORK_NOT_LIMITED,
        "right-to-work",
        right_to_work("BRITISH_OR_IRISH", "2028-01-31"),
    ),
    (
        Code.RIGHT_TO_WORK_NOT_LIMITED,
        "right-to-work",
        {**OPEN, "rightToWork": {"route": "BRITISH_OR_IRISH", "shareCode": "W12345678"}},
    ),
    (
        Code.FOLLOW_UP_TOO_LATE,
        "right-to-work",
        right_to_work("STUDENT", "2028-01-31", followUpDate="2028-02-01"),
    ),
    (
        Code.FOLLOW_UP_TOO_LATE,
        "identity",
        {**DONE, "followUpDate": "2028-02-01", "expiryDate": "2028-01-31"},
    ),
    (Code.DBS_LEVEL_TOO_LOW, "dbs", dbs("BASIC", updateService=True)),
    *(
        (Code.DBS_LEVEL_TOO_LOW, "dbs", dbs(level, **{name: True}))
        for level in ("BASIC", "STANDARD", "ENHANCED")
        for name in ("childBarredList", "adultBarredList")
    ),
    (Code.DBS_BARRED_LIST_MISSING, "dbs", dbs("ENHANCED_BARRED")),
    (
        Code.DBS_BARRED_LIST_MISSING,
        "dbs",
        dbs("ENHANCED_BARRED", childBarredList=False, adultBarredList=False),
    ),
    (Code.DBS_CERTIFICATE_MISSING, "dbs", certificate(certificateNumber=None)),
    (Code.DBS_CERTIFICATE_MISSING, "dbs", certificate(issueDate=None)),
    (Code.DBS_ISSUED_AFTER_COMPLETION, "dbs", certificate(issueDate="2026-04-04")),
    (
        Code.HISTORY_NOT_COVERED,
        "employment-history-and-references",
        {**DONE, "employmentHistory": SHORT},
    ),
    *(
        (
            Code.WORK_HEALTH_CONTRADICTS,
            "work-health-assessment",
            {**DONE, "workHealth": {"result": result}},
        )
        for result in ("UNFIT", "TEMPORARILY_UNFIT")
    ),
    (Code.ALERT_NOTICE_CONTRADICTS, "alert-notice", {**DONE, "alertNotice": {"noticeFound": True}}),
]

KEEPS: list[tuple[str, dict[str, Any]]] = [
    *((check_type, update) for check_type in DETAILS for update in (OPEN, DONE)),
    *(
        (check_type, {**OPEN, name: {"body": "01", "number": "1"}})
        for check_type, name in DETAILS.items()
    ),
    *(("dbs", {**DONE, "outcome": outcome}) for outcome in ("CLEAR", "CONSIDER", "NOT_CLEAR")),
    ("dbs", {**DONE, "completedDate": "2026-04-02"}),
    (REGISTRATION, {**OPEN, "registration": {"body": "03", "number": "1234567"}}),
    (REGISTRATION, {**OPEN, "registration": {"body": "09", "number": "99Z0001Z", "type": "33"}}),
    *(
        ("right-to-work", right_to_work(route, "2028-01-31", followUpDate="2028-01-31"))
        for route in (*LIMITED, "EU_SETTLEMENT", "OTHER")
    ),
    *(
        ("right-to-work", right_to_work(route))
        for route in ("BRITISH_OR_IRISH", "INDEFINITE_LEAVE", "EU_SETTLEMENT", "OTHER")
    ),
    *(("right-to-work", {**right_to_work(route), "outcome": "CONSIDER"}) for route in LIMITED),
    *(("dbs", dbs(level, updateService=True)) for level in ("STANDARD", "ENHANCED")),
    *(
        ("dbs", dbs("ENHANCED_BARRED", **{name: True}))
        for name in ("childBarredList", "adultBarredList")
    ),
    ("dbs", dbs("ENHANCED")),
    ("dbs", certificate()),
    (
        "employment-history-and-references",
        {**DONE, "employmentHistory": {**SHORT, "yearsCovered": 3}},
    ),
    (
        "employment-history-and-references",
        {**DONE, "employmentHistory": {**SHORT, "gapsExplained": True}},
    ),
    (
        "employment-history-and-references",
        {**DONE, "outcome": "CONSIDER", "employmentHistory": SHORT},
    ),
    *(
        ("work-health-assessment", {**DONE, "workHealth": {"result": result}})
        for result in ("FIT", "FIT_WITH_ADJUSTMENTS")
    ),
    ("work-health-assessment", {**DONE, "outcome": "NOT_CLEAR", "workHealth": {"result": "UNFIT"}}),
    ("alert-notice", {**DONE, "outcome": "CONSIDER", "alertNotice": {"noticeFound": True}}),
    ("alert-notice", {**DONE, "alertNotice": {"noticeFound": False}}),
]


@pytest.mark.parametrize(("code", "check_type", "update"), BREAKS)
def test_an_update_that_breaks_one_rule_is_told_so_and_nothing_else(
    code: Code, check_type: str, update: dict[str, Any]
) -> None:
    [rule] = [rule for rule in UPDATE_RULES if rule.code == code]

    found = findings(UPDATE_RULES, facts(check_type, update))

    assert [(item.code, item.pointer) for item in found] == [(code, rule.pointer)]


@pytest.mark.parametrize(("check_type", "update"), KEEPS)
def test_an_update_that_keeps_the_rules_has_nothing_said_of_it(
    check_type: str, update: dict[str, Any]
) -> None:
    assert findings(UPDATE_RULES, facts(check_type, update)) == []


def test_a_rule_that_is_taken_away_is_missed_by_its_case() -> None:
    survivors = []
    for row, rule in enumerate(UPDATE_RULES):
        rest = (*UPDATE_RULES[:row], *UPDATE_RULES[row + 1 :])
        cases = [facts(kind, update) for code, kind, update in BREAKS if code == rule.code]
        if all(findings(rest, case) == findings(UPDATE_RULES, case) for case in cases):
            survivors.append(rule.code)

    print(f"{len(UPDATE_RULES)} rules taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert {code for code, _, _ in BREAKS} == {rule.code for rule in UPDATE_RULES}


@pytest.mark.parametrize("seed", [1, 5, 23])
def test_the_checks_that_the_simulators_send_keep_the_rules(seed: int) -> None:
    world = World.make(seed, 2, 30)

    broken = [
        (index, step.check_type, found)
        for index in range(400)
        for step in check_history(applicant(seed, index, world), seed, index)
        if (found := findings(UPDATE_RULES, facts(step.check_type, step.update)))
    ]

    assert broken == []
