"""The gallery: defects that were tried on purpose, and what of the suite noticed each."""

from flask import Blueprint, abort, render_template

from sandbox.console.door import BASE
from sandbox.console.proof import deviations, proofs, titles

page = Blueprint("gallery", __name__)


@page.get(f"{BASE}/gallery")
def show() -> str:
    """Gallery."""
    return render_template("console/gallery.html.j2")


@page.get(f"{BASE}/gallery/defects")
def defects() -> str:
    """The defects, those that fit the filters, a page at a time."""
    return show()


@page.get(f"{BASE}/gallery/<identifier>")
def deviation(identifier: str) -> str:
    """One deviation: what was broken, and which case noticed it for which requirement."""
    from sandbox.conformance.gallery.unnoticeable import HOSTED, REASONS

    entry = deviations().get(identifier)
    if entry is None:
        abort(404, f"The gallery has no defect {identifier}.")
    return render_template(
        "console/gallery_deviation.html.j2",
        identifier=identifier,
        entry=entry,
        proofs=proofs(),
        titles=titles(),
        reason=REASONS.get(identifier, ""),
        hosted=HOSTED.get(identifier, ""),
    )
