"""Every row of the rules for a check: what keeps it, what breaks it, and that a row that went would be missed."""

from typing import Any

import pytest

from sandbox.errors import Code
from sandbox.esr.domain.employment_checks import DETAILS, UPDATE_RULES, CheckFacts
from sandbox.rules import findings

OPEN = {"state": "IN_PROGRESS", "requestedDate": "2026-04-02"}
DONE = {
    "state": "COMPLETE",
    "outcome": "CLEAR",
    "requestedDate": "2026-04-02",
    "completedDate": "2026-04-03",
}
REGISTRATION = "registration-and-qualifications"
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
]


@pytest.mark.parametrize(("code", "check_type", "update"), BREAKS)
def test_an_update_that_breaks_one_rule_is_told_so_and_nothing_else(
    code: Code, check_type: str, update: dict[str, Any]
) -> None:
    [rule] = [rule for rule in UPDATE_RULES if rule.code == code]

    found = findings(UPDATE_RULES, CheckFacts(check_type, update))

    assert [(item.code, item.pointer) for item in found] == [(code, rule.pointer)]


@pytest.mark.parametrize(("check_type", "update"), KEEPS)
def test_an_update_that_keeps_the_rules_has_nothing_said_of_it(
    check_type: str, update: dict[str, Any]
) -> None:
    assert findings(UPDATE_RULES, CheckFacts(check_type, update)) == []


def test_a_rule_that_is_taken_away_is_missed_by_its_case() -> None:
    survivors = []
    for row, rule in enumerate(UPDATE_RULES):
        rest = (*UPDATE_RULES[:row], *UPDATE_RULES[row + 1 :])
        cases = [CheckFacts(kind, update) for code, kind, update in BREAKS if code == rule.code]
        if all(findings(rest, case) == findings(UPDATE_RULES, case) for case in cases):
            survivors.append(rule.code)

    print(f"{len(UPDATE_RULES)} rules taken away in turn, survivors: {len(survivors)}")
    assert survivors == []
