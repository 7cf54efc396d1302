"""Runs a replay through a supplier's system: sets up, lets the sending process act, reads both sides back and judges."""

from __future__ import annotations

import time
from dataclasses import replace

from loadtests.discrepancies import Reconciliation
from loadtests.errors import LedgerError, PlanError, ReplayError
from loadtests.ledger import Ledger, LedgerWriter, read_ledger
from loadtests.plan import Census
from loadtests.preparation import create_vacancies
from loadtests.profiles import Pacing, Profile
from loadtests.reconcile import sent_digest
from loadtests.results import Listener, Progress, ReplayPlan, ReplayResult, SetUp
from loadtests.runner import (
    counts_of,
    factor_of,
    open_ledger,
    orders_for,
    scope_of,
    set_up_gap,
    time_limit,
    volume_told,
)
from loadtests.sending_process import send
from loadtests.supplier.access import SupplierPlan
from loadtests.supplier.actions import SupplierActions
from loadtests.supplier.connection import TWICE, Connected, connected
from loadtests.supplier.reading import Places, Reports, places
from loadtests.supplier.reconciliation import acts_in_esr, read_back
from loadtests.supplier.timing import Delivery, note, timed
from loadtests.supplier.verdict import judge_supplier
from loadtests.target import Target
from loadtests.verdict import roll_up

_FIRST_PATIENCE = 3.0
"""How long (wall seconds) either side may be away at the start, where its address may simply be wrong."""

ASSUMPTIONS = (
    (
        "What a recruitment system does is given to the supplier's driver; the work health assessment and the alert notice are "
        "run by the employer's own people in ESR (assumed)."
    ),
    (
        "Latency is counted from the intended time of an order to the arrival of its message at ESR, service time from the "
        "driver's answer to that arrival."
    ),
    "No order is given again, for when to try again is the supplier's own affair: re-sends of the year are left out.",
    f"ESR delivers {TWICE:.0%} of its events twice (delivery is at least once).",
    "Every date is shifted to the day of the replay: a supplier lives in wall time.",
)


def run_supplier_replay(plan: SupplierPlan, progress: Listener | None = None) -> ReplayResult:
    """Replay a part of the year through the supplier and judge it; `progress` is called a few times a second, from this thread.

    Ctrl-C, the time limit and a sender that fails end it early: the result is then inconclusive at best, judges what was done,
    and the ledger stays. Raises `PlanError` for what cannot be asked (a profile that does not limit a supplier, a hook that
    is not offered, a clock that is not wall time's), `TargetError` when ESR or the driver does not answer at the start,
    `LedgerError` when the ledger is not a new file or cannot be written.
    """
    started = time.time()
    listener = progress or (lambda _: None)
    asked, access = plan.replay, plan.access
    _check(asked)
    patience = _FIRST_PATIENCE
    with (
        Target(access.control_url, asked.token, patience, name="The sandbox") as control,
        Target(asked.base_url, asked.token, patience) as esr,
        Target(access.driver_url, access.driver_token, patience, name="The driver") as driver,
        connected(control, esr, driver, asked.world, access.receiver_url) as sides,
    ):
        asked = replace(asked, sandbox_url=None, sent_on=sides.today)
        told = _set_up(asked, esr, listener)
        census = told.census()
        orders = replace(orders_for(asked, asked.token, None, told, census), supplier=access)
        control.settle()
        since = places(control, esr)
        before = int(Reports(driver).perform("REPORT_EVENTS")["received"])
        interrupted = send(orders, asked, census, time_limit(asked, census), listener)
        ledger = read_ledger(asked.ledger)
        found: Reconciliation | None = None
        try:
            found = _read(
                asked, ledger, told, sides, (control, esr, driver), since, before, listener
            )
            ledger = read_ledger(asked.ledger)
        except KeyboardInterrupt:
            interrupted = interrupted or "stopped by Ctrl-C while reading back"
        except ReplayError as error:
            interrupted = interrupted or str(error)
    return _result(asked, told, census, ledger, found, interrupted, started)


def check_profile(profile: Profile) -> None:
    """Raises `PlanError` for a profile by which a supplier cannot be judged."""
    limits = profile.limits
    if profile.pace.kind is not Pacing.CONSTANT:
        raise PlanError(
            f"Profile {profile.name} stretches the busy hours to what the target takes; a supplier is given its orders at one "
            "constant factor: take the profile supplier."
        )
    if limits.longest_stall_seconds is None or limits.propagation_p95_ms is None:
        raise PlanError(
            f"Profile {profile.name} has no limits.longest_stall_seconds or no limits.propagation_p95_ms, by which a supplier is "
            "judged: take the profile supplier."
        )


def _check(asked: ReplayPlan) -> None:
    """Raises PlanError for a profile by which a supplier cannot be judged, LedgerError for a ledger that was begun."""
    check_profile(asked.profile)
    if asked.ledger.exists() and asked.ledger.stat().st_size:
        raise LedgerError(
            f"{asked.ledger} has been begun; a replay through a supplier cannot go on with a ledger: give a new file."
        )


def _set_up(asked: ReplayPlan, esr: Target, listener: Listener) -> SupplierActions:
    scope = scope_of(asked)
    known = open_ledger(asked, scope)

    def created(done: int, remaining: int) -> None:
        listener(Progress("setting up", done, remaining, 0.0, 0.0, 0))

    with LedgerWriter(asked.ledger) as writer:
        vacancies = create_vacancies(esr, scope, known, writer, created)
    listener(Progress("counting", 0, scope.applicants, 0.0, 0.0, 0))
    return SupplierActions(scope, vacancies)


def _read(
    asked: ReplayPlan,
    ledger: Ledger,
    told: SupplierActions,
    sides: Connected,
    targets: tuple[Target, Target, Target],
    since: Places,
    before: int,
    listener: Listener,
) -> Reconciliation:
    """Read both sides back; when what came of it arrived goes into the ledger."""

    def read(done: int, remaining: int) -> None:
        listener(Progress("reconciling", done, remaining, 0.0, 0.0, 0))

    patience = asked.profile.sending.retry_for_seconds
    found = read_back(ledger, told, sides.subscriptions, targets, since, before, patience, read)
    deliveries = [Delivery(each.id, each.happened, each.acknowledged) for each in found.events]
    with LedgerWriter(asked.ledger) as writer:
        note(writer, found.arrivals, deliveries)
    return found.found


def _result(
    asked: ReplayPlan,
    told: SupplierActions,
    census: Census,
    ledger: Ledger,
    found: Reconciliation | None,
    interrupted: str | None,
    started: float,
) -> ReplayResult:
    counts = counts_of(ledger, told.scope, census)
    interrupted = interrupted or set_up_gap(ledger, counts, census)
    planned = {hour: sum(kinds.values()) for hour, kinds in census.by_hour.items()}
    shown = timed(ledger, told.scope, acts_in_esr(ledger, told), planned)
    findings = judge_supplier(asked.profile.limits, counts, shown, found, interrupted)
    return ReplayResult(
        outcome=roll_up(findings),
        findings=findings,
        counts=counts,
        set_up=SetUp(len(told.vacancies), len(ledger.rows) - counts.sent),
        measurements=shown.measured,
        propagation=shown.propagation,
        reconciliation=found,
        assumptions=(
            *volume_told(asked, told),
            *ASSUMPTIONS,
            *asked.profile.assumptions,
            *told.year.assumptions,
        ),
        profile=asked.profile.name,
        title=asked.profile.title,
        factor=factor_of(asked),
        legs=(),
        calibration=None,
        seed=asked.seed,
        scope=told.scope.to_dict(),
        run=told.scope.run,
        senders=asked.processes,
        lost_senders=sum("lost" in note for note in ledger.notes),
        ledger=asked.ledger,
        messages_digest=sent_digest(ledger, told.scope.run),
        started=started,
        seconds=time.time() - started,
        interrupted=interrupted,
    )
