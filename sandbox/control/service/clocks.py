"""The world's clock: read, set, moved. It never goes backwards."""

from datetime import datetime
from typing import Any

from sandbox.clock import LATEST, Clock, ClockMode
from sandbox.errors import Code, Refusal
from sandbox.jobs.store import ANNOUNCEMENT, next_job
from sandbox.outbox.store import WALL, WORLD, earliest_due
from sandbox.timestamps import duration, from_text, to_text
from sandbox.web.call import Unit
from sandbox.workspaces.store import set_clock as store_clock


def shown(clock: Clock, wall: datetime) -> dict[str, Any]:
    """The clock as `Clock` of the contract."""
    document: dict[str, Any] = {"mode": str(clock.mode), "now": to_text(clock.now(wall))}
    if clock.mode is ClockMode.RUNNING:
        document["factor"] = clock.factor
    return document


def set_clock(unit: Unit, setting: dict[str, Any]) -> dict[str, Any]:
    """Sets mode, moment and factor. Raises Refusal SETTING_INVALID or CLOCK_BACKWARDS, with nothing changed."""
    mode = _mode(setting)
    present = _present(unit)
    wanted = unit.wall if mode is ClockMode.REAL else present
    if "at" in setting:
        wanted = from_text(setting["at"])
    _check_forward(unit, wanted)
    factor = setting.get("factor", 1.0)
    if mode is ClockMode.REAL:
        clock = Clock(mode, wanted, unit.wall)
        store_clock(unit.connection, unit.workspace.name, clock)
        return shown(clock, unit.wall)
    return _begin_move(unit, Clock(mode, unit.now, unit.wall, factor), wanted)


def first_clock(setting: dict[str, Any], wall: datetime) -> Clock:
    """The clock of a world in which nothing has happened yet, so it may begin at any moment. Raises Refusal SETTING_INVALID."""
    mode = _mode(setting)
    world = from_text(setting["at"]) if "at" in setting else wall
    _check_end(world)
    return Clock(mode, world, wall, setting.get("factor", 1.0))


def advance_clock(unit: Unit, move: dict[str, Any]) -> dict[str, Any]:
    """Moves a clock that is not REAL. Raises Refusal STATE_FORBIDS or CLOCK_BACKWARDS, with nothing changed."""
    clock = unit.workspace.clock
    if clock.mode is ClockMode.REAL:
        raise Refusal(
            Code.STATE_FORBIDS, "A REAL clock cannot be moved; freeze it or let it run first."
        )
    wanted = from_text(move["to"]) if "to" in move else _present(unit) + duration(move["by"])
    _check_forward(unit, wanted)
    return _begin_move(unit, clock.moved_to(unit.now, unit.wall), wanted)


def _mode(setting: dict[str, Any]) -> ClockMode:
    """The mode that a setting asks for, when all else goes with it."""
    mode = ClockMode(setting["mode"])
    if "at" in setting and mode is ClockMode.REAL:
        raise Refusal(Code.SETTING_INVALID, "A REAL clock shows wall time; leave `at` out.")
    if "factor" in setting and mode is not ClockMode.RUNNING:
        raise Refusal(Code.SETTING_INVALID, "Only a RUNNING clock has a factor.")
    return mode


def _present(unit: Unit) -> datetime:
    """Where the clock stands, or will once a move that is under way has ended."""
    return unit.workspace.clock_target or unit.now


def _begin_move(unit: Unit, clock: Clock, wanted: datetime) -> dict[str, Any]:
    """Lets the clock set out for `wanted`; answers it as it will stand there.

    Where nothing lies on the way it is there at once; else the timekeeper walks it.
    """
    name, there = unit.workspace.name, clock.moved_to(wanted, unit.wall)
    if unit.workspace.clock_target is None and not _is_anything_before(unit, wanted):
        store_clock(unit.connection, name, there)
    else:
        store_clock(unit.connection, name, clock, wanted)
        unit.transaction.announcements.add(ANNOUNCEMENT)
    return shown(there, unit.wall)


def _is_anything_before(unit: Unit, wanted: datetime) -> bool:
    """Whether a job, a delivery or a message is due by then."""
    name = unit.workspace.name
    job = next_job(unit.connection, name)
    [(_, messages)] = earliest_due(unit.connection, name)
    horizon = {WALL: to_text(unit.wall), WORLD: to_text(wanted)}
    return (job is not None and job.due_at <= to_text(wanted)) or any(
        due_at <= horizon[clock] for clock, due_at in messages.items()
    )


def _check_forward(unit: Unit, wanted: datetime) -> None:
    # What the caller read has milliseconds; the clock may be microseconds past it.
    if to_text(wanted) < to_text(_present(unit)):
        raise Refusal(
            Code.CLOCK_BACKWARDS,
            f"The world's time is {to_text(_present(unit))}; it cannot go back to {to_text(wanted)}. Reset the workspace or "
            "restore a snapshot instead.",
        )
    _check_end(wanted)


def _check_end(wanted: datetime) -> None:
    if wanted > LATEST:
        raise Refusal(Code.SETTING_INVALID, f"The world ends at {to_text(LATEST)}.")
