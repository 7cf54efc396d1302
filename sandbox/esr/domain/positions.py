"""The position over time: who may be attached to it and when, and which change makes a new one.

A person can only be attached to a position that exists on the appointment date (NHS England's guide to positions on ESR).
Where the public record speaks of one employer or of another interface (send window, single occupancy, what makes a new
position), an employer carries a profile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sandbox.errors import Code
from sandbox.esr.domain.facts import Facts
from sandbox.esr.domain.profiles import NewPosition, Occupancy, SendWindow
from sandbox.rules import ERROR, WARNING, Finding, Rule

_GUIDE = (
    "https://digital.nhs.uk/data-and-information/areas-of-interest/workforce/"
    "national-workforce-data-set-nwd-guidance-documents (positions on ESR: background and structure)"
)
_ORACLE = (
    "https://ap1.mclaneco.com/OA_HTML/HelpServlet/US/PER/@t_pohsta "
    "(copy of Oracle's help: the hiring status; the list of statuses was not read there)"
)
_OURS = "ours: what ESR does here is not public"


class HiringStatus(StrEnum):
    """Whether people may be hired into a position (after Oracle HRMS's system hiring statuses)."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    ELIMINATED = "ELIMINATED"
    DELETED = "DELETED"


class Period(StrEnum):
    """How a day lies to the dates of a position."""

    BEFORE = "BEFORE"
    WITHIN = "WITHIN"
    AFTER = "AFTER"


class Act(StrEnum):
    """What somebody wants to do with a position."""

    VACANCY = "vacancy"
    """Begin a vacancy, today."""
    APPLICANT = "applicant"
    """Attach a person, from the start date."""


BY_STATUS: Mapping[tuple[HiringStatus, Act], Code | None] = {
    (HiringStatus.PROPOSED, Act.VACANCY): Code.STATE_FORBIDS,
    (HiringStatus.PROPOSED, Act.APPLICANT): Code.POSITION_NOT_HIRING,
    (HiringStatus.ACTIVE, Act.VACANCY): None,
    (HiringStatus.ACTIVE, Act.APPLICANT): None,
    (HiringStatus.FROZEN, Act.VACANCY): Code.STATE_FORBIDS,
    (HiringStatus.FROZEN, Act.APPLICANT): Code.POSITION_NOT_HIRING,
    (HiringStatus.ELIMINATED, Act.VACANCY): Code.STATE_FORBIDS,
    (HiringStatus.ELIMINATED, Act.APPLICANT): Code.POSITION_NOT_HIRING,
    (HiringStatus.DELETED, Act.VACANCY): Code.POSITION_DELETED,
    (HiringStatus.DELETED, Act.APPLICANT): Code.POSITION_DELETED,
}
"""(hiring status, act) → the code that refuses the act, or None."""

BY_PERIOD: Mapping[tuple[Period, Act], Code | None] = {
    # People are sought before the position begins.
    (Period.BEFORE, Act.VACANCY): None,
    (Period.BEFORE, Act.APPLICANT): Code.POSITION_NOT_EFFECTIVE_YET,
    (Period.WITHIN, Act.VACANCY): None,
    (Period.WITHIN, Act.APPLICANT): None,
    (Period.AFTER, Act.VACANCY): Code.STATE_FORBIDS,
    (Period.AFTER, Act.APPLICANT): Code.POSITION_ENDED,
}
"""(how the day of the act lies to the position's dates, act) → the code that refuses the act, or None."""


def status_of(position: Mapping[str, Any]) -> HiringStatus:
    """The hiring status; what was deleted is DELETED whatever else it says."""
    if position["changeDeleteIndicator"] == "D":
        return HiringStatus.DELETED
    return HiringStatus(position["hiringStatus"])


def period_of(position: Mapping[str, Any], day: date) -> Period:
    """How `day` lies to the position's dates; the first and the last day belong to it."""
    text = day.isoformat()
    if text < position["effectiveFrom"]:
        return Period.BEFORE
    return Period.AFTER if text > position.get("effectiveTo", text) else Period.WITHIN


def refusals(position: Mapping[str, Any], act: Act, day: date) -> list[Code]:
    """The codes that refuse the act on that day. Of a deleted position nothing more is said."""
    by_status = BY_STATUS[status_of(position), act]
    if by_status is Code.POSITION_DELETED:
        return [by_status]
    return [code for code in (by_status, BY_PERIOD[period_of(position, day), act]) if code]


def _allows(code: Code, facts: Facts) -> bool:
    start = facts.day("startDate")
    if facts.position is None or start is None:
        return True
    return code not in refusals(facts.position, Act.APPLICANT, start)


def _rule(code: Code, pointer: str, text: str, source: str) -> Rule[Facts]:
    needs = (Code.POSITION_UNKNOWN, Code.POSITION_DELETED)
    return Rule(code, pointer, lambda facts: _allows(code, facts), text, source, needs=needs)


START_RULES: tuple[Rule[Facts], ...] = (
    _rule(
        Code.POSITION_NOT_HIRING,
        "/positionId",
        "Nobody may be hired into the position in its present hiring status.",
        _ORACLE,
    ),
    _rule(
        Code.POSITION_NOT_EFFECTIVE_YET,
        "/startDate",
        "The position begins after the start date.",
        _GUIDE,
    ),
    _rule(
        Code.POSITION_ENDED,
        "/startDate",
        "The position has ended before the start date.",
        _GUIDE,
    ),
)
"""What a position asks of a start date, each time that one is sent."""

_OCCUPANCY = (
    "https://hee-tis.atlassian.net/wiki/spaces/NTCS/pages/1928200193/Post+sharing+and+quarantine"
)

OCCUPANCY_RULES: tuple[Rule[Facts], ...] = (
    Rule(
        Code.POSITION_HELD,
        "/positionId",
        lambda facts: not facts.is_taken or facts.profile("occupancy") != Occupancy.ADVISORY_1,
        "The position is not shared, and somebody is in it or on the way into it on the start date.",
        _OCCUPANCY,
        kind=WARNING,
        needs=(Code.POSITION_UNKNOWN, Code.POSITION_DELETED),
    ),
    Rule(
        Code.POSITION_FULL,
        "/positionId",
        lambda facts: not facts.is_taken or facts.profile("occupancy") != Occupancy.SINGLE_1,
        "The position is not shared and takes nobody else: somebody is in it, or on the way into it, on the start date.",
        _OCCUPANCY,
        needs=(Code.POSITION_UNKNOWN, Code.POSITION_DELETED),
    ),
)

POSITION_RULES: tuple[Rule[Facts], ...] = (*START_RULES, *OCCUPANCY_RULES)
"""What a position asks of an applicant who is sent for it, beside that it is there."""


@dataclass(frozen=True, slots=True)
class Window:
    """From how many days before the start down to how many an applicant may be sent; both days belong to it."""

    earliest: int
    latest: int
    source: str


_LATEST = (
    "https://hee-tis.atlassian.net/wiki/pages/diffpages.action?originalId=1934229660&pageId=2160623636 "
    "(doctors in training: 13 weeks to 2 days before the start)"
)
SEND_WINDOWS: Mapping[SendWindow, Window | None] = {
    SendWindow.OPEN_1: None,
    SendWindow.DIT_13W_1: Window(13 * 7, 2, _LATEST),
    SendWindow.DIT_12W_1: Window(
        12 * 7,
        2,
        "https://tis-support.hee.nhs.uk/trusts/integrations/ "
        "(doctors in training: up to 12 weeks; the 2 days are those of the 13 weeks)",
    ),
}
"""By profile; None: at any time."""


def _days_to_start(facts: Facts) -> int | None:
    start = facts.day("startDate")
    return None if start is None or facts.today is None else (start - facts.today).days


def _window_rule(
    profile: SendWindow, code: Code, is_in_time: Callable[[int], bool], text: str, source: str
) -> Rule[Facts]:
    def holds(facts: Facts) -> bool:
        days = _days_to_start(facts)
        return facts.profile("sendWindow") != profile or days is None or is_in_time(days)

    return Rule(code, "/startDate", holds, text, source, needs=(Code.EMPLOYER_UNKNOWN,))


def _window_rules(profile: SendWindow, window: Window) -> tuple[Rule[Facts], Rule[Facts]]:
    return (
        _window_rule(
            profile,
            Code.SENT_TOO_EARLY,
            lambda days: days <= window.earliest,
            f"The employer takes an applicant from {window.earliest // 7} weeks before the start date on.",
            window.source,
        ),
        _window_rule(
            profile,
            Code.SENT_TOO_LATE,
            lambda days: days >= window.latest,
            f"The employer takes an applicant until {window.latest} days before the start date.",
            window.source,
        ),
    )


SEND_WINDOW_RULES: tuple[Rule[Facts], ...] = tuple(
    rule
    for profile, window in SEND_WINDOWS.items()
    if window is not None
    for rule in _window_rules(profile, window)
)
"""About sending alone: an amendment is not held against them."""


def start_date_findings(position: Mapping[str, Any], start: date) -> list[Finding]:
    """What a position has to say about a new start date of somebody who is an applicant for it, or about the day of the hire."""
    refused = refusals(position, Act.APPLICANT, start)
    found = [
        Finding(rule.code, rule.pointer, rule.text, rule.kind)
        for rule in START_RULES
        if rule.code in refused
    ]
    if Code.POSITION_DELETED in refused:
        text = "The position was deleted; no applicant can be attached to it."
        found.append(Finding(Code.POSITION_DELETED, "/positionId", text, ERROR))
    return found


@dataclass(frozen=True, slots=True)
class NewPositionRule:
    """The properties of which a change makes a new position."""

    properties: frozenset[str]
    basis: str
    source: str


NEW_POSITION: Mapping[NewPosition, NewPositionRule] = {
    NewPosition.IN_PLACE_1: NewPositionRule(frozenset(), "assumed", _OURS),
    NewPosition.NHSBT_1: NewPositionRule(
        frozenset({"positionTitle", "payScale", "costCentre"}),
        "public",
        "https://peoplefirst.nhsbt.nhs.uk/position-structures.htm (NHSBT's own rule: title, grade, location, department or "
        "cost centre)",
    ),
}
"""By profile. A position here has no location of its own."""


def makes_new_position(
    profile: str, position: Mapping[str, Any], changes: Mapping[str, Any], today: date
) -> bool:
    """Whether the changes make a new position.

    One that has not begun before today is changed in place, for there is no day on which it could have ended; and so is one
    that has ended.
    """
    telling = NEW_POSITION[NewPosition(profile)].properties
    differs = any(changes[name] != position[name] for name in telling & changes.keys())
    yesterday = today - timedelta(days=1)
    return differs and {period_of(position, day) for day in (yesterday, today)} == {Period.WITHIN}


def ended_position(position: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The position that another one replaces from today on."""
    last_day = (today - timedelta(days=1)).isoformat()
    return {**position, "hiringStatus": "ELIMINATED", "effectiveTo": last_day}


def replacing_position(
    position: Mapping[str, Any],
    changes: Mapping[str, Any],
    today: date,
    position_id: int,
    position_number: int,
) -> dict[str, Any]:
    """The position that replaces another one from today on."""
    return {
        **position,
        **changes,
        "positionId": position_id,
        "positionNumber": position_number,
        "effectiveFrom": today.isoformat(),
        "replacesPositionId": position["positionId"],
    }
