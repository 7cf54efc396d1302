"""The hourly run: on every full hour of a workspace's clock ESR looks into the inboxes and tells what is new.

Employer by employer, in the order of their ODS codes: first what came in, applicants before checks and each in its
sequence, then what goes out. A file is loaded in several transactions and each row with what became of it in one, so a
run that is broken off is called again and takes up what is left, without doing anything twice. Nothing that lies in an
inbox stops a run; what the sandbox itself cannot do is logged, and the next hour comes all the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sandbox.clock import wall_now
from sandbox.database import Database, Transaction, Work
from sandbox.errors import Code, Refusal
from sandbox.esr.files import exchange
from sandbox.esr.files.envelope import parse_name
from sandbox.esr.files.exchange import Employer
from sandbox.esr.files.faults import Trouble
from sandbox.esr.files.hub import EmployerFolder, Hub, TooLarge, Unreadable
from sandbox.esr.files.inbound import Record
from sandbox.esr.files.layouts import FILE_TYPES, IN
from sandbox.esr.store import files as store
from sandbox.jobs.store import Job, has_standing, next_due, set_standing, time_lock
from sandbox.outbox.store import next_delivery
from sandbox.timestamps import from_text
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import find_workspace, heads

logger = logging.getLogger(__name__)

HOURLY_RUN = "hourly-run"
_HOUR = timedelta(hours=1)
_ORDER = list(FILE_TYPES)


def next_hour(moment: datetime) -> datetime:
    """The full hour after a moment."""
    return moment.replace(minute=0, second=0, microsecond=0) + _HOUR


async def without_hub(_job: Job) -> None:
    """The run of a sandbox that has no hub: the hours set by one that had are let go."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where files are exchanged with one employer."""

    workspace: str
    employer: Employer
    folder: EmployerFolder

    def unit(self, transaction: Transaction) -> Unit:
        """Work of ESR in the workspace."""
        return open_unit(transaction, self.workspace, wall_now(), "esr")


class HourlyInterface:
    """Exchanges files with the suppliers of every workspace, as long as the server lives."""

    def __init__(self, hub: Hub, database: Database) -> None:
        self._hub = hub
        self._database = database

    async def open(self, workspace: str) -> None:
        """Makes the folders of a workspace's employers and sets the first hour; done again it changes nothing."""

        def ensure(transaction: Transaction) -> list[Employer]:
            found = find_workspace(transaction.connection, workspace)
            if found is None:
                return []
            if not has_standing(transaction.connection, workspace):
                due_at = next_hour(found.clock.now(wall_now()))
                set_standing(transaction, workspace, kind=HOURLY_RUN, due_at=due_at)
            return exchange.employers(transaction.connection, workspace)

        for employer in await self._database.written(ensure, workspace):
            if employer.is_enabled:
                await self._make(self._hub.employer(workspace, employer.ods_code))

    async def clear(self, workspace: str) -> None:
        """Deletes the folders of a workspace, with all that lies in them. Raises Refusal SERVICE_UNAVAILABLE."""
        try:
            await asyncio.to_thread(self._hub.clear, workspace)
        except OSError as problem:
            raise Refusal(
                Code.SERVICE_UNAVAILABLE,
                f"The files of workspace {workspace} cannot be deleted: {problem.strerror}. Nothing else was.",
                headers={"Retry-After": "5"},
            ) from problem

    async def run(self, job: Job) -> None:
        """One hour of a workspace. Raises Refusal SERVICE_UNAVAILABLE where the database fails; it is then called again."""
        seen: dict[str, Any] = {}
        is_idle = False
        try:
            seen, is_idle = await self._hour(job)
        except Exception as problem:
            _raise_if_passing(problem)
            logger.exception("the hourly run of workspace %s failed", job.workspace)
        await self._written(
            lambda transaction: _set_next(transaction, job.workspace, seen, is_idle), job.workspace
        )

    async def _written(self, work: Work, workspace: str) -> Any:
        """A unit of a run: done only while this process keeps the workspace's time."""
        link = self._database.link
        if link is not None:
            work = link.fenced(time_lock(workspace), work)
        return await self._database.written(work, workspace)

    async def _hour(self, job: Job) -> tuple[dict[str, Any], bool]:
        """Answers what the run has seen of the world, and whether there was nothing to do."""

        def look(transaction: Transaction) -> tuple[list[Employer], list[dict[str, Any]], Any]:
            connection = transaction.connection
            return (
                exchange.employers(connection, job.workspace),
                store.unfiled(connection, job.workspace),
                heads(connection, job.workspace),
            )

        employers, unfiled, reached = await asyncio.wrap_future(self._database.read(look))
        places = [self._place(job.workspace, employer) for employer in employers]
        waiting = await asyncio.to_thread(
            lambda: [(place, _in_order(_waiting(place.folder))) for place in places]
        )
        seen = {
            "heads": list(reached),
            "enabled": [item.ods_code for item in employers if item.is_enabled],
        }
        is_whole = await asyncio.to_thread(
            lambda: all(place.folder.is_made() for place in places if place.employer.is_enabled)
        )
        nothing_waits = not unfiled and not any(names for _, names in waiting)
        if seen == job.payload and nothing_waits and is_whole:
            return seen, True
        all_done = True
        for place, names in waiting:
            left = [row for row in unfiled if row["ods_code"] == place.employer.ods_code]
            all_done &= await self._exchange(place, names, left)
        # Where something failed, the next hour looks again, whether anything has changed or not.
        return seen if all_done else {}, False

    async def _exchange(self, place: _Place, names: list[str], left: list[dict[str, Any]]) -> bool:
        """An employer's part of the hour: what was left, what came in, what goes out; answers whether all of it was done."""
        known = {row["name"] for row in left if row["direction"] == IN}
        steps: list[Callable[[], Awaitable[None]]] = []
        if place.employer.is_enabled:
            steps.append(partial(self._make, place.folder))
        steps += [partial(self._take_up, place, row) for row in left]
        steps += [
            partial(self._receive, place, name) for name in names if _shown(name) not in known
        ]
        if place.employer.is_enabled:
            steps.append(partial(self._tell, place))
        all_done = True
        for step in steps:
            try:
                await step()
            except Exception as problem:
                _raise_if_passing(problem)
                all_done = False
                logger.exception(
                    "the files of %s in workspace %s failed",
                    place.employer.ods_code,
                    place.workspace,
                )
        return all_done

    def _place(self, workspace: str, employer: Employer) -> _Place:
        return _Place(workspace, employer, self._hub.employer(workspace, employer.ods_code))

    async def _make(self, folder: EmployerFolder) -> None:
        try:
            await asyncio.to_thread(folder.make)
        except OSError as problem:
            logger.error("the folders %s cannot be made: %s", folder.path, problem)  # noqa: TRY400

    async def _take_up(self, place: _Place, row: dict[str, Any]) -> None:
        """Goes on where a run was broken off, or where a folder could not be written."""
        if row["state"] == exchange.LOADING:
            await self._load(place, row["file_id"])
        await self._file(place, row["file_id"], row["name"], is_new=False)
        await self._file_new(place)

    async def _receive(self, place: _Place, name: str) -> None:
        """Judges a file of the inbox, loads it if it may be, and clears it away."""
        content, trouble = await asyncio.to_thread(_content, place.folder, name)

        def note(transaction: Transaction) -> tuple[int, bool]:
            unit = place.unit(transaction)
            return exchange.receive(unit, place.employer, _shown(name), content, trouble)

        file_id, is_good = await self._written(note, place.workspace)
        if is_good:
            await self._load(place, file_id)
        await self._file(place, file_id, name, is_new=True)
        await self._file_new(place)

    async def _load(self, place: _Place, file_id: int) -> None:
        records: list[Record] | None = None

        def some(transaction: Transaction) -> bool:
            nonlocal records
            unit = place.unit(transaction)
            if records is None:
                records = exchange.records(unit, file_id)
            return exchange.load_some(unit, place.employer, file_id, records)

        while await self._written(some, place.workspace):
            pass

    async def _tell(self, place: _Place) -> None:
        """Writes what is new since the last hour."""

        def note(transaction: Transaction) -> bool:
            return exchange.tell(place.unit(transaction), place.employer)

        if await self._written(note, place.workspace):
            await self._file_new(place)

    async def _file_new(self, place: _Place) -> None:
        """Puts into the outbox what was made for it."""

        def read(transaction: Transaction) -> list[dict[str, Any]]:
            return store.unfiled(transaction.connection, place.workspace)

        for row in await asyncio.wrap_future(self._database.read(read)):
            if row["ods_code"] == place.employer.ods_code and row["direction"] != IN:
                await self._file(place, row["file_id"], row["name"], is_new=True)

    async def _file(self, place: _Place, file_id: int, name: str, *, is_new: bool) -> None:
        """Brings the folders to what is known of a file; where that fails it is tried again in an hour."""

        def read(transaction: Transaction) -> dict[str, Any] | None:
            return store.find_file(transaction.connection, place.workspace, file_id)

        row = await asyncio.wrap_future(self._database.read(read))
        if row is None or row["is_filed"]:
            return
        try:
            await asyncio.to_thread(_file_away, place.folder, row, name, is_new)
        except OSError as problem:
            logger.warning("the file %s cannot be put where it belongs: %s", name, problem)
            return
        await self._written(
            lambda transaction: store.update_file(
                transaction.connection, place.workspace, file_id, is_filed=True, content=None
            ),
            place.workspace,
        )


def _raise_if_passing(problem: Exception) -> None:
    if isinstance(problem, Refusal) and problem.code == Code.SERVICE_UNAVAILABLE:
        raise problem


def _in_order(names: list[str]) -> list[str]:
    """Applicants before checks, each in its sequence; what has no known name comes last."""

    def place(name: str) -> tuple[int, int, str]:
        parts = parse_name(name)
        if parts is None or parts.file_type not in FILE_TYPES:
            return len(_ORDER), 0, name
        return _ORDER.index(parts.file_type), parts.sequence, name

    return sorted(names, key=place)


def _shown(name: str) -> str:
    """A name as it can be kept: what is no Unicode in it becomes a question mark."""
    return name.encode(errors="replace").decode()[:255]


def _waiting(folder: EmployerFolder) -> list[str]:
    """What one employer's inbox holds; where it cannot be read, the others' hour comes all the same."""
    try:
        return folder.waiting()
    except OSError as problem:
        logger.error("the inbox of %s cannot be read: %s", folder.path, problem)  # noqa: TRY400
        return []


def _content(folder: EmployerFolder, name: str) -> tuple[bytes, Trouble | None]:
    try:
        return folder.read(name), None
    except Unreadable:
        return b"", Trouble.UNREADABLE
    except TooLarge:
        return b"", Trouble.TOO_LARGE


def _file_away(folder: EmployerFolder, row: dict[str, Any], name: str, is_new: bool) -> None:
    """Raises OSError."""
    if row["direction"] != IN:
        folder.send(name, row["content"] or b"")
    elif not is_new and not _is_still_there(folder, row, name):
        return
    elif row["state"] == exchange.CONFIRMED:
        folder.keep(name)
    else:
        folder.set_aside(name, row["code"], row["text"], row["noted_at"])


def _is_still_there(folder: EmployerFolder, row: dict[str, Any], name: str) -> bool:
    """Whether the inbox holds under the name what was judged, and nothing that was put there since."""
    content, _ = _content(folder, name)
    return bool(exchange.digest(content) == row["digest"])


def _set_next(
    transaction: Transaction, workspace: str, seen: dict[str, Any], is_idle: bool
) -> None:
    """Sets the next hour in which there can be something to do.

    While a clock is moved, nothing happens between one due moment and the next; hours that lie between are passed over.
    """
    connection = transaction.connection
    if find_workspace(connection, workspace) is None:
        return
    unit = open_unit(transaction, workspace, wall_now(), "esr")
    due_at = next_hour(unit.now)
    target = unit.workspace.clock_target
    if is_idle and target is not None:
        ahead = [next_due(connection, workspace), next_delivery(connection, workspace)]
        horizon = min([target, *(from_text(text) for text in ahead if text)])
        due_at = max(due_at, _full_hour_from(horizon))
    set_standing(transaction, workspace, kind=HOURLY_RUN, due_at=due_at, payload=seen)


def _full_hour_from(moment: datetime) -> datetime:
    """The moment itself where it is a full hour, else the next one."""
    return next_hour(moment - timedelta(microseconds=1))
