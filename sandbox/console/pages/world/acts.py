"""Having something done: a form for every operation of the control contract, made from the contract."""

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console.acts import AREAS, FINAL, WORDS, Operation, control_operations
from sandbox.console.asking import Sheet, send, sheet_of
from sandbox.console.console import console
from sandbox.console.forms import entries_of, plain
from sandbox.console.pages.world.blueprint import HOME, page
from sandbox.console.records import sections_of
from sandbox.esr.domain.employment_checks import DETAILS
from sandbox.esr.store.employment_checks import find_check

_ADD = "+"
"""The name of a button that asks for one more item; its value is the pointer of the list."""
_APPLICANT = ("world.applicant", "number", "applicantNumber")
_POSITION = ("world.position", "position_id", "positionId")
_APPLICATION = ("world.application", "application_id", "applicationId")
_AFTER: Mapping[str, tuple[str, str, str]] = {
    "record_check_in_esr": _APPLICANT,
    "clear_occupational_health": _APPLICANT,
    "answer_registration_check": _APPLICANT,
    "decide_match": _APPLICANT,
    "hire_applicant": _APPLICANT,
    "start_transfer": _APPLICANT,
    "decide_transfer": _APPLICANT,
    "change_position": _POSITION,
    "delete_position": _POSITION,
    "publish_esr_vacancy": ("world.vacancy", "reference", "vacancyReference"),
    "change_organisation": ("world.employer", "ods_code", "odsCode"),
    "publish_advert": ("world.advert", "advert_id", "advertId"),
    "apply_for_advert": _APPLICATION,
    "make_offer": _APPLICATION,
    "answer_offer": _APPLICATION,
}
"""Operation → (page, its argument, property of the answer) of what it is about, where whoever asked goes then."""
_THEN: Mapping[str, str] = {
    "create_snapshot": "world.snapshots",
    "restore_snapshot": "world.snapshots",
    "reset_workspace": "world.show",
    "add_fault": "world.faults",
    "clear_faults": "world.faults",
    "set_settings": "world.settings",
    "set_clock": "world.clock",
    "advance_clock": "world.clock",
}
"""Operation → the page on which its effect shows."""


@page.get(f"{HOME}/acts")
def acts() -> str:
    """Everything that can be had done."""
    by_area: dict[str, list[Operation]] = {area: [] for area in AREAS}
    for operation in control_operations().values():
        by_area.setdefault(operation.area, []).append(operation)
    return render_template("console/world/acts.html.j2", by_area=by_area, areas=AREAS)


@page.get(f"{HOME}/acts/<operation>")
def act(operation: str) -> str:
    """The form of one operation, filled with what the link says."""
    entries = {**_present(operation), **request.args.to_dict()}
    return _shown(_sheet(operation, entries))


@page.post(f"{HOME}/acts/<operation>")
def do(operation: str) -> ResponseReturnValue:
    """Has it done, and goes where it shows; or shows what was wrong."""
    entries = request.form.to_dict()
    if _ADD in entries:
        pointer = entries.pop(_ADD)
        held = {name for name in entries if name.startswith(f"{pointer}/")}
        places = {name[len(pointer) + 1 :].split("/")[0] for name in held}
        entries[f"{pointer}/{len(places)}/"] = ""
        return _shown(_sheet(operation, entries))
    sheet, answer = send(_sheet(operation, entries))
    if answer is None:
        return _shown(sheet), 400
    if not answer.is_done:
        return _shown(sheet), answer.status
    return _onwards(sheet, answer.body)


def _sheet(operation: str, entries: Mapping[str, str]) -> Sheet:
    if operation not in control_operations():
        abort(404, f"The control contract has no operation {operation} that changes something.")
    without: set[str] = set()
    if operation == "record_check_in_esr" and entries.get("checkType") in DETAILS:
        without = {f"/{own}" for name, own in DETAILS.items() if name != entries["checkType"]}
    return sheet_of(operation, entries, without=without)


def _shown(sheet: Sheet) -> str:
    return render_template(
        "console/world/act.html.j2",
        sheet=sheet,
        final=FINAL.get(sheet.operation.id, ""),
        button_text=WORDS.get(sheet.operation.id, sheet.operation.title),
        add=_ADD,
        given=[place for place in sheet.places if sheet.entries.get(place.pointer)],
    )


def _onwards(sheet: Sheet, body: Any) -> ResponseReturnValue:
    """Where the effect shows; what has no such page shows what was answered."""
    name = sheet.operation.id
    if name in _AFTER:
        endpoint, argument, held = _AFTER[name]
        values: dict[str, Any] = {argument: (body or {}).get(held) or sheet.entries.get(held)}
        flash(f"{sheet.operation.title}.")
        return redirect(url_for(endpoint, **values), 303)
    if name in _THEN:
        flash(f"{sheet.operation.title}.")
        return redirect(url_for(_THEN[name]), 303)
    sections = sections_of(body if isinstance(body, dict) else {})
    return render_template("console/world/done.html.j2", sheet=sheet, sections=sections)


def _present(operation: str) -> dict[str, str]:
    """What a form begins with where the operation takes the whole of what is there already."""
    number, kind = request.args.get("applicantNumber", ""), request.args.get("checkType", "")
    if operation != "record_check_in_esr" or not number or kind not in DETAILS:
        return {}
    held = console().read(
        lambda unit: find_check(unit.connection, unit.workspace.name, number, kind)
    )
    found = control_operations()[operation]
    assert found.schema is not None
    document = found.contract.document
    settable = plain(found.schema, document)["properties"]
    known = {name: value for name, value in (held or {}).items() if name in settable}
    return entries_of(found.schema, document, known)
