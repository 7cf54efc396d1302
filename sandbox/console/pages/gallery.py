"""The gallery: defects that were tried on purpose, and what of the suite noticed each."""

from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for

from sandbox.conformance.gallery.matrix import totals, unproven
from sandbox.conformance.gallery.unnoticeable import HOSTED, REASONS
from sandbox.console import charts
from sandbox.console.door import BASE
from sandbox.console.matrix import (
    COLUMNS,
    KINDS,
    SUBJECTS,
    Wanted,
    chosen,
    columns_of,
    groups,
    heat_map,
    lines,
)
from sandbox.console.proof import AREAS, deviations, proofs, titles

page = Blueprint("gallery", __name__)

_PAGE = 40


@page.get(f"{BASE}/gallery")
def show() -> str:
    """What the suite is proven to catch: in numbers, as a map, and area by area."""
    requirements = [proof.requirement for proof in proofs().values()]
    return render_template(
        "console/gallery.html.j2",
        totals=totals(deviations(), requirements),
        areas=lines(),
        heat=heat_map(),
        unproven=unproven(deviations(), requirements),
        survivors=[name for name, entry in deviations().items() if not entry["tripped"]],
    )


@page.get(f"{BASE}/gallery/map.svg")
def map_of_areas() -> Response:
    """The map, as a picture."""

    def draw() -> str:
        from sandbox.reports.heat import heat

        shown = heat_map()
        return heat(shown.rows, COLUMNS, shown.values)

    return charts.picture(draw)


@page.get(f"{BASE}/gallery/areas/<area>")
def area(area: str) -> str:
    """The matrix of one area: its requirements, and for each group of defects how many of those that break it it catches."""
    if area not in AREAS:
        abort(404, f"The register has no area {area}.")
    own = [proof for proof in proofs().values() if proof.area == area]
    return render_template(
        "console/gallery_area.html.j2",
        area=area,
        name=AREAS[area],
        proofs=own,
        columns=columns_of(own),
    )


@page.get(f"{BASE}/gallery/defects")
def defects() -> str:
    """The defects, those that fit the filters, a page at a time."""
    wanted = Wanted.of(request.args)
    found = chosen(wanted)
    after = request.args.get("after", "")
    begin = found.index(after) + 1 if after in found else 0
    shown = found[begin : begin + _PAGE]
    kept: dict[str, Any] = wanted.kept()
    return render_template(
        "console/gallery_defects.html.j2",
        wanted=wanted,
        count=len(found),
        whole=len(deviations()),
        shown={name: deviations()[name] for name in shown},
        subjects=SUBJECTS,
        kinds=KINDS,
        groups=groups(),
        areas=AREAS,
        titles=titles(),
        reasons=REASONS,
        first=url_for("gallery.defects", **kept) if begin else "",
        next=url_for("gallery.defects", after=shown[-1], **kept)
        if begin + _PAGE < len(found)
        else "",
    )


@page.get(f"{BASE}/gallery/<identifier>")
def deviation(identifier: str) -> str:
    """One defect: what was broken, and which case noticed it for which requirement."""
    entry = deviations().get(identifier)
    if entry is None:
        abort(404, f"The gallery has no defect {identifier}.")
    return render_template(
        "console/gallery_deviation.html.j2",
        identifier=identifier,
        entry=entry,
        subjects=SUBJECTS,
        proofs=proofs(),
        titles=titles(),
        reason=REASONS.get(identifier, ""),
        hosted=HOSTED.get(identifier, ""),
    )
