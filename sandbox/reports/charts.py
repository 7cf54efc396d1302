"""Charts of a replayed day, as SVG that needs nothing else."""

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from loadtests.measurements import Arrivals, LatencyPoint
from sandbox.reports.drawing import BLUE, GREY, ORANGE, STYLE, as_svg
from sandbox.reports.verdicts import Figure

_SIZE = (9.0, 3.4)


def arrivals_by_hour(arrivals: tuple[Arrivals, ...]) -> Figure:
    """Messages an hour over the day, beside the plan."""
    hours = [item.hour for item in arrivals]
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        axes.bar(hours, [item.checks for item in arrivals], color=BLUE, label="check updates")
        axes.bar(
            hours,
            [item.applicants for item in arrivals],
            bottom=[item.checks for item in arrivals],
            color=ORANGE,
            hatch="//",
            edgecolor="white",
            label="applicants",
        )
        axes.plot(
            hours,
            [item.planned for item in arrivals],
            color=GREY,
            marker="o",
            markersize=4,
            linestyle="--",
            label="planned",
        )
        axes.set_xticks(range(0, 24, 2))
        axes.set_xlabel("hour of the simulated day")
        axes.set_ylabel("messages")
        axes.legend(frameon=False, loc="upper right")
        svg = as_svg(drawing)
    busiest = max(arrivals, key=lambda item: item.applicants + item.checks)
    total = sum(item.applicants + item.checks for item in arrivals)
    return Figure(
        title="Messages by hour of the day",
        svg=svg,
        says=(
            f"{total:,} messages; the busiest hour begins at {busiest.hour:02d}:00 with "
            f"{busiest.applicants + busiest.checks:,}. Bars are what was sent, the dashed line what was planned."
        ),
        headings=("hour", "applicants", "check updates", "planned"),
        rows=tuple(
            (f"{item.hour:02d}:00", f"{item.applicants:,}", f"{item.checks:,}", f"{item.planned:,}")
            for item in arrivals
        ),
    )


def latency_over_day(points: tuple[LatencyPoint, ...]) -> Figure:
    """Latency from the intended time, over the day."""
    hours = [point.minute / 60 for point in points]
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        _line(axes, hours, [point.p50 for point in points], BLUE, "-", "median")
        _line(axes, hours, [point.p99 for point in points], ORANGE, "--", "99th percentile")
        axes.set_yscale("log")
        axes.set_xlim(0, 24)
        axes.set_xticks(range(0, 25, 2))
        axes.set_xlabel("hour of the simulated day")
        axes.set_ylabel("milliseconds (log)")
        axes.legend(frameon=False, loc="upper left")
        svg = as_svg(drawing)
    worst = max(points, key=lambda point: point.p99)
    return Figure(
        title="Latency over the day, from the moment a message was due",
        svg=svg,
        says=(
            f"The worst quarter of an hour begins at {worst.minute // 60:02d}:{worst.minute % 60:02d} with a 99th "
            f"percentile of {worst.p99:.0f} ms. Waiting counts: a stall would show here."
        ),
        headings=("from", "messages", "median (ms)", "99th percentile (ms)", "longest (ms)"),
        rows=tuple(
            (
                f"{point.minute // 60:02d}:{point.minute % 60:02d}",
                f"{point.count:,}",
                f"{point.p50:.1f}",
                f"{point.p99:.1f}",
                f"{point.max:.1f}",
            )
            for point in points
        ),
    )


def _line(axes: Axes, x: list[float], y: list[float], colour: str, stroke: str, label: str) -> None:
    axes.plot(x, y, color=colour, linestyle=stroke, linewidth=2, label=label)
