"""Rows about events: each type that is announced, and the waits between attempts to deliver one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sandbox.conformance.gallery.deviation import Apply, Deviation
from sandbox.conformance.gallery.patching import instead, rebound
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation
from sandbox.contracts import load_contract
from sandbox.esr.service import events
from sandbox.outbox import dispatcher

_REQUIREMENTS = {
    "vacancy.published": ("ESR-VAC-008",),
    "vacancy.status-changed": ("ESR-VAC-015",),
    "position.changed": ("ESR-EVT-004",),
    "position.deleted": ("ESR-EVT-004",),
    "applicant.identified": ("ESR-EVT-002", "ESR-PER-022"),
    "employment-check.started": ("ESR-EVT-003",),
    "employment-check.updated": ("ESR-EVT-003",),
    "inter-authority-transfer.updated": ("ESR-IAT-019",),
    "ping": ("ESR-EVT-015",),
}


def rows() -> Iterator[Deviation]:
    """Every row."""
    types = load_contract("esr").document["components"]["schemas"]["EventType"]["enum"]
    for kind in types:
        names = _REQUIREMENTS.get(kind, ("ESR-EVT-002",))
        title = f"{kind} is not announced"
        yield deviation(ESR, "event-types", (kind,), title, names, _unannounced(kind))
    waits = dispatcher.DELIVERY_WAITS
    for place, wait in enumerate(waits):
        shorter = (*waits[:place], wait / 2, *waits[place + 1 :])
        title = f"After failure {place + 1} ESR waits {wait / 2}, not {wait}"
        apply = rebound(waits, shorter)
        yield deviation(ESR, "delivery-waits", (place + 1,), title, ["ESR-EVT-011"], apply)
    title = "ESR gives an event up one attempt too early"
    yield deviation(
        ESR, "delivery-waits", ("last",), title, ["ESR-EVT-011"], rebound(waits, waits[:-1])
    )
    title = "ESR makes one attempt too many"
    longer = (*waits, timedelta(hours=24))
    yield deviation(
        ESR, "delivery-waits", ("more",), title, ["ESR-EVT-011"], rebound(waits, longer)
    )


def _unannounced(kind: str) -> Apply:
    if kind == "ping":
        return rebound(events._deliver, lambda *_given: None)  # noqa: SLF001  (the others are announced through it, too)

    def make(announce: Callable[..., Any]) -> Callable[..., Any]:
        def announced(unit: Any, told: str, *given: Any) -> Any:
            return {} if told == kind else announce(unit, told, *given)

        return announced

    return instead(events.announce, make)
