"""Reads positions, and lets ESR change and delete them, today or on a day to come."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any

from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.domain.positions import (
    ended_position,
    makes_new_position,
    replacing_position,
    start_date_findings,
)
from sandbox.esr.domain.profiles import profile
from sandbox.esr.service.events import announce
from sandbox.esr.store import positions as store
from sandbox.esr.store.organisations import find_organisation
from sandbox.jobs.store import Job, cancel, schedule
from sandbox.rules import Finding
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import feed_page_of
from sandbox.workspaces.store import next_record

POSITION_CHANGE = "position-change"
"""The kind of job that changes a position on the day from which the change holds."""

_DAY = "effectiveOn"
_FIRST_ID = 800_000_000_000_000
_FIRST_NUMBER = 8_000_000_000


def list_positions(
    unit: Unit, since: int | None, limit: int, ods_code: str | None, cost_centre: str | None
) -> dict[str, Any]:
    """A page of `Position` in the order of the last change, after `since`; `next` is always there.

    Without `since` it is the beginning of a full load, which has no use for what was deleted before.
    """
    rows = store.list_positions(
        unit.connection,
        unit.workspace.name,
        since or 0,
        limit + 1,
        ods_code,
        cost_centre,
        with_deleted=since is not None,
    )
    return feed_page_of("positions", rows, limit, since or 0)


def read_position(unit: Unit, position_id: int, ods_code: str | None) -> dict[str, Any]:
    """The `Position`. Raises Refusal NOT_FOUND when unknown or not the employer's."""
    found = store.find_position(unit.connection, unit.workspace.name, position_id)
    if found is None or ods_code not in (None, found["odsCode"]):
        raise not_found("position", position_id)
    return found


def change_position(unit: Unit, position_id: int, wanted: dict[str, Any]) -> dict[str, Any]:
    """ESR changes a position today, or on the day `effectiveOn`, and announces it.

    Answers the position as it is now: where the employer's profile makes a new position of the change, the new one. Raises
    Refusal NOT_FOUND, STATE_FORBIDS when it was deleted, END_BEFORE_START, or SETTING_INVALID for a day that has passed, a
    day without a change, or a first day for a position that begins today.
    """
    position = read_position(unit, position_id, None)
    _check_not_deleted(position)
    changes = {name: value for name, value in wanted.items() if name != _DAY}
    day = date.fromisoformat(wanted.get(_DAY, unit.today.isoformat()))
    if not changes:
        raise Refusal(Code.SETTING_INVALID, f"{_DAY} says when; name what changes as well.")
    if day < unit.today:
        raise Refusal(Code.SETTING_INVALID, f"{_DAY} has passed: it is {unit.today} in this world.")
    makes_new = _makes_new(unit, position, changes, day)
    if makes_new and "effectiveFrom" in changes:
        raise Refusal(
            Code.SETTING_INVALID,
            "The change makes a new position, which begins on that day; leave effectiveFrom out.",
        )
    begins = {"effectiveFrom": day.isoformat()} if makes_new else {}
    _check_dates({**position, **changes, **begins})
    if day > unit.today:
        schedule(
            unit.transaction,
            unit.workspace.name,
            kind=POSITION_CHANGE,
            reference=str(position_id),
            due_at=datetime.combine(day, time.min, UTC),
            payload=changes,
        )
        return position
    if makes_new:
        return _replace(unit, position, changes)
    return _store(unit, {**position, **changes}, "position.changed")


def change_position_when_due(unit: Unit, job: Job) -> None:
    """Does a change whose day has come. Where the position no longer allows it, it lapses."""
    with suppress(Refusal):
        change_position(unit, int(job.reference), job.payload)


def delete_position(unit: Unit, position_id: int) -> dict[str, Any]:
    """ESR deletes a position and announces it; changes that were still to come lapse.

    Raises Refusal NOT_FOUND, or STATE_FORBIDS when it was deleted before.
    """
    position = read_position(unit, position_id, None)
    _check_not_deleted(position)
    cancel(unit.connection, unit.workspace.name, POSITION_CHANGE, str(position_id))
    deleted = {
        **position,
        "changeDeleteIndicator": "D",
        "hiringStatus": "DELETED",
    }
    return _store(unit, deleted, "position.deleted")


def check_start(unit: Unit, position_id: int, start: str) -> None:
    """Raises Refusal with what the position has against a person who starts on the day `start`."""
    found = position_findings(unit, position_id, start)
    if found:
        raise Refusal(found[0].code, " ".join(finding.text for finding in found))


def position_findings(unit: Unit, position_id: int, start: str) -> list[Finding]:
    """What the position has to say about a person who starts on the day `start`."""
    position = store.find_position(unit.connection, unit.workspace.name, position_id)
    return start_date_findings(position, date.fromisoformat(start)) if position else []


def _check_not_deleted(position: dict[str, Any]) -> None:
    if position["changeDeleteIndicator"] == "D":
        raise Refusal(Code.STATE_FORBIDS, f"The position {position['positionId']} was deleted.")


def _check_dates(position: dict[str, Any]) -> None:
    if position.get("effectiveTo", position["effectiveFrom"]) < position["effectiveFrom"]:
        raise Refusal(
            Code.END_BEFORE_START, "The position would end before the day from which it holds."
        )


def _makes_new(unit: Unit, position: dict[str, Any], changes: dict[str, Any], day: date) -> bool:
    employer = find_organisation(unit.connection, unit.workspace.name, position["odsCode"])
    return makes_new_position(profile(employer, "newPosition"), position, changes, day)


def _replace(unit: Unit, position: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Ends the position yesterday, makes the one that replaces it, and announces both."""
    name = unit.workspace.name
    _store(unit, ended_position(position, unit.today), "position.changed")
    record = next_record(unit.connection, name)
    made = replacing_position(
        position, changes, unit.today, _FIRST_ID + record, _FIRST_NUMBER + record
    )
    made["updatedAt"] = to_text(unit.now)
    store.insert_positions(unit.connection, name, [made])
    _announce(unit, made, "position.changed")
    return made


def _store(unit: Unit, position: dict[str, Any], kind: str) -> dict[str, Any]:
    stored = {**position, "updatedAt": to_text(unit.now)}
    store.update_position(unit.connection, unit.workspace.name, stored)
    _announce(unit, stored, kind)
    return stored


def _announce(unit: Unit, position: dict[str, Any], kind: str) -> None:
    announce(unit, kind, f"positions/{position['positionId']}", position["odsCode"], position)
