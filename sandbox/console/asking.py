"""A form for one operation of the control contract: filled in, sent, and shown again with what was wrong."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.console.acts import Operation, control_operations
from sandbox.console.console import console
from sandbox.console.forms import Entries, Field, body_of, fields_of, parameter_fields
from sandbox.console.powers import Answer


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form of an operation with what was entered, and with the refusal that it met, if it met one."""

    operation: Operation
    entries: Entries
    places: tuple[Field, ...]
    """What stands in the path of the operation."""
    fields: tuple[Field, ...]
    """What stands in its body."""
    problem: dict[str, Any] = field(default_factory=dict)
    """The refusal (`application/problem+json`)."""

    @property
    def errors(self) -> dict[str, str]:
        """By the pointer of a field: what is wrong with what it holds."""
        known = {each.pointer for each in _all((*self.places, *self.fields))}
        return {pointer: _told(fault) for pointer, fault in self._one_each() if pointer in known}

    @property
    def faults(self) -> list[dict[str, str]]:
        """Every fault as an entry of an error summary, with the address of its field where it has one."""
        by_pointer = {each.pointer: each for each in _all((*self.places, *self.fields))}
        entries = []
        for pointer, fault in self._one_each():
            found = by_pointer.get(pointer)
            text = f"{found.label}: {_told(fault)}" if found else _told(fault)
            entries.append({"text": text} | ({"href": f"#{found.id}"} if found else {}))
        return entries

    def _one_each(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The faults, each with the pointer that it is about; of several in one field, one that can be told in words."""
        known = {each.pointer for each in _all((*self.places, *self.fields))}
        kept: dict[tuple[str, int], Mapping[str, Any]] = {}
        for number, fault in enumerate(self.problem.get("errors", ())):
            pointer = _named_by(fault, known)
            place = (pointer, 0 if pointer in known else number)
            if place not in kept or (_in_words(kept[place]) is None and _in_words(fault)):
                kept[place] = fault
        return [(pointer, fault) for (pointer, _), fault in kept.items()]


def sheet_of(operation: str, entries: Entries, *, without: Collection[str] = ()) -> Sheet:
    """The form of an operation of the control contract, filled with `entries`. Raises KeyError where there is none."""
    found = control_operations()[operation]
    document = found.contract.document
    fields = fields_of(found.schema, document, entries, without=without) if found.schema else ()
    return Sheet(found, entries, parameter_fields(found.parameters, document), fields)


def send(sheet: Sheet) -> tuple[Sheet, Answer | None]:
    """Has it done, in the name of whoever looks.

    Answers the form with what was wrong, and what the control API answered; None where it was not asked, because the form does
    not say what it is about.
    """
    arguments = {each.name: sheet.entries.get(each.pointer, "").strip() for each in sheet.places}
    missing = [name for name, value in arguments.items() if not value]
    if missing:
        errors = [
            {"location": "path", "pointer": name, "detail": "This must be filled in."}
            for name in missing
        ]
        return replace(sheet, problem={"detail": "Something is missing.", "errors": errors}), None
    body = body_of(sheet.fields, sheet.entries) if sheet.operation.schema else None
    answer = console().ask(sheet.operation.method, sheet.operation.place(arguments), body)
    return replace(sheet, problem=answer.problem), answer


_IN_WORDS: Mapping[str, str] = {
    "is a required property": "This must be filled in.",
    'is not a "date"': "This is no date. Enter a day, a month and a year, for instance 27 3 2026.",
    'is not of type "integer"': "This is no whole number.",
    'is not of type "number"': "This is no number.",
    'is not a "date-time"': "This is no moment. Write it as 2026-06-01 08:00.",
}
"""How the contract's validator ends a sentence → what a person reads at the field."""


def _in_words(fault: Mapping[str, Any]) -> str | None:
    return next((told for end, told in _IN_WORDS.items() if fault["detail"].endswith(end)), None)


def _told(fault: Mapping[str, Any]) -> str:
    return _in_words(fault) or str(fault["detail"])


def _all(fields: tuple[Field, ...]) -> list[Field]:
    found = list(fields)
    for each in fields:
        found += _all(each.fields)
    return found


def _named_by(fault: dict[str, Any], known: Collection[str]) -> str:
    """The pointer of the field that a fault is about: where a property is missing, of that property."""
    pointer, detail = str(fault.get("pointer", "")), str(fault.get("detail", ""))
    quoted = detail.split('"')[1::2]
    inner = f"{pointer}/{quoted[0]}" if quoted and "required" in detail else ""
    return inner if inner in known else pointer
