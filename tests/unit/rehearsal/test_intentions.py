"""What ESR holds against what the supplier meant: lost, doubled, contradictory, or as it should be."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.rehearsal.comparison import Held, State
from sandbox.rehearsal.intentions import Intention, Verdict, judge, merged
from sandbox.rehearsal.messages import Kind, Message
from simulators.applicants import applicant
from simulators.world import World

BODY = {**applicant(1, 0, World.make(1, 1, 10)), "startDate": "2030-06-03"}
BODY.pop("endDate", None)
REFERENCE = BODY["supplierReference"]
OLDER = {"state": "REQUESTED", "requestedDate": "2030-03-04"}
NEWER = {**OLDER, "state": "COMPLETE", "outcome": "CLEAR", "completedDate": "2030-03-05"}
WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2030-03-04"}


def message(kind: Kind, body: dict[str, Any]) -> Message:
    check_type = "identity" if kind is Kind.CHECK else None
    moment = datetime(2030, 3, 4, tzinfo=UTC)
    return Message(kind, moment, "X0A1B", REFERENCE, "V", 1, body, check_type)


def meant(*, withdrawn: bool = False) -> dict[str, Intention]:
    intention = Intention()
    intention.mean(message(Kind.SUBMISSION, BODY))
    intention.mean(message(Kind.AMENDMENT, {"startDate": "2030-06-10"}))
    intention.mean(message(Kind.CHECK, OLDER))
    intention.mean(message(Kind.CHECK, NEWER))
    if withdrawn:
        intention.mean(message(Kind.WITHDRAWAL, WITHDRAWAL))
    return {REFERENCE: intention}


def state(*, withdrawn: bool = False, number: int = 1, **changes: Any) -> State:
    held = {
        **copy.deepcopy(BODY),
        "startDate": "2030-06-10",
        "applicantNumber": f"{number:08d}",
        "assignmentId": number,
        "personId": number,
        "odsCode": "X0A1B",
        "status": "TERMINATED" if withdrawn else "ACCEPTED",
        "internalCandidate": False,
        "version": 2,
        **({"withdrawal": WITHDRAWAL} if withdrawn else {}),
        **changes,
    }
    check = {
        **NEWER,
        "applicantNumber": f"{number:08d}",
        "checkType": "identity",
        "startedBy": "SUPPLIER",
        "updatedBy": "SUPPLIER",
        "version": 2,
    }
    return [Held(held, [check])]


def verdicts(intentions: dict[str, Intention], held: State) -> list[tuple[Verdict, str, str]]:
    return [(fault.verdict, fault.record, fault.pointer) for fault in judge(intentions, held)]


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_is_held_as_it_was_meant_has_no_fault(withdrawn: bool) -> None:
    assert verdicts(meant(withdrawn=withdrawn), state(withdrawn=withdrawn)) == []


def test_an_applicant_who_is_not_there_is_lost() -> None:
    assert verdicts(meant(), []) == [(Verdict.LOST, "applicant", "")]


def test_an_applicant_whom_nobody_meant_is_contradictory() -> None:
    assert verdicts({}, state()) == [(Verdict.CONTRADICTORY, "applicant", "")]


def test_a_change_that_was_overwritten_by_an_older_one_is_lost() -> None:
    held = state(startDate=BODY["startDate"])

    assert verdicts(meant(), held) == [(Verdict.LOST, "applicant", "/startDate")]


def test_a_value_that_was_never_meant_is_contradictory() -> None:
    held = state(startDate="2031-01-01")

    assert verdicts(meant(), held) == [(Verdict.CONTRADICTORY, "applicant", "/startDate")]


def test_a_reference_that_is_held_twice_is_doubled() -> None:
    held = state() + state(number=2)

    assert verdicts(meant(), held) == [(Verdict.DOUBLED, "applicant", "")]


def test_one_person_twice_for_one_vacancy_is_doubled_whatever_the_references() -> None:
    other = Intention()
    other.mean(message(Kind.SUBMISSION, {**BODY, "supplierReference": "APP-OTHER"}))
    held = state()
    held += [
        Held({**state()[0][0], "supplierReference": "APP-OTHER", "startDate": "2030-06-03"}, [])
    ]

    found = verdicts(meant() | {"APP-OTHER": other}, held)

    assert found == [(Verdict.DOUBLED, "applicant", "/personId")] * 2


def test_a_withdrawal_that_is_not_held_is_lost() -> None:
    assert verdicts(meant(withdrawn=True), state()) == [(Verdict.LOST, "withdrawal", "")]


def test_an_end_that_nobody_meant_is_contradictory() -> None:
    found = verdicts(meant(), state(withdrawn=True))

    assert found == [(Verdict.CONTRADICTORY, "applicant", "/status")]


def test_another_withdrawal_than_was_meant_is_contradictory() -> None:
    held = state(withdrawn=True, withdrawal={**WITHDRAWAL, "reason": "OTHER"})

    assert verdicts(meant(withdrawn=True), held) == [(Verdict.CONTRADICTORY, "withdrawal", "")]


def test_a_check_that_is_not_there_is_lost() -> None:
    [(held, _, _)] = state()

    assert verdicts(meant(), [Held(held, [])]) == [(Verdict.LOST, "check identity", "")]


def test_a_check_in_an_older_state_is_lost_and_in_another_is_contradictory() -> None:
    [(held, [check], _)] = state()
    older = {name: value for name, value in check.items() if name not in NEWER} | OLDER
    other = {**check, "outcome": "NOT_CLEAR"}

    assert verdicts(meant(), [Held(held, [older])])[0][:2] == (Verdict.LOST, "check identity")
    assert verdicts(meant(), [Held(held, [other])]) == [
        (Verdict.CONTRADICTORY, "check identity", "/outcome")
    ]


def test_a_check_that_nobody_meant_is_contradictory() -> None:
    [(held, [check], _)] = state()
    more = {**check, "checkType": "dbs"}

    assert verdicts(meant(), [Held(held, [check, more])]) == [
        (Verdict.CONTRADICTORY, "check dbs", "")
    ]


def test_what_a_regulator_has_answered_must_be_about_what_was_asked() -> None:
    kind = "registration-and-qualifications"
    asked = {**OLDER, "registration": {"body": "09", "number": "12A3456E"}}
    intention = Intention()
    intention.mean(message(Kind.SUBMISSION, BODY))
    intention.checks[kind] = [asked]
    [(held, [check], _)] = state(startDate=BODY["startDate"])

    def answered(number: str) -> State:
        registration = {"body": "09", "number": number, "status": "03"}
        answer = {**check, "checkType": kind, "updatedBy": "REGULATOR"}
        return [Held(held, [answer | {"registration": registration}])]

    assert verdicts({REFERENCE: intention}, answered("12A3456E")) == []
    assert verdicts({REFERENCE: intention}, answered("99Z9999E")) == [
        (Verdict.CONTRADICTORY, f"check {kind}", "")
    ]


def test_a_merge_patch_changes_adds_and_removes() -> None:
    document = {"a": 1, "person": {"b": 2, "c": {"d": 3, "e": 4}}}

    found = merged(document, {"a": 5, "f": 6, "person": {"b": None, "c": {"d": None}}})

    assert found == {"a": 5, "f": 6, "person": {"c": {"e": 4}}}
    assert document == {"a": 1, "person": {"b": 2, "c": {"d": 3, "e": 4}}}
