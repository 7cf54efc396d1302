"""The pre-employment check as a recruiter keeps it: its states, its rules, and what of it goes to ESR."""

from dataclasses import dataclass
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.nhsjobs.domain.applications import Status as ApplicationStatus
from sandbox.rules import Rule

DETAILS = {
    "identity": "identity",
    "right-to-work": "rightToWork",
    "registration-and-qualifications": "registration",
    "employment-history-and-references": "employmentHistory",
    "dbs": "dbs",
    "work-health-assessment": "workHealth",
    "alert-notice": "alertNotice",
}
"""Check type → the property that holds what is particular to it, in the order of the contract."""

CONTENT = (
    "state",
    "outcome",
    "requestedDate",
    "completedDate",
    "expiryDate",
    "followUpDate",
    "checkedBy",
    "supplierReference",
    *DETAILS.values(),
)
"""What a check says, as both systems write it: the properties of an `EmploymentCheckUpdate`."""

PENDING, SENT, REFUSED, NOT_NEEDED = "PENDING", "SENT", "REFUSED", "NOT_NEEDED"
"""How far a check has come on its way to ESR."""

_OPEN_MOVES = ("IN_PROGRESS", "AWAITING_ANSWER", "COMPLETE", "CANCELLED")

STATES: dict[str | None, tuple[str, ...]] = {
    None: ("REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER", "COMPLETE"),
    "REQUESTED": _OPEN_MOVES,
    "IN_PROGRESS": _OPEN_MOVES,
    "AWAITING_ANSWER": _OPEN_MOVES,
    "COMPLETE": ("COMPLETE",),
    "CANCELLED": ("REQUESTED",),
}
"""State → the states that may follow; None before the check is started. A complete check may be corrected."""

TAKES_CHECKS = frozenset(
    {
        ApplicationStatus.OFFERED,
        ApplicationStatus.OFFER_ACCEPTED,
        ApplicationStatus.SENT_TO_ESR,
        ApplicationStatus.ESR_REJECTED,
    }
)
"""Checks begin with the offer and end with the hire."""


def check_move(application: dict[str, Any], present: str | None, target: str) -> None:
    """Raises Refusal STATE_FORBIDS for a check that the application does not take, or a move that has no row."""
    if application["status"] not in TAKES_CHECKS:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"Checks begin with the offer and end with the hire; application {application['applicationId']} is in "
            f"state {application['status']}.",
        )
    if target not in STATES[present]:
        state = "that was not started" if present is None else f"in state {present}"
        raise Refusal(
            Code.STATE_FORBIDS,
            f"A check {state} cannot become {target}; it may become {', '.join(STATES[present])}.",
        )


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """An update, and the type of the check that it is for."""

    check_type: str
    update: dict[str, Any]


def _in_order(facts: CheckFacts) -> bool:
    completed = facts.update.get("completedDate")
    return completed is None or bool(facts.update["requestedDate"] <= completed)


_OURS = "ours: the sandbox's contract"

UPDATE_RULES: tuple[Rule[CheckFacts], ...] = (
    Rule(
        Code.CHECK_OUTCOME_MISSING,
        "/outcome",
        lambda facts: facts.update["state"] != "COMPLETE" or "outcome" in facts.update,
        "A complete check has an outcome.",
        _OURS,
    ),
    Rule(
        Code.CHECK_OUTCOME_TOO_SOON,
        "/outcome",
        lambda facts: facts.update["state"] == "COMPLETE" or "outcome" not in facts.update,
        "Only a complete check has an outcome.",
        _OURS,
    ),
    Rule(
        Code.CHECK_DETAILS_MISPLACED,
        "",
        lambda facts: all(
            name not in facts.update
            for check_type, name in DETAILS.items()
            if check_type != facts.check_type
        ),
        "The details are those of another type of check.",
        _OURS,
    ),
    Rule(
        Code.CHECK_DATES_OUT_OF_ORDER,
        "/completedDate",
        _in_order,
        "The check was completed before it was requested.",
        _OURS,
    ),
)
"""Everything that NHS Jobs asks of an update. ESR has rules of its own."""


def content(check: dict[str, Any]) -> dict[str, Any]:
    """What a check says, without who says it and when."""
    return {name: check[name] for name in CONTENT if name in check}
