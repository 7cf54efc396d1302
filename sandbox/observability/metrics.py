"""Prometheus metrics. No label names a person, a workspace, a client or an id: their number does not grow with use.

Where several processes serve one database, each keeps its counts in the folder that PROMETHEUS_MULTIPROC_DIR names, and
whichever is asked answers for all.
"""

import asyncio
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from sandbox.database import Database
from sandbox.identity.faults import Fault
from sandbox.observability.meter import FOLDER, Exchange, Meter
from sandbox.observability.store import State, read_state

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64)
_TOKEN_ERRORS = frozenset(fault.value.error for fault in Fault)


class Prometheus(Meter):
    """Counts for Prometheus."""

    def __init__(self, database: Database) -> None:
        """`database` is asked at each scrape for what there is."""
        self._database = database
        own = self._own = CollectorRegistry()
        self._requests = Counter(
            "esr_sandbox_requests",
            "Requests that were answered, by contract, operation and class of status.",
            ("system", "operation", "status"),
            registry=own,
        )
        self._seconds = Histogram(
            "esr_sandbox_request_seconds",
            "From the head of a request to the end of its answer.",
            ("system", "operation"),
            buckets=_SECONDS,
            registry=own,
        )
        self._in_flight = Gauge(
            "esr_sandbox_requests_in_flight",
            "Requests that are being served.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._refusals = Counter(
            "esr_sandbox_refusals", "Requests that were refused, by code.", ("code",), registry=own
        )
        self._tokens = Counter(
            "esr_sandbox_tokens",
            "Requests for a token, by outcome: ISSUED, or the error of the answer.",
            ("outcome",),
            registry=own,
        )
        self._messages = Counter(
            "esr_sandbox_messages_sent",
            "Attempts to send a message of the outbox, by the system that sends and by outcome.",
            ("sender", "outcome"),
            registry=own,
        )
        self._faults = Counter(
            "esr_sandbox_faults_struck",
            "Faults that tests asked for and that struck.",
            ("kind",),
            registry=own,
        )
        self._group_sizes = Histogram(
            "esr_sandbox_write_group_size",
            "Writes that were committed together.",
            buckets=_SIZES,
            registry=own,
        )
        self._group_seconds = Histogram(
            "esr_sandbox_write_group_seconds",
            "How long a group of writes took, with its commit.",
            buckets=_SECONDS,
            registry=own,
        )
        self._refused_groups = Counter(
            "esr_sandbox_write_groups_refused",
            "Groups of writes that could not be committed: disk full, database gone.",
            registry=own,
        )
        # Looking a child up takes longer than counting.
        self._of_request = lru_cache(maxsize=4096)(self._find_request)

    def _find_request(self, system: str, operation: str, status: str) -> tuple[Counter, Histogram]:
        return (
            self._requests.labels(system, operation, status),
            self._seconds.labels(system, operation),
        )

    def request_began(self) -> None:
        """As `Meter` says."""
        self._in_flight.inc()

    def request_ended(self, exchange: Exchange) -> None:
        """As `Meter` says."""
        self._in_flight.dec()
        status = f"{exchange.status // 100}xx" if exchange.status else "none"
        count, seconds = self._of_request(exchange.system, exchange.operation, status)
        count.inc()
        seconds.observe(exchange.seconds)
        if exchange.code:
            self._refusals.labels(exchange.code).inc()
        if exchange.token_error is not None:
            known = exchange.token_error if exchange.token_error in _TOKEN_ERRORS else "OTHER"
            self._tokens.labels(known if exchange.token_error else "ISSUED").inc()

    def group_ended(self, size: int, seconds: float, *, committed: bool) -> None:
        """As `Meter` says."""
        if not committed:
            self._refused_groups.inc()
            return
        self._group_sizes.observe(size)
        self._group_seconds.observe(seconds)

    def message_sent(self, sender: str, outcome: str) -> None:
        """As `Meter` says."""
        self._messages.labels(sender, outcome).inc()

    def fault_struck(self, kind: str) -> None:
        """As `Meter` says."""
        self._faults.labels(kind).inc()

    async def exposition(self) -> bytes:
        """All metrics in Prometheus's text format, those of the other processes too."""
        state: State = await asyncio.wrap_future(self._database.read(read_state))
        registry = CollectorRegistry()
        folder = os.environ.get(FOLDER)
        if folder:
            _forget_the_dead(Path(folder))
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(_Copy(self._own))
        registry.register(_OfState(state))
        return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """Takes what processes that are gone were doing off the gauges; what they have done stays counted."""
    pids = {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*_*.db")}
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


class _Copy(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """The metrics of another registry."""
        yield from self._registry.collect()


class _OfState(Collector):
    """What is read from the database when it is asked for: the same whichever process answers."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        state = self._state
        messages = GaugeMetricFamily(
            "esr_sandbox_outbox_messages",
            "Messages of the outbox that wait or were given up.",
            labels=["state"],
        )
        for name, count in state.messages.items():
            messages.add_metric([name], count)
        yield messages
        for name, value, told in (
            (
                "outbox_lateness_seconds",
                state.message_lateness,
                "How long the earliest message has been due, by the clock that it is due by; below 0 until it is.",
            ),
            ("jobs", state.jobs, "What is to happen on the worlds' clocks."),
            (
                "job_lateness_seconds",
                state.job_lateness,
                "How long the earliest job has been due on its world's clock; below 0 until it is.",
            ),
            ("workspaces", state.workspaces, "Workspaces."),
        ):
            yield GaugeMetricFamily(f"esr_sandbox_{name}", told, value=value)
