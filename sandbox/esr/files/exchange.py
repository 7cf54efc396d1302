"""What the database holds of the exchange: files that came in and what became of them, files that go out.

Every function works in one transaction. The folders follow what stands here (`run.py`), never the other way round.
"""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sandbox.clock import wall_now
from sandbox.esr.domain.doors import FILES, door_is_open
from sandbox.esr.files import outbound
from sandbox.esr.files.confirmations import confirmation_rows, rejection_rows
from sandbox.esr.files.envelope import Period, compose, lines_of, name_of, parse_name, rows_between
from sandbox.esr.files.faults import Arrival, FileFault, Result, Trouble, fault_of, told
from sandbox.esr.files.inbound import Record, Source, load_record, records_of
from sandbox.esr.files.layouts import FILE_TYPES, IN, OUT
from sandbox.esr.store import files as store
from sandbox.esr.store.files import Sequence
from sandbox.esr.store.organisations import list_organisations
from sandbox.journal import recording
from sandbox.journal.recording import Half, Spoken
from sandbox.timestamps import from_text, to_text
from sandbox.web.call import Unit
from sandbox.workspaces.store import next_record

LOADING, CONFIRMED, WRITTEN = "LOADING", "CONFIRMED", "WRITTEN"
"""The states of files that nothing is wrong with; those of the others are `faults.Result`."""

ROWS_AT_ONCE = 50
"""How many rows are loaded in one transaction: whoever writes by the API waits no longer than for these."""

_OPERATION = "hourly_file"
_TEXT_FILE = "text/plain"


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer, as far as files are concerned."""

    ods_code: str
    vpd: str
    is_enabled: bool


def employers(connection: Any, workspace: str) -> list[Employer]:
    """Every employer of the workspace, by ODS code."""
    return [
        Employer(item["odsCode"], item["vpd"], door_is_open(item, FILES))
        for item in list_organisations(connection, workspace)
    ]


def digest(content: bytes) -> str:
    """What tells one content from another."""
    return hashlib.sha256(content).hexdigest()


def receive(
    unit: Unit, employer: Employer, name: str, content: bytes, trouble: Trouble | None
) -> tuple[int, bool]:
    """Judges a file and notes it; answers its number and whether its rows are to be loaded."""
    connection, workspace = unit.connection, unit.workspace.name
    parts = parse_name(name)
    file_type = parts.file_type if parts else ""
    held = store.find_sequence(connection, workspace, employer.ods_code, file_type)
    arrival = Arrival(
        name=name,
        content=content,
        vpd=employer.vpd,
        is_enabled=employer.is_enabled,
        now=unit.now,
        last_sequence=held.sequence,
        is_loaded=store.is_loaded(
            connection, workspace, employer.ods_code, digest(content), CONFIRMED
        ),
        trouble=trouble,
    )
    fault = fault_of(arrival)
    file_id = next_record(connection, workspace)
    values: dict[str, Any] = {
        "file_id": file_id,
        "ods_code": employer.ods_code,
        "direction": IN,
        "name": name,
        "file_type": file_type or None,
        "sequence": parts.sequence if parts else None,
        "digest": digest(content),
        "noted_at": to_text(unit.now),
        "is_filed": False,
    }
    if fault is None:
        created = arrival.created
        assert created is not None
        rows = len(rows_between(arrival.lines))
        values |= {"state": LOADING, "created_at": to_text(created), "rows": rows}
        store.insert_file(connection, workspace, {**values, "content": content})
        return file_id, True
    text = told(fault, arrival)
    values |= {"state": fault.result, "code": str(fault.code), "text": text}
    store.insert_file(connection, workspace, values)
    _journal(unit, IN, f"/hub/{employer.ods_code}/inbox/{name}", content, _status(fault))
    if fault.result is Result.REJECTED:
        confirmed_by = FILE_TYPES[file_type].confirmed_by
        _send(unit, employer, confirmed_by, rejection_rows(name, fault.code, text), answers=file_id)
    return file_id, False


def records(unit: Unit, file_id: int) -> list[Record]:
    """What the rows of a file that is being loaded say."""
    file = store.find_file(unit.connection, unit.workspace.name, file_id)
    if file is None or file["content"] is None:
        return []
    lines = lines_of(file["content"].decode())
    return records_of(file["file_type"], rows_between(lines))


def load_some(unit: Unit, employer: Employer, file_id: int, found: list[Record]) -> bool:
    """Loads the next rows of a file; answers whether there are more. After the last one the file is confirmed."""
    connection, workspace = unit.connection, unit.workspace.name
    file = store.find_file(connection, workspace, file_id)
    if file is None or file["state"] != LOADING:
        return False
    source = Source(file_id, employer.ods_code, file["created_at"])
    first = bisect_right(found, file["rows_done"], key=lambda record: record.ordinal)
    last = first + ROWS_AT_ONCE
    now = found[first:last]
    failed = sum(not load_record(unit, source, record) for record in now)
    changes: dict[str, Any] = {"rows_failed": file["rows_failed"] + failed}
    if now:
        changes["rows_done"] = now[-1].last_ordinal
    has_more = last < len(found)
    if not has_more:
        changes["state"] = CONFIRMED
        _confirm(unit, employer, file)
    store.update_file(connection, workspace, file_id, **changes)
    return has_more


def tell(unit: Unit, employer: Employer) -> bool:
    """Makes a file of each type of which there is news; answers whether there is any."""
    connection, workspace = unit.connection, unit.workspace.name
    any_news = False
    for file_type, gather in outbound.NEWS.items():
        held = store.find_sequence(connection, workspace, employer.ods_code, file_type)
        news = gather(unit, held)
        reached = replace(held, mark=news.mark, event_mark=news.event_mark)
        if news.rows:
            any_news = True
            _send(unit, employer, file_type, news.rows, reached=reached)
        elif reached != held:
            store.put_sequence(connection, workspace, reached)
    return any_news


def _confirm(unit: Unit, employer: Employer, file: dict[str, Any]) -> None:
    connection, workspace, file_type = unit.connection, unit.workspace.name, file["file_type"]
    held = store.find_sequence(connection, workspace, employer.ods_code, file_type)
    came = replace(held, sequence=file["sequence"], made_at=file["created_at"])
    store.put_sequence(connection, workspace, came)
    confirmed_by = FILE_TYPES[file_type].confirmed_by
    outcomes = store.outcomes_of(connection, workspace, file["file_id"])
    rows = confirmation_rows(confirmed_by, file["name"], outcomes)
    path = f"/hub/{employer.ods_code}/inbox/{file['name']}"
    _journal(unit, IN, path, file["content"], 200)
    _send(unit, employer, confirmed_by, rows, answers=file["file_id"])


def _send(
    unit: Unit,
    employer: Employer,
    file_type: str,
    rows: list[str],
    *,
    answers: int | None = None,
    reached: Sequence | None = None,
) -> None:
    """Makes the next file of a type; it waits to be put into the outbox."""
    connection, workspace = unit.connection, unit.workspace.name
    held = reached or store.find_sequence(connection, workspace, employer.ods_code, file_type)
    moment = unit.now
    name = name_of(employer.vpd, file_type, moment, held.sequence + 1)
    period = Period(from_text(held.made_at) if held.made_at else moment, moment)
    content = compose(name, period, rows)
    sent = replace(held, sequence=name.sequence, made_at=to_text(moment))
    store.put_sequence(connection, workspace, sent)
    store.insert_file(
        connection,
        workspace,
        {
            "file_id": next_record(connection, workspace),
            "ods_code": employer.ods_code,
            "direction": OUT,
            "name": str(name),
            "file_type": file_type,
            "sequence": name.sequence,
            "digest": digest(content),
            "state": WRITTEN,
            "noted_at": to_text(moment),
            "rows": len(rows),
            "rows_done": len(rows),
            "answers": answers,
            "is_filed": False,
            "content": content,
        },
    )
    _journal(unit, OUT, f"/hub/{employer.ods_code}/outbox/{name}", content, 200)


def _status(fault: FileFault) -> int:
    """As what a message of the API would be answered with."""
    return 200 if fault.result is Result.IGNORED else 422


def _journal(unit: Unit, direction: str, path: str, content: bytes, status: int) -> None:
    spoken = Spoken(
        direction=direction,
        system="esr",
        method="PUT",
        path=path,
        request=Half({}, content, _TEXT_FILE),
        status=status,
        answer=Half({}, b"", _TEXT_FILE),
        started=unit.wall,
        duration_ms=(wall_now() - unit.wall) / timedelta(milliseconds=1),
        world=unit.now,
        operation_id=_OPERATION,
    )
    recording.record(unit.transaction, unit.workspace, spoken)
