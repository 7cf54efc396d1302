"""Charts of how a replay's target answered: latency over the year and as a histogram, rate and service time, a closure's end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from hdrh.histogram import HdrHistogram
from matplotlib import pyplot as plt

from loadtests.measurements import Distribution, LatencyPoint, Measurements, RatePoint, Recovery
from sandbox.reports.drawing import BLUE, ORANGE, STYLE, as_svg, broken_at_gaps, plain_numbers
from sandbox.reports.replay_calendar import Span, drawn_at, local, mark_time
from sandbox.reports.verdicts import Figure

_SIZE = (9.0, 3.4)
_TALL = (9.0, 5.0)
_BUCKETS_A_DECADE = 10


def answer_charts(measured: Measurements) -> tuple[Figure, ...]:
    """All of them that have something to show; none where nothing was answered."""
    if not measured.latency_over_time:
        return ()
    recovery = measured.recovery
    return (
        latency_over_time(measured.latency_over_time),
        latency_histogram(measured.histogram, measured.latency["all"].intended),
        rate_and_service_time(measured),
        *((drain(recovery),) if recovery and recovery.drain else ()),
    )


def latency_over_time(points: tuple[LatencyPoint, ...]) -> Figure:
    """Median and 99th percentile from the intended time, and of the service time beside them."""
    moments = [drawn_at(point.at) for point in points]
    lines = (
        ("99th percentile, from intended time", "p99", ORANGE, "-"),
        ("median, from intended time", "p50", BLUE, "-"),
        ("99th percentile, service time", "service_p99", ORANGE, ":"),
        ("median, service time", "service_p50", BLUE, ":"),
    )
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        for label, name, colour, stroke in lines:
            axes.plot(
                *broken_at_gaps(moments, [getattr(point, name) for point in points]),
                color=colour,
                linestyle=stroke,
                linewidth=1.6,
                marker=".",
                markersize=3,
                label=label,
            )
        axes.set_yscale("log")
        plain_numbers(axes.yaxis)
        axes.set_ylabel("milliseconds (log)")
        mark_time(axes, points[0].at)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        svg = as_svg(drawing)
    worst = max(points, key=lambda point: point.p99)
    return Figure(
        title="Latency over the year's calendar",
        svg=svg,
        says=(
            f"The worst span begins {_when(worst.at)} with a 99th percentile of {_ms(worst.p99)} from the intended time, "
            f"beside {_ms(worst.service_p99)} of service time. From the intended time waiting counts, so a stall shows there; "
            "service time is that of the answered attempt alone."
        ),
        headings=(
            "from",
            "messages",
            "median (ms)",
            "99th percentile (ms)",
            "longest (ms)",
            "service median (ms)",
            "service 99th percentile (ms)",
        ),
        rows=tuple(
            (
                _when(point.at),
                f"{point.count:,}",
                *(
                    f"{value:,.1f}"
                    for value in (point.p50, point.p99, point.max, point.service_p50, point.service_p99)
                ),
            )
            for point in points
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """Messages whose latency lies between two values, in milliseconds, the upper one left out."""

    first: float
    last: float
    count: int


def buckets(histogram: str) -> list[Bucket]:
    """An encoded HdrHistogram of microseconds in buckets that widen evenly, ten to each power of ten; gaps count 0."""
    counts: dict[int, int] = {}
    for item in HdrHistogram.decode(histogram.encode()).get_recorded_iterator():
        place = math.floor(math.log10(item.value_iterated_to / 1000) * _BUCKETS_A_DECADE + 1e-9)
        counts[place] = counts.get(place, 0) + item.count_added_in_this_iter_step
    return [
        Bucket(_edge(place), _edge(place + 1), counts.get(place, 0))
        for place in range(min(counts), max(counts) + 1)
    ]


def _edge(place: int) -> float:
    return float(10 ** (place / _BUCKETS_A_DECADE))


def latency_histogram(histogram: str, overall: Distribution) -> Figure:
    """How many messages took how long from their intended time, with the percentiles marked."""
    shown = buckets(histogram)
    marks = (("p50", overall.p50), ("p95", overall.p95), ("p99", overall.p99))
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        axes.bar(
            [bucket.first for bucket in shown],
            [bucket.count for bucket in shown],
            width=[bucket.last - bucket.first for bucket in shown],
            align="edge",
            color=BLUE,
            edgecolor="white",
            linewidth=0.5,
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.7)
        for height, (name, value) in enumerate(marks):
            axes.axvline(value, color=ORANGE, linestyle="--", linewidth=1.2)
            axes.annotate(
                f" {name} {_ms(value)}",
                (value, 1.0 + 0.08 * (len(marks) - 1 - height)),
                xycoords=("data", "axes fraction"),
                color=ORANGE,
                va="bottom",
                fontsize=10,
            )
        plain_numbers(axes.xaxis)
        plain_numbers(axes.yaxis)
        axes.set_xlabel("milliseconds from the intended time to the answer (log)")
        axes.set_ylabel("messages (log)")
        svg = as_svg(drawing)
    return Figure(
        title="How long answers took",
        svg=svg,
        says=(
            f"Of {overall.count:,} answered messages half took up to {_ms(overall.p50)} from their intended time, 95 in a "
            f"hundred up to {_ms(overall.p95)}, 99 up to {_ms(overall.p99)}; the longest took {_ms(overall.max)}."
        ),
        headings=("from (ms)", "to (ms)", "messages", "so far"),
        rows=_cumulated(shown, overall.count),
    )


def _cumulated(shown: Sequence[Bucket], count: int) -> tuple[tuple[str, ...], ...]:
    rows = []
    so_far = 0
    for bucket in shown:
        so_far += bucket.count
        share = so_far / count if count else 0.0
        rows.append(
            (f"{bucket.first:,.3g}", f"{bucket.last:,.3g}", f"{bucket.count:,}", f"{share:.2%}")
        )
    return tuple(rows)


def rate_and_service_time(measured: Measurements) -> Figure:
    """What was answered each second of wall time, and the median service time meanwhile: whether it grows."""
    points = measured.rate_over_time
    seconds = [point.second for point in points]
    answered = [point for point in points if point.service_p50]
    with mpl.rc_context(STYLE):
        drawing, (above, below) = plt.subplots(2, 1, figsize=_TALL, sharex=True)
        above.plot(seconds, [point.per_second for point in points], color=BLUE, linewidth=1.4)
        above.set_ylabel("answered\nper second")
        below.plot(
            *broken_at_gaps(
                [point.second for point in answered], [point.service_p50 for point in answered]
            ),
            color=ORANGE,
            linewidth=1.4,
            marker=".",
            markersize=3,
        )
        below.set_ylabel("median service\ntime (ms)")
        below.set_xlabel("seconds of wall time since the first message")
        for axes in (above, below):
            axes.set_ylim(bottom=0)
            axes.grid(axis="y", color="#d8dde0", linewidth=0.8)
            axes.set_axisbelow(True)
        svg = as_svg(drawing)
    grown = (
        f"the median service time of its last tenth of the messages is {measured.growth:.2f} times that of the second tenth"
        if measured.growth
        else "the messages are too few to say whether the service time grew"
    )
    return Figure(
        title="Rate and service time over wall time",
        svg=svg,
        says=(
            f"{measured.messages_per_second:,.1f} messages a second over {measured.wall_seconds:,.1f} seconds; {grown}."
        ),
        headings=("from second", "answered per second", "median service time (ms)", "waiting"),
        rows=tuple(_point(point) for point in points),
    )


def drain(recovery: Recovery) -> Figure:
    """Messages due and not answered, from before ESR opened until after what had waited was answered."""
    points = recovery.drain
    seconds, waiting = (
        [point.second for point in points],
        [point.waiting for point in points],
    )
    recovered = recovery.opened + recovery.seconds
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        axes.fill_between(seconds, waiting, color=BLUE, alpha=0.3, step="post")
        axes.step(seconds, waiting, color=BLUE, where="post")
        for name, second, stroke in (
            ("ESR opens", recovery.opened, "--"),
            ("recovered", recovered, "-"),
        ):
            axes.axvline(
                second,
                color=ORANGE,
                linestyle=stroke,
                linewidth=1.4,
                label=f"{name}, {second:,.1f} s",
            )
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds of wall time since the first message")
        axes.set_ylabel("messages waiting")
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        svg = as_svg(drawing)
    return Figure(
        title="What had waited while ESR was closed",
        svg=svg,
        says=(
            f"{recovery.waited:,} messages waited for ESR to open. The last of them was answered {recovery.seconds:,.1f} "
            f"seconds after it opened, {_long(recovery.simulated_seconds)} of the year at this replay's factor. What became "
            "due meanwhile waits with them."
        ),
        headings=("second", "waiting"),
        rows=tuple((f"{point.second:,.2f}", f"{point.waiting:,}") for point in points),
    )


def _point(point: RatePoint) -> tuple[str, ...]:
    return (
        f"{point.second:,.1f}",
        f"{point.per_second:,.1f}",
        f"{point.service_p50:,.1f}" if point.service_p50 else "none answered",
        f"{point.waiting:,}",
    )


def _when(seconds: float) -> str:
    return local(seconds).strftime(Span.HOUR.value)


def _ms(value: float) -> str:
    return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:,.0f} ms"


def _long(seconds: float) -> str:
    """A span of the year, in the unit in which it reads best."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.0f} seconds"
