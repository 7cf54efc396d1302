"""Reads both sides back after a replay through a supplier, and judges every application and every event."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from loadtests.discrepancies import Reconciliation, Told
from loadtests.ledger import Ledger
from loadtests.supplier.actions import SupplierActions, is_act_in_esr
from loadtests.supplier.reading import Event, Places, Reports, events_since, requests_since
from loadtests.supplier.received import Held, judge_events, judge_view
from loadtests.supplier.sent import OPERATIONS, AtEsr, judge_application, judge_submissions
from loadtests.target import Target
from simulators.year import STEPS, Kind

_LOOK_SECONDS = 0.25
_SETTLES_SECONDS = 3.0
"""How long a supplier may take to work off what it has acknowledged."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What reading both sides back found."""

    found: Reconciliation
    """Of the orders at ESR; of ESR's events, and of what else the supplier holds."""
    arrivals: dict[int, float]
    """When each order arrived at ESR, by message number: wall seconds since the epoch."""
    events: list[Event]
    """Those that the supplier has subscribed to, in their order."""


def read_back(
    ledger: Ledger,
    plan: SupplierActions,
    subscriptions: Iterable[Mapping[str, Any]],
    targets: tuple[Target, Target, Target],
    since: Places,
    before: int,
    patience: float,
    progress: Callable[[int, int], None],
) -> ReadBack:
    """Wait until the supplier has sent what it was given and was told what it has to know, then judge.

    `subscriptions` are the supplier's own; `targets` are the control API, ESR and the driver; the journal and the feed are read
    from `since` on; `before` is how many events the supplier held then. Waits for `patience` seconds at most. `progress`
    hears how many applications were read, and how many are left. Raises `TargetError` when either side cannot be read.
    """
    control, esr, driver = targets
    reports = Reports(driver)
    applications = _applications(ledger, plan)
    references = [told[0].message.supplierReference for told in applications]
    deadline = time.monotonic() + patience
    _await_sender(reports, references, deadline, progress)
    receivers = frozenset(each["url"].partition("?")[0] for each in subscriptions)
    wanted = _types(subscriptions)
    every_event = _await_receiver(control, esr, since, receivers, wanted, deadline)
    events = [each for each in every_event if wanted(each)]
    requests = requests_since(control, since, frozenset(OPERATIONS.values()))
    at_esr = _at_esr(esr, plan, every_event, requests)

    sent = Reconciliation()
    arrivals: dict[int, float] = {}
    for told in applications:
        orders = [each for each in told if not is_act_in_esr(each.message)]
        sent.acknowledged += sum(each.entry.acknowledged for each in orders)
        shown = at_esr.get(orders[0].message.supplierReference, AtEsr())
        arrivals |= judge_application(sent, orders, shown)
    offers = sum(
        told[0].message.kind is Kind.APPLICANT and not told[0].entry.refused
        for told in applications
    )
    judge_submissions(sent, offers, requests)
    sent.confirmed = sent.acknowledged - len(_wrong(sent))

    blamed = _blamed(sent)
    until = time.monotonic() + _SETTLES_SECONDS
    while True:
        received = _received(reports, applications, at_esr, events, before, blamed, progress)
        if received.clean or time.monotonic() > until:
            return ReadBack(_merged(sent, received), arrivals, events)
        time.sleep(_LOOK_SECONDS)


def acts_in_esr(ledger: Ledger, plan: SupplierActions) -> frozenset[int]:
    """The numbers of the ledger's messages that ESR's side did."""
    return frozenset(
        each.message.number
        for told in _applications(ledger, plan)
        for each in told
        if is_act_in_esr(each.message)
    )


def _merged(sent: Reconciliation, received: Reconciliation) -> Reconciliation:
    whole = Reconciliation()
    for field in fields(Reconciliation):
        setattr(whole, field.name, getattr(sent, field.name) + getattr(received, field.name))
    return whole


def _applications(ledger: Ledger, plan: SupplierActions) -> list[list[Told]]:
    """By applicant: what was given or done, in its order, beside what came of it."""
    found = []
    for applicant in np.unique(ledger.rows["number"] // STEPS).tolist():
        entries = ledger.of(applicant)
        told = [
            Told(message, entries[message.number])
            for message in plan.conversation(applicant)
            if message.number in entries
        ]
        if told:
            found.append(told)
    return found


def _await_sender(
    reports: Reports,
    references: Iterable[str],
    deadline: float,
    progress: Callable[[int, int], None],
) -> None:
    """Return when the supplier has nothing left to tell ESR, or the time is up."""
    left = list(references)
    whole = len(left)
    while True:
        for reference in list(left):
            view = reports.view(reference)
            if view is None or view.get("unsent", 0) == 0:
                left.remove(reference)
            progress(whole - len(left), len(left))
        if not left or time.monotonic() > deadline:
            return
        time.sleep(_LOOK_SECONDS)


def _types(subscriptions: Iterable[Mapping[str, Any]]) -> Callable[[Event], bool]:
    """Whether a supplier with these subscriptions is told of an event."""
    types = [each.get("types") for each in subscriptions]
    return lambda event: any(kinds is None or event.type in kinds for kinds in types)


def _await_receiver(
    control: Target,
    esr: Target,
    since: Places,
    receivers: frozenset[str],
    wanted: Callable[[Event], bool],
    deadline: float,
) -> list[Event]:
    """ESR's events, once each that the supplier is to be told of is acknowledged or the time is up."""
    while True:
        control.settle()
        events = events_since(control, esr, since, receivers)
        left = [each for each in events if wanted(each) and each.acknowledged is None]
        if not left or time.monotonic() > deadline:
            return events
        time.sleep(_LOOK_SECONDS)


def _at_esr(
    esr: Target, plan: SupplierActions, events: list[Event], requests: list[Any]
) -> dict[str, AtEsr]:
    """What ESR shows of each application, by its reference."""
    shown: dict[str, AtEsr] = {}
    by_number: dict[str, AtEsr] = {}
    for held in esr.pages("/applicants", "applicants"):
        reference = str(held.get("supplierReference"))
        if plan.index_of(reference) is not None:
            shown.setdefault(reference, AtEsr()).held.append(held)
    for each in shown.values():
        by_number[each.held[0]["applicantNumber"]] = each
    for event in events:
        application = by_number.get(str(event.data.get("applicantNumber")))
        if application is not None:
            application.events.append(event)
    for request in requests:
        application = by_number.get(str(request.applicantNumber))
        if application is not None:
            application.requests.append(request)
    return shown


def _received(
    reports: Reports,
    applications: list[list[Told]],
    at_esr: Mapping[str, AtEsr],
    events: list[Event],
    before: int,
    blamed: Mapping[str, frozenset[str]],
    progress: Callable[[int, int], None],
) -> Reconciliation:
    told = reports.perform("REPORT_EVENTS")
    held = Held(before, int(told["received"]), tuple(told.get("ids", ())))
    found = Reconciliation()
    judge_events(found, events, held)
    for place, application in enumerate(applications):
        progress(place + 1, len(applications) - place - 1)
        submission = application[0].message
        shown = at_esr.get(submission.supplierReference)
        if shown is None:
            continue  # whatever the supplier holds, ESR has nothing to hold it against; the orders are judged
        judge_view(
            found,
            submission.supplierReference,
            shown.held[0],
            reports.view(submission.supplierReference),
            shown.events,
            json.loads(submission.body),
            blamed.get(submission.supplierReference, frozenset()),
        )
    return found


def _wrong(found: Reconciliation) -> set[int]:
    listed = (found.lost, found.duplicated, found.altered, found.reordered)
    return {item.number for items in listed for item in items if item.number is not None}


def _blamed(found: Reconciliation) -> dict[str, frozenset[str]]:
    """By reference: what the supplier told ESR wrongly, so that what it holds itself need not be as at ESR."""
    things: dict[str, set[str]] = {}
    listed = (found.lost, found.duplicated, found.altered, found.reordered, found.contradicted)
    for item in (item for items in listed for item in items):
        things.setdefault(item.supplierReference, set()).add(item.checkType or "applicant")
    return {reference: frozenset(blamed) for reference, blamed in things.items()}
