"""Diagnostics of check histories, and what no two applicants share."""

from simulators.checks import NEXT_STATES
from simulators.realism.case import Case
from simulators.realism.diagnostic import Diagnostic, Unique

_PART = "Histories of checks"
_OURS = "the contract (ours)"
_DETAIL = {
    "identity": "identity",
    "right-to-work": "rightToWork",
    "registration-and-qualifications": "registration",
    "employment-history-and-references": "employmentHistory",
    "dbs": "dbs",
    "work-health-assessment": "workHealth",
    "alert-notice": "alertNotice",
}


def _states_follow(case: Case) -> bool | None:
    held: dict[str, str] = {}
    for step in case.history:
        state = step.update["state"]
        if state not in NEXT_STATES[held.get(step.check_type)]:
            return False
        held[step.check_type] = state
    return True if case.history else None


def _moments_rise(case: Case) -> bool | None:
    moments = [step.at(case.today) for step in case.history]
    return moments == sorted(moments) if moments else None


def _in_office_hours(case: Case) -> bool | None:
    moments = [step.at(case.today) for step in case.history]
    return all(each.weekday() < 5 and 8 <= each.hour < 18 for each in moments) if moments else None


def _before_the_start(case: Case) -> bool | None:
    days = [step.at(case.today).date() for step in case.history]
    return all(case.today < day < case.start for day in days) if days else None


def _dates_in_order(case: Case) -> bool | None:
    pairs = [
        (step.update["requestedDate"], step.update["completedDate"])
        for step in case.history
        if "completedDate" in step.update
    ]
    return all(asked <= done for asked, done in pairs) if pairs else None


def _outcome_when_complete(case: Case) -> bool | None:
    if not case.history:
        return None
    return all(
        ("outcome" in step.update) == (step.update["state"] == "COMPLETE") for step in case.history
    )


def _own_detail(case: Case) -> bool | None:
    if not case.history:
        return None
    details = set(_DETAIL.values())
    return all(
        details & step.update.keys() <= {_DETAIL[step.check_type]}
        and (step.update["state"] != "COMPLETE" or _DETAIL[step.check_type] in step.update)
        for step in case.history
    )


def _checks_of_the_role(case: Case) -> bool:
    asked = {step.check_type for step in case.history}
    no_dbs = case.role.dbs_level is None and "dbs" in asked
    no_register = case.role.register is None and asked & {
        "registration-and-qualifications",
        "alert-notice",
    }
    return not no_dbs and not no_register


def _dbs_of_the_role(case: Case) -> bool | None:
    found = case.details("dbs")
    if not found:
        return None
    return all(
        item["level"] == case.role.dbs_level
        and item["workforce"] == case.role.dbs_workforce
        and ("childBarredList" in item) == (item["level"] == "ENHANCED_BARRED")
        and ("adultBarredList" in item) == (item["level"] == "ENHANCED_BARRED")
        for item in found
    )


def _certificate_in_time(case: Case) -> bool | None:
    found = [
        step.update for step in case.history if "certificateNumber" in step.update.get("dbs", {})
    ]
    if not found:
        return None
    return all(
        each["requestedDate"] <= each["dbs"]["issueDate"] <= each["completedDate"] for each in found
    )


def _own_registration(case: Case) -> bool | None:
    found = case.details("registration")
    if not found:
        return None
    held = [dict(each) for each in case.registrations]
    return all(
        {name: value for name, value in item.items() if name != "status"} in held for item in found
    )


def _follow_up_before_expiry(case: Case) -> bool | None:
    pairs = [
        (step.update["followUpDate"], step.update["expiryDate"])
        for step in case.history
        if "followUpDate" in step.update
    ]
    return all(follow <= ends for follow, ends in pairs) if pairs else None


HISTORIES = tuple(
    Diagnostic(name, _PART, holds, sentence, source)
    for name, holds, sentence, source in (
        (
            "states follow the table",
            _states_follow,
            "Each state of a check may follow the one before.",
            _OURS,
        ),
        ("moments rise", _moments_rise, "No update is before the one before it.", "ours"),
        (
            "in office hours",
            _in_office_hours,
            "On weekdays between 8 and 18 o'clock.",
            "assumed",
        ),
        (
            "before the start",
            _before_the_start,
            "After the day of sending and before the start date.",
            "assumed",
        ),
        (
            "asked before done",
            _dates_in_order,
            "The requested date is not after the completed date.",
            _OURS,
        ),
        (
            "outcome when complete",
            _outcome_when_complete,
            "A complete check has an outcome, and no other has.",
            _OURS,
        ),
        (
            "detail of the check's type",
            _own_detail,
            "Details are of the check's own type, and there when it is complete.",
            _OURS,
        ),
        (
            "checks of the role",
            _checks_of_the_role,
            "DBS, registration and alert notice only where the role asks for them.",
            "assumed",
        ),
        (
            "DBS level of the role",
            _dbs_of_the_role,
            "Level and workforce are the role's; barred lists only with that level.",
            "assumed",
        ),
        (
            "certificate in time",
            _certificate_in_time,
            "Issued between the request and the end of the check.",
            "ours",
        ),
        (
            "registration is the applicant's",
            _own_registration,
            "The check is of the registration that the applicant named.",
            "ours",
        ),
        (
            "follow-up before the permission ends",
            _follow_up_before_expiry,
            "The right to work is looked at again before it ends.",
            "ours",
        ),
    )
)


def _certificates(case: Case) -> list[str]:
    numbers = [item.get("certificateNumber") for item in case.details("dbs")]
    return list(dict.fromkeys(number for number in numbers if number))


UNIQUE = (
    Unique(
        "one NI number, one applicant",
        lambda case: [case.person["niNumber"]] if "niNumber" in case.person else [],
        "No two applicants of the run share one.",
        "ours",
    ),
    Unique(
        "one e-mail address, one applicant",
        lambda case: [case.person["emailAddress"]],
        "No two applicants of the run share one.",
        "ours",
    ),
    Unique(
        "one supplier's reference, one applicant",
        lambda case: [case.applicant["supplierReference"]],
        "No two applicants of the run share one.",
        _OURS,
    ),
    Unique(
        "one registration, one applicant",
        lambda case: [f"{item['body']} {item['number']}" for item in case.registrations],
        "No two applicants of the run share a number of one body.",
        "ours",
    ),
    Unique(
        "one DBS certificate, one applicant",
        _certificates,
        "No two applicants of the run share one.",
        "ours",
    ),
)
