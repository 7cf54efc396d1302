"""How charts look: one style, colours that everybody can tell apart, and SVG that needs nothing else."""

import io
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import LogLocator, NullFormatter

# Okabe and Ito's colours: told apart by people who see colours differently. Shapes and strokes differ as well.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "svg.fonttype": "none",
    "svg.hashsalt": "esr-sandbox",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def as_svg(drawing: Drawing) -> str:
    """The drawing as an SVG element; it is closed then."""
    buffer = io.StringIO()
    drawing.tight_layout()
    # Without a date the same data gives the same drawing.
    drawing.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(drawing)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def plain_numbers(axis: Axis) -> None:
    """Has a logarithmic axis say 1, 2, 5, 10 and 1,000 and no powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:,g}" if value < 1 else f"{value:,.0f}")
    axis.set_minor_formatter(NullFormatter())


def broken_at_gaps(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """The points of a line, parted where nothing was measured for three times the smallest step of `x`, which rises."""
    steps = [later - earlier for earlier, later in pairwise(x)]
    drawn_x, drawn_y = [*x[:1]], [*y[:1]]
    for step, each_x, each_y in zip(steps, x[1:], y[1:], strict=True):
        if step > 3 * min(steps):
            drawn_x.append(math.nan)
            drawn_y.append(math.nan)
        drawn_x.append(each_x)
        drawn_y.append(each_y)
    return drawn_x, drawn_y
