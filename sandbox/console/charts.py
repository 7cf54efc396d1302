"""Charts of the console, as pictures at an address of their own."""

from collections.abc import Callable
from threading import Lock

from flask import Response

_ONE_AT_A_TIME = Lock()
"""Matplotlib keeps its styles and figures for the whole process, and pages are served by several threads."""


def picture(draw: Callable[[], str]) -> Response:
    """The answer that holds the SVG which `draw` makes. What draws is imported by it, so that no other page waits for that."""
    with _ONE_AT_A_TIME:
        svg = draw()
    answer = Response(svg, mimetype="image/svg+xml")
    # SVG sets styles in attributes and in an element of its own; opened alone, it must not run anything.
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    )
    return answer
