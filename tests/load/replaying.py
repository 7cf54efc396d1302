"""Replays small enough to be over in a second or two, and the messages that they send."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.ledger import LedgerWriter, read_ledger
from loadtests.plan import Plan, WorldParameters
from loadtests.preparation import create_vacancies
from loadtests.profiles import Arrivals, Profile, Window, load_profile
from loadtests.results import ReplayPlan, ReplayResult
from loadtests.runner import scope_of
from loadtests.target import Target
from loadtests.verdict import Outcome
from tests.load.esr_stub import TOKEN, EsrStub

WORLD = WorldParameters(seed=5, organisations=2, positions_per_organisation=20)
SUMMER = Window(
    datetime.fromisoformat("2026-06-01"), datetime.fromisoformat("2026-09-01"), Arrivals.SPREAD
)
"""Three months, in which a few dozen applicants have every kind of message."""
A_SECOND = 8_000_000.0
"""The factor at which the summer takes about one."""
REPOSITORY = Path(__file__).parents[2]
BOUND = 30.0
"""Seconds after which what should have happened is taken not to."""


def profile(window: Window = SUMMER, connections: int = 200) -> Profile:
    """The smoke profile over another window; no receiver listens, so nothing is said of events."""
    smoke = load_profile("smoke")
    limits = replace(smoke.limits, propagation_p95_ms=None)
    if window.closed_from is not None:
        limits = replace(limits, recovery_seconds=20.0)
    sending = replace(smoke.sending, connections=connections)
    return replace(smoke, window=window, limits=limits, sending=sending)


def plan_for(stub: EsrStub, folder: Path, applicants: int = 60) -> ReplayPlan:
    """A replay of the summer, in about a second."""
    return ReplayPlan(
        base_url=stub.base_url,
        token=TOKEN,
        profile=profile(),
        world=WORLD,
        seed=2,
        ledger=folder / "ledger.ndjson",
        factor=A_SECOND,
        applicants=applicants,
        sent_on="2026-11-02",
    )


def messages_of(plan: ReplayPlan) -> Plan:
    """What a replay sends; an ESR of the same world confirms its vacancies as the replay's own does."""
    scope = scope_of(plan)
    with tempfile.TemporaryDirectory() as folder, EsrStub(WORLD.make()) as esr:
        path = Path(folder) / "ledger.ndjson"
        with Target(esr.base_url, TOKEN) as target, LedgerWriter(path) as writer:
            writer.write_header({"scope": scope.to_dict()})
            known = read_ledger(path)
            vacancies = create_vacancies(target, scope, known, writer, lambda *_: None)
    return Plan(scope, vacancies)


def found_in(result: ReplayResult) -> Reconciliation:
    assert result.reconciliation is not None, result.interrupted
    return result.reconciliation


def listed(found: Reconciliation) -> dict[str, list[Discrepancy]]:
    """Everything that a reconciliation holds against ESR."""
    return {
        "lost": found.lost,
        "duplicated": found.duplicated,
        "altered": found.altered,
        "contradicted": found.contradicted,
    }


def assert_whole(result: ReplayResult) -> None:
    """Everything that was planned was sent, acknowledged and found once, unaltered."""
    found = found_in(result)
    assert listed(found) == {"lost": [], "duplicated": [], "altered": [], "contradicted": []}
    assert found.confirmed == found.acknowledged
    assert result.counts.acknowledged == result.counts.sent == result.counts.planned
    assert result.outcome is Outcome.PASS, (result.findings, result.interrupted)


def wait_until(condition: Callable[[], bool], seconds: float = BOUND) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.02)


@contextmanager
def command(*arguments: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`esr-sandbox` as a process of its own, which is gone when the block is left."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ESR_SANDBOX")
    }
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def copied(folder: Path) -> Path:
    """A copy of the package, to be changed."""
    home = folder / "home"
    for package in ("loadtests", "simulators"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, home / package, ignore=ignored)
    return home


def children_of(process: int) -> list[int]:
    """The process ids of the sending processes that this process started and that still run."""
    told = subprocess.run(
        ["ps", "-o", "pid=,stat=,args=", "--ppid", str(process)],
        check=False,
        capture_output=True,
        text=True,
    )
    lines = (line.split(None, 2) for line in told.stdout.splitlines())
    return [int(number) for number, state, name in lines if state[0] != "Z" and "locust" in name]


def is_running(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    if stat.parent.parent.joinpath("self").exists():
        return stat.exists() and " Z " not in stat.read_text()
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
