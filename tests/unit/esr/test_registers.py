"""Which regulators answer by themselves and how soon, and what an answer makes of a check."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import sandbox.app  # noqa: F401  (every table must be known before a database is made)
from sandbox.database import Database, Transaction
from sandbox.esr.domain import registers
from sandbox.esr.domain.employment_checks import STATES
from sandbox.esr.domain.registers import (
    ANSWERED_IN,
    ANSWERS,
    ASKED_IN,
    REGULATORS,
    answered,
    is_asked,
    may_expire,
    time_to_answer,
)
from sandbox.esr.reference import retired_by_code
from sandbox.esr.service.registers import look_up, put_register_entry
from sandbox.esr.store.employees import insert_employees
from sandbox.web.call import open_unit
from sandbox.workspaces.store import insert_workspace

TODAY = date(2030, 4, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WITHIN = {"02": DAY, "03": DAY, "08": 7 * DAY, "09": DAY, "16": DAY}
BY_HAND = ("01", "04", "05", "06", "07", "10", "17", "18", "99")
# Answer → (outcome, status, expiry date that the regulator names where the test names none).
MEANS: dict[str, tuple[str, str | None, str | None]] = {
    "FOUND": ("CLEAR", "03", "2031-04-01"),
    "ALREADY_RECORDED": ("CLEAR", "03", "2031-04-01"),
    "LAPSED": ("NOT_CLEAR", "02", "2030-03-31"),
    "NOT_FOUND": ("NOT_CLEAR", None, None),
    "NAME_DIFFERS": ("CONSIDER", "03", None),
}
ASKS = {
    "REQUESTED": True,
    "IN_PROGRESS": False,
    "AWAITING_ANSWER": True,
    "COMPLETE": False,
    "CANCELLED": False,
}


def check(state: str = "REQUESTED", body: str = "09") -> dict[str, Any]:
    return {"state": state, "registration": {"body": body, "number": "99Z0001Z"}}


def asks() -> bool:
    """Whether the regulators of this test are asked, nobody else is, and each has its time."""
    wanted = dict.fromkeys(WITHIN, True) | dict.fromkeys(BY_HAND, False)
    return {body: is_asked(check(body=body)) for body in wanted} == wanted


def means() -> bool:
    """Whether each answer has the meaning that this test has for it."""
    found = {}
    for answer in MEANS:
        outcome, told = answered({"body": "09"}, {"answer": answer}, TODAY)
        found[answer] = (outcome, told.get("status"), told.get("expiryDate"))
    return found == MEANS


def test_the_regulators_that_answer_by_themselves_are_these_within_these_times() -> None:
    assert {body: regulator.within for body, regulator in REGULATORS.items()} == WITHIN
    assert all(regulator.source.startswith("https://") for regulator in REGULATORS.values())
    assert set(REGULATORS) <= {
        code for code, retired in retired_by_code()["registration-body"].items() if not retired
    }
    assert asks()


@pytest.mark.parametrize(("state", "wanted"), ASKS.items())
def test_a_check_that_was_left_waiting_asks(state: str, wanted: bool) -> None:
    assert is_asked(check(state)) is wanted


def test_every_state_is_told_of_and_an_answer_finds_the_check_while_it_is_open() -> None:
    assert set(ASKS) == set(STATES) - {None}
    assert tuple(state for state, wanted in ASKS.items() if wanted) == ASKED_IN
    assert ANSWERED_IN == ("REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER")
    assert all("COMPLETE" in STATES[state] for state in ANSWERED_IN)


def test_a_check_without_a_registration_asks_nobody() -> None:
    assert not is_asked({"state": "REQUESTED"})


@pytest.mark.parametrize("body", WITHIN)
def test_an_answer_takes_an_hour_at_least_and_the_regulators_time_at_most(body: str) -> None:
    taken = [time_to_answer(seed, f"{seed:08d}", body) for seed in range(2000)]

    assert min(taken) >= HOUR
    assert max(taken) <= WITHIN[body]
    assert all(time.microseconds == 0 for time in taken)
    # They use the whole of the time.
    assert min(taken) < WITHIN[body] / 10
    assert max(taken) > WITHIN[body] * 9 / 10


def test_the_same_seed_and_applicant_have_the_same_time_and_others_another() -> None:
    assert time_to_answer(1, "10000017", "08") == timedelta(days=2, seconds=10_874)
    assert time_to_answer(2, "10000017", "08") != time_to_answer(1, "10000017", "08")
    assert time_to_answer(1, "10000018", "08") != time_to_answer(1, "10000017", "08")


@pytest.mark.parametrize("answer", MEANS)
def test_an_answer_keeps_the_registration_and_says_what_it_now_is(answer: str) -> None:
    outcome, status, expiry = MEANS[answer]
    claimed = {"status": "03", "expiryDate": "2039-12-31"}
    asked = {"body": "09", "number": "99Z0001Z", "type": "33", **claimed}

    found, told = answered(asked, {"answer": answer}, TODAY)

    wanted = {"body": "09", "number": "99Z0001Z", "type": "33"}
    wanted |= {"status": status} if status else {}
    wanted |= {"expiryDate": expiry} if expiry else {}
    assert (found, told) == (outcome, wanted)
    assert may_expire(answer) is (expiry is not None)
    assert claimed.items() <= asked.items()


@pytest.mark.parametrize("answer", [answer for answer, meaning in MEANS.items() if meaning[2]])
def test_the_expiry_date_that_is_named_stands(answer: str) -> None:
    _, told = answered({"body": "09"}, {"answer": answer, "expiryDate": "2033-01-31"}, TODAY)

    assert told["expiryDate"] == "2033-01-31"


def test_a_row_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors, rows = [], 0
    for table, holds in ((REGULATORS, asks), (ANSWERS, means)):
        for key in list(table):
            rows += 1
            with monkeypatch.context() as patched:
                patched.delitem(table, key)
                try:
                    survived = holds()
                except KeyError:
                    survived = False
            if survived:
                survivors.append(key)

    print(f"{rows} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_a_state_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for state in ASKED_IN:
        with monkeypatch.context() as patched:
            rest = tuple(other for other in ASKED_IN if other != state)
            patched.setattr(registers, "ASKED_IN", rest)
            if {each: is_asked(check(each)) for each in ASKS} == ASKS:
                survivors.append(state)

    print(f"{len(ASKED_IN)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


HELD = {"body": "09", "number": "99Z0001Z"}
EMPLOYMENT = {
    "employeeNumber": "30000001",
    "personId": 7,
    "odsCode": "X0A1B",
    "positionId": 1,
    "startDate": "2028-04-01",
    "registrations": [{"body": "03", "number": "7999901"}, {**HELD, "type": "33"}],
}


@pytest.fixture
def database() -> Iterator[Database]:
    """Two workspaces; in the first, person 7 has an employment with two registrations."""
    opened = Database(None)

    def fill(transaction: Transaction) -> None:
        for name in ("here", "there"):
            insert_workspace(transaction.connection, name, 1, "FULL", datetime.now(UTC))
        insert_employees(transaction.connection, "here", [EMPLOYMENT])

    opened.write(fill).result(20)
    yield opened
    opened.close()


def found(
    database: Database,
    applicant: dict[str, Any],
    registration: dict[str, Any],
    *entries: tuple[str, dict[str, Any]],
) -> dict[str, Any]:
    """What the regulator answers in the workspace `here` after these entries of (workspace, answer) for `HELD`."""

    def work(transaction: Transaction) -> dict[str, Any]:
        for workspace, answer in entries:
            unit = open_unit(transaction, workspace, datetime.now(UTC))
            put_register_entry(unit, HELD["body"], HELD["number"], answer)
        unit = open_unit(transaction, "here", datetime.now(UTC))
        return look_up(unit, applicant, registration)

    answered: dict[str, Any] = database.write(work).result(20)
    return answered


@pytest.mark.parametrize(
    ("applicant", "registration", "wanted"),
    [
        ({"personId": 7}, HELD, "ALREADY_RECORDED"),
        ({"personId": 7}, {**HELD, "type": "32"}, "ALREADY_RECORDED"),
        ({"personId": 7}, {**HELD, "number": "99Z0002Z"}, "FOUND"),
        ({"personId": 7}, {**HELD, "body": "03"}, "FOUND"),
        ({"personId": 8}, HELD, "FOUND"),
        ({}, HELD, "FOUND"),
    ],
)
def test_without_an_entry_esr_knows_whether_it_has_recorded_the_registration(
    database: Database, applicant: dict[str, Any], registration: dict[str, Any], wanted: str
) -> None:
    assert found(database, applicant, registration) == {"answer": wanted}


def test_an_entry_goes_before_what_esr_knows_and_the_last_one_holds(database: Database) -> None:
    entries = [("here", {"answer": "NOT_FOUND"}), ("here", {"answer": "LAPSED"})]

    assert found(database, {"personId": 7}, HELD, *entries) == {**HELD, "answer": "LAPSED"}


def test_an_entry_of_another_workspace_says_nothing(database: Database) -> None:
    there = ("there", {"answer": "LAPSED"})

    assert found(database, {"personId": 8}, HELD, there) == {"answer": "FOUND"}
