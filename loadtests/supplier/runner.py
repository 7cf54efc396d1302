"""Runs a replay through a supplier's system: sets up, lets the sending process act, reads both sides back and judges."""

from __future__ import annotations

from loadtests.results import Listener, ReplayResult
from loadtests.supplier.access import SupplierPlan


def run_supplier_replay(plan: SupplierPlan, progress: Listener | None = None) -> ReplayResult:
    """Replay a part of the year through the supplier and judge it; `progress` is called a few times a second, from this thread.

    Ctrl-C, the time limit and a sender that fails end it early: the result is then inconclusive at best, judges what was done,
    and the ledger stays. Raises `PlanError` for what cannot be asked (an outbound driver, a hook that is not offered, a
    clock that is not wall time's), `TargetError` when ESR or the driver does not answer at the start, `LedgerError` when the
    ledger cannot be written.
    """
    raise NotImplementedError
