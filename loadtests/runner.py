"""Runs a replay: sets up, lets the sending process send, reads ESR back and judges."""

from __future__ import annotations

import math
import time
from pathlib import Path

from loadtests.discrepancies import Reconciliation
from loadtests.errors import LedgerError, PlanError, ReplayError
from loadtests.ledger import Kind, Ledger, LedgerWriter, read_ledger, trim_ledger
from loadtests.measurements import DAY_KINDS, measure
from loadtests.plan import DayPlan, Scope, Vacancy
from loadtests.preparation import create_vacancies
from loadtests.reconcile import reconcile
from loadtests.results import Listener, Progress, ReplayPlan, ReplayResult
from loadtests.sending import SendingOrders
from loadtests.sending_process import send
from loadtests.target import Target
from loadtests.verdict import Counts, judge, roll_up

_SHOWN_EVERY = 0.25
_FIRST_PATIENCE = 3.0
"""How long (wall seconds) ESR may be away at the start, where its address may simply be wrong."""


def run_replay(plan: ReplayPlan, progress: Listener | None = None) -> ReplayResult:
    """Replay a day against ESR and judge it; `progress` is called a few times a second, from this thread.

    Ctrl-C, the time limit and a sender that fails end the replay early: the result is then inconclusive at best, judges
    what was done, and the ledger stays. Raises `PlanError` for what cannot be asked, `TargetError` when ESR does
    not answer at the start, `LedgerError` when the ledger cannot be written.
    """
    listener = progress or _unheard
    scope = scope_of(plan)
    known = _open_ledger(plan, scope)
    with (
        Target(plan.base_url, plan.token, patience=_FIRST_PATIENCE) as target,
        LedgerWriter(plan.ledger) as writer,
    ):

        def created(done: int, remaining: int) -> None:
            listener(Progress("setting up", done, remaining, 0.0, 0.0, 0.0))

        vacancies = create_vacancies(target, scope, known, writer, created)
    day = DayPlan(scope, vacancies)
    listener(Progress("preparing", 0, day.messages, 0.0, 0.0, 0.0))
    interrupted = send(_orders(plan, day), day.messages, _time_limit(plan), listener)
    ledger = read_ledger(plan.ledger)
    found: Reconciliation | None = None
    try:
        found = _read_back(ledger, day, plan.base_url, plan.token, listener)
    except KeyboardInterrupt:
        interrupted = interrupted or "stopped by Ctrl-C while reading back"
    except ReplayError as error:
        interrupted = interrupted or str(error)
    return _result(plan, day, ledger, found, interrupted)


def reconcile_ledger(
    path: Path, base_url: str, token: str, progress: Listener | None = None
) -> Reconciliation:
    """Read ESR back and judge every message of a ledger, whoever wrote it and however it ended.

    Raises `LedgerError` when the file is not a ledger or not this program's, `TargetError` when ESR cannot be read.
    """
    ledger = read_ledger(path)
    scope = Scope.from_dict(ledger.header["scope"])
    return _read_back(
        ledger, DayPlan(scope, vacancies_of(ledger)), base_url, token, progress or _unheard
    )


def vacancies_of(ledger: Ledger) -> tuple[Vacancy, ...]:
    """The vacancies that a ledger's set-up created, in the plan's order."""
    created = {
        entry.number: entry.answer
        for entry in ledger.of(Kind.VACANCY)
        if entry.acknowledged and entry.answer
    }
    return tuple(Vacancy(**created[number]) for number in sorted(created))


def _unheard(_: Progress) -> None:
    return


def scope_of(plan: ReplayPlan) -> Scope:
    """The scope that a plan asks for. Raises `PlanError` for what cannot be."""
    volume = plan.profile.volume
    national = volume.day().applicants * volume.scale * plan.scale
    applicants = plan.applicants if plan.applicants is not None else max(1, round(national))
    factor = _factor(plan)
    if not 0 < factor < math.inf:
        raise PlanError(
            f"A factor of {factor} is impossible; it is how many simulated seconds pass in one."
        )
    if applicants < 1 or not 0 < plan.scale < math.inf:
        raise PlanError("A replay needs at least one applicant; give a greater scale or number.")
    try:
        plan.world.make()
    except ValueError as error:
        raise PlanError(f"There is no such world: {error}.") from error
    return Scope(
        seed=plan.seed,
        world=plan.world,
        first_applicant=plan.first_applicant,
        applicants=applicants,
        history_share=plan.profile.pace.history_share,
    )


def _factor(plan: ReplayPlan) -> float:
    return plan.factor if plan.factor is not None else plan.profile.pace.factor


def _open_ledger(plan: ReplayPlan, scope: Scope) -> Ledger:
    """The ledger as it stands: new with its header, or the earlier part of this very replay. Raises `LedgerError`."""
    if not plan.ledger.exists() or plan.ledger.stat().st_size == 0:
        with LedgerWriter(plan.ledger) as writer:
            writer.write_header(
                {"scope": scope.to_dict(), "profile": plan.profile.name, "target": plan.base_url}
            )
    trim_ledger(plan.ledger)
    ledger = read_ledger(plan.ledger)
    if ledger.header.get("scope") != scope.to_dict():
        raise LedgerError(
            f"{plan.ledger} belongs to another replay; give a new file, or the arguments of that replay."
        )
    return ledger


def _time_limit(plan: ReplayPlan) -> float:
    if plan.time_limit_seconds is not None:
        return plan.time_limit_seconds
    return 2 * 86400 / _factor(plan) + 2 * plan.profile.sending.retry_for_seconds + 60


def _orders(plan: ReplayPlan, day: DayPlan) -> SendingOrders:
    sending = plan.profile.sending
    return SendingOrders(
        base_url=plan.base_url.rstrip("/"),
        token=plan.token,
        scope=day.scope,
        vacancies=day.vacancies,
        ledger=plan.ledger.resolve(),
        factor=_factor(plan),
        connections=sending.connections,
        answer_timeout_seconds=sending.answer_timeout_seconds,
        retry_for_seconds=sending.retry_for_seconds,
    )


def _read_back(
    ledger: Ledger, day: DayPlan, base_url: str, token: str, listener: Listener
) -> Reconciliation:
    expected = sum(entry.acknowledged for entry in ledger.of(Kind.APPLICANT))
    started = time.monotonic()
    shown = started

    def read(done: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _SHOWN_EVERY or done == expected:
            shown = now
            rate = done / (now - started) if now > started else 0.0
            listener(Progress("reconciling", done, max(0, expected - done), rate, 0.0, 0.0))

    return reconcile(ledger, day, lambda: Target(base_url, token), read)


def _result(
    plan: ReplayPlan,
    day: DayPlan,
    ledger: Ledger,
    found: Reconciliation | None,
    interrupted: str | None,
) -> ReplayResult:
    entries = list(ledger.of(*DAY_KINDS))
    counts = Counts(
        planned=day.messages,
        sent=len(entries),
        acknowledged=sum(entry.acknowledged for entry in entries),
        refused=sum(entry.refused for entry in entries),
        unacknowledged=sum(entry.given_up for entry in entries),
        cut_off=sum(entry.status is None for entry in entries),
        never_sent=day.messages - len(entries),
        retries=sum(entry.attempts - 1 for entry in entries),
    )
    measured = measure(ledger, day.by_hour)
    findings = judge(plan.profile.limits, counts, measured, found, interrupted)
    return ReplayResult(
        outcome=roll_up(findings),
        findings=findings,
        counts=counts,
        set_up=sum(entry.acknowledged for entry in ledger.of(Kind.VACANCY)),
        measurements=measured,
        reconciliation=found,
        assumptions=plan.profile.volume.day().assumptions()
        + _scaled(plan, day)
        + plan.profile.assumptions,
        profile=plan.profile.name,
        factor=_factor(plan),
        seed=plan.seed,
        run=day.scope.run,
        ledger=plan.ledger,
        interrupted=interrupted,
    )


def _scaled(plan: ReplayPlan, day: DayPlan) -> tuple[str, ...]:
    """Which part of that day was replayed, where it was not all of it."""
    national = plan.profile.volume.day().applicants
    if day.scope.applicants == national:
        return ()
    share = day.scope.applicants / national
    return (
        f"Of that day {share:.2%} was replayed: {day.scope.applicants:,} applicants with their updates.",
    )
