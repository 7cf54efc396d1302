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
    code_lists: dict[str, dict[str, bool]]
    """By list: code → whether it is retired."""

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


def _detail(facts: CheckFacts, name: str) -> dict[str, Any]:
    """The details of a type, empty where the update has none."""
    found: dict[str, Any] = facts.update.get(name, {})
    return found


def _codes(facts: CheckFacts) -> list[tuple[str, str]]:
    """(national list, code) of the registration."""
    detail = _detail(facts, "registration")
    named = (("registration-body", "body"), ("registration-type", "type"))
    return [(code_list, detail[name]) for code_list, name in named if name in detail]


def _is_clear(facts: CheckFacts) -> bool:
    return facts.update["state"] == "COMPLETE" and facts.update.get("outcome") == "CLEAR"


UNLIMITED_ROUTES = frozenset({"BRITISH_OR_IRISH"})
LIMITED_ROUTES = frozenset(
    {"HEALTH_AND_CARE_WORKER", "SKILLED_WORKER", "GRADUATE", "STUDENT", "DEPENDANT"}
)
"""Routes of the right to work without an end, and with one; the others may have one."""

UPDATE_SERVICE_LEVELS = frozenset({"STANDARD", "ENHANCED", "ENHANCED_BARRED"})
YEARS_COVERED = 3


def _limited_has_end(facts: CheckFacts) -> bool:
    detail = _detail(facts, "rightToWork")
    if not _is_clear(facts) or detail.get("route") not in LIMITED_ROUTES:
        return True
    return "permissionExpiryDate" in detail and "followUpDate" in facts.update


def _unlimited_has_none(facts: CheckFacts) -> bool:
    detail = _detail(facts, "rightToWork")
    return detail.get("route") not in UNLIMITED_ROUTES or not (
        {"permissionExpiryDate", "shareCode"} & detail.keys()
    )


def _follow_up_in_time(facts: CheckFacts) -> bool:
    ends = (
        _detail(facts, "rightToWork").get("permissionExpiryDate"),
        facts.update.get("expiryDate"),
    )
    follow_up = facts.update.get("followUpDate")
    return follow_up is None or all(end is None or follow_up <= end for end in ends)


def _level_allows(facts: CheckFacts) -> bool:
    detail = _detail(facts, "dbs")
    if detail.get("updateService") and detail.get("level") not in UPDATE_SERVICE_LEVELS:
        return False
    lists = detail.get("childBarredList") or detail.get("adultBarredList")
    return not lists or detail.get("level") == "ENHANCED_BARRED"


def _barred_list_named(facts: CheckFacts) -> bool:
    detail = _detail(facts, "dbs")
    lists = detail.get("childBarredList") or detail.get("adultBarredList")
    return detail.get("level") != "ENHANCED_BARRED" or bool(lists)


def _has_certificate(facts: CheckFacts) -> bool:
    detail = _detail(facts, "dbs")
    complete = facts.update["state"] == "COMPLETE" and bool(detail)
    return not complete or {"certificateNumber", "issueDate"} <= detail.keys()


def _issued_in_time(facts: CheckFacts) -> bool:
    issued, completed = _detail(facts, "dbs").get("issueDate"), facts.update.get("completedDate")
    return issued is None or completed is None or issued <= completed


def _history_covered(facts: CheckFacts) -> bool:
    detail = _detail(facts, "employmentHistory")
    years = detail.get("yearsCovered", YEARS_COVERED)
    return not _is_clear(facts) or years >= YEARS_COVERED or bool(detail.get("gapsExplained"))


_UNFIT = frozenset({"TEMPORARILY_UNFIT", "UNFIT"})
_NWD = "NHS Data Model and Dictionary, National Workforce Data Set"
_OURS = "ours: architecture of the sandbox's contract"
_RIGHT_TO_WORK = "https://lawbite.co.uk/resources/blog/what-are-right-to-work-documents-uk"
_UPDATE_SERVICE = (
    "http://www.gov.uk/government/publications/dbs-update-service-employer-guide/"
    "dbs-update-service-employer-guide"
)
_EBULK = "https://securitywatchdog.org.uk/ebulk-guidance-and-information"
_REFERENCES = "https://ulive.ouh.nhs.uk/working-for-us/application/pre-employment"

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
    Rule(
        Code.CODE_UNKNOWN,
        "/registration",
        lambda facts: all(code in facts.code_lists[name] for name, code in _codes(facts)),
        "The registration's body or type is not in the national list.",
        _NWD,
    ),
    Rule(
        Code.CODE_RETIRED,
        "/registration",
        lambda facts: not any(facts.code_lists[name].get(code) for name, code in _codes(facts)),
        "The registration's body or type is retired in the national list.",
        _NWD,
    ),
    Rule(
        Code.RIGHT_TO_WORK_EXPIRY_MISSING,
        "/rightToWork/permissionExpiryDate",
        _limited_has_end,
        "A limited permission to work needs the day on which it ends and the day on which to look again.",
        _RIGHT_TO_WORK,
    ),
    Rule(
        Code.RIGHT_TO_WORK_NOT_LIMITED,
        "/rightToWork/route",
        _unlimited_has_none,
        "A British or Irish citizen's right to work has neither an end nor a share code.",
        _RIGHT_TO_WORK,
    ),
    Rule(
        Code.FOLLOW_UP_TOO_LATE,
        "/followUpDate",
        _follow_up_in_time,
        "The follow-up comes after the day on which the permission or the result ends.",
        _RIGHT_TO_WORK,
    ),
    Rule(
        Code.DBS_LEVEL_TOO_LOW,
        "/dbs/level",
        _level_allows,
        "The level has no Update Service (basic), or tells of no barred list (all but enhanced with lists).",
        _UPDATE_SERVICE,
    ),
    Rule(
        Code.DBS_BARRED_LIST_MISSING,
        "/dbs",
        _barred_list_named,
        "An enhanced certificate with barred lists names at least one list.",
        _EBULK,
    ),
    Rule(
        Code.DBS_CERTIFICATE_MISSING,
        "/dbs/certificateNumber",
        _has_certificate,
        "A complete DBS check gives the certificate's number and the day of its issue.",
        _OURS,
    ),
    Rule(
        Code.DBS_ISSUED_AFTER_COMPLETION,
        "/dbs/issueDate",
        _issued_in_time,
        "The certificate was issued after the check was completed.",
        _OURS,
    ),
    Rule(
        Code.HISTORY_NOT_COVERED,
        "/employmentHistory/yearsCovered",
        _history_covered,
        "A clear history covers three years, or its gaps are explained.",
        _REFERENCES,
    ),
    Rule(
        Code.WORK_HEALTH_CONTRADICTS,
        "/workHealth/result",
        lambda facts: (
            not (_is_clear(facts) and _detail(facts, "workHealth").get("result") in _UNFIT)
        ),
        "Somebody who is unfit is not clear.",
        _OURS,
    ),
    Rule(
        Code.ALERT_NOTICE_CONTRADICTS,
        "/alertNotice/noticeFound",
        lambda facts: not (_is_clear(facts) and _detail(facts, "alertNotice").get("noticeFound")),
        "Somebody whom an alert notice names is not clear.",
        _OURS,
    ),
)
"""Everything that `record_employment_check` asks of an update."""
