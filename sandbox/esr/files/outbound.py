"""What ESR tells in files: positions, vacancies, and the checks that ESR or a regulator moved.

The first file of a type is the full load, the following ones hold what is new or changed since; nothing new, no file. What
the supplier wrote itself is not sent back as a check. A vacancy is told from either side, for the supplier learns from it
what ESR made of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.esr.files.rows import fitting, write_row
from sandbox.esr.service.employment_checks import SUPPLIER
from sandbox.esr.store.applicants import find_applicant
from sandbox.esr.store.events import list_events
from sandbox.esr.store.files import Sequence
from sandbox.esr.store.positions import list_positions
from sandbox.esr.store.vacancies import find_vacancy, list_vacancies
from sandbox.web.call import Unit
from sandbox.workspaces.store import heads

_PAGE = 1000
_CHECK_EVENTS = frozenset({"employment-check.started", "employment-check.updated"})


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told, and how far it goes."""

    rows: list[str]
    mark: int
    event_mark: int


def positions(unit: Unit, held: Sequence) -> News:
    """POA and POD, in the order of the last change; a full load leaves out what was deleted before."""
    rows: list[str] = []
    mark, more = held.mark, True
    while more:
        page = list_positions(
            unit.connection,
            unit.workspace.name,
            mark,
            _PAGE,
            held.ods_code,
            None,
            with_deleted=held.made_at is not None,
        )
        for change, position in page:
            code = "POD" if position["changeDeleteIndicator"] == "D" else "POA"
            rows.append(write_row(code, fitting(position)))
            mark = change
        more = len(page) == _PAGE
    # Past what was deleted before a full load, too.
    return News(rows, max(mark, _last_record(unit)), held.event_mark)


def vacancies(unit: Unit, held: Sequence) -> News:
    """VAA: the new ones in the order of creation, then those that have changed since, as they are now."""
    name = unit.workspace.name
    told: dict[str, dict[str, Any]] = {}
    mark, more = held.mark, True
    while more:
        page = list_vacancies(unit.connection, name, mark, _PAGE, held.ods_code, None)
        for record, vacancy in page:
            told[vacancy["vacancyReference"]] = vacancy
            mark = record
        more = len(page) == _PAGE
    for event in _events(unit, held):
        if event["type"].startswith("vacancy."):
            reference = event["data"]["vacancyReference"]
            found = find_vacancy(unit.connection, name, reference)
            if found is not None:
                told.setdefault(reference, found)
    rows = [write_row("VAA", fitting(vacancy)) for vacancy in told.values()]
    return News(rows, max(mark, _last_record(unit)), _last_event(unit))


def checks(unit: Unit, held: Sequence) -> News:
    """ECO: as they were announced, each check once with its last announcement."""
    told: dict[str, dict[str, Any]] = {}
    for event in _events(unit, held):
        if event["type"] in _CHECK_EVENTS:
            told.pop(event["subject"], None)
            told[event["subject"]] = event["data"]
    rows = [
        write_row("ECO", fitting({**check, "applicant": _applicant(unit, check)}))
        for check in told.values()
        if check["updatedBy"] != SUPPLIER
    ]
    return News(rows, held.mark, _last_event(unit))


NEWS: Mapping[str, Callable[[Unit, Sequence], News]] = {
    "POS": positions,
    "VAC": vacancies,
    "ECO": checks,
}
"""What ESR tells, by the type of file, in the order in which the files are made."""


def _applicant(unit: Unit, check: dict[str, Any]) -> dict[str, Any]:
    """By what a row names the applicant: the number and both references."""
    number = check["applicantNumber"]
    found = find_applicant(unit.connection, unit.workspace.name, number) or {}
    names = ("supplierReference", "vacancyReference")
    return {"applicantNumber": number, **{name: found[name] for name in names if name in found}}


def _events(unit: Unit, held: Sequence) -> list[dict[str, Any]]:
    """The employer's events since the last file."""
    found: list[dict[str, Any]] = []
    mark, more = held.event_mark, True
    while more:
        page = list_events(unit.connection, unit.workspace.name, mark, _PAGE, held.ods_code)
        found.extend(event for _, event in page)
        mark = page[-1][0] if page else mark
        more = len(page) == _PAGE
    return found


def _last_record(unit: Unit) -> int:
    return heads(unit.connection, unit.workspace.name)[0]


def _last_event(unit: Unit) -> int:
    return heads(unit.connection, unit.workspace.name)[1]
