"""What the rows of a file that came in do: each goes through the same service as a message of the API.

A row stands for itself: one that is refused is undone alone, and the others are loaded. What became of each is kept with
the change that it made, so that a file that was broken off goes on after its last row.
"""

import logging
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sandbox.contracts import load_contract
from sandbox.database import is_fatal, undoable
from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.domain.applicant_life_cycle import Status
from sandbox.esr.domain.doors import FILES
from sandbox.esr.files.codes import any_national_code, national_registration
from sandbox.esr.files.layouts import FILE_TYPES, LAYOUTS, Kind
from sandbox.esr.files.rows import (
    ROW_FAULTS,
    TWO_KEYS,
    UNKNOWN_ROW,
    WITHOUT_KEY,
    WITHOUT_PARENT,
    RowFault,
    fitting,
    put,
    read_row,
)
from sandbox.esr.service import applicants, employment_checks
from sandbox.esr.store.applicants import applicants_of_reference
from sandbox.esr.store.employment_checks import find_check
from sandbox.esr.store.files import insert_row, was_made_by_a_row
from sandbox.rules import ERROR, INFO
from sandbox.web.call import Unit
from sandbox.web.validation import contract_places, masked_schema

logger = logging.getLogger(__name__)

_LONGEST_TEXT = 200
_UPDATE = {column.name.split(".")[0] for column in LAYOUTS["ECA"].columns} - {
    "applicant",
    "checkType",
}
"""The properties of a check that a row says."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file that rows come from."""

    file_id: int
    ods_code: str
    created_at: str
    """When the supplier made it, in the world's time."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row that does something, with the rows that belong to it. The first row after the header has ordinal 1."""

    ordinal: int
    code: str
    fields: list[str]
    parts: tuple[list[str], ...] = ()
    fault: str | None = None
    """A key of ROW_FAULTS where the row has no business here."""

    @property
    def last_ordinal(self) -> int:
        """The ordinal of the last row that belongs to it."""
        return self.ordinal + len(self.parts)


@dataclass(frozen=True, slots=True)
class Done:
    """What a row has changed: the columns of its confirmation, the record, its version, and what there is to say."""

    columns: dict[str, Any]
    subject: str | None = None
    version: int | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)


def records_of(file_type: str, rows: list[list[str]]) -> list[Record]:
    """The rows of a file between header and footer, each with those that belong to it."""
    records: list[Record] = []
    for ordinal, (code, *fields) in enumerate(rows, start=1):
        before = records[-1] if records else None
        if code not in FILE_TYPES[file_type].rows:
            records.append(Record(ordinal, code, fields, fault=UNKNOWN_ROW))
        elif code != "REA":
            records.append(Record(ordinal, code, fields))
        elif before is not None and before.code == "APA":
            records[-1] = replace(before, parts=(*before.parts, fields))
        else:
            records.append(Record(ordinal, code, fields, fault=WITHOUT_PARENT))
    return records


def load_record(unit: Unit, source: Source, record: Record) -> bool:
    """Does what a row says and keeps what became of it; answers whether it was taken."""
    unit = replace(unit, door=FILES)
    named: dict[str, Any] = {}
    try:
        done = undoable(unit.transaction, lambda: _apply(unit, source, record, named))
    except Refusal as refusal:
        done = Done(named, messages=_messages(refusal))
    except Exception as problem:
        if is_fatal(problem):
            raise
        logger.exception("row %d of file %d failed", record.ordinal, source.file_id)
        failed = Refusal(
            Code.INTERNAL_ERROR, "The sandbox failed to load this row; its log says why."
        )
        done = Done(named, messages=_messages(failed))
    taken = "applicantNumber" in done.columns
    outcome = {
        "ordinal": record.ordinal,
        "rowCode": fitting(record.code)[:3].strip() or "?",
        "loadStatusCode": "SUCCESS" if taken else "FAIL",
        **done.columns,
        "messages": done.messages,
    }
    insert_row(
        unit.connection,
        unit.workspace.name,
        source.file_id,
        record.ordinal,
        done.subject,
        done.version,
        outcome,
    )
    return taken


def _apply(unit: Unit, source: Source, record: Record, named: dict[str, Any]) -> Done:
    """Raises Refusal; `named` is then left with what the row itself says of the applicant."""
    if record.fault is not None:
        raise _invalid([RowFault("", record.fault)])
    document, faults = _document(record)
    named.update(_references(record.code, document))
    if faults:
        raise _invalid(faults)
    return _DEEDS[record.code](unit, source, document)


def _document(record: Record) -> tuple[dict[str, Any], list[RowFault]]:
    document, faults = read_row(LAYOUTS[record.code], record.fields)
    if record.code != "APA" or (faults and faults[0].column == ""):
        return document, faults
    # How many registrations there are says the applicant's own row: none is another thing than not said.
    if document.get("registrations", 0) != len(record.parts):
        return document, [*faults, RowFault("registrations", Kind.COUNT)]
    if "registrations" in document:
        document["registrations"] = []
    for index, fields in enumerate(record.parts):
        part, wrong = read_row(LAYOUTS["REA"], fields)
        document["registrations"].append(part)
        faults += [
            RowFault(
                ".".join(filter(None, ["registrations", str(index), fault.column])), fault.reason
            )
            for fault in wrong
        ]
    return document, faults


def _references(code: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the row says of the applicant, as far as it can be read."""
    held = document.get("applicant", {}) if code == "ECA" else document
    names = ("supplierReference", "vacancyReference", "positionId")
    return {name: held[name] for name in names if name in held}


def _submit(unit: Unit, source: Source, document: dict[str, Any]) -> Done:
    _check_contract("ApplicantSubmission", document, "APA")
    confirmation = applicants.submit_applicant(unit, source.ods_code, document)
    messages = confirmation.pop("messages")
    del confirmation["loadStatusCode"]
    number = confirmation["applicantNumber"]
    return Done(confirmation, f"applicants/{number}", 1, messages)


def _amend(unit: Unit, source: Source, document: dict[str, Any]) -> Done:
    applicant = _applicant_of_reference(unit, source.ods_code, document.pop("supplierReference"))
    _check_contract("ApplicantAmendment", document, "APU")
    _check_fresh(unit, source, _subject(applicant), applicant)
    changed = applicants.amend_applicant(
        unit,
        applicant["applicantNumber"],
        source.ods_code,
        f'"{applicant["version"]}"',
        document,
    )
    return Done(_columns(changed), _subject(changed), changed["version"])


def _withdraw(unit: Unit, source: Source, document: dict[str, Any]) -> Done:
    applicant = _applicant_of_reference(unit, source.ods_code, document.pop("supplierReference"))
    _check_contract("Withdrawal", document, "APD")
    _check_fresh(unit, source, _subject(applicant), applicant)
    changed = applicants.withdraw_applicant(
        unit, applicant["applicantNumber"], source.ods_code, document
    )
    return Done(_columns(changed), _subject(changed), changed["version"])


def _record_check(unit: Unit, source: Source, document: dict[str, Any]) -> Done:
    applicant = _applicant_of_check(unit, source.ods_code, document.pop("applicant", {}))
    number, check_type = applicant["applicantNumber"], document.pop("checkType")
    _check_contract("CheckType", check_type, "ECA", "/checkType")
    _check_contract("EmploymentCheckUpdate", document, "ECA")
    messages: list[dict[str, Any]] = []
    if "registration" in document:
        document["registration"], messages = national_registration(
            unit, source.ods_code, document["registration"]
        )
    held = find_check(unit.connection, unit.workspace.name, number, check_type)
    subject = f"{_subject(applicant)}/employment-checks/{check_type}"
    if held is not None:
        if _update_of(held) == document:
            return Done(_columns(applicant), messages=[*messages, _unchanged()])
        _check_fresh(unit, source, subject, held)
    check, _ = employment_checks.record_employment_check(
        unit, number, check_type, source.ods_code, document
    )
    return Done(_columns(applicant), subject, check["version"], messages)


_DEEDS: Mapping[str, Callable[[Unit, Source, dict[str, Any]], Done]] = {
    "APA": _submit,
    "APU": _amend,
    "APD": _withdraw,
    "ECA": _record_check,
}
"""What the rows do, by their codes."""


def _applicant_of_reference(
    unit: Unit, ods_code: str, reference: str, vacancy: str | None = None
) -> dict[str, Any]:
    """The employer's applicant with the supplier's reference: the live one, else the last that ended."""
    found = applicants_of_reference(unit.connection, unit.workspace.name, ods_code, reference)
    found = [item for item in found if vacancy in (None, item["vacancyReference"])]
    if not found:
        raise not_found("applicant with the supplier's reference", reference)
    return next((item for item in found if item["status"] != Status.TERMINATED), found[-1])


def _applicant_of_check(unit: Unit, ods_code: str, key: dict[str, Any]) -> dict[str, Any]:
    number = key.get("applicantNumber")
    references = (key.get("supplierReference"), key.get("vacancyReference"))
    if number is None and None in references:
        raise _invalid([RowFault("applicant.applicantNumber", WITHOUT_KEY)])
    if number is None:
        return _applicant_of_reference(unit, ods_code, str(references[0]), references[1])
    applicant = applicants.read_applicant(unit, number, ods_code)
    if any(applicant[name] != key.get(name, applicant[name]) for name in key):
        raise _invalid([RowFault("applicant.applicantNumber", TWO_KEYS)])
    return applicant


def _check_fresh(unit: Unit, source: Source, subject: str, held: dict[str, Any]) -> None:
    """Raises Refusal FILE_ROW_STALE where somebody else changed the record after the file was made.

    What an earlier row has changed does not count: files are loaded in the order in which they were made.
    """
    if source.created_at >= held["updatedAt"]:
        return
    if not was_made_by_a_row(unit.connection, unit.workspace.name, subject, held["version"]):
        raise Refusal(
            Code.FILE_ROW_STALE,
            f"The record was changed at {held['updatedAt']} and not by a file; this file was made before, at "
            f"{source.created_at}.",
        )


def _check_contract(schema: str, document: Any, row: str, pointer: str = "") -> None:
    """Raises Refusal CONTRACT_VIOLATION where the API's contract would refuse the document."""
    judge = _judge(schema)
    places = contract_places(judge, _with_national_codes(document, row))
    if places:
        raise Refusal(
            Code.CONTRACT_VIOLATION,
            "The row breaks the contract.",
            places=tuple(replace(place, pointer=pointer + place.pointer) for place in places),
        )


def _with_national_codes(document: Any, row: str) -> Any:
    """The document with some code of its list in each coded column: what an interface writes there is judged elsewhere."""
    if not isinstance(document, dict):
        return document
    shown = deepcopy(document)
    for column in LAYOUTS[row].columns:
        if column.kind is Kind.CODE and _holds(shown, column.name):
            put(shown, column.name, any_national_code(column.code_list))
    for part in shown.get("registrations", []):
        for column in LAYOUTS["REA"].columns:
            if column.kind is Kind.CODE and column.name in part:
                part[column.name] = any_national_code(column.code_list)
    return shown


def _holds(document: dict[str, Any], path: str) -> bool:
    """Whether something stands at a dotted path, and is not to be taken away."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None


@cache
def _judge(schema: str) -> Any:
    # Compiled when the first file comes: most sandboxes never see one.
    document = load_contract("esr").document
    return masked_schema(document["components"]["schemas"][schema], document)


def _update_of(check: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in check.items() if name in _UPDATE}


def _subject(applicant: dict[str, Any]) -> str:
    return f"applicants/{applicant['applicantNumber']}"


def _columns(applicant: dict[str, Any]) -> dict[str, Any]:
    names = (
        "supplierReference",
        "vacancyReference",
        "positionId",
        "applicantNumber",
        "assignmentId",
    )
    return {name: applicant[name] for name in names}


def _invalid(faults: list[RowFault]) -> Refusal:
    return Refusal(
        Code.FILE_ROW_INVALID,
        "The row cannot be understood.",
        places=tuple(Place("body", fault.column, ROW_FAULTS[fault.reason]) for fault in faults),
    )


def _unchanged() -> dict[str, Any]:
    return {
        "messageType": INFO,
        "messageCode": str(Code.CHECK_UNCHANGED),
        "messageText": "ESR holds the check like this already; nothing was changed.",
    }


def _messages(refusal: Refusal) -> list[dict[str, Any]]:
    """What a refusal says, message by message: as the API's confirmation where there is one."""
    if refusal.confirmation is not None:
        messages: list[dict[str, Any]] = refusal.confirmation["messages"]
        return messages
    places = refusal.places or (Place("body", "", refusal.detail),)
    return [
        {
            "messageType": ERROR,
            "messageCode": str(refusal.code),
            "messageText": place.detail[:_LONGEST_TEXT],
            "pointer": place.pointer[:_LONGEST_TEXT],
        }
        for place in places
    ]
