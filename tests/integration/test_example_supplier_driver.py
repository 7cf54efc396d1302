"""The driver of the example supplier: each order once, by either direction, as the contract says."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace
from queueing import Queue
from recruiting import (
    Recruiter,
    acceptance,
    applicants,
    fault,
    offer,
    recruiting,
    settings_for,
    until,
)

from sandbox.conformance.operations import Operations
from sandbox.contracts import load_contract
from sandbox.contracts.schema import compile_schema
from simulators.supplier import running_supplier


@pytest.fixture
def recruiter(workspace: Workspace) -> Iterator[Recruiter]:
    with recruiting(workspace) as recruiter:
        yield recruiter


@pytest.fixture
def make_queue() -> Iterator[Callable[..., Queue]]:
    queues: list[Queue] = []

    def make(token: str, lose: int = 0) -> Queue:
        queues.append(Queue(token, lose))
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()


def test_the_driver_keeps_to_its_contract(workspace: Workspace, recruiter: Recruiter) -> None:
    operations = Operations([load_contract("driver")])
    document = load_contract("driver").document
    order = compile_schema(document["components"]["schemas"]["Action"], document)
    offered = offer(workspace)
    reference = offered["supplierReference"]
    view = {"supplierReference": reference}
    orders = [
        ("START_OFFER", offered),
        ("ACCEPT_OFFER", acceptance(offered)),
        ("REPORT_VIEW", view),
        ("REPORT_VIEW", {"supplierReference": "NOBODY"}),
        ("REPORT_POSITION", {"positionId": offered["positionId"]}),
        ("REPORT_EVENTS", {}),
        ("REPORT_DRIVER", {}),
        ("SYNC_POSITIONS", {}),
        ("SET_DATE", {"date": "2026-07-05"}),
    ]

    def faults(operation: str, answer: httpx.Response) -> list[str]:
        body = answer.json() if answer.content else None
        media_type = answer.headers.get("content-type", "")
        return operations.answer_faults(
            operation, answer.status_code, media_type, body, answer.headers
        )

    assert faults("read_driver", recruiter.driver.get("/driver")) == []
    for hook, arguments in orders:
        action = {"actionId": str(uuid4()), "hook": hook, "arguments": arguments}
        assert list(order.iter_errors(action)) == []
        answer = recruiter.driver.post("/actions", json=action)
        assert faults("perform_action", answer) == []
        read = recruiter.driver.get(f"/actions/{action['actionId']}")
        assert faults("read_action", read) == []
        assert read.json() == answer.json()
    assert recruiter.driver.get("/driver").json()["businessDate"] == "2026-07-05"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"content": b"{"}, 400, "BODY_MALFORMED"),
        (
            {"json": {"actionId": "1", "hook": "REPORT_EVENTS", "arguments": {}}},
            400,
            "CONTRACT_VIOLATION",
        ),
        ({"json": {"actionId": str(uuid4()), "hook": 1}}, 400, "CONTRACT_VIOLATION"),
        ({"headers": {"Authorization": "Bearer other"}}, 401, "TOKEN_INVALID"),
        ({"headers": {"Authorization": "known"}}, 401, "TOKEN_INVALID"),
    ],
)
def test_a_bad_order_is_refused(
    recruiter: Recruiter, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = recruiter.driver.post("/actions", **sent)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_order_without_a_token_is_refused(recruiter: Recruiter) -> None:
    answer = httpx.get(f"{recruiter.supplier.driver_url}/driver", trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING")


def test_an_order_has_one_outcome(workspace: Workspace, recruiter: Recruiter) -> None:
    offered, action_id = offer(workspace), str(uuid4())

    first = recruiter.order("START_OFFER", action_id, **offered)
    again = recruiter.order("START_OFFER", action_id.upper(), **offered)
    other = recruiter.driver.post(
        "/actions", json={"actionId": action_id, "hook": "REPORT_EVENTS", "arguments": {}}
    )

    assert again == first
    assert (other.status_code, other.json()["code"]) == (422, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("hook", "arguments", "state"),
    [
        ("DANCE", {}, "NOT_OFFERED"),
        ("START_OFFER", {}, "REFUSED"),
        (
            "UPDATE_CHECK",
            {"supplierReference": "NOBODY", "checkType": "dbs", "check": {}},
            "REFUSED",
        ),
        ("REPORT_POSITION", {"positionId": {}}, "REFUSED"),
        ("SET_DATE", {"date": "tomorrow"}, "REFUSED"),
    ],
)
def test_an_order_that_cannot_be_carried_out_says_so(
    recruiter: Recruiter, hook: str, arguments: dict[str, Any], state: str
) -> None:
    outcome = recruiter.order(hook, **arguments)

    assert outcome["state"] == state
    assert outcome["reason"]


def test_an_unfinished_job_is_told_to_be_running_and_ends(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    fault(workspace, operationId="list_positions", kind="DELAY", delaySeconds=6, times=1)

    outcome = recruiter.order("SYNC_POSITIONS")

    assert outcome["state"] == "RUNNING"
    path = f"/actions/{outcome['actionId']}"
    until(lambda: recruiter.driver.get(path).json()["state"] == "DONE")


def test_an_outbound_driver_takes_its_orders_from_the_queue(
    workspace: Workspace, make_queue: Callable[..., Queue]
) -> None:
    offered = offer(workspace)
    reference = offered["supplierReference"]
    queue = make_queue("known")
    start = queue.put("START_OFFER", offered)

    settings = settings_for(workspace, queue_url=queue.url, driver_token="known")
    with running_supplier(settings):
        assert queue.outcome(start)["state"] == "DONE"
        until(lambda: len(applicants(workspace)) == 1)
        view = queue.outcome(queue.put("REPORT_VIEW", {"supplierReference": reference}))
        hooks = queue.outcome(queue.put("REPORT_DRIVER", {}))["result"]["hooks"]
        unknown = queue.outcome(queue.put("DANCE", {}))

    assert view["result"]["supplierReference"] == reference
    assert "START_OFFER" in hooks
    assert unknown["state"] == "NOT_OFFERED"


def test_an_outcome_that_was_lost_is_reported_again(
    workspace: Workspace, make_queue: Callable[..., Queue]
) -> None:
    queue = make_queue("known", lose=2)
    start = queue.put("START_OFFER", offer(workspace))

    settings = settings_for(workspace, queue_url=queue.url, driver_token="known")
    with running_supplier(settings):
        assert queue.outcome(start)["state"] == "DONE"
        until(lambda: len(applicants(workspace)) == 1)

    assert queue.reports == 3
    assert len(applicants(workspace)) == 1
