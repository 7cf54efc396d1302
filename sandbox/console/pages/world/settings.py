"""The settings of a workspace."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console.acts import control_operations
from sandbox.console.asking import Sheet, send, sheet_of
from sandbox.console.console import console
from sandbox.console.forms import entries_of
from sandbox.console.pages.world.blueprint import HOME, page
from sandbox.control.service.workspaces import read_workspace, settings_of


@page.get(f"{HOME}/settings")
def settings() -> str:
    """The settings as they are, to be changed."""
    operation = control_operations()["set_settings"]
    assert operation.schema is not None
    present = console().read(settings_of)
    entries = entries_of(operation.schema, operation.contract.document, present)
    return _shown(sheet_of("set_settings", entries))


@page.post(f"{HOME}/settings")
def change_settings() -> ResponseReturnValue:
    """Sets them."""
    sheet, answer = send(sheet_of("set_settings", request.form.to_dict()))
    if answer is None or not answer.is_done:
        return _shown(sheet), answer.status if answer else 400
    flash("The settings hold from the next exchange on.")
    return redirect(url_for("world.settings"), 303)


def _shown(sheet: Sheet) -> str:
    found = console().read(lambda unit: read_workspace(unit, unit.workspace.name))
    return render_template(
        "console/world/settings.html.j2", sheet=sheet, held=found["held"], quota=found["quota"]
    )
