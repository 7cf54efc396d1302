"""The position over time: every state against every start date, occupancy, the send window, and what makes a new position."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from sandbox.errors import Code, status_of
from sandbox.esr.domain import positions
from sandbox.esr.domain.applicants import SUBMISSION_RULES, is_refused
from sandbox.esr.domain.facts import Facts
from sandbox.esr.domain.positions import (
    BY_PERIOD,
    BY_STATUS,
    NEW_POSITION,
    OCCUPANCY_RULES,
    POSITION_RULES,
    SEND_WINDOW_RULES,
    START_RULES,
    Act,
    HiringStatus,
    Period,
    ended_position,
    makes_new_position,
    period_of,
    refusals,
    replacing_position,
    start_date_findings,
)
from sandbox.esr.domain.profiles import NewPosition, Occupancy, SendWindow
from sandbox.rules import WARNING, findings

FIRST, LAST = "2026-05-01", "2026-12-31"
POSITION: dict[str, Any] = {
    "positionId": 90000001,
    "positionNumber": 3900001,
    "positionTitle": "Staff Nurse",
    "odsCode": "X0A1B",
    "costCentre": "A10234",
    "payScale": "BAND_5",
    "jobRole": "03007",
    "shared": False,
    "changeDeleteIndicator": "C",
    "hiringStatus": "ACTIVE",
    "effectiveFrom": FIRST,
    "effectiveTo": LAST,
}
# Written out here once more, so that a row that goes or changes in the code is seen.
STATUSES: dict[str, dict[str, str | None]] = {
    "PROPOSED": {"vacancy": "STATE_FORBIDS", "applicant": "POSITION_NOT_HIRING"},
    "ACTIVE": {"vacancy": None, "applicant": None},
    "FROZEN": {"vacancy": "STATE_FORBIDS", "applicant": "POSITION_NOT_HIRING"},
    "ELIMINATED": {"vacancy": "STATE_FORBIDS", "applicant": "POSITION_NOT_HIRING"},
    "DELETED": {"vacancy": "POSITION_DELETED", "applicant": "POSITION_DELETED"},
}
PERIODS: dict[str, dict[str, str | None]] = {
    "BEFORE": {"vacancy": None, "applicant": "POSITION_NOT_EFFECTIVE_YET"},
    "WITHIN": {"vacancy": None, "applicant": None},
    "AFTER": {"vacancy": "STATE_FORBIDS", "applicant": "POSITION_ENDED"},
}
STARTS = {
    "2026-04-30": "BEFORE",
    FIRST: "WITHIN",
    "2026-08-01": "WITHIN",
    LAST: "WITHIN",
    "2027-01-01": "AFTER",
}


def position(status: str) -> dict[str, Any]:
    deleted = {"changeDeleteIndicator": "D"} if status == "DELETED" else {}
    return {**POSITION, "hiringStatus": status, **deleted}


def expected(status: str, act: str, day: str) -> list[str]:
    by_status, by_period = STATUSES[status][act], PERIODS[STARTS[day]][act]
    if by_status == "POSITION_DELETED":
        return [by_status]
    return [code for code in (by_status, by_period) if code]


def facts(
    held: dict[str, Any] | None = None,
    start: str = FIRST,
    *,
    today: str = "2026-04-01",
    is_taken: bool = False,
    **profiles: str,
) -> Facts:
    return Facts(
        submission={"startDate": start, "positionId": POSITION["positionId"], "jobRole": "03007"},
        ods_code="X0A1B",
        organisation={"odsCode": "X0A1B", "ruleProfiles": profiles},
        position=held or POSITION,
        vacancy=None,
        live_applicant=None,
        reference_taken_by=None,
        code_lists={},
        today=date.fromisoformat(today),
        is_taken=is_taken,
    )


def test_every_pair_of_state_and_act_has_its_row() -> None:
    assert {key: STATUSES[key[0]][key[1]] for key in product(HiringStatus, Act)} == BY_STATUS
    assert {key: PERIODS[key[0]][key[1]] for key in product(Period, Act)} == BY_PERIOD


@pytest.mark.parametrize("day", STARTS)
@pytest.mark.parametrize(("status", "act"), list(product(STATUSES, ("vacancy", "applicant"))))
def test_a_position_answers_by_its_state_and_the_day(status: str, act: str, day: str) -> None:
    assert refusals(position(status), Act(act), date.fromisoformat(day)) == expected(
        status, act, day
    )


@pytest.mark.parametrize("day", STARTS)
@pytest.mark.parametrize("status", STATUSES)
def test_an_applicant_is_told_what_the_position_has_against_the_start(
    status: str, day: str
) -> None:
    told = [item.code for item in start_date_findings(position(status), date.fromisoformat(day))]
    rules = (*(rule for rule in SUBMISSION_RULES if rule.code == Code.POSITION_DELETED),)

    asked = findings((*rules, *POSITION_RULES), facts(position(status), day))

    assert told == expected(status, "applicant", day)
    assert [item.code for item in asked] == told
    assert is_refused(asked) is bool(told)


def test_a_position_without_a_last_day_goes_on() -> None:
    endless = {name: value for name, value in POSITION.items() if name != "effectiveTo"}

    assert period_of(endless, date(2999, 1, 1)) is Period.WITHIN
    assert period_of(endless, date(2026, 4, 30)) is Period.BEFORE


def test_what_was_deleted_is_deleted_whatever_its_status_says() -> None:
    assert positions.status_of({**POSITION, "changeDeleteIndicator": "D"}) is HiringStatus.DELETED


def test_a_row_of_the_states_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors: list[Any] = []
    tables: Mapping[str, Mapping[Any, Any]] = {"BY_STATUS": BY_STATUS, "BY_PERIOD": BY_PERIOD}
    for name, table in tables.items():
        for key in table:
            rest = {other: code for other, code in table.items() if other != key}
            monkeypatch.setattr(positions, name, rest)
            if not _breaks():
                survivors.append(key)
        monkeypatch.setattr(positions, name, table)

    count = len(BY_STATUS) + len(BY_PERIOD)
    print(f"{count} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def _breaks() -> bool:
    """Whether any case of the matrix comes out otherwise than it should."""
    for status, act, day in product(STATUSES, Act, STARTS):
        try:
            found = refusals(position(status), act, date.fromisoformat(day))
        except KeyError:
            return True
        if found != expected(status, act, day):
            return True
    return False


@pytest.mark.parametrize(
    ("is_taken", "profile", "codes", "refused"),
    [
        (False, "advisory-1", [], False),
        (False, "single-1", [], False),
        (True, "advisory-1", [Code.POSITION_HELD], False),
        (True, "single-1", [Code.POSITION_FULL], True),
    ],
)
def test_a_position_that_is_taken_is_answered_as_the_profile_says(
    is_taken: bool, profile: str, codes: list[Code], refused: bool
) -> None:
    found = findings(POSITION_RULES, facts(is_taken=is_taken, occupancy=profile))

    assert [item.code for item in found] == codes
    assert is_refused(found) is refused


def test_the_default_of_occupancy_is_advisory() -> None:
    [found] = findings(OCCUPANCY_RULES, facts(is_taken=True))

    assert (found.code, found.kind) == (Code.POSITION_HELD, WARNING)


TODAY = date(2026, 4, 1)
# Days before the start → what is said; both ends of a window belong to it.
_EARLY, _LATE = "SENT_TOO_EARLY", "SENT_TOO_LATE"
WINDOWS: dict[str, dict[int, str | None]] = {
    "open-1": dict.fromkeys((-1, 0, 1, 2, 84, 85, 91, 92, 1000), None),
    "dit-13w-1": {
        **dict.fromkeys((-1, 0, 1), _LATE),
        **dict.fromkeys((2, 3, 84, 85, 90, 91), None),
        **dict.fromkeys((92, 1000), _EARLY),
    },
    "dit-12w-1": {
        **dict.fromkeys((-1, 0, 1), _LATE),
        **dict.fromkeys((2, 3, 83, 84), None),
        **dict.fromkeys((85, 91, 1000), _EARLY),
    },
}
WINDOW_CASES = [
    (profile, days, said) for profile, row in WINDOWS.items() for days, said in row.items()
]


def sent(profile: str, days: int) -> Facts:
    start = TODAY + timedelta(days=days)
    return facts(start=start.isoformat(), today=TODAY.isoformat(), sendWindow=profile)


@pytest.mark.parametrize(("profile", "days", "said"), WINDOW_CASES)
def test_an_applicant_is_sent_within_the_window_of_the_profile(
    profile: str, days: int, said: str | None
) -> None:
    found = findings(SEND_WINDOW_RULES, sent(profile, days))

    assert [(item.code, item.pointer) for item in found] == ([(said, "/startDate")] if said else [])
    assert is_refused(found) is bool(said)


def test_every_profile_of_the_send_window_has_its_cases() -> None:
    assert set(WINDOWS) == {str(profile) for profile in SendWindow}


def test_the_message_names_the_weeks_and_the_days() -> None:
    said = {
        profile: [findings(SEND_WINDOW_RULES, sent(profile, days))[0].text for days in (200, 0)]
        for profile in ("dit-13w-1", "dit-12w-1")
    }

    assert ["13 weeks" in said["dit-13w-1"][0], "12 weeks" in said["dit-12w-1"][0]] == [True, True]
    assert all("2 days" in texts[1] for texts in said.values())


def test_a_rule_that_is_taken_away_is_missed() -> None:
    cases = [
        *(facts(position(status), day) for status, day in product(STATUSES, STARTS)),
        *(facts(is_taken=True, occupancy=profile) for profile in Occupancy),
        *(sent(profile, days) for profile, days, _ in WINDOW_CASES),
    ]
    survivors = []
    for table in (START_RULES, OCCUPANCY_RULES, SEND_WINDOW_RULES):
        for row, rule in enumerate(table):
            rest = (*table[:row], *table[row + 1 :])
            if all(findings(rest, case) == findings(table, case) for case in cases):
                survivors.append((rule.code, rule.source))

    count = len(START_RULES) + len(OCCUPANCY_RULES) + len(SEND_WINDOW_RULES)
    print(f"{count} rules taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


@pytest.mark.parametrize("rule", [*POSITION_RULES, *SEND_WINDOW_RULES], ids=lambda rule: rule.code)
def test_a_rule_says_what_a_message_can_carry(rule: Any) -> None:
    assert 0 < len(rule.text) <= 200
    assert rule.source
    assert rule.pointer in ("/positionId", "/startDate")
    assert status_of(rule.code) == 422


# Change → whether it makes a new position, by profile.
NEW = [
    ({"positionTitle": "Senior Nurse"}, False, True),
    ({"payScale": "BAND_6"}, False, True),
    ({"costCentre": "A10456"}, False, True),
    ({"positionTitle": "Staff Nurse"}, False, False),
    ({"hiringStatus": "FROZEN"}, False, False),
    ({"areaOfWork": "Surgery"}, False, False),
    ({"contractedHours": 30}, False, False),
    ({"shared": True}, False, False),
    ({"occupationCode": "N7A"}, False, False),
    ({"effectiveTo": "2027-01-01"}, False, False),
    ({"hiringStatus": "FROZEN", "costCentre": "A10456"}, False, True),
]
BEGUN = date(2026, 6, 1)


@pytest.mark.parametrize(("changes", "in_place", "nhsbt"), NEW)
def test_a_change_makes_a_new_position_as_the_profile_says(
    changes: dict[str, Any], in_place: bool, nhsbt: bool
) -> None:
    assert makes_new_position("in-place-1", POSITION, changes, BEGUN) is in_place
    assert makes_new_position("nhsbt-1", POSITION, changes, BEGUN) is nhsbt


def test_a_property_that_is_taken_from_the_list_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = NEW_POSITION[NewPosition.NHSBT_1].properties
    survivors = []
    for name in properties:
        less = positions.NewPositionRule(properties - {name}, "public", "")
        monkeypatch.setattr(positions, "NEW_POSITION", {**NEW_POSITION, NewPosition.NHSBT_1: less})
        if all(
            makes_new_position("nhsbt-1", POSITION, changes, BEGUN) is nhsbt
            for changes, _, nhsbt in NEW
        ):
            survivors.append(name)

    print(f"{len(properties)} properties taken away in turn, survivors: {len(survivors)}")
    assert survivors == []
    assert set(NEW_POSITION) == set(NewPosition)


@pytest.mark.parametrize(
    ("today", "new"),
    [
        *(("2026-04-30", False), (FIRST, False), ("2026-05-02", True)),
        *((LAST, True), ("2027-01-01", False), ("2027-01-02", False)),
    ],
)
def test_a_position_that_has_not_begun_before_today_or_has_ended_is_changed_in_place(
    today: str, new: bool
) -> None:
    change = {"payScale": "BAND_6"}

    assert makes_new_position("nhsbt-1", POSITION, change, date.fromisoformat(today)) is new


def test_the_old_position_ends_the_day_before_the_new_one_begins() -> None:
    old = ended_position(POSITION, BEGUN)
    new = replacing_position(POSITION, {"payScale": "BAND_6"}, BEGUN, 8, 9)

    assert (old["effectiveTo"], old["hiringStatus"]) == ("2026-05-31", "ELIMINATED")
    assert old["payScale"] == "BAND_5"
    assert new == {
        **POSITION,
        "payScale": "BAND_6",
        "positionId": 8,
        "positionNumber": 9,
        "effectiveFrom": "2026-06-01",
        "replacesPositionId": 90000001,
    }
