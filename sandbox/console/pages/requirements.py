"""The requirements: what each side must do, where that is said, and what shows it."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for

from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.proof import ACTORS, AREAS, BASES, Proof, deviations, proofs, titles

page = Blueprint("requirements", __name__)

_PAGE = 40
_FILTERS = ("area", "actor", "level", "basis", "shown", "text")
SHOWN = {
    "case": "by a case",
    "traffic": "by recorded traffic",
    "replay": "by a replay",
    "nothing": "by nothing, with the reason",
}


@page.get(f"{BASE}/requirements")
def index() -> str:
    """The requirements, those that fit the filters, a page at a time."""
    wanted = {name: request.args.get(name, "").strip() for name in _FILTERS}
    found = [proof for proof in proofs().values() if _fits(proof, wanted)]
    after = request.args.get("after", "")
    listed = [proof for proof in found if proof.requirement.id > after]
    shown = listed[:_PAGE]
    kept: dict[str, Any] = {name: value for name, value in wanted.items() if value}
    return render_template(
        "console/requirements.html.j2",
        wanted=wanted,
        count=len(found),
        whole=len(proofs()),
        proofs=shown,
        areas=AREAS,
        actors=ACTORS,
        bases=BASES,
        ways=SHOWN,
        first=url_for("requirements.index", **kept) if after else "",
        next=url_for("requirements.index", after=shown[-1].requirement.id, **kept)
        if len(listed) > _PAGE
        else "",
    )


@page.get(f"{BASE}/requirements/<identifier>")
def show(identifier: str) -> str:
    """One requirement: its text and source, what shows it, and the defects by which that is proven."""
    proof = proofs().get(identifier)
    if proof is None:
        abort(404, f"The register has no requirement {identifier}.")
    return render_template(
        "console/requirement.html.j2",
        proof=proof,
        item=proof.requirement,
        area=AREAS.get(proof.area, proof.area),
        actors=ACTORS,
        bases=BASES,
        titles=titles(),
        deviations=deviations(),
        operations=list(_operations(proof)),
    )


def _operations(proof: Proof) -> Iterator[tuple[str, str]]:
    """Of each operation that a requirement is about: its id, and how it is called."""
    called = {
        name["operationId"]: f"{method.upper()} {contract.base_path}{path}"
        for contract in console().contracts
        for path, methods in contract.document["paths"].items()
        for method, name in methods.items()
        if isinstance(name, dict) and "operationId" in name
    }
    for operation in proof.requirement.operations:
        yield operation, called.get(operation, "")


def _fits(proof: Proof, wanted: dict[str, str]) -> bool:
    item = proof.requirement
    text = wanted["text"].lower()
    told = f"{item.id} {item.text} {' '.join(item.codes)} {' '.join(item.operations)}".lower()
    return (
        wanted["area"] in ("", proof.area)
        and wanted["actor"] in ("", item.actor)
        and wanted["level"] in ("", item.level)
        and wanted["basis"] in ("", item.basis)
        and (not wanted["shown"] or wanted["shown"] in _ways(proof))
        and text in told
    )


def _ways(proof: Proof) -> set[str]:
    ways = {"case"} if proof.cases or proof.by_every_case else set()
    ways |= {"traffic"} if proof.by_traffic else set()
    ways |= {"replay"} if proof.by_replay else set()
    return ways or {"nothing"}
