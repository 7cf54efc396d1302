"""Holds what a supplier was told to do against what ESR was told: every order's effect once, unaltered and in order.

An order's effect is a change at ESR with what the order said; the supplier may say more. ESR's feed shows each change
with its content, in the order in which ESR took it; the journal shows when it came, under which request ids, and what ESR
refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.discrepancies import Difference, Discrepancy, Reconciliation, Told, about, difference
from loadtests.supplier.reading import Event, Request
from simulators.year import Kind

OPERATIONS = {
    Kind.APPLICANT: "submit_applicant",
    Kind.CHECK: "record_employment_check",
    Kind.START_DATE_CHANGE: "amend_applicant",
    Kind.WITHDRAWAL: "withdraw_applicant",
}
_EVENTS = {
    "applicant.amended": Kind.START_DATE_CHANGE,
    "applicant.withdrawn": Kind.WITHDRAWAL,
    "employment-check.started": Kind.CHECK,
    "employment-check.updated": Kind.CHECK,
}
_BY_SUPPLIER = "SUPPLIER"

_Lane = tuple[Kind, str | None]
"""What an order is about: one check of an applicant, or another thing of it. ESR takes the changes of a lane one by one."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One change that ESR has made because it was told to; `place` is its place among those of the applicant."""

    lane: _Lane
    content: Mapping[str, Any]
    place: int
    request: Request | None


@dataclass(slots=True)
class AtEsr:
    """What ESR shows of one application."""

    held: list[dict[str, Any]] = field(default_factory=list)
    """The applicants with its reference."""
    events: list[Event] = field(default_factory=list)
    """Of its first applicant number, in their order."""
    requests: list[Request] = field(default_factory=list)
    """Of its first applicant number, in their order."""


def judge_application(found: Reconciliation, told: list[Told], shown: AtEsr) -> dict[int, float]:
    """Judge the orders about one applicant, in the order in which they were given.

    Returns when each arrived at ESR, by message number, in wall seconds since the epoch; what did not is left out.
    """
    expected = [each for each in told if not each.entry.refused]
    if not shown.held:
        for each in expected:
            _missing(found, each, None)
        return {}
    number = str(shown.held[0]["applicantNumber"])
    for other in shown.held[1:]:
        what = f"ESR holds this applicant more than once: as {number} and as {other['applicantNumber']}."
        found.duplicated.append(about(told[0], what, number=number))
    changes = _changes(shown)
    matched = _match(found, expected, changes, number, shown)
    in_order = [each for each in expected if each.message.number in matched]
    _judge_order(found, [(each, matched[each.message.number]) for each in in_order], number)
    _judge_requests(found, expected, shown, number)
    return {
        each.message.number: change.request.at
        for each in expected
        if (change := matched.get(each.message.number)) is not None and change.request is not None
    }


def judge_submissions(found: Reconciliation, offers: int, requests: Iterable[Request]) -> None:
    """ESR must not have been sent more applicants than there were offers, though it refused some and names none."""
    submitted = [each for each in requests if each.operation == OPERATIONS[Kind.APPLICANT]]
    definite = [each for each in submitted if each.is_definite]
    refused = [each for each in definite if not each.took_effect]
    surplus = min(len(definite) - offers, len(refused))
    for each in refused[:surplus] if surplus > 0 else []:
        what = f"ESR was sent more applicants than there were offers; it refused this one with {each.status}."
        found.duplicated.append(Discrepancy(what, Kind.APPLICANT, None, "", each.requestId))


def _changes(shown: AtEsr) -> list[_Change]:
    """What ESR did, in its order: the submission first, then what the events tell."""
    ways: dict[_Lane, list[Request]] = {}
    for each in shown.requests:
        if each.took_effect:
            ways.setdefault(_lane_of(each), []).append(each)
    held = shown.held[0]
    told: list[tuple[_Lane, Mapping[str, Any]]] = [((Kind.APPLICANT, None), held)]
    for event in shown.events:
        kind = _EVENTS.get(event.type)
        if kind is Kind.CHECK and event.data.get("updatedBy") != _BY_SUPPLIER:
            continue
        if kind is not None:
            content = held.get("withdrawal", {}) if kind is Kind.WITHDRAWAL else event.data
            told.append(((kind, event.data.get("checkType")), content))
    seen: Counter[_Lane] = Counter()
    changes = []
    for place, (lane, content) in enumerate(told):
        # Of one lane, the n-th change came by the n-th request that ESR granted.
        way = ways.get(lane, [])
        request = way[seen[lane]] if seen[lane] < len(way) else None
        seen[lane] += 1
        changes.append(_Change(lane, content, place, request))
    return changes


def _lane_of(request: Request) -> _Lane:
    [kind] = [kind for kind, operation in OPERATIONS.items() if operation == request.operation]
    return kind, request.checkType


def _lane(told: Told) -> _Lane:
    return told.message.kind, told.message.checkType


def _match(
    found: Reconciliation, expected: list[Told], changes: list[_Change], number: str, shown: AtEsr
) -> dict[int, _Change]:
    """Which change is which order's effect; what is left on either side is lost, altered, doubled or unasked for."""
    free = list(changes)
    matched: dict[int, _Change] = {}
    # Where the start was moved later, the applicant no longer shows the first start date.
    moved = any(each.message.kind is Kind.START_DATE_CHANGE for each in expected)
    for each in expected:
        for change in free:
            if change.lane == _lane(each) and not _differences(each, change, moved):
                matched[each.message.number] = change
                free.remove(change)
                break
    for each in expected:
        if each.message.number in matched:
            continue
        other = next((change for change in free if change.lane == _lane(each)), None)
        if other is None:
            _missing(found, each, number, _refusal(each, shown))
            continue
        free.remove(other)
        matched[each.message.number] = other
        what = "What ESR was told is not what the order said."
        found.altered.append(about(each, what, _differences(each, other, moved), number))
    for change in free:
        _judge_unasked(found, expected, change, number)
    return matched


def _differences(told: Told, change: _Change, moved: bool) -> tuple[Difference, ...]:
    """Where ESR was told something else than the order said; what the supplier says beyond it is its own affair."""
    said = json.loads(told.message.body)
    if told.message.kind is Kind.APPLICANT and moved:
        said.pop("startDate")
    found = difference(said, {name: change.content.get(name) for name in said})
    return tuple(each for each in found if each.sent is not None)


def _missing(
    found: Reconciliation, told: Told, number: str | None, refused: int | None = None
) -> None:
    if not told.entry.acknowledged:
        what = "The supplier did not say that it took this order, and ESR was not told."
        found.unacknowledged_absent.append(about(told, what, number=number))
        return
    what = "The supplier took this order, and ESR was never told."
    if refused is not None:
        what = (
            f"The supplier took this order, and ESR refused what it was told of it, with {refused}."
        )
    found.lost.append(about(told, what, number=number))


def _refusal(told: Told, shown: AtEsr) -> int | None:
    """How ESR refused a message about the same thing, where it did."""
    refused = (each for each in shown.requests if each.is_definite and not each.took_effect)
    return next((each.status for each in refused if _lane_of(each) == _lane(told)), None)


def _judge_unasked(
    found: Reconciliation, expected: list[Told], change: _Change, number: str
) -> None:
    """A change that is no order's effect. Of an applicant's own record a supplier may change more than it was told to."""
    same = [
        each
        for each in expected
        if _lane(each) == change.lane and not _differences(each, change, moved=False)
    ]
    if same:
        under = f", also under {change.request.requestId}" if change.request else ""
        what = f"ESR was told this more than once{under}."
        found.duplicated.append(about(same[-1], what, number=number))
    elif change.lane[0] is Kind.CHECK:
        what = "ESR was told something of a check that no order said."
        reference = expected[0].message.supplierReference
        found.contradicted.append(
            Discrepancy(what, Kind.CHECK, None, reference, None, number, change.lane[1])
        )


def _judge_order(found: Reconciliation, matched: list[tuple[Told, _Change]], number: str) -> None:
    """The effects of one applicant's orders, by the order in which these were given."""
    last: tuple[Told, _Change] | None = None
    for each, change in matched:
        if last is None or change.place > last[1].place:
            last = each, change
            continue
        earlier = last[0].message.number
        what = f"ESR was told this before message {earlier}, which the supplier was given first."
        found.reordered.append(about(each, what, number=number))


def _judge_requests(found: Reconciliation, expected: list[Told], shown: AtEsr, number: str) -> None:
    """No order may go under two request ids, though ESR refused the second. What ESR took twice is found by its content."""
    orders = Counter(map(_lane, expected))
    definite: dict[_Lane, list[Request]] = {}
    for each in shown.requests:
        if each.is_definite:
            definite.setdefault(_lane_of(each), []).append(each)
    for lane, requests in definite.items():
        refused = [each for each in requests if not each.took_effect]
        surplus = min(len(requests) - orders[lane], len(refused))
        told = [each for each in expected if _lane(each) == lane]
        for each in refused[:surplus] if told and surplus > 0 else []:
            what = (
                f"ESR was told of this more often than there were orders; it refused {each.requestId} "
                f"with {each.status}."
            )
            found.duplicated.append(about(told[-1], what, number=number))
