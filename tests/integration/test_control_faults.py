"""Faults on demand, through the front door."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fault_requests import fault, hits, kept, raw_answer, statuses
from harness import Workspace


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


def test_any_status_of_a_refusal_is_answered_and_the_journal_has_the_digest(
    workspace: Workspace,
) -> None:
    for status in (400, 401, 403, 404, 409, 422, 499, 502, 504):
        fault(workspace, kind="STATUS", status=status, times=1)
        answer = workspace.write("POST", "/applicants", workspace.submission())

        assert answer.status_code == answer.json()["status"] == status
        assert "retry-after" not in answer.headers
        exchange = kept(workspace, "submit_applicant")[-1]
        assert exchange["status"] == status
        assert exchange["requestDigest"] == hashlib.sha256(answer.request.content).hexdigest()


@pytest.mark.parametrize("kind", ["DROP", "RESET"])
def test_no_answer_comes_whether_or_not_it_was_done(workspace: Workspace, kind: str) -> None:
    fault(workspace, kind=kind, operationId="submit_applicant", times=1)

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        workspace.write("POST", "/applicants", workspace.submission())

    assert len(workspace.esr.get("/applicants").json()["applicants"]) == (kind == "DROP")
    [exchange] = kept(workspace, "submit_applicant")
    assert exchange["status"] == 0
    assert "requestDigest" in exchange
    assert not {"responseBody", "responseDigest"} & exchange.keys()
    fault(workspace, kind=kind, operationId="list_organisations", times=1)
    with pytest.raises(ConnectionResetError):
        raw_answer(workspace, "/organisations")


def test_a_truncated_answer_was_done_and_ends_in_the_middle(workspace: Workspace) -> None:
    whole = workspace.esr.get("/organisations").content
    fault(workspace, kind="TRUNCATE", operationId="list_organisations", times=1)

    head, _, body = raw_answer(workspace, "/organisations").partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"content-length: {len(whole)}".encode() in head
    assert body == whole[: len(whole) // 2]
    exchange = kept(workspace, "list_organisations")[-1]
    assert exchange["status"] == 200
    assert exchange["responseDigest"] == hashlib.sha256(body).hexdigest()


def test_a_write_whose_answer_was_cut_is_done_once(workspace: Workspace) -> None:
    fault(workspace, kind="TRUNCATE", operationId="submit_applicant", times=1)
    submission = workspace.submission()
    headers = {"X-Request-ID": "60e0b220-8136-4ca5-ae46-1d97ef59d069"}

    with pytest.raises(httpx.RemoteProtocolError):
        workspace.write("POST", "/applicants", submission, headers=headers)
    retried = workspace.write("POST", "/applicants", submission, headers=headers)

    assert retried.status_code == 201
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1


def test_garbage_comes_with_a_good_status(workspace: Workspace) -> None:
    fault(workspace, kind="GARBAGE", operationId="submit_applicant", times=1)

    answer = workspace.write("POST", "/applicants", workspace.submission())

    assert (answer.status_code, answer.headers["content-type"]) == (201, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1
    [exchange] = kept(workspace, "submit_applicant")
    assert exchange["responseDigest"] == hashlib.sha256(answer.content).hexdigest()


def test_every_object_of_the_answer_has_a_property_more(workspace: Workspace) -> None:
    before = workspace.esr.get("/organisations").json()
    fault(workspace, kind="ADD_PROPERTY")

    document = workspace.esr.get("/organisations").json()

    assert document.pop("addedLater") == "ADDED_LATER"
    assert all(item.pop("addedLater") for item in document["organisations"])
    assert document.keys() == before.keys()
    problem = workspace.esr.get("/applicants/99999999")
    assert (problem.status_code, problem.json()["addedLater"]) == (404, "ADDED_LATER")


def test_a_value_that_nobody_knows_stands_under_the_named_property(workspace: Workspace) -> None:
    number = workspace.submit()
    fault(workspace, kind="NEW_ENUM_VALUE", times=1)
    fault(workspace, kind="NEW_ENUM_VALUE", property="odsCode", times=1)

    statuses_read = [workspace.read(number) for _ in range(3)]

    assert [item["status"] == "ADDED_LATER" for item in statuses_read] == [True, False, False]
    assert [item["odsCode"] == "ADDED_LATER" for item in statuses_read] == [False, True, False]


def test_a_closed_system_opens_again_on_the_clock_of_its_world(workspace: Workspace) -> None:
    workspace.freeze("2030-03-02T12:00:00Z")
    fault(
        workspace,
        kind="CLOSED",
        **{"from": "2030-03-02T13:00:00Z", "until": "2030-03-02T13:00:30Z"},
    )

    assert statuses(workspace, 1) == [200]
    workspace.advance(to="2030-03-02T13:00:10Z")
    closed = workspace.esr.get("/organisations")
    assert (closed.status_code, closed.headers["retry-after"]) == (503, "20")
    assert closed.json()["code"] == "SERVICE_UNAVAILABLE"
    workspace.advance(to="2030-03-02T13:00:30Z")
    assert statuses(workspace, 1) == [200]


def test_the_first_are_spared_and_a_header_and_the_clock_select(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, after=2, times=1)
    assert statuses(workspace, 4) == [200, 200, 503, 200]

    workspace.freeze("2030-03-02T12:00:00Z")
    header = {"name": "X-Correlation-ID", "value": "one-of-many"}
    fault(workspace, kind="STATUS", status=500, header=header, until="2030-03-02T13:00:00Z")
    marked = {"x-correlation-id": "one-of-many"}
    assert statuses(workspace, 1) == [200]
    assert workspace.esr.get("/organisations", headers=marked).status_code == 500
    workspace.advance(by="PT1H")
    assert workspace.esr.get("/organisations", headers=marked).status_code == 200


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
        {"kind": "CLOSED"},
        {"kind": "CLOSED", "from": "2030-01-02T00:00:00Z", "until": "2030-01-01T00:00:00Z"},
        {"kind": "DELAY", "delaySeconds": 121},
        {"kind": "RESET", "property": "status"},
        {"kind": "DROP", "eventType": "applicant.hired"},
        {"kind": "DUPLICATE"},
        {"system": "receiver", "kind": "STATUS", "status": 503},
        {"system": "receiver", "kind": "UNSIGNED", "operationId": "receive_event"},
        {"system": "receiver", "kind": "LATE"},
        {"kind": "DELAY_ANSWER"},
        {"kind": "RESET", "header": {"name": "authorization", "value": "Bearer abc"}},
        {"kind": "SLOW_BODY", "delaySeconds": 121},
        {"kind": "DELAY", "delaySeconds": 1, "p95Seconds": 0.5},
        {"kind": "DELAY", "delaySeconds": 0, "p95Seconds": 0.5},
        {"kind": "STATUS", "status": 503, "p95Seconds": 1},
        {"system": "receiver", "kind": "LATE", "delaySeconds": 1, "p95Seconds": 2},
        {"kind": "PROXY_ERROR", "status": 500},
        {"kind": "EMPTY_BODY", "property": "name"},
        {"kind": "RESET", "repeatEvery": "P1D"},
        {"kind": "RESET", "until": "2030-01-01T04:00:00Z", "repeatEvery": "P1D"},
        {
            "kind": "RESET",
            "from": "2030-01-01T02:00:00Z",
            "until": "2030-01-01T04:00:00Z",
            "repeatEvery": "PT1H",
        },
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
