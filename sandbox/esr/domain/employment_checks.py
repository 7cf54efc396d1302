"""The employment check: its states, and the rules for what it says."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.esr.domain.identifiers import is_registration_number
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
"""Check type → the property that holds what is particular to it."""

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


def check_move(check_type: str, present: str | None, wanted: str) -> None:
    """Raises Refusal STATE_FORBIDS for a move that has no row."""
    if wanted not in STATES[present]:
        state = "that was not started" if present is None else f"in state {present}"
        raise Refusal(
            Code.STATE_FORBIDS,
            f"A check of type {check_type} {state} cannot become {wanted}; it may become "
            f"{', '.join(STATES[present])}.",
        )


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """An update, and the type of the check that it is for."""

    check_type: str
    update: dict[str, Any]

    def day(self, name: str) -> date | None:
        """A date of the update."""
        text = self.update.get(name)
        return date.fromisoformat(text) if text else None


def _completed_in_order(facts: CheckFacts) -> bool:
    requested, completed = facts.day("requestedDate"), facts.day("completedDate")
    return requested is None or completed is None or requested <= completed


def _registration_well_formed(facts: CheckFacts) -> bool:
    registration = facts.update.get("registration")
    return registration is None or is_registration_number(
        registration["body"], registration["number"]
    )


_OURS = "ours: architecture of the sandbox's contract"

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
        _completed_in_order,
        "The check was completed before it was requested.",
        _OURS,
    ),
    Rule(
        Code.REGISTRATION_NUMBER_INVALID,
        "/registration/number",
        _registration_well_formed,
        "The registration number does not have the form that its body gives out.",
        "NHS Data Model and Dictionary; UK Core practitioner identifiers",
    ),
)
"""Everything that `record_employment_check` asks of an update."""
