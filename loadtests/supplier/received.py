"""Holds what a supplier holds against what ESR told it: every event once, and every application as ESR has it.

A receiver that answers 2xx says that the event is safe. So an event that was acknowledged and is not held is lost; more
events than there are were doubled; and an application that stands where ESR stood before, though the newer event is
held, was changed in the wrong order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.discrepancies import Difference, Discrepancy, Reconciliation
from loadtests.supplier.reading import Event

APPLICATION = "application"
"""The `kind` of a discrepancy in what the supplier holds of an application; that of an event is its type."""
SHOWN = 1000
"""How many event ids a driver reports at most: the newest."""

_APPLICANT = "applicant"
_CHECK = "employment-check"


@dataclass(frozen=True, slots=True)
class Held:
    """What the supplier reports of events."""

    before: int
    """How many it held before the replay."""
    received: int
    ids: tuple[str, ...]
    """The newest, by sequence; see `SHOWN`."""


def judge_events(found: Reconciliation, events: list[Event], held: Held) -> None:
    """Judge what the supplier holds of the events that it subscribed to, in their order."""
    told = [each for each in events if each.acknowledged is not None]
    known = set(held.ids)
    for each in told:
        if each.id not in known and _is_shown(each, events, held):
            found.lost.append(_of_event(each, "was acknowledged and is not held"))
    repeated = (
        {each for each in known if held.ids.count(each) > 1}
        if len(known) < len(held.ids)
        else set()
    )
    for event in events:
        if event.id in repeated:
            found.duplicated.append(_of_event(event, "is held more than once"))
    grown = held.received - held.before
    for _ in range(len(found.lost), len(told) - grown):
        what = f"{len(told)} events were acknowledged and {grown} are held; which one is gone, the driver does not say."
        found.lost.append(Discrepancy(what, "event", None, ""))
    for _ in range(len(found.duplicated), grown - len(events)):
        what = f"There were {len(events)} events and {grown} are held; which one is there again, the driver does not say."
        found.duplicated.append(Discrepancy(what, "event", None, ""))


def _is_shown(event: Event, events: list[Event], held: Held) -> bool:
    """Whether the report would name this event if it were held: it has room for the newest only."""
    if len(held.ids) < SHOWN:
        return True
    known = set(held.ids)
    oldest = min((each.sequence for each in events if each.id in known), default="")
    return event.sequence > oldest


def judge_view(
    found: Reconciliation,
    reference: str,
    applicant: Mapping[str, Any],
    view: Mapping[str, Any] | None,
    events: list[Event],
    first: Mapping[str, Any],
    blamed: frozenset[str],
) -> None:
    """Judge what the supplier holds of an application that ESR has.

    `events` are those of the applicant in their order, `first` is what its submission said, and `blamed` are the things
    (`applicant`, or a type of check) that the supplier told ESR wrongly: what follows from that is not found again.
    """
    if view is None:
        what = "The supplier does not show this application, which ESR holds."
        found.lost.append(_of_view(what, reference, applicant))
        return
    states = _states(events, first)
    if _APPLICANT not in blamed:
        own = {name: view.get(name) for name in ("applicantNumber", "status", "startDate")}
        actual = {name: applicant.get(name) for name in own}
        earlier = [{**actual, **state} for state in states[_APPLICANT][:-1]]
        _judge_thing(found, reference, applicant, _APPLICANT, own, actual, earlier, events)
    checks = {check.get("checkType"): _check(check) for check in view.get("checks", [])}
    for thing in (checks.keys() | states.keys()) - {_APPLICANT} - blamed:
        history = states.get(thing, [{}])
        own = checks.get(thing, {})
        _judge_thing(found, reference, applicant, thing, own, history[-1], history[:-1], events)


def _judge_thing(
    found: Reconciliation,
    reference: str,
    applicant: Mapping[str, Any],
    thing: str,
    own: Mapping[str, Any],
    actual: Mapping[str, Any],
    earlier: list[dict[str, Any]],
    events: list[Event],
) -> None:
    if own == actual:
        return
    names = sorted(own.keys() | actual.keys())
    differences = tuple(
        Difference(f"/{name}", actual.get(name), own.get(name))
        for name in names
        if own.get(name) != actual.get(name)
    )
    newest = [each for each in events if _thing(each) == thing][-1:]
    named = f"the check {thing}" if thing != _APPLICANT else "the applicant"
    if newest and any(newest[0].id in item.what for item in found.lost):
        return  # the event is lost, and that is said
    if newest and newest[0].acknowledged is None:
        return  # it was never told, and that is said
    if own in earlier:
        what = f"The supplier holds {named} as it was before: it has put an older state over a newer one."
        found.reordered.append(_of_view(what, reference, applicant, thing, differences))
    else:
        what = f"The supplier does not hold {named} as ESR has it."
        found.altered.append(_of_view(what, reference, applicant, thing, differences))


def _states(events: Iterable[Event], first: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By thing: the states that it went through, the present one last. A check begins with not being there."""
    found: dict[str, list[dict[str, Any]]] = {_APPLICANT: [{"startDate": first["startDate"]}]}
    for event in events:
        thing = _thing(event)
        if thing == _APPLICANT:
            names = ("status", "startDate")
            found[thing].append({name: event.data.get(name) for name in names})
        elif thing is not None:
            found.setdefault(thing, [{}]).append(_check(event.data))
    return found


def _thing(event: Event) -> str | None:
    """What of an application an event tells of."""
    subject = event.type.partition(".")[0]
    if subject == _APPLICANT:
        return _APPLICANT
    return str(event.data.get("checkType")) if subject == _CHECK else None


def _check(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("state", "outcome") if told.get(name) is not None}


def _of_event(event: Event, said: str) -> Discrepancy:
    return Discrepancy(
        what=f"The event {event.id} (sequence {event.sequence}) {said}.",
        kind=event.type,
        number=None,
        supplierReference=str(event.data.get("supplierReference", "")),
        applicantNumber=event.data.get("applicantNumber"),
        checkType=event.data.get("checkType"),
    )


def _of_view(
    what: str,
    reference: str,
    applicant: Mapping[str, Any],
    thing: str = _APPLICANT,
    differences: tuple[Difference, ...] = (),
) -> Discrepancy:
    return Discrepancy(
        what=what,
        kind=APPLICATION,
        number=None,
        supplierReference=reference,
        applicantNumber=applicant.get("applicantNumber"),
        checkType=None if thing == _APPLICANT else thing,
        differences=differences,
    )
