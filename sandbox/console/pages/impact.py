"""What a change of a contract does to certificates that were given."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.clock import wall_now
from sandbox.conformance.certificates.change import (
    NoContract,
    contract_name,
    impact_of_change,
    read_bundle,
)
from sandbox.conformance.certificates.register import RegisterUnusable
from sandbox.console.access import esr_team, takes_files
from sandbox.console.door import BASE
from sandbox.console.pages.register import held
from sandbox.contracts import CONTRACT_NAMES, contracts_folder

page = Blueprint("impact", __name__)

_FORM_BYTES = 8_000_000


@page.get(f"{BASE}/register/impact")
@esr_team
def ask(problems: dict[str, str] | None = None) -> str:
    """The form that takes the two versions."""
    return render_template("console/impact.html.j2", problems=problems or {}, impact=None)


@page.post(f"{BASE}/register/impact")
@esr_team
@takes_files(_FORM_BYTES)
def tell() -> ResponseReturnValue:
    """Compares two versions, and says what is touched."""
    old, new = (request.files.get(name) for name in ("old", "new"))
    if old is None or not old.filename:
        return ask({"old": "Choose the older version: its bundle.json."}), 400
    try:
        before = read_bundle(old.read(), old.filename)
    except NoContract as problem:
        return ask({"old": str(problem)}), 400
    try:
        is_given = new is not None and new.filename
        after = (
            read_bundle(new.read(), new.filename or "")  # type: ignore[union-attr]
            if is_given
            else _served_here(contract_name(before))
        )
        issued = held().register.issued() if held().register else ()  # type: ignore[union-attr]
        found = impact_of_change(before, after, issued, wall_now().date())
    except NoContract as problem:
        return ask({"new": str(problem)}), 400
    except RegisterUnusable as problem:
        return ask({"old": str(problem)}), 409
    return render_template(
        "console/impact.html.j2",
        problems={},
        impact=found,
        newer=new.filename if is_given and new else "the one of this sandbox",
        older=old.filename,
        has_register=held().register is not None,
    )


def _served_here(name: str) -> dict[str, object]:
    if name not in CONTRACT_NAMES:
        raise NoContract(
            f"This sandbox has no contract {name or 'of no name'}; name both versions."
        )
    path = next(iter(sorted((contracts_folder() / name).glob("v*/bundle.json"))))
    return read_bundle(path.read_bytes(), str(path))
