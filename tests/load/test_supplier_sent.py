"""Every order's effect at ESR once, unaltered and in order: what is found when it is not so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loadtests.discrepancies import Reconciliation, Told
from loadtests.ledger import Entry
from loadtests.plan import Message
from loadtests.supplier.reading import Event, Request
from loadtests.supplier.sent import AtEsr, judge_application, judge_submissions
from simulators.year import Kind

NUMBER = "10000001"
OFFER = {"vacancyReference": "901-V1", "person": {"lastName": "Okafor"}, "startDate": "2026-10-05"}
ASKED = {"state": "REQUESTED", "requestedDate": "2026-09-01"}
CLEARED = {"state": "COMPLETE", "outcome": "CLEAR", "requestedDate": "2026-09-01"}
WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-09-03"}


def told(number: int, kind: Kind, body: dict[str, Any], status: int = 200) -> Told:
    check = "dbs" if kind is Kind.CHECK else None
    message = Message(
        number, kind, "R-1", f"order-{number}", 0, "X0A1B", json.dumps(body).encode(), check
    )
    return Told(
        message, Entry(number, kind, 0, 0.0, 0.0, message.digest, answered=1.0, status=status)
    )


def check(sequence: int, update: dict[str, Any], by: str = "SUPPLIER") -> Event:
    kind = "employment-check.started" if sequence == 1 else "employment-check.updated"
    data = {
        **update,
        "applicantNumber": NUMBER,
        "checkType": "dbs",
        "updatedBy": by,
        "version": sequence,
    }
    return Event(f"e{sequence}", f"{sequence:012d}", kind, data, 1, 0.0, 0.0)


def request(
    at: float,
    operation: str = "record_employment_check",
    status: int = 200,
    number: str | None = NUMBER,
) -> Request:
    check_type = "dbs" if operation == "record_employment_check" else None
    return Request(f"request-{at}", operation, number, check_type, at, status)


SUBMITTED = request(1.0, "submit_applicant", 201)
ORDERS = [
    told(0, Kind.APPLICANT, OFFER),
    told(1, Kind.CHECK, ASKED),
    told(2, Kind.CHECK, CLEARED),
]


def held(**more: Any) -> dict[str, Any]:
    return {**OFFER, "applicantNumber": NUMBER, "status": "ACCEPTED", "version": 1, **more}


def at_esr(**changes: Any) -> AtEsr:
    """What ESR shows when all went well, but for what is named."""
    usual: dict[str, Any] = {
        "held": [held()],
        "events": [check(1, ASKED), check(2, CLEARED)],
        "requests": [SUBMITTED, request(2.0), request(3.0)],
    }
    return AtEsr(**{**usual, **changes})


def judged(
    orders: list[Told], shown: AtEsr
) -> tuple[dict[str, list[int | None]], dict[int, float]]:
    found = Reconciliation()
    arrivals = judge_application(found, orders, shown)
    names = ("lost", "duplicated", "altered", "reordered", "contradicted", "unacknowledged_absent")
    listed = {name: [item.number for item in getattr(found, name)] for name in names}
    return {name: numbers for name, numbers in listed.items() if numbers}, arrivals


def test_orders_that_took_effect_once_and_in_order_are_found_when_they_arrived() -> None:
    assert judged(ORDERS, at_esr()) == ({}, {0: 1.0, 1: 2.0, 2: 3.0})


def test_more_than_the_order_said_is_the_suppliers_own_affair() -> None:
    shown = at_esr(
        held=[held(recruitmentSource="03")],
        events=[check(1, {**ASKED, "dbs": {"level": "ENHANCED"}}), check(2, CLEARED)],
    )

    assert judged(ORDERS, shown)[0] == {}


def test_order_that_esr_never_heard_of_is_lost() -> None:
    shown = at_esr(events=[check(1, ASKED)], requests=[SUBMITTED, request(2.0)])

    assert judged(ORDERS, shown) == ({"lost": [2]}, {0: 1.0, 1: 2.0})


def test_applicant_whom_esr_does_not_hold_is_lost_with_all_its_orders() -> None:
    assert judged(ORDERS, AtEsr()) == ({"lost": [0, 1, 2]}, {})


def test_order_that_esr_refused_is_lost_and_its_status_is_told() -> None:
    found = Reconciliation()

    judge_application(
        found,
        ORDERS,
        at_esr(
            events=[check(1, ASKED)], requests=[SUBMITTED, request(2.0), request(3.0, status=422)]
        ),
    )

    assert [item.number for item in found.lost] == [2]
    assert "refused" in found.lost[0].what
    assert "422" in found.lost[0].what


def test_order_that_the_supplier_did_not_take_may_be_absent() -> None:
    orders = [*ORDERS[:2], told(2, Kind.CHECK, CLEARED, status=0)]

    assert judged(orders, at_esr(events=[check(1, ASKED)]))[0] == {"unacknowledged_absent": [2]}


def test_order_that_the_supplier_refused_is_not_expected() -> None:
    orders = [*ORDERS[:2], told(2, Kind.CHECK, CLEARED, status=422)]
    shown = at_esr(events=[check(1, ASKED)], requests=[SUBMITTED, request(2.0)])

    assert judged(orders, shown)[0] == {}


def test_two_applicants_of_one_offer_are_doubled() -> None:
    shown = at_esr(held=[held(), held(applicantNumber="10000009")])

    assert judged(ORDERS, shown)[0] == {"duplicated": [0]}


def test_update_that_esr_took_twice_is_doubled() -> None:
    shown = at_esr(
        events=[check(1, ASKED), check(2, CLEARED), check(3, CLEARED)],
        requests=[SUBMITTED, request(2.0), request(3.0), request(4.0)],
    )

    assert judged(ORDERS, shown) == ({"duplicated": [2]}, {0: 1.0, 1: 2.0, 2: 3.0})


def test_update_sent_twice_is_doubled_though_esr_refused_the_second() -> None:
    shown = at_esr(requests=[SUBMITTED, request(2.0), request(2.5, status=409), request(3.0)])

    assert judged(ORDERS, shown)[0] == {"duplicated": [2]}


@pytest.mark.parametrize("status", [0, 412, 428, 429, 500, 503])
def test_message_that_has_to_be_sent_anew_is_not_doubled(status: int) -> None:
    shown = at_esr(requests=[SUBMITTED, request(2.0), request(2.5, status=status), request(3.0)])

    assert judged(ORDERS, shown)[0] == {}


def test_more_submissions_than_offers_are_doubled_though_esr_names_no_applicant() -> None:
    found = Reconciliation()
    requests = [SUBMITTED, request(1.5, "submit_applicant", 422, None), request(2.0)]

    judge_submissions(found, 1, requests)
    assert [item.requestId for item in found.duplicated] == ["request-1.5"]

    found = Reconciliation()
    judge_submissions(found, 2, requests)
    assert found.clean


def test_applicant_and_update_that_say_something_else_are_altered_property_by_property() -> None:
    found = Reconciliation()
    shown = at_esr(
        held=[held(person={"lastName": "Okafer"})],
        events=[check(1, ASKED), check(2, {**CLEARED, "outcome": "NOT_CLEAR"})],
    )

    judge_application(found, ORDERS, shown)

    assert [(item.number, item.differences[0].pointer) for item in found.altered] == [
        (0, "/person/lastName"),
        (2, "/outcome"),
    ]
    assert found.lost == found.duplicated == []


def test_updates_of_one_check_in_another_order_are_reordered_and_not_lost() -> None:
    shown = at_esr(events=[check(1, CLEARED), check(2, ASKED)])

    assert judged(ORDERS, shown) == ({"reordered": [2]}, {0: 1.0, 1: 3.0, 2: 2.0})


def test_updates_of_two_things_in_another_order_are_reordered() -> None:
    moved = told(1, Kind.START_DATE_CHANGE, {"startDate": "2026-10-12"})
    amended = Event(
        "a",
        "2",
        "applicant.amended",
        {"applicantNumber": NUMBER, "startDate": "2026-10-12"},
        1,
        0.0,
        0.0,
    )
    orders = [ORDERS[0], moved, told(2, Kind.CHECK, ASKED)]
    requests = [SUBMITTED, request(2.0), request(3.0, "amend_applicant")]

    shown = at_esr(
        held=[held(startDate="2026-10-12")], events=[check(1, ASKED), amended], requests=requests
    )
    assert judged(orders, shown)[0] == {"reordered": [2]}

    shown.events.reverse()
    assert judged(orders, shown)[0] == {}


def test_withdrawal_is_held_against_its_reason() -> None:
    orders = [ORDERS[0], told(1, Kind.WITHDRAWAL, WITHDRAWAL)]
    event = Event("w", "1", "applicant.withdrawn", {"applicantNumber": NUMBER}, 1, 0.0, 0.0)
    requests = [SUBMITTED, request(5.0, "withdraw_applicant")]

    shown = at_esr(held=[held(withdrawal=WITHDRAWAL)], events=[event], requests=requests)
    assert judged(orders, shown) == ({}, {0: 1.0, 1: 5.0})

    shown.held[0]["withdrawal"] = {**WITHDRAWAL, "reason": "OTHER"}
    assert judged(orders, shown)[0] == {"altered": [1]}


def test_update_of_a_check_that_no_order_said_is_found_and_what_esr_or_a_regulator_did_is_not() -> (
    None
):
    events = [check(1, ASKED), check(2, CLEARED)]

    other = check(3, {**CLEARED, "completedDate": "2026-09-09", "outcome": "NOT_CLEAR"})
    assert judged(ORDERS, at_esr(events=[*events, other]))[0] == {"contradicted": [None]}

    assert judged(ORDERS, at_esr(events=[*events, check(3, CLEARED, by="ESR")]))[0] == {}
