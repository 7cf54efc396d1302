from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import compile_schema
from simulators.check_details import DBS, REGISTRATION, RIGHT_TO_WORK
from simulators.checks import NEXT_STATES, CheckStep, check_history
from simulators.reference.job_roles import job_role
from simulators.world import TODAY

Applicants = list[dict[str, Any]]
Histories = list[list[CheckStep]]
DETAILS = {
    "identity": "identity",
    "right-to-work": "rightToWork",
    "registration-and-qualifications": "registration",
    "employment-history-and-references": "employmentHistory",
    "dbs": "dbs",
    "work-health-assessment": "workHealth",
    "alert-notice": "alertNotice",
}


@pytest.fixture(scope="session")
def histories(crowd: Applicants) -> Histories:
    return [check_history(each, 5, index) for index, each in enumerate(crowd)]


def test_a_history_alone_equals_the_one_in_a_stream(
    crowd: Applicants, histories: Histories
) -> None:
    assert check_history(crowd[1_234], 5, 1_234) == histories[1_234]


def test_an_applicant_has_4_8_updates_on_average(histories: Histories) -> None:
    assert sum(map(len, histories)) / len(histories) == pytest.approx(4.8, abs=0.1)


def test_every_check_type_and_state_appears(histories: Histories) -> None:
    steps = [step for history in histories for step in history]

    assert {step.check_type for step in steps} == set(DETAILS)
    assert {step.update["state"] for step in steps} == {state for state in NEXT_STATES if state}
    outcomes = {step.update.get("outcome") for step in steps}
    assert outcomes == {"CLEAR", "CONSIDER", "NOT_CLEAR", None}


def test_histories_are_legal_by_the_state_table(histories: Histories) -> None:
    for history in histories:
        state: dict[str, str] = {}
        for step in history:
            assert step.update["state"] in NEXT_STATES[state.get(step.check_type)]
            state[step.check_type] = step.update["state"]


def test_updates_keep_the_contract(histories: Histories) -> None:
    document = load_contract("esr").document
    schema = document["components"]["schemas"]["EmploymentCheckUpdate"]
    validator = compile_schema(schema, document)

    steps = [step for history in histories for step in history]
    assert [e.message for step in steps for e in validator.iter_errors(step.update)] == []


def test_outcome_and_detail_belong_to_the_state_and_type(histories: Histories) -> None:
    for step in (step for history in histories for step in history):
        complete = step.update["state"] == "COMPLETE"
        details = set(step.update) & set(DETAILS.values())
        assert ("outcome" in step.update) == ("completedDate" in step.update) == complete
        assert details <= {DETAILS[step.check_type]}
        assert details or not complete


def test_steps_are_in_order_on_working_hours(crowd: Applicants, histories: Histories) -> None:
    for each, history in zip(crowd, histories, strict=True):
        moments = [step.at(TODAY) for step in history]
        assert moments == sorted(moments)
        assert all(moment.weekday() < 5 and 8 <= moment.hour < 18 for moment in moments)
        last = date.fromisoformat(each["startDate"])
        assert all(TODAY < moment.date() < last for moment in moments)
        for first, second in pairwise(history):
            if first.check_type == second.check_type:
                assert first.at(TODAY) < second.at(TODAY)


def test_dates_of_an_update_are_in_order(histories: Histories) -> None:
    for step in (step for history in histories for step in history):
        update = step.update
        sent = (TODAY + timedelta(days=step.day)).isoformat()
        assert update["requestedDate"] <= update.get("completedDate", sent) <= sent
        assert update.get("expiryDate", "9999") > sent
        issued = update.get("dbs", {}).get("issueDate")
        assert issued is None or update["requestedDate"] <= issued <= update["completedDate"]


def test_checks_follow_the_role(crowd: Applicants, histories: Histories) -> None:
    for each, history in zip(crowd, histories, strict=True):
        role = job_role(each["jobRole"])
        types = {step.check_type for step in history}
        assert role.dbs_level or DBS not in types
        assert role.register or REGISTRATION not in types
        for step in history:
            if step.check_type == DBS:
                assert step.update["dbs"]["level"] == role.dbs_level
            if step.check_type == REGISTRATION:
                held = each["registrations"][0]["number"]
                assert step.update["registration"]["number"] == held


def test_a_supplier_only_completes_a_registration_it_asked_for(histories: Histories) -> None:
    runs = Counter(
        tuple(step.update["state"] for step in history if step.check_type == REGISTRATION)
        for history in histories
    )

    assert set(runs) == {(), ("REQUESTED",), ("COMPLETE",), ("REQUESTED", "COMPLETE")}


def test_nationality_decides_the_right_to_work(crowd: Applicants, histories: Histories) -> None:
    routes: Counter[str] = Counter()
    for each, history in zip(crowd, histories, strict=True):
        for step in history:
            detail = step.update.get("rightToWork")
            if step.check_type != RIGHT_TO_WORK or detail is None:
                continue
            home = each["person"]["nationality"] in ("GB", "IE")
            routes[detail["route"]] += 1
            assert (detail["route"] == "BRITISH_OR_IRISH") == home
            assert ("shareCode" in detail) == (not home)
            sponsored = detail["route"] in ("HEALTH_AND_CARE_WORKER", "SKILLED_WORKER")
            assert ("certificateOfSponsorship" in detail) == sponsored
            assert detail.get("permissionExpiryDate") == step.update.get("expiryDate")

    assert len(routes) == 9


def test_dbs_certificates_are_unique(histories: Histories) -> None:
    numbers = Counter(
        step.update["dbs"]["certificateNumber"]
        for history in histories
        for step in history
        if "certificateNumber" in step.update.get("dbs", {})
    )

    assert set(numbers.values()) == {1}
    assert all(len(number) == 12 and number.startswith("999") for number in numbers)
