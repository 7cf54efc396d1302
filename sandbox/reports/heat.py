"""A map of counts: rows by columns, darker where there are more, with every count written in its cell."""

import textwrap
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm

from sandbox.reports.drawing import STYLE, as_svg

_ROW_INCHES = 0.36


def heat(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[int]]) -> str:
    """The map as SVG. Shades go by the logarithm; where there is nothing, the cell is white and empty."""
    counts = np.array(values, dtype=float)
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=(9.0, 1.2 + _ROW_INCHES * len(rows)))
        norm = LogNorm(1, max(2.0, float(counts.max())))
        shades = mpl.colormaps["Blues"]
        masked = np.ma.masked_less(counts, 1)
        axes.imshow(masked, cmap=shades, norm=norm, aspect="auto")
        for at, line in enumerate(values):
            for column, count in enumerate(line):
                if count:
                    shade = shades(float(norm(count)))
                    axes.text(
                        column, at, f"{count:,}", ha="center", va="center", color=_letters(shade)
                    )
        axes.set_xticks(range(len(columns)), [_broken(name) for name in columns])
        axes.set_yticks(range(len(rows)), rows)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.set_xticks(np.arange(-0.5, len(columns)), minor=True)
        axes.set_yticks(np.arange(-0.5, len(rows)), minor=True)
        axes.grid(which="minor", color="#aeb7bd", linewidth=0.8)
        axes.tick_params(which="minor", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return as_svg(drawing)


def _broken(name: str) -> str:
    return "\n".join(textwrap.wrap(name, 12))


def _letters(shade: Sequence[float]) -> str:
    """Black or white, whichever is told apart better (relative luminance as WCAG 2.2 has it)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shade[:3]
    ]
    luminance = sum(
        weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
    return "white" if luminance < 0.179 else "black"
