"""Charts of a replay that goes on: rates and waiting messages, and latency, by wall time."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sandbox.reports.drawing import BLUE, GREY, ORANGE, STYLE, as_svg, plain_numbers

Step = Mapping[str, Any]
_SIZE = (9.0, 3.6)


def rates(steps: Sequence[Step]) -> str:
    """What is due and what is sent in each second, as SVG; `steps` are the events of a replay's progress."""
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        seconds = [step["elapsed"] for step in steps]
        lines = (
            ("due", "plannedPerSecond", ORANGE, "--"),
            ("sent", "sentPerSecond", BLUE, "-"),
        )
        for label, name, colour, stroke in lines:
            values = [step[name] for step in steps]
            axes.plot(
                seconds, values, label=label, color=colour, linestyle=stroke, marker=".", ms=3
            )
        waiting = [step["waiting"] for step in steps]
        if any(waiting):
            axes.plot(seconds, waiting, label="waiting", color=GREY, linestyle=":", linewidth=1.6)
        axes.set_ylabel("messages a second" + (",\nmessages waiting" if any(waiting) else ""))
        axes.set_ylim(bottom=0)
        _finish(axes)
        return as_svg(drawing)


def latencies(steps: Sequence[Step], limits: Mapping[str, float]) -> str:
    """Percentiles of latency in each second, as SVG, with the limit of the 99th percentile; `limits` are milliseconds by name."""
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        shown = [step for step in steps if step["latency"]]
        seconds = [step["elapsed"] for step in shown]
        lines = (
            ("longest", "max", GREY, ":"),
            ("99th percentile", "p99", ORANGE, "-"),
            ("95th percentile", "p95", ORANGE, "-."),
            ("median", "p50", BLUE, "-"),
        )
        for label, name, colour, stroke in lines:
            values = [max(step["latency"][name], 0.1) for step in shown]
            axes.plot(
                seconds, values, label=label, color=colour, linestyle=stroke, marker=".", ms=3
            )
        if "p99" in limits:
            axes.axhline(
                limits["p99"],
                color=ORANGE,
                linestyle="--",
                linewidth=1.2,
                label="limit of the 99th percentile",
            )
        if shown:
            axes.set_yscale("log")
            plain_numbers(axes.yaxis)
        axes.set_ylabel("milliseconds (log)")
        _finish(axes)
        return as_svg(drawing)


def _finish(axes: Axes) -> None:
    axes.set_xlabel("seconds since the start")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#d8dde0", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
