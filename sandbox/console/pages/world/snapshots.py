"""Snapshots of a world: taken, listed, put back; and beginning again."""

from flask import render_template

from sandbox.console.console import console
from sandbox.console.pages.world.blueprint import HOME, page
from sandbox.control.service.worlds import list_snapshots


@page.get(f"{HOME}/snapshots")
def snapshots() -> str:
    """The snapshots of the workspace."""
    return render_template("console/world/snapshots.html.j2", listed=console().read(list_snapshots))
