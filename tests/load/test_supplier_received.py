"""What a supplier holds of ESR's events: lost, doubled and put in the wrong order are told apart."""

from __future__ import annotations

from typing import Any

from loadtests.discrepancies import Reconciliation
from loadtests.supplier.reading import Event
from loadtests.supplier.received import SHOWN, Held, judge_events, judge_view

NUMBER = "10000001"
APPLICANT = {"applicantNumber": NUMBER, "status": "ACCEPTED", "startDate": "2026-10-12"}
FIRST = {"startDate": "2026-10-05"}
VIEW: dict[str, Any] = {
    **APPLICANT,
    "checks": [{"checkType": "dbs", "state": "COMPLETE", "outcome": "CLEAR"}],
    "unsent": 0,
}


def event(sequence: int, kind: str, acknowledged: float | None = 1.0, **data: Any) -> Event:
    told = {"applicantNumber": NUMBER, **data}
    return Event(f"e{sequence}", f"{sequence:012d}", kind, told, 1, 0.0, acknowledged)


STARTED = event(1, "employment-check.started", checkType="dbs", state="REQUESTED")
AMENDED = event(2, "applicant.amended", status="ACCEPTED", startDate="2026-10-12")
UPDATED = event(3, "employment-check.updated", checkType="dbs", state="COMPLETE", outcome="CLEAR")
EVENTS = [STARTED, AMENDED, UPDATED]


def held(*ids: str, received: int | None = None, before: int = 0) -> Held:
    return Held(before, len(ids) + before if received is None else received, ids)


def events_found(events: list[Event], what: Held) -> tuple[list[str], list[str]]:
    found = Reconciliation()
    judge_events(found, events, what)
    return [item.what for item in found.lost], [item.what for item in found.duplicated]


def views(
    view: dict[str, Any] | None, blamed: frozenset[str] = frozenset(), lost: str = ""
) -> dict[str, list[str | None]]:
    found = Reconciliation()
    if lost:
        judge_events(found, EVENTS, held(*(each.id for each in EVENTS if each.id != lost)))
        assert len(found.lost) == 1
    judge_view(found, "R-1", APPLICANT, view, EVENTS, FIRST, blamed)
    names = ("lost", "altered", "reordered")
    listed = {name: [item.checkType for item in getattr(found, name)] for name in names}
    return {name: items for name, items in listed.items() if items}


def test_every_event_held_once_is_well_also_beside_those_from_before() -> None:
    assert events_found(EVENTS, held("e1", "e2", "e3")) == ([], [])
    assert events_found(EVENTS, held("older", "e1", "e2", "e3", before=7, received=10)) == ([], [])


def test_event_that_was_acknowledged_and_is_not_held_is_lost_by_its_id() -> None:
    lost, doubled = events_found(EVENTS, held("e1", "e3"))

    assert len(lost) == 1
    assert "e2" in lost[0]
    assert doubled == []


def test_event_that_was_never_acknowledged_may_be_held_or_not() -> None:
    unheard = [*EVENTS, event(4, "applicant.amended", acknowledged=None)]

    assert events_found(unheard, held("e1", "e2", "e3")) == ([], [])
    assert events_found(unheard, held("e1", "e2", "e3", "e4")) == ([], [])


def test_event_held_twice_is_doubled_by_its_id() -> None:
    lost, doubled = events_found(EVENTS, held("e1", "e2", "e2", "e3"))

    assert lost == []
    assert len(doubled) == 1
    assert "e2" in doubled[0]


def test_counts_find_what_the_newest_ids_do_not_show() -> None:
    many = [event(place, "applicant.amended") for place in range(1, SHOWN + 51)]
    newest = tuple(each.id for each in many[-SHOWN:])

    assert events_found(many, Held(0, SHOWN + 50, newest)) == ([], [])
    lost, doubled = events_found(many, Held(0, SHOWN + 48, newest))
    assert (len(lost), doubled) == (2, [])
    lost, doubled = events_found(many, Held(0, SHOWN + 53, newest))
    assert (lost, len(doubled)) == ([], 3)


def test_application_as_esr_has_it_is_well() -> None:
    assert views(VIEW) == {}


def test_application_that_is_not_shown_is_lost() -> None:
    assert views(None) == {"lost": [None]}


def test_state_from_before_is_out_of_order_and_any_other_is_altered() -> None:
    older = {**VIEW, "checks": [{"checkType": "dbs", "state": "REQUESTED"}]}
    absent = {**VIEW, "checks": []}
    other = {**VIEW, "checks": [{"checkType": "dbs", "state": "CANCELLED"}]}

    assert views(older) == {"reordered": ["dbs"]}
    assert views(absent) == {"reordered": ["dbs"]}
    assert views(other) == {"altered": ["dbs"]}
    assert views({**VIEW, "startDate": "2026-10-05"}) == {"reordered": [None]}
    assert views({**VIEW, "startDate": "2026-11-05"}) == {"altered": [None]}
    assert views({**VIEW, "applicantNumber": "10000009"}) == {"altered": [None]}


def test_check_that_esr_does_not_hold_is_altered() -> None:
    more = {**VIEW, "checks": [*VIEW["checks"], {"checkType": "identity", "state": "COMPLETE"}]}

    assert views(more) == {"altered": ["identity"]}


def test_what_follows_from_a_wrong_message_or_a_lost_event_is_not_found_again() -> None:
    older = {**VIEW, "checks": [{"checkType": "dbs", "state": "REQUESTED"}]}

    assert views(older, blamed=frozenset({"dbs"})) == {}
    assert views(older, lost="e3") == {"lost": ["dbs"]}
