"""How charts look: one style, colours that everybody can tell apart, and SVG that needs nothing else."""

import io
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Drawing

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
