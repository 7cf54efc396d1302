"""Latency, lateness and arrivals, folded from a ledger. Every figure of a report comes from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hdrh.histogram import HdrHistogram

from loadtests.ledger import Entry, Kind, Ledger

_LONGEST_US = 86_400_000_000
"""The histogram's range: a microsecond to a day, three significant figures."""

DAY_KINDS = (Kind.APPLICANT, Kind.CHECK)
"""What the day sends; the set-up's vacancies are counted apart."""


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
    """Messages by the hour of the simulated day in which they were due."""

    hour: int
    applicants: int
    checks: int
    planned: int
    """Applicants and checks that the plan has in this hour."""


@dataclass(frozen=True, slots=True)
class LatencyPoint:
    """Latency from the intended time of the messages due within one span of the simulated day, in milliseconds."""

    minute: int
    """Simulated minutes after midnight at which the span begins."""
    count: int
    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Measurements:
    """What one replay's ledger shows."""

    latency: dict[str, Latency]
    """By kind, and `all`."""
    lateness: Distribution
    """What the driver itself held messages back."""
    arrivals: tuple[Arrivals, ...]
    latency_over_time: tuple[LatencyPoint, ...]
    histogram: str
    """The HdrHistogram of latency from intended time in microseconds, compressed, in base64; it can be merged."""
    wall_seconds: float
    """From the moment the first message was due to the last answer."""
    simulated_seconds: float
    """From the first to the last intended time."""

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


def measure(
    ledger: Ledger, planned_by_hour: dict[int, int], span_minutes: int = 15
) -> Measurements:
    """Fold a ledger. `planned_by_hour` is what the plan says, to set beside what was sent."""
    entries = list(ledger.of(*DAY_KINDS))
    answered = [entry for entry in entries if entry.answered is not None and entry.status]
    overall = _histogram(_from_intended(answered))
    ends = [entry.answered for entry in answered if entry.answered is not None]
    return Measurements(
        latency={
            "all": _latency(answered),
            **{
                kind.value: _latency([entry for entry in answered if entry.kind == kind])
                for kind in DAY_KINDS
            },
        },
        lateness=_distribution(_histogram(entry.late for entry in entries)),
        arrivals=_arrivals(entries, planned_by_hour),
        latency_over_time=_over_time(answered, span_minutes),
        histogram=overall.encode().decode(),
        wall_seconds=max(ends) - min(entry.due for entry in entries) if ends else 0.0,
        simulated_seconds=_spread([entry.intended for entry in entries]),
    )


def _spread(values: list[float]) -> float:
    return max(values) - min(values) if values else 0.0


def _from_intended(entries: Iterable[Entry]) -> Iterable[float]:
    return (entry.answered - entry.due for entry in entries if entry.answered is not None)


def _latency(entries: list[Entry]) -> Latency:
    service = (
        entry.answered - (entry.lastSent or entry.sent)
        for entry in entries
        if entry.answered is not None
    )
    return Latency(
        _distribution(_histogram(_from_intended(entries))), _distribution(_histogram(service))
    )


def _arrivals(entries: list[Entry], planned_by_hour: dict[int, int]) -> tuple[Arrivals, ...]:
    hours = sorted(set(planned_by_hour) | {int(entry.intended // 3600) for entry in entries})
    counts = {(hour, kind): 0 for hour in hours for kind in DAY_KINDS}
    for entry in entries:
        counts[int(entry.intended // 3600), entry.kind] += 1
    return tuple(
        Arrivals(
            hour,
            counts[hour, Kind.APPLICANT],
            counts[hour, Kind.CHECK],
            planned_by_hour.get(hour, 0),
        )
        for hour in hours
    )


def _over_time(entries: list[Entry], span_minutes: int) -> tuple[LatencyPoint, ...]:
    spans: dict[int, list[Entry]] = {}
    for entry in entries:
        spans.setdefault(int(entry.intended // (60 * span_minutes)), []).append(entry)
    points = []
    for span in sorted(spans):
        shown = _distribution(_histogram(_from_intended(spans[span])))
        points.append(
            LatencyPoint(span * span_minutes, shown.count, shown.p50, shown.p99, shown.max)
        )
    return tuple(points)


def _histogram(seconds: Iterable[float]) -> HdrHistogram:
    histogram = HdrHistogram(1, _LONGEST_US, 3)
    for value in seconds:
        histogram.record_value(min(_LONGEST_US, max(1, round(value * 1e6))))
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
