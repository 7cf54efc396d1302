"""Arrivals, stalls and propagation of a replay through a supplier, as its ledger tells them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from loadtests.ledger import Entry, LedgerWriter, read_ledger
from loadtests.plan import Scope, WorldParameters
from loadtests.supplier.timing import (
    Delivery,
    Stall,
    arrivals_of,
    deliveries_of,
    longest_stall,
    note,
    timed,
)
from simulators.year import Kind

NOTHING = float("nan")
SCOPE = Scope(1, WorldParameters(1, 1, 1), 10, window=(1_000_000, 9_000_000))


def stall(due: list[float], ended: list[float]) -> Stall | None:
    return longest_stall(np.array(due), np.array(ended))


def test_the_longest_time_in_which_something_was_due_and_nothing_arrived_is_a_stall() -> None:
    assert stall([0.0, 1.0, 2.0, 3.0], [0.1, 1.1, 8.0, 8.1]) == Stall(6.0, 2.0, 2)


def test_a_quiet_hour_is_no_stall() -> None:
    found = stall([0.0, 3600.0], [0.5, 3600.25])

    assert found == Stall(0.5, 0.0, 1)


def test_a_slow_message_among_quick_ones_is_no_stall() -> None:
    dues = [place / 10 for place in range(100)]

    found = stall([0.0, *dues], [9.95, *(due + 0.05 for due in dues)])

    assert found is not None
    assert found.seconds < 0.2


def test_what_never_arrived_is_left_out_of_a_stall() -> None:
    assert stall([0.0, 1.0], [0.5, NOTHING]) == Stall(0.5, 0.0, 1)
    assert stall([0.0], [NOTHING]) is None
    assert stall([], []) is None


def test_what_arrived_when_stands_in_the_ledger_and_is_measured_from_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    arrivals = {64 * place: 10.5 + place for place in range(1200)}
    told = [
        Delivery("a", 20.0, 20.25),
        Delivery("b", 21.0, None),
        Delivery("c", None, None),
        Delivery("d", 5.0, 5.5),
    ]
    with LedgerWriter(path) as writer:
        writer.write_header({"scope": SCOPE.to_dict()})
        for number in (64, 65, 128):
            entry = Entry(
                number, Kind.CHECK, 2_000_000, due=10.0, sent=10.0, digest="00" * 32, lastSent=10.0,
                answered=11.0, status=200,
            )  # fmt: skip
            writer.append(entry.line())
        note(writer, arrivals, told)

    ledger = read_ledger(path)

    assert arrivals_of(ledger) == arrivals
    assert deliveries_of(ledger) == told
    shown = timed(ledger, SCOPE, frozenset({65}), {0: 3})
    latency = shown.measured.latency["all"]
    # From the intended time to the arrival at ESR, and from the driver's answer to it.
    assert latency.intended.count == 2
    assert abs(latency.intended.max - 2500) < 5
    assert abs(latency.service.max - 1500) < 5
    assert shown.sender_stall == Stall(1.5, 10.0, 2)
    assert (shown.events, shown.acknowledged) == (4, 2)
    # What happened before the window's first message is not of the window.
    assert shown.propagation.count == 1
    assert abs(shown.propagation.max - 250) < 1
