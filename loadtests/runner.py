"""Runs a replay: sets up, lets the sending processes send, reads ESR back and judges."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from loadtests.discrepancies import Reconciliation
from loadtests.errors import LedgerError, PlanError, ReplayError
from loadtests.ledger import Ledger, LedgerWriter, read_ledger, trim_ledger
from loadtests.measurements import Distribution, measure, window_rows
from loadtests.pacer import RETRIED, Leg
from loadtests.plan import Census, Plan, Scope
from loadtests.preparation import create_vacancies, vacancies_of
from loadtests.profiles import Arrivals, Pacing
from loadtests.propagation import measure_propagation, unsubscribe
from loadtests.receiver import receiving
from loadtests.reconcile import reconcile, sent_digest
from loadtests.results import Listener, Progress, ReplayPlan, ReplayResult, SetUp
from loadtests.sending import SendingOrders
from loadtests.sending_process import send
from loadtests.target import Target
from loadtests.verdict import Counts, judge, roll_up
from simulators.credentials import Access, read, written
from simulators.world import TODAY
from simulators.year import Kind

_SHOWN_EVERY = 0.25
_FIRST_PATIENCE = 3.0
"""How long (wall seconds) ESR may be away at the start, where its address may simply be wrong."""
_SETTLES_WITHIN = 90.0
"""How long (wall seconds) an answer of the sandbox may take that waits until the world is quiet."""
_SLOWEST = 25.0
"""Messages a second below which a replay with a capped pace is given up."""


def run_replay(plan: ReplayPlan, progress: Listener | None = None) -> ReplayResult:
    """Replay a part of the year against ESR and judge it; `progress` is called a few times a second, from this thread.

    Ctrl-C, the time limit and a sender that fails end the replay early: the result is then inconclusive at best, judges
    what was done, and the ledger stays. Raises `PlanError` for what cannot be asked, `TargetError` when ESR does
    not answer at the start, `LedgerError` when the ledger cannot be written.
    """
    started = time.time()
    listener = progress or _unheard
    scope = scope_of(plan)
    known = open_ledger(plan, scope)
    # A resumed replay goes on as it began: dates that were shifted once are not shifted anew.
    scope = Scope.from_dict(known.header["scope"])
    access = _access(plan, scope, known)
    with (
        Target(plan.base_url, access.token, patience=_FIRST_PATIENCE) as target,
        LedgerWriter(plan.ledger) as writer,
    ):

        def created(done: int, remaining: int) -> None:
            listener(Progress("setting up", done, remaining, 0.0, 0.0, 0))

        vacancies = create_vacancies(target, scope, known, writer, created)
    told = Plan(scope, vacancies)
    listener(Progress("counting", 0, scope.applicants, 0.0, 0.0, 0))
    census = told.census()
    orders = orders_for(plan, access.token, access.control_url, told, census)
    limit = time_limit(plan, census)
    if plan.profile.limits.propagation_p95_ms is None or access.control_url is None:
        interrupted = send(orders, plan, census, limit, listener)
        ledger, reached = read_ledger(plan.ledger), None
    else:
        arrivals = plan.ledger.with_name(f"{plan.ledger.stem}-arrivals.ndjson")
        with receiving(arrivals) as address:
            orders = replace(orders, events_to=address)
            interrupted = send(orders, plan, census, limit, listener)
            _end_of_events(plan.base_url, access, address)
        ledger = read_ledger(plan.ledger)
        reached = measure_propagation(ledger, told, arrivals.read_bytes().splitlines())
    found: Reconciliation | None = None
    try:
        found = _read_back(ledger, told, plan.base_url, access.token, listener)
    except KeyboardInterrupt:
        interrupted = interrupted or "stopped by Ctrl-C while reading back"
    except ReplayError as error:
        interrupted = interrupted or str(error)
    return _result(plan, told, census, ledger, found, interrupted, started, reached)


def reconcile_ledger(
    path: Path, base_url: str, token: Access, progress: Listener | None = None
) -> Reconciliation:
    """Read ESR back and judge every message of a ledger, whoever wrote it and however it ended.

    Raises `LedgerError` when the file is not a ledger or not this program's, `TargetError` when ESR cannot be read.
    """
    ledger = read_ledger(path)
    scope = Scope.from_dict(ledger.header["scope"])
    plan = Plan(scope, vacancies_of(ledger))
    return _read_back(ledger, plan, base_url, token, progress or _unheard)


def token_of(ledger: Path) -> Access | None:
    """The access to the workspace that a replay made for itself; None where it made none."""
    with suppress(OSError):
        text = _token_file(ledger).read_text(encoding="utf-8").strip()
        return read(text) if text else None
    return None


def _unheard(_: Progress) -> None:
    return


def scope_of(plan: ReplayPlan) -> Scope:
    """The scope that a plan asks for. Raises `PlanError` for what cannot be."""
    profile = plan.profile
    factor = factor_of(plan)
    if not 0 < factor < math.inf:
        raise PlanError(
            f"A factor of {factor} is impossible; it is how many simulated seconds pass in one."
        )
    if not 0 < plan.scale < math.inf or (plan.applicants is not None and plan.applicants < 1):
        raise PlanError("A replay needs at least one applicant; give another scale or number.")
    national = profile.applicants_per_year * plan.scale
    applicants = plan.applicants if plan.applicants is not None else max(1, round(national))
    try:
        plan.world.make()
    except ValueError as error:
        raise PlanError(f"There is no such world: {error}.") from error
    window = profile.window
    closed = window.closed(plan.closed_hours) if window is not None else None
    if plan.closed_hours is not None and closed is None:
        raise PlanError(f"Profile {profile.name} has no closure, so its length cannot be set.")
    moments = window.moments if window is not None else None
    if closed is not None and moments is not None and closed[1] >= moments[1]:
        # A longer closure ends later, and so does the window: what follows the opening stays as long.
        usual = window.closed() if window is not None else None
        assert usual is not None
        moments = (moments[0], moments[1] + closed[1] - usual[1])
    return Scope(
        seed=plan.seed,
        world=plan.world,
        applicants=applicants,
        first_applicant=plan.first_applicant,
        window=moments,
        hourly=window is not None and window.arrivals is Arrivals.HOURLY,
        closed=closed,
        sent_on=None
        if plan.sandbox_url is not None
        else plan.sent_on or datetime.now(UTC).date().isoformat(),
    )


def factor_of(plan: ReplayPlan) -> float:
    """Simulated seconds per wall second: throughout, or of an hour that need not be stretched."""
    return plan.factor if plan.factor is not None else plan.profile.pace.factor


def open_ledger(plan: ReplayPlan, scope: Scope) -> Ledger:
    """The ledger as it stands: new with its header, or the earlier part of this very replay. Raises `LedgerError`."""
    if not plan.ledger.exists() or plan.ledger.stat().st_size == 0:
        with LedgerWriter(plan.ledger) as writer:
            writer.write_header(
                {"scope": scope.to_dict(), "profile": plan.profile.name, "target": plan.base_url}
            )
    ledger = read_ledger(plan.ledger)
    held = ledger.header.get("scope")
    if held is None or replace(Scope.from_dict(held), sent_on=scope.sent_on) != scope:
        raise LedgerError(
            f"{plan.ledger} belongs to another replay; give a new file, or the arguments of that replay."
        )
    if plan.processes > 1 and ledger.begun:
        raise LedgerError(
            f"{plan.ledger} has been begun, and only one process can go on with a ledger; "
            "leave --processes and --master out, or give a new file."
        )
    trim_ledger(plan.ledger)
    return ledger


@dataclass(frozen=True, slots=True)
class _Access:
    """What a replay reaches ESR by."""

    token: Access
    control_url: str | None


def _access(plan: ReplayPlan, scope: Scope, known: Ledger) -> _Access:
    """In a sandbox a workspace of the replay's own, whose clock stands where the replay begins; else what is given."""
    if plan.sandbox_url is None:
        return _Access(plan.token, None)
    name = f"replay-{scope.run.lower()}"
    control_url = f"{plan.sandbox_url}/w/{name}/control/v1"
    token = token_of(plan.ledger) if known.begun or known.vacancies else None
    if token is None:
        begins = scope.window[0] if scope.window else None
        at = datetime.fromtimestamp(begins / 1e6, UTC) if begins else _midnight(TODAY)
        clock = {"mode": "FROZEN", "at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        world = plan.world
        operator = plan.operator
        with Target(
            f"{plan.sandbox_url}/control/v1", operator or plan.token, patience=_FIRST_PATIENCE
        ) as control:
            token = control.create_workspace(name, clock, operator)
        with Target(control_url, token) as control:
            control.seed(world.seed, world.organisations, world.positions_per_organisation)
        path = _token_file(plan.ledger)
        path.touch(mode=0o600)
        path.write_text(written(token), encoding="utf-8")
    return _Access(token, control_url)


def _end_of_events(base_url: str, access: _Access, address: str) -> None:
    """Let every event that is due arrive, for half a minute at most, and have no more of them sent."""
    assert access.control_url is not None
    with (
        suppress(ReplayError),
        Target(access.control_url, access.token, timeout=_SETTLES_WITHIN) as control,
    ):
        control.settle()
        unsubscribe(base_url, access.token, address)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _token_file(ledger: Path) -> Path:
    return ledger.with_name(f".{ledger.name}.token")


def time_limit(plan: ReplayPlan, census: Census) -> float:
    """Wall seconds after which the sending process is stopped."""
    if plan.time_limit_seconds is not None:
        return plan.time_limit_seconds
    spare = 2 * plan.profile.sending.retry_for_seconds + 120
    messages = census.messages + census.caught_up
    if plan.profile.pace.kind is Pacing.CAPPED or not census.by_hour:
        return messages / _SLOWEST + spare
    simulated = max(census.by_hour) - min(census.by_hour) + 3600
    return 2 * simulated / factor_of(plan) + census.caught_up / _SLOWEST + spare


def orders_for(
    plan: ReplayPlan, token: Access, control_url: str | None, told: Plan, census: Census
) -> SendingOrders:
    """What the sending process is told; with `control_url`, to move the workspace's clock. Raises `PlanError`."""
    if plan.master is not None and not isinstance(token, str):
        raise PlanError(
            "Workers of other machines are told a token, never a key: give --token, or leave --master out."
        )
    sending = plan.profile.sending
    return SendingOrders(
        base_url=plan.base_url.rstrip("/"),
        token=token,
        scope=told.scope,
        vacancies=told.vacancies,
        ledger=plan.ledger.resolve(),
        by_hour={hour: sum(kinds.values()) for hour, kinds in census.by_hour.items()},
        caught_up=census.caught_up,
        factor=factor_of(plan),
        share_of_capacity=plan.profile.pace.share_of_capacity,
        connections=sending.connections,
        answer_timeout_seconds=sending.answer_timeout_seconds,
        retry_for_seconds=sending.retry_for_seconds,
        control_url=control_url,
        senders=plan.processes,
    )


def _read_back(
    ledger: Ledger, plan: Plan, base_url: str, token: Access, listener: Listener
) -> Reconciliation:
    status = ledger.rows["status"]
    submissions = ledger.rows["number"] % 64 == 0
    expected = int((submissions & (status >= 200) & (status < 300)).sum())
    started = time.monotonic()
    shown = started

    def read(done: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _SHOWN_EVERY or done == expected:
            shown = now
            rate = done / (now - started) if now > started else 0.0
            listener(Progress("reconciling", done, max(0, expected - done), rate, 0.0, 0))

    return reconcile(ledger, plan, lambda: Target(base_url, token), read)


def counts_of(ledger: Ledger, scope: Scope, census: Census) -> Counts:
    """What became of the window's messages, by the ledger."""
    rows = window_rows(ledger, scope)
    status = rows["status"]
    answered = (status >= 200) & (status < 300)
    unheard = sum(int((status == code).sum()) for code in RETRIED)
    cut_off = int((status == -1).sum())
    acknowledged = int(answered.sum())
    kinds = {
        kind.value: int((answered & (rows["kind"] == place)).sum())
        for place, kind in enumerate(Kind)
    }
    return Counts(
        planned=census.messages,
        sent=len(rows),
        acknowledged=acknowledged,
        refused=len(rows) - acknowledged - unheard - cut_off,
        unacknowledged=unheard,
        cut_off=cut_off,
        never_sent=census.messages - len(rows),
        retries=int(rows["attempts"].sum()) - len(rows),
        by_kind=kinds,
    )


def set_up_gap(ledger: Ledger, counts: Counts, census: Census) -> str | None:
    """What is missing of the messages before the window, a sentence: what the window builds on is then not there."""
    missing = census.caught_up - (len(ledger.rows) - counts.sent)
    if missing <= 0:
        return None
    return f"{missing:,} of {census.caught_up:,} earlier messages of the set-up were not sent"


def _result(
    plan: ReplayPlan,
    told: Plan,
    census: Census,
    ledger: Ledger,
    found: Reconciliation | None,
    interrupted: str | None,
    started: float,
    reached: Distribution | None,
) -> ReplayResult:
    counts = counts_of(ledger, told.scope, census)
    planned = {hour: sum(kinds.values()) for hour, kinds in census.by_hour.items()}
    measured = measure(ledger, told.scope, planned)
    lost = sum("lost" in note for note in ledger.notes)
    if lost and interrupted is None:
        interrupted = f"{lost} of {plan.processes} workers were lost"
    interrupted = interrupted or set_up_gap(ledger, counts, census)
    findings = judge(plan.profile.limits, counts, measured, found, interrupted, reached)
    capped = plan.profile.pace.kind is Pacing.CAPPED
    legs = [Leg(**leg) for stretch in ledger.stretches for leg in stretch["legs"]]
    return ReplayResult(
        outcome=roll_up(findings),
        findings=findings,
        counts=counts,
        set_up=SetUp(len(told.vacancies), len(ledger.rows) - counts.sent),
        measurements=measured,
        propagation=reached,
        reconciliation=found,
        assumptions=(*volume_told(plan, told), *plan.profile.assumptions, *told.year.assumptions),
        profile=plan.profile.name,
        title=plan.profile.title,
        factor=None if capped else factor_of(plan),
        legs=tuple(legs) if capped else (),
        calibration=_calibration(ledger, plan),
        seed=plan.seed,
        scope=told.scope.to_dict(),
        run=told.scope.run,
        senders=plan.processes,
        lost_senders=lost,
        ledger=plan.ledger,
        messages_digest=sent_digest(ledger, told.scope.run),
        started=started,
        seconds=time.time() - started,
        interrupted=interrupted,
    )


def _calibration(ledger: Ledger, plan: ReplayPlan) -> dict[str, float] | None:
    for note in ledger.notes:
        if "calibration" in note:
            rate: float = note["calibration"]["messages"] / max(
                note["calibration"]["seconds"], 0.001
            )
            share = plan.profile.pace.share_of_capacity or 1.0
            return {"per_second": rate, "cap": rate * share}
    return None


def volume_told(plan: ReplayPlan, told: Plan) -> tuple[str, ...]:
    """Which part of the national volume was replayed, where it was not all of it."""
    national = plan.profile.applicants_per_year
    if told.scope.applicants == national:
        return ()
    share = told.scope.applicants / national
    said = f"The year has {told.scope.applicants:,} applicants, {share:.2%} of the profile's {national:,}."
    return (said,)
