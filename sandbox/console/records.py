"""A record of the contract as people read it: sections of labelled values, codes with their names, moments in words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from sandbox.console.forms import label_of
from sandbox.console.words import day, moment
from sandbox.esr.reference import code_lists


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled value; `href` is where a reference leads."""

    label: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Values that belong together; the first section of a record has no title."""

    title: str
    lines: list[Line]


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_LEADS_TO: Mapping[str, tuple[str, str]] = {
    "applicantNumber": ("world.applicant", "number"),
    "positionId": ("world.position", "position_id"),
    "replacesPositionId": ("world.position", "position_id"),
    "vacancyReference": ("world.vacancy", "reference"),
    "odsCode": ("world.employer", "ods_code"),
    "advertId": ("world.advert", "advert_id"),
    "applicationId": ("world.application", "application_id"),
}
"""Property → (page, its argument) of the record that it names."""


def sections_of(document: Mapping[str, Any], title: str = "", own: str = "") -> list[Section]:
    """A record, what stands in it directly first; the property `own`, by which it is known itself, leads nowhere."""
    lines = [
        Line(label_of(name), told(name, value), "" if name == own else _href(name, value))
        for name, value in document.items()
        if not isinstance(value, dict) and not _is_records(value)
    ]
    inner = [part for name, value in document.items() for part in _inner(name, value, title)]
    return [*([Section(title, lines)] if lines else []), *inner]


def told(name: str, value: Any) -> str:
    """A value in words; `name` is the property that holds it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(told(name, item) for item in value) or "none"
    if not isinstance(value, str):
        return str(value)
    if _MOMENT.fullmatch(value):
        return moment(value)
    if _DATE.fullmatch(value):
        return day(value)
    return f"{value} {_names(name)[value]}" if value in _names(name) else value


def _names(name: str) -> dict[str, str]:
    """The names of the codes that a property may hold."""
    known = re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
    codes = code_lists().get(known, {}).get("codes", ())
    return {code["code"]: code["label"] for code in codes}


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _inner(name: str, value: Any, above: str) -> Iterator[Section]:
    title = f"{above}: {label_of(name).lower()}" if above else label_of(name)
    if isinstance(value, dict):
        yield from sections_of(value, title)
    elif _is_records(value):
        for place, item in enumerate(value, start=1):
            yield from sections_of(item, f"{title} {place}" if len(value) > 1 else title)


def _href(name: str, value: Any) -> str:
    if name not in _LEADS_TO or not value:
        return ""
    endpoint, argument = _LEADS_TO[name]
    return url_for(endpoint, **{argument: value})
