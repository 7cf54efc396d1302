"""A workspace's world as a whole: seeded, reset, kept and restored."""

import zlib
from typing import Any

import orjson

from sandbox import policies
from sandbox.clock import ClockMode
from sandbox.control.store import worlds as store
from sandbox.database import SCHEMA_VERSION
from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.service.events import review_deliveries
from sandbox.esr.store.employees import insert_employees
from sandbox.esr.store.organisations import insert_organisations, list_organisations
from sandbox.esr.store.people import insert_people
from sandbox.esr.store.positions import insert_positions
from sandbox.esr.store.vacancies import insert_vacancies
from sandbox.nhsjobs.service.employers import take_on
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.workspaces.store import change_workspace, next_record


def seed_world(unit: Unit, seed: int, world: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Fills the empty worlds of both systems and answers the `SeededWorld`. Raises Refusal STATE_FORBIDS when it is not empty."""
    name = unit.workspace.name
    if list_organisations(unit.connection, name):
        raise Refusal(
            Code.STATE_FORBIDS, "The world has organisations already; reset the workspace first."
        )
    moment = to_text(unit.now)
    change_workspace(unit.connection, name, seed=seed)
    insert_organisations(unit.connection, name, world["organisations"])
    insert_positions(
        unit.connection, name, [{**item, "updatedAt": moment} for item in world["positions"]]
    )
    insert_vacancies(
        unit.connection,
        name,
        [{**item, "createdAt": moment, "updatedAt": moment} for item in world["vacancies"]],
    )
    _put_in_post(unit, world["employees"])
    take_on(unit, world["organisations"], world["positions"])
    return {
        "seed": seed,
        "organisations": len(world["organisations"]),
        "positions": len(world["positions"]),
        "employees": len(world["employees"]),
    }


def _put_in_post(unit: Unit, employees: list[dict[str, Any]]) -> None:
    """Makes each employee a person whom ESR knows, with one employment."""
    if not employees:
        return
    name = unit.workspace.name
    first = next_record(unit.connection, name, len(employees)) - len(employees) + 1
    numbered = list(enumerate(employees, start=first))
    insert_people(unit.connection, name, [(number, item["person"]) for number, item in numbered])
    insert_employees(
        unit.connection, name, [{**item, "personId": number} for number, item in numbered]
    )


def reset_workspace(unit: Unit) -> None:
    """Empties the world and lets the clock follow wall time again; settings, tokens, snapshots and journal stay."""
    name = unit.workspace.name
    store.empty_world(unit.connection, name)
    policies.changed(unit.transaction, name)
    moment = to_text(unit.wall)
    change_workspace(
        unit.connection,
        name,
        clock_mode="REAL",
        clock_world=moment,
        clock_wall=moment,
        clock_factor=1.0,
        clock_target=None,
        last_record=0,
        last_event=0,
    )


def create_snapshot(unit: Unit, name: str) -> dict[str, Any]:
    """Keeps the world as it is and answers the `Snapshot`.

    Raises Refusal ALREADY_EXISTS for a name in use, STATE_FORBIDS when there are too many.
    """
    held = list_snapshots(unit)
    if any(item["name"] == name for item in held):
        raise Refusal(Code.ALREADY_EXISTS, f"There is a snapshot {name!r} already.")
    most = unit.workspace.quota.snapshots
    if len(held) >= most:
        raise Refusal(Code.STATE_FORBIDS, f"A workspace keeps {most} snapshots at most.")
    rows = store.world_rows(unit.connection, unit.workspace.name)
    values = {
        "workspace": unit.workspace.name,
        "snapshot_id": max((item["snapshotId"] for item in held), default=0) + 1,
        "name": name,
        "schema_version": SCHEMA_VERSION,
        "taken_at": to_text(unit.wall),
        "world_time": to_text(unit.now),
        "content": zlib.compress(orjson.dumps(rows)),
    }
    store.insert_snapshot(unit.connection, values)
    return _shown(values)


def list_snapshots(unit: Unit) -> list[dict[str, Any]]:
    """Every `Snapshot` of the workspace, oldest first."""
    return [_shown(values) for values in store.list_snapshots(unit.connection, unit.workspace.name)]


def restore_snapshot(unit: Unit, snapshot_id: int) -> dict[str, Any]:
    """Puts the world back as it was kept, its faults too; answers the `Snapshot`.

    Raises Refusal NOT_FOUND, or SNAPSHOT_OF_ANOTHER_VERSION, with nothing changed.
    """
    name = unit.workspace.name
    values = store.find_snapshot(unit.connection, name, snapshot_id)
    if values is None:
        raise not_found("snapshot", snapshot_id)
    if values["schema_version"] != SCHEMA_VERSION:
        raise Refusal(
            Code.SNAPSHOT_OF_ANOTHER_VERSION,
            f"The snapshot was taken by another version of the sandbox (schema {values['schema_version']}, this one "
            f"has {SCHEMA_VERSION}); restore it there.",
        )
    content = orjson.loads(zlib.decompress(values["content"]))
    head = content["workspace"]
    if head["clock_mode"] == ClockMode.RUNNING:
        # It goes on from the kept moment, not from where it would be by now.
        head |= {"clock_world": values["world_time"], "clock_wall": to_text(unit.wall)}
    store.put_world(unit.connection, name, content)
    review_deliveries(unit)
    policies.changed(unit.transaction, name)
    return _shown(values)


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "snapshotId": values["snapshot_id"],
        "name": values["name"],
        "worldTime": values["world_time"],
        "createdAt": values["taken_at"],
    }
