"""A replay small enough to be over in a second, and the messages that it sends."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.ledger import Entry, read_ledger
from loadtests.plan import Message, Plan, Vacancy, WorldParameters
from loadtests.preparation import vacancies_of
from loadtests.profiles import Arrivals, Profile, Window, load_profile
from loadtests.results import ReplayPlan, ReplayResult
from loadtests.runner import scope_of
from loadtests.verdict import Finding, Outcome
from tests.load.esr_stub import TOKEN, EsrStub

WORLD = WorldParameters(seed=5, organisations=2, positions_per_organisation=20)
SUMMER = Window(
    datetime.fromisoformat("2026-06-01"), datetime.fromisoformat("2026-09-01"), Arrivals.SPREAD
)
"""Three months, of which a few dozen applicants make every kind of message."""
A_SECOND = 8_000_000.0
"""The factor at which the summer takes about one."""


def profile(window: Window = SUMMER) -> Profile:
    """The smoke profile over another window; no receiver listens, so nothing is said of propagation."""
    smoke = load_profile("smoke")
    limits = replace(smoke.limits, propagation_p95_ms=None)
    if window.closed_from is not None:
        limits = replace(limits, recovery_seconds=10.0)
    return replace(smoke, window=window, limits=limits)


def plan_for(stub: EsrStub, folder: Path) -> ReplayPlan:
    """A replay of the summer of sixty applicants, in about a second."""
    return ReplayPlan(
        base_url=stub.base_url,
        token=TOKEN,
        profile=profile(),
        world=WORLD,
        seed=7,
        ledger=folder / "ledger.ndjson",
        factor=A_SECOND,
        applicants=60,
        sent_on="2026-11-02",
    )
