"""How orders are given to a driver, and acts done in ESR."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from loadtests.plan import Message
from loadtests.supplier.access import SupplierAccess
from loadtests.supplier.wire import SupplierWire
from simulators.year import Kind

ACCESS = SupplierAccess("http://sandbox/w/a/control/v1", "http://supplier/driver/v1", "secret")


@dataclass
class Answer:
    status_code: int
    said: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return json.dumps(self.said).encode()


@dataclass
class Client:
    """Answers in turn, and keeps what it was asked."""

    answers: list[Answer]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **arguments: Any) -> Answer:
        body = arguments.get("data")
        self.asked.append((method, url, json.loads(body) if body else None))
        return self.answers.pop(0)


def wire(*answers: Answer) -> tuple[SupplierWire, Client]:
    client = Client(list(answers))
    return SupplierWire(
        client, ACCESS, "http://sandbox/esr/v1", lambda: {"Authorization": "Bearer esr"}
    ), client


def message(kind: Kind, body: dict[str, Any], check: str | None = None) -> Message:
    return Message(64, kind, "R-0000001", "the-id", 0, "X0A1B", json.dumps(body).encode(), check)


def done(state: str, **more: Any) -> Answer:
    return Answer(200, {"actionId": "the-id", "state": state, "result": {}, **more})


def test_each_message_is_an_order_under_its_own_id() -> None:
    check = {"state": "REQUESTED"}
    named = {"supplierReference": "R-0000001"}
    moved = {"startDate": "2026-10-12"}
    wanted: list[tuple[Message, str, dict[str, Any]]] = [
        (message(Kind.APPLICANT, moved), "START_OFFER", {**moved, "odsCode": "X0A1B"}),
        (
            message(Kind.CHECK, check, "dbs"),
            "UPDATE_CHECK",
            {**named, "checkType": "dbs", "check": check},
        ),
        (message(Kind.START_DATE_CHANGE, moved), "CHANGE_START_DATE", {**named, **moved}),
        (message(Kind.WITHDRAWAL, {"reason": "OTHER"}), "WITHDRAW", {**named, "reason": "OTHER"}),
    ]
    sender, client = wire(*(done("DONE") for _ in wanted))

    assert [sender.attempt(each).status for each, _, _ in wanted] == [200] * 4

    address = "http://supplier/driver/v1/actions"
    assert client.asked == [
        ("POST", address, {"actionId": "the-id", "hook": hook, "arguments": arguments})
        for _, hook, arguments in wanted
    ]


def test_an_order_under_way_is_asked_for_again_and_is_no_retry() -> None:
    sender, _ = wire(Answer(202, {"state": "RUNNING"}), done("DONE"))
    withdrawal = message(Kind.WITHDRAWAL, {})

    assert sender.attempt(withdrawal).pending
    assert not sender.attempt(withdrawal).pending


def test_an_order_that_is_not_carried_out_is_refused_by_its_state() -> None:
    sender, _ = wire(
        done("REFUSED"), done("NOT_OFFERED"), Answer(503, {"code": "SERVICE_UNAVAILABLE"})
    )
    withdrawal = message(Kind.WITHDRAWAL, {})

    refused = sender.attempt(withdrawal)
    assert (refused.status, sender.told(withdrawal, refused)) == (422, {"code": "REFUSED"})
    not_offered = sender.attempt(withdrawal)
    assert (not_offered.status, sender.told(withdrawal, not_offered)) == (
        501,
        {"code": "NOT_OFFERED"},
    )
    assert sender.attempt(withdrawal).status == 503


def test_an_act_in_esr_waits_until_esr_has_the_applicant() -> None:
    act = message(Kind.CHECK, {"state": "REQUESTED"}, "work-health-assessment")
    sender, client = wire(
        Answer(200, {"applicants": []}),
        Answer(200, {"applicants": [{"applicantNumber": "10000007"}]}),
        Answer(200, {"version": 1}),
        Answer(200, {"version": 2}),
    )

    assert sender.attempt(act).pending
    outcome = sender.attempt(act)
    assert (outcome.status, sender.told(act, outcome)) == (200, {"told": 1})
    sender.attempt(act)

    # The number is asked for until it is known, and no more.
    path = "http://sandbox/w/a/control/v1/esr/applicants/10000007/employment-checks/work-health-assessment"
    assert [address for _, address, _ in client.asked] == [
        "http://sandbox/esr/v1/applicants?supplierReference=R-0000001",
        "http://sandbox/esr/v1/applicants?supplierReference=R-0000001",
        path,
        path,
    ]
