"""Reads and writes one row by its layout: the code, then the columns, with a tilde between them.

A tilde or a control character cannot stand in a value. Whoever writes finds out at once (Unwritable); ESR itself, which
must tell what it holds, writes a space instead (`fitting`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.esr.files.codes import interface_code
from sandbox.esr.files.layouts import LAYOUTS, REMOVED, Column, Kind, Layout
from sandbox.timestamps import from_text, to_text

SEPARATOR = "~"
_UNWRITABLE = re.compile(r"[~\u0000-\u001f\u007f-\u009f]")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?", re.ASCII)
_DATE = re.compile(r"[0-9]{8}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{8} [0-9]{6}", re.ASCII)
_MOMENT_FORM = "%Y%m%d %H%M%S"

CONTROL = "CONTROL"
COLUMNS = "COLUMNS"
MISSING = "MISSING"
LONG = "LONG"
UNKNOWN_ROW = "UNKNOWN_ROW"
WITHOUT_PARENT = "WITHOUT_PARENT"
WITHOUT_KEY = "WITHOUT_KEY"
TWO_KEYS = "TWO_KEYS"

ROW_FAULTS: Mapping[str, str] = {
    UNKNOWN_ROW: "A file of this type has no row with this code.",
    COLUMNS: "The row has too few or too many columns.",
    CONTROL: "The value holds a control character.",
    MISSING: "The column must not be empty.",
    LONG: "The value is longer than the column.",
    Kind.DATE: "Not a date of the calendar, written YYYYMMDD.",
    Kind.MOMENT: "Not a moment of the calendar, written YYYYMMDD HHMMSS.",
    Kind.NUMBER: "Not a number, written in digits and with a point before a fraction.",
    Kind.FLAG: "Neither Y nor N.",
    Kind.COUNT: "Not the number of the rows that follow and belong to this one.",
    WITHOUT_PARENT: "The row does not follow the one that it belongs to.",
    WITHOUT_KEY: "Name the applicant by the number, or by both references.",
    TWO_KEYS: "The number and the references name two different applicants.",
}
"""Every way in which a row cannot be understood, with its sentence. Each refuses the row and no other."""


class Unwritable(ValueError):
    """A value cannot stand in a file; the message names the column and why."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """One way in which a row cannot be understood: the column, empty for the row as a whole, and a key of ROW_FAULTS."""

    column: str
    reason: str


def write_row(code: str, document: Mapping[str, Any]) -> str:
    """The row `code` of a document of the API's model, without its end of line. Raises Unwritable."""
    layout = LAYOUTS[code]
    return SEPARATOR.join(
        [code, *(_written(column, document, layout.removes) for column in layout.columns)]
    )


def read_row(layout: Layout, fields: list[str]) -> tuple[dict[str, Any], list[RowFault]]:
    """The document that the columns of a row make (without the row's code), and what cannot be understood.

    A COUNT is left as a number. What a coded column holds is not translated.
    """
    if len(fields) != len(layout.columns):
        return {}, [RowFault("", COLUMNS)]
    document: dict[str, Any] = {}
    faults = []
    for column, text in zip(layout.columns, fields, strict=True):
        try:
            if text == "":
                if column.required:
                    raise _Fault(MISSING)
            elif text == REMOVED and layout.removes:
                put(document, column.name, None)
            else:
                put(document, column.name, _read(column, text))
        except _Fault as fault:
            faults.append(RowFault(column.name, fault.reason))
    return document, faults


def moment_text(moment: datetime) -> str:
    """`YYYYMMDD HHMMSS`, in UTC."""
    return moment.astimezone(UTC).strftime(_MOMENT_FORM)


def read_moment(text: str) -> datetime | None:
    """The moment that `YYYYMMDD HHMMSS` names, in UTC; None when it names none."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, _MOMENT_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def fitting(value: Any) -> Any:
    """A document in whose texts a space stands for each character that cannot be written."""
    if isinstance(value, str):
        return _UNWRITABLE.sub(" ", value)
    if isinstance(value, dict):
        return {name: fitting(item) for name, item in value.items()}
    return value


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Sets the property at a dotted path."""
    *objects, last = path.split(".")
    for name in objects:
        document = document.setdefault(name, {})
    document[last] = value


class _Fault(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _read(column: Column, text: str) -> Any:
    if _UNWRITABLE.search(text):
        raise _Fault(CONTROL)
    if len(text) > column.longest:
        raise _Fault(LONG)
    match column.kind:
        case Kind.DATE:
            moment = read_moment(f"{text} 000000") if _DATE.fullmatch(text) else None
            if moment is None:
                raise _Fault(Kind.DATE)
            return moment.date().isoformat()
        case Kind.MOMENT:
            moment = read_moment(text)
            if moment is None:
                raise _Fault(Kind.MOMENT)
            return to_text(moment)
        case Kind.NUMBER | Kind.COUNT:
            found = _NUMBER.fullmatch(text)
            if found is None or (column.kind is Kind.COUNT and not text.isdigit()):
                raise _Fault(column.kind)
            number = float(text) if found[2] else int(text)
            return int(number) if number == int(number) else number
        case Kind.FLAG:
            if text not in ("Y", "N"):
                raise _Fault(Kind.FLAG)
            return text == "Y"
        case _:
            return text


def _written(column: Column, document: Mapping[str, Any], removes: bool) -> str:
    value: Any = document
    for name in column.name.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return ""
        value = value[name]
    if value is None:
        if not removes:
            raise Unwritable(f"{column.name}: nothing can be removed in this row")
        return REMOVED
    text = _text_of(column, value)
    if _UNWRITABLE.search(text):
        raise Unwritable(f"{column.name}: a tilde or a control character cannot be written")
    if not text or (removes and text == REMOVED):
        raise Unwritable(f"{column.name}: {text!r} would be read as something else")
    return text


def _text_of(column: Column, value: Any) -> str:
    if column.kind is Kind.CODE:
        return interface_code(column.code_list, value)
    return _WRITERS.get(column.kind, str)(value)


_WRITERS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.DATE: lambda value: str(value).replace("-", ""),
    Kind.MOMENT: lambda value: moment_text(from_text(value)),
    Kind.NUMBER: lambda value: format(Decimal(str(value)), "f"),
    Kind.FLAG: lambda value: "Y" if value else "N",
    Kind.COUNT: lambda value: str(len(value)),
}
