"""Faults on demand, through the front door."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from harness import Workspace


def fault(workspace: Workspace, **wanted: Any) -> dict[str, Any]:
    answer = workspace.control.post("/faults", json={"system": "esr", **wanted})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def statuses(workspace: Workspace, times: int) -> list[int]:
    return [workspace.esr.get("/organisations").status_code for _ in range(times)]


def hits(workspace: Workspace) -> list[int]:
    return [item["hits"] for item in workspace.control.get("/faults").json()["faults"]]


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "RATE_LIMITED"), (500, "INTERNAL_ERROR"), (503, "SERVICE_UNAVAILABLE")],
)
def test_a_status_is_answered_as_often_as_was_asked(
    workspace: Workspace, status: int, code: str
) -> None:
    fault(workspace, kind="STATUS", status=status, retryAfterSeconds=2, times=2)

    answers = [workspace.esr.get("/organisations") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert (answers[0].json()["code"], answers[0].headers["retry-after"]) == (code, "2")
    assert hits(workspace) == [2]


def test_a_fault_strikes_its_operation_and_its_system_alone(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, operationId="list_positions")

    assert workspace.esr.get("/organisations").status_code == 200
    assert workspace.esr.get("/positions").status_code == 503
    assert workspace.nhs_jobs.get("/adverts").status_code == 200


def test_a_refused_write_changes_nothing(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=500, operationId="submit_applicant")

    answer = workspace.write("POST", "/applicants", workspace.submission())

    assert answer.status_code == 500
    assert workspace.esr.get("/applicants").json()["applicants"] == []


def test_a_delay_waits_and_then_goes_on_as_usual(workspace: Workspace) -> None:
    fault(workspace, kind="DELAY", delaySeconds=0.3, times=1)
    began = time.monotonic()

    assert statuses(workspace, 1) == [200]

    assert time.monotonic() - began >= 0.3


def test_a_dropped_answer_was_done_and_the_retry_learns_of_it(workspace: Workspace) -> None:
    fault(workspace, kind="DROP", operationId="submit_applicant", times=1)
    submission = workspace.submission()
    headers = {"X-Request-ID": "60e0b220-8136-4ca5-ae46-1d97ef59d068"}

    with pytest.raises(httpx.HTTPError):
        workspace.write("POST", "/applicants", submission, headers=headers)
    retried = workspace.write("POST", "/applicants", submission, headers=headers)

    assert retried.status_code == 201
    [applicant] = workspace.esr.get("/applicants").json()["applicants"]
    assert applicant["applicantNumber"] == retried.json()["applicantNumber"]


def test_a_probability_strikes_some_and_the_same_ones_each_time(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, probability=0.5)

    seen = statuses(workspace, 60)

    # 60 throws of a coin: outside these bounds once in a billion.
    assert 8 <= seen.count(503) <= 52
    assert seen.count(503) + seen.count(200) == 60
    assert hits(workspace) == [seen.count(503)]


def test_the_first_fault_that_is_due_strikes_and_clearing_ends_them(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, times=1)
    fault(workspace, kind="STATUS", status=500)

    assert statuses(workspace, 3) == [503, 500, 500]
    assert workspace.control.delete("/faults").status_code == 204
    assert statuses(workspace, 1) == [200]
    assert hits(workspace) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "STATUS"},
        {"kind": "DELAY"},
        {"kind": "DELAY", "delaySeconds": 1, "status": 503},
        {"kind": "DROP", "retryAfterSeconds": 1},
        {"kind": "STATUS", "status": 503, "delaySeconds": 1},
        {"kind": "DROP", "operationId": "no_such_operation"},
        {"kind": "DROP", "operationId": "push_advert"},
    ],
    ids=str,
)
def test_a_fault_whose_parts_do_not_fit_is_refused(
    workspace: Workspace, wanted: dict[str, Any]
) -> None:
    answer = workspace.control.post("/faults", json={"system": "esr", **wanted})

    assert (answer.status_code, answer.json()["code"]) == (422, "SETTING_INVALID")
    assert hits(workspace) == []


def test_each_workspace_has_faults_of_its_own(make_workspace: Callable[..., Workspace]) -> None:
    one, two = make_workspace(), make_workspace()

    fault(one, kind="STATUS", status=503)

    assert (statuses(one, 1), statuses(two, 1)) == ([503], [200])
