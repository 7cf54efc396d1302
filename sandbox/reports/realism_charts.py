"""Charts of what is published beside what was made."""

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from sandbox.reports.drawing import BLUE, GREY, ORANGE, STYLE, as_svg
from sandbox.reports.realism import Comparison

_WIDTH = 9.0
_MOST_LETTERS = 46


def beside_each_other(comparison: Comparison) -> str:
    """Bars for shares, points for rates; the published value and ours for each label."""
    with mpl.rc_context(STYLE):
        rows = len(comparison.values)
        drawing, axes = plt.subplots(figsize=(_WIDTH, 1.5 + 0.52 * rows))
        if comparison.is_shares:
            _bars(axes, comparison)
        else:
            _points(axes, comparison)
        axes.set_yticks(range(rows), [value.label[:_MOST_LETTERS] for value in comparison.values])
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_xlabel(comparison.unit)
        axes.tick_params(axis="y", length=0)
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        return as_svg(drawing)


def _bars(axes: Axes, comparison: Comparison) -> None:
    rows = range(len(comparison.values))
    axes.barh(
        [row - 0.19 for row in rows],
        [value.published for value in comparison.values],
        height=0.36,
        color="white",
        edgecolor=GREY,
        hatch="////",
        label="published",
    )
    axes.barh(
        [row + 0.19 for row in rows],
        [value.ours or 0 for value in comparison.values],
        height=0.36,
        color=BLUE,
        label="here",
    )
    axes.set_xlim(left=0)


def _points(axes: Axes, comparison: Comparison) -> None:
    for row, value in enumerate(comparison.values):
        if value.ours is not None:
            axes.plot([value.published, value.ours], [row, row], color=GREY, linewidth=1, zorder=1)
    counted = [(row, value) for row, value in enumerate(comparison.values)]
    axes.scatter(
        [value.published for _, value in counted],
        [row for row, _ in counted],
        marker="D",
        s=46,
        facecolors="white",
        edgecolors=ORANGE,
        linewidths=1.8,
        label="published",
        zorder=2,
    )
    axes.scatter(
        [value.ours for _, value in counted if value.ours is not None],
        [row for row, value in counted if value.ours is not None],
        marker="o",
        s=46,
        color=BLUE,
        label="here",
        zorder=3,
    )
    axes.grid(axis="y", color="#d8dde0", linewidth=0.8)
    axes.set_axisbelow(True)
    if comparison.unit.startswith("%"):
        axes.set_xlim(0, max(30.0, min(100.0, _most(comparison) * 1.1)) + 2)
    else:
        axes.set_xlim(left=0)


def _most(comparison: Comparison) -> float:
    return max(max(value.published, value.ours or 0) for value in comparison.values)
