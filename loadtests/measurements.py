"""Latency, lateness, arrivals and recovery, folded from a ledger. Every figure of a report comes from here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from loadtests.ledger import KINDS, Ledger
from loadtests.plan import HOUR, Scope

_LONGEST_US = 86_400_000_000
"""The histogram's range: a microsecond to a day, three significant figures."""
NEVER_MS = 0.99 * _LONGEST_US / 1000
"""What a maximum (milliseconds) of something that never came reaches: the histogram rounds its range's end."""
_POINTS = 240
"""Into how many spans a replay is cut at most, to be plotted."""

GROWS_FROM = 100_000
"""Messages below which nothing is said of growth: it would be the machine's noise."""

Rows = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Distribution:
    """Percentiles in milliseconds of wall time; all zero where `count` is."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long answers took, twice: the difference is what a message waited before it could be sent at all."""

    intended: Distribution
    """From the moment a message was due to its answer: with retries, and with waiting for the answer before."""
    service: Distribution
    """From handing the answered attempt to the network to its answer."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Messages by the hour of the year in which they were intended."""

    hour: int
    """Seconds since the Unix epoch at which it begins, on the year's calendar."""
    sent: int
    planned: int


@dataclass(frozen=True, slots=True)
class LatencyPoint:
    """Latency of the messages due within one span, in milliseconds."""

    at: int
    """Seconds since the Unix epoch at which the span begins, on the year's calendar."""
    count: int
    p50: float
    """This and the next two from the intended time."""
    p99: float
    max: float
    service_p50: float
    """This and the next from handing the answered attempt to the network."""
    service_p99: float


@dataclass(frozen=True, slots=True)
class RatePoint:
    """What was answered within one span of wall time."""

    second: float
    """Wall seconds since the first message at which the span begins."""
    per_second: float
    service_p50: float
    """Milliseconds."""
    waiting: int
    """Messages due and not answered yet at its end."""


@dataclass(frozen=True, slots=True)
class WaitingPoint:
    """How many messages were due and not answered."""

    second: float
    """Wall seconds since the first message."""
    waiting: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """How ESR came back after it was closed. Seconds of wall time."""

    waited: int
    """Messages that were due while it was closed, and were sent when it opened."""
    seconds: float
    """From the opening until the last of them was answered; of those that ever were."""
    simulated_seconds: float
    """The same on the year's calendar, at the replay's factor."""
    opened: float = 0.0
    """When ESR opened again: wall seconds since the first message."""
    drain: tuple[WaitingPoint, ...] = ()
    """From shortly before the opening until as long after the recovery as it took."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """What one replay's ledger shows of its window; what was caught up before is left out."""

    latency: dict[str, Latency]
    """By kind, and `all`."""
    lateness: Distribution
    """What the driver itself held messages back; what waited for the opening of a closed ESR is left out."""
    arrivals: tuple[Arrivals, ...]
    latency_over_time: tuple[LatencyPoint, ...]
    rate_over_time: tuple[RatePoint, ...]
    recovery: Recovery | None
    histogram: str
    """The HdrHistogram of latency from intended time in microseconds, compressed, in base64; it can be merged."""
    wall_seconds: float
    """From the moment the first message was due to the last answer."""
    simulated_seconds: float
    """From the first to the last intended time."""
    growth: float
    """Median service time of the last tenth of the messages over that of the second tenth; 0 below `GROWS_FROM`."""

    @property
    def messages_per_second(self) -> float:
        """Answered messages per second of wall time."""
        return (
            self.latency["all"].intended.count / self.wall_seconds if self.wall_seconds > 0 else 0.0
        )

    @property
    def compression(self) -> float:
        """Simulated seconds per wall second, as it came out."""
        return self.simulated_seconds / self.wall_seconds if self.wall_seconds > 0 else 0.0


def window_rows(ledger: Ledger, scope: Scope) -> Rows:
    """The ledger's rows of the window: without what was caught up before it."""
    rows = ledger.rows
    if scope.window is None:
        return rows
    within: Rows = rows[rows["intended"] >= scope.window[0]]
    return within


def measure(ledger: Ledger, scope: Scope, planned_by_hour: dict[int, int]) -> Measurements:
    """Fold a ledger. `planned_by_hour` is what the plan says, to set beside what was sent."""
    rows = window_rows(ledger, scope)
    answered = rows[(rows["status"] > 0) & ~np.isnan(rows["answered"])]
    overall = _histogram(answered["answered"] - answered["due"])
    latency = {"all": _latency(answered)}
    for place, kind in enumerate(KINDS):
        latency[kind.value] = _latency(answered[answered["kind"] == place])
    simulated = _spread(rows["intended"]) / 1_000_000
    wall = float(answered["answered"].max() - rows["due"].min()) if len(answered) else 0.0
    recovery = _recovery(rows, scope, simulated)
    return Measurements(
        latency=latency,
        lateness=_distribution(_histogram(_in_turn(rows, scope, recovery)["late"])),
        arrivals=_arrivals(rows, planned_by_hour),
        latency_over_time=_over_time(answered),
        rate_over_time=_rate(answered),
        recovery=recovery,
        histogram=overall.encode().decode(),
        wall_seconds=wall,
        simulated_seconds=simulated,
        growth=_growth(answered),
    )


def _spread(values: Rows) -> float:
    return float(values.max() - values.min()) if len(values) else 0.0


def _latency(rows: Rows) -> Latency:
    return Latency(
        _distribution(_histogram(rows["answered"] - rows["due"])),
        _distribution(_histogram(rows["answered"] - rows["last"])),
    )


def _held(rows: Rows, scope: Scope) -> Rows:
    """What was due while ESR was closed."""
    assert scope.closed is not None
    held: Rows = rows[rows["intended"] == scope.intended(scope.closed[0])]
    return held


def _recovery(rows: Rows, scope: Scope, simulated: float) -> Recovery | None:
    if scope.closed is None:
        return None
    held = _held(rows, scope)
    ends = held["answered"][~np.isnan(held["answered"])]
    if not len(ends):
        return Recovery(len(held), 0.0, 0.0)
    opened = float(held["due"].min())
    seconds = float(ends.max() - opened)
    dues = _spread(rows["due"])
    return Recovery(
        waited=len(held),
        seconds=seconds,
        simulated_seconds=seconds * simulated / dues if dues > 0 else 0.0,
        opened=opened - float(rows["due"].min()),
        drain=_drain(rows, opened, seconds),
    )


def _drain(rows: Rows, opened: float, seconds: float) -> tuple[WaitingPoint, ...]:
    first = float(rows["due"].min())
    dues = np.sort(rows["due"])
    # What was never answered stands last, and waits for ever.
    ends = np.sort(rows["answered"])
    return tuple(
        WaitingPoint(
            second=moment - first,
            waiting=int(np.searchsorted(dues, moment, "right"))
            - int(np.searchsorted(ends, moment, "right")),
        )
        for moment in np.linspace(opened - seconds / 4, opened + 2 * seconds, _POINTS).tolist()
    )


def _in_turn(rows: Rows, scope: Scope, recovery: Recovery | None) -> Rows:
    """The rows that the driver could have sent in time: those due during a recovery all want to go at once."""
    if recovery is None or not recovery.waited:
        return rows
    opened = _held(rows, scope)["due"].min()
    in_turn: Rows = rows[(rows["due"] < opened) | (rows["due"] > opened + recovery.seconds)]
    return in_turn


def _arrivals(rows: Rows, planned_by_hour: dict[int, int]) -> tuple[Arrivals, ...]:
    hours, counts = np.unique(rows["intended"] // HOUR * 3600, return_counts=True)
    sent = dict(zip(hours.tolist(), counts.tolist(), strict=True))
    return tuple(
        Arrivals(hour, sent.get(hour, 0), planned_by_hour.get(hour, 0))
        for hour in sorted(sent.keys() | planned_by_hour.keys())
    )


def _over_time(rows: Rows) -> tuple[LatencyPoint, ...]:
    if not len(rows):
        return ()
    first = int(rows["intended"].min())
    span = max(60_000_000, int(rows["intended"].max() - first) // _POINTS + 1)
    spans = (rows["intended"] - first) // span
    points = []
    for place in np.unique(spans).tolist():
        within = rows[spans == place]
        shown = _latency(within)
        intended, service = shown.intended, shown.service
        points.append(
            LatencyPoint(
                at=(first + place * span) // 1_000_000,
                count=intended.count,
                p50=intended.p50,
                p99=intended.p99,
                max=intended.max,
                service_p50=service.p50,
                service_p99=service.p99,
            )
        )
    return tuple(points)


def _rate(rows: Rows) -> tuple[RatePoint, ...]:
    if not len(rows):
        return ()
    first = float(rows["due"].min())
    whole = float(rows["answered"].max()) - first
    count = max(1, min(_POINTS, int(whole / 0.5)))
    span = max(whole / count, 0.001)
    dues, ends = np.sort(rows["due"] - first), np.sort(rows["answered"] - first)
    service = rows["answered"] - rows["last"]
    # The last answer stands at the very end, and belongs to the last span.
    spans = np.minimum((rows["answered"] - first) / span, count - 1).astype("i8")
    points = []
    edges = np.linspace(0, whole, count + 1).tolist()
    for place, (begin, end) in enumerate(pairwise(edges)):
        within = service[spans == place]
        done = int(np.searchsorted(ends, end, "right"))
        points.append(
            RatePoint(
                second=begin,
                per_second=len(within) / span,
                service_p50=float(np.median(within)) * 1000 if len(within) else 0.0,
                waiting=max(0, int(np.searchsorted(dues, end, "right")) - done),
            )
        )
    return tuple(points)


def _growth(rows: Rows) -> float:
    if len(rows) < GROWS_FROM:
        return 0.0
    tenth = len(rows) // 10
    by_time = rows[np.argsort(rows["sent"], kind="stable")]
    service = by_time["answered"] - by_time["last"]
    early, late = (
        float(np.median(each)) for each in (service[tenth : 2 * tenth], service[-tenth:])
    )
    return late / early if early > 0 else 0.0


def distribution(seconds: Rows) -> Distribution:
    """The percentiles of lengths of time given in seconds."""
    return _distribution(_histogram(seconds))


def _histogram(seconds: Rows) -> HdrHistogram:
    histogram = HdrHistogram(1, _LONGEST_US, 3)
    values = np.clip(np.rint(np.asarray(seconds, "f8") * 1e6), 1, _LONGEST_US).astype("i8")
    for value, count in zip(*np.unique(values, return_counts=True), strict=True):
        histogram.record_value(int(value), int(count))
    return histogram


def _distribution(histogram: HdrHistogram) -> Distribution:
    count = int(histogram.get_total_count())
    if count == 0:
        return Distribution(0, 0.0, 0.0, 0.0, 0.0)
    found = histogram.get_percentile_to_value_dict([50, 95, 99])
    return Distribution(
        count=count,
        p50=found[50] / 1000,
        p95=found[95] / 1000,
        p99=found[99] / 1000,
        max=float(histogram.get_max_value()) / 1000,
    )
