"""From the offer to the hire and after it, through the front door: amend_applicant, withdraw_applicant, hire_applicant."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from harness import Workspace
from known_people import (
    GRADES,
    KINDS,
    PERSON,
    TODAY,
    WITHDRAWAL,
    applicant,
    employee,
    employee_elsewhere,
    events,
    ex_applicant,
    messages,
    number_of,
    reviewed,
    send,
    vacancy,
)


@pytest.fixture
def world(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A world of two employers."""
    return make_workspace(organisations=2)


def test_an_applicant_under_review_may_be_withdrawn_and_replaced(world: Workspace) -> None:
    number, _ = reviewed(world)

    withdrawn = world.write("POST", f"/applicants/{number}/withdrawal", WITHDRAWAL)
    replacement = send(world, vacancy(world, 1), PERSON)

    assert withdrawn.json()["status"] == "TERMINATED"
    assert number_of(replacement) != number
    assert messages(replacement) == [("INFO", "MATCHED_EMPLOYEE_ELSEWHERE")]


def test_checks_are_taken_while_a_match_is_under_review(world: Workspace) -> None:
    number, _ = reviewed(world)
    check = {"state": "IN_PROGRESS", "requestedDate": TODAY.isoformat()}

    answer = world.write("PUT", f"/applicants/{number}/employment-checks/identity", check)

    assert answer.status_code == 201, answer.text


def test_whoever_is_hired_is_an_employee_from_then_on(world: Workspace) -> None:
    number = applicant(world)
    world.hire(number).raise_for_status()

    here = send(world, vacancy(world, 1), PERSON)
    there = send(world, vacancy(world, 0, elsewhere=True), PERSON)

    assert messages(here) == [("WARNING", "MATCHED_EMPLOYEE")]
    assert messages(there) == [("INFO", "MATCHED_EMPLOYEE_ELSEWHERE")]
    second = world.hire(number_of(here))
    assert (second.status_code, second.json()["status"]) == (200, "HIRED")


def test_nobody_is_hired_after_the_contract_ends(world: Workspace) -> None:
    end = (TODAY + timedelta(days=90)).isoformat()
    number = number_of(send(world, vacancy(world, 0), PERSON, endDate=end))

    answer = world.hire(number, hiredDate=(TODAY + timedelta(days=91)).isoformat())

    assert (answer.status_code, answer.json()["code"]) == (422, "END_BEFORE_START")
    assert world.read(number)["status"] == "ACCEPTED"


def test_the_start_date_changes_before_the_hire_and_not_after_it(world: Workspace) -> None:
    number = applicant(world)
    later = {"startDate": (TODAY + timedelta(days=54)).isoformat()}

    before = world.amend(number, later)
    world.hire(number).raise_for_status()
    after = world.amend(number, {"startDate": (TODAY + timedelta(days=61)).isoformat()})

    assert (before.status_code, before.json()["startDate"]) == (200, later["startDate"])
    assert (after.status_code, after.json()["code"]) == (409, "START_CHANGE_AFTER_HIRE")
    assert events(world) == [("applicant.amended", "ACCEPTED"), ("applicant.hired", "HIRED")]
    assert world.read(number)["hiredDate"] == later["startDate"]


def test_an_application_is_withdrawn_before_the_hire_and_not_after_it(world: Workspace) -> None:
    withdrawn, hired = applicant(world), employee_elsewhere(world)
    employer = world.read(hired)["odsCode"]

    before = world.write("POST", f"/applicants/{withdrawn}/withdrawal", WITHDRAWAL)
    after = world.write("POST", f"/applicants/{hired}/withdrawal", WITHDRAWAL, employer=employer)

    assert (before.status_code, before.json()["status"]) == (200, "TERMINATED")
    assert (after.status_code, after.json()["code"]) == (409, "WITHDRAWAL_AFTER_HIRE")
    assert world.read(hired)["status"] == "HIRED"


def test_an_application_that_ended_is_replaced_and_never_taken_up_again(world: Workspace) -> None:
    ended = ex_applicant(world)

    answers = [
        world.amend(ended, patch)
        for patch in (
            {"person": {"firstName": "Zoë"}},
            {"startDate": TODAY.isoformat()},
            {"offerAcceptedDate": TODAY.isoformat()},
        )
    ]
    replacement = number_of(send(world, vacancy(world, 0), PERSON))

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (409, "REINSTATEMENT_REFUSED")
    }
    assert replacement != ended
    assert world.read(ended)["status"] == "TERMINATED"


@pytest.mark.parametrize("grade", ["EXACT", "FORMER_NAME"])
def test_an_internal_candidate_is_moved_and_nobody_is_hired(world: Workspace, grade: str) -> None:
    employee(world)
    answer = send(world, vacancy(world, 1), GRADES[grade], internalCandidate=True)
    number = number_of(answer)

    moved = world.hire(number)

    assert messages(answer) == [("INFO", "INTERNAL_CANDIDATE_LINKED")]
    assert (moved.status_code, moved.json()["status"]) == (200, "HIRED")
    assert events(world)[-1] == ("applicant.moved", "HIRED")
    next_time = send(world, vacancy(world, 2), PERSON)
    assert messages(next_time) == [("WARNING", "MATCHED_EMPLOYEE")]


@pytest.mark.parametrize("kind", ["EMPLOYEE_ELSEWHERE", "EX_EMPLOYEE", "APPLICANT", "EX_APPLICANT"])
def test_an_internal_candidate_works_for_the_employer(world: Workspace, kind: str) -> None:
    KINDS[kind](world)

    answer = send(world, vacancy(world, 1), PERSON, internalCandidate=True)

    assert (answer.status_code, messages(answer)) == (
        422,
        [("ERROR", "INTERNAL_CANDIDATE_UNKNOWN")],
    )


@pytest.mark.parametrize("grade", ["NI_ONLY", "NAME_AND_BIRTH"])
def test_an_internal_candidate_is_found_for_certain(world: Workspace, grade: str) -> None:
    employee(world)

    answer = send(world, vacancy(world, 1), GRADES[grade], internalCandidate=True)

    assert (answer.status_code, messages(answer)) == (
        422,
        [("ERROR", "INTERNAL_CANDIDATE_UNKNOWN")],
    )


def test_an_internal_candidate_who_has_left_is_not_moved(world: Workspace) -> None:
    world.freeze()
    employee(world, endDate=(TODAY + timedelta(days=60)).isoformat())
    number = number_of(
        send(
            world,
            vacancy(world, 1),
            PERSON,
            internalCandidate=True,
            startDate=(TODAY + timedelta(days=80)).isoformat(),
        )
    )
    world.advance(by="P61D")

    answer = world.hire(number)

    assert (answer.status_code, answer.json()["code"]) == (409, "STATE_FORBIDS")
    assert world.read(number)["status"] == "ACCEPTED"
