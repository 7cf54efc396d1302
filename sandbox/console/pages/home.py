"""Home: what runs and where, how to begin, what there is, and what is wrong right now."""

from typing import Any

from flask import Blueprint, render_template, url_for

from sandbox.console.at_home import Seen, seen
from sandbox.console.console import console, visitor
from sandbox.console.door import BASE
from sandbox.console.pages.traffic import tells
from sandbox.console.store.home import MOST
from sandbox.console.troubles import troubles_of
from sandbox.control.service.clocks import shown
from sandbox.settings import Level, Settings
from sandbox.timestamps import to_text
from sandbox.workspaces.store import DEFAULT_WORKSPACE

page = Blueprint("home", __name__)

_TUTORIAL = "/docs/tutorial/first-hour.html"
_NAMES = {
    "esr": "ESR",
    "nhs-jobs": "NHS Jobs",
    "receiver": "Receiver of NHS Jobs",
    "identity": "Tokens (OAuth 2.0)",
    "control": "Control API (the sandbox's own powers)",
}


@page.get(f"{BASE}/w/<workspace>")
def show() -> str:
    """Home of a workspace."""
    found = console().read(seen)
    settings = console().settings
    name = found.workspace.name
    telling = tells()
    return render_template(
        "console/home.html.j2",
        settings=settings,
        addresses=_addresses(settings, name),
        token=settings.token if name == DEFAULT_WORKSPACE else None,
        clients=found.clients,
        client_key=settings.client_key if visitor().is_operator else None,
        clock=shown(found.workspace.clock, found.wall),
        target=to_text(found.workspace.clock_target) if found.workspace.clock_target else "",
        wall=to_text(found.wall),
        counts=_counts(found),
        most=MOST,
        troubles=troubles_of(found, console().powers.ready()),
        refused=[
            {**telling.row(row, name), "sentence": sentence} for row, sentence in found.refused
        ],
        is_untouched=not found.counts["applicants"],
        tutorial=_TUTORIAL,
        esr=_address(settings, "/esr/v1", name),
    )


def _addresses(settings: Settings, workspace: str) -> list[dict[str, str]]:
    """Each contract with the address under which this workspace reaches it, and its pages."""
    return [
        {
            "name": _NAMES[contract.name],
            "address": settings.token_url
            if contract.name == "identity"
            else _address(settings, contract.base_path, workspace, contract.name),
            "version": contract.version,
            "pages": f"{contract.base_path}/ui/",
            "document": f"{contract.base_path}/openapi.json",
        }
        for contract in console().contracts
        if contract.name in _NAMES
    ]


def _address(settings: Settings, base: str, workspace: str, system: str = "esr") -> str:
    """A token names its workspace; where none is asked for, the address does."""
    is_named = system in ("control", "receiver") or settings.level is Level.OPEN
    prefix = f"/w/{workspace}" if is_named and workspace != DEFAULT_WORKSPACE else ""
    return f"{settings.public_url}{prefix}{base}"


def _counts(found: Seen) -> list[dict[str, Any]]:
    held = found.workspace.held
    listed = [
        {"name": name, "count": count, "href": url_for("world.listed", noun=name.split()[-1])}
        for name, count in found.counts.items()
    ]
    exchanges = {"name": "exchanges", "count": held.exchanges, "href": url_for("traffic.show")}
    return [*listed, {"name": "events", "count": held.events}, exchanges]
