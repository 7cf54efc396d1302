"""Charts of a replayed day, as SVG that needs nothing else."""

import io
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from loadtests.measurements import Arrivals, LatencyPoint
from sandbox.reports.verdicts import Figure

# Okabe and Ito's colours: told apart by people who see colours differently. The lines differ in stroke as well.
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#555555"
_SIZE = (9.0, 3.4)
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "svg.fonttype": "none",
    "svg.hashsalt": "esr-sandbox",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def arrivals_by_hour(arrivals: tuple[Arrivals, ...]) -> Figure:
    """Messages an hour over the day, beside the plan."""
    hours = [item.hour for item in arrivals]
    with mpl.rc_context(_STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        axes.bar(hours, [item.checks for item in arrivals], color=_BLUE, label="check updates")
        axes.bar(
            hours,
            [item.applicants for item in arrivals],
            bottom=[item.checks for item in arrivals],
            color=_ORANGE,
            hatch="//",
            edgecolor="white",
            label="applicants",
        )
        axes.plot(
            hours,
            [item.planned for item in arrivals],
            color=_GREY,
            marker="o",
            markersize=4,
            linestyle="--",
            label="planned",
        )
        axes.set_xticks(range(0, 24, 2))
        axes.set_xlabel("hour of the simulated day")
        axes.set_ylabel("messages")
        axes.legend(frameon=False, loc="upper right")
        svg = _svg(drawing)
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
    with mpl.rc_context(_STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        _line(axes, hours, [point.p50 for point in points], _BLUE, "-", "median")
        _line(axes, hours, [point.p99 for point in points], _ORANGE, "--", "99th percentile")
        axes.set_yscale("log")
        axes.set_xlim(0, 24)
        axes.set_xticks(range(0, 25, 2))
        axes.set_xlabel("hour of the simulated day")
        axes.set_ylabel("milliseconds (log)")
        axes.legend(frameon=False, loc="upper left")
        svg = _svg(drawing)
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


def _svg(drawing: Drawing) -> str:
    buffer = io.StringIO()
    drawing.tight_layout()
    # Without a date the same data gives the same drawing.
    drawing.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(drawing)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
