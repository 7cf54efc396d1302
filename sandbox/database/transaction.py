"""A unit of work in a transaction that it shares: done whole, or undone without a trace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from sandbox.prepared import Prepared

_ATTEMPTS = 3
_begin_unit = Prepared(sa.text("SAVEPOINT unit"))
_end_unit = Prepared(sa.text("RELEASE SAVEPOINT unit"))


@dataclass(slots=True)
class Transaction:
    """What one group of commands shares: the connection, and work to be done once before the commit."""

    connection: sa.Connection
    before_commit: dict[str, list[Any]] = field(default_factory=dict)
    announcements: set[str] = field(default_factory=set)
    """What has happened, for those who listen: they are told once it is committed."""
    name: str = ""
    """By what the server knows it, where there is a server."""


Work = Callable[[Transaction], Any]
Result = TypeVar("Result")


class Undone(Exception):
    """Raised by a unit to undo all that it did so far and to go on with `then`, whose result becomes the unit's."""

    def __init__(self, then: Work) -> None:
        super().__init__("the unit's changes are undone")
        self.then = then


def attempt(transaction: Transaction, work: Work) -> Any:
    """Runs a unit of work under a savepoint. Raises what it raises, with its changes undone.

    A unit that meets a constraint is run again, since another one may just have written the row.
    """
    connection = transaction.connection
    for time in range(1, _ATTEMPTS + 1):
        put_off = {name: len(left) for name, left in transaction.before_commit.items()}
        _begin_unit.run(connection, {})
        try:
            try:
                result = work(transaction)
            except Undone as undone:
                _undo(transaction, put_off)
                result = undone.then(transaction)
        except Exception as problem:
            if is_fatal(problem):
                raise  # There is no savepoint any more.
            _undo(transaction, put_off)
            _end_unit.run(connection, {})
            if isinstance(problem, sa.exc.IntegrityError) and time < _ATTEMPTS:
                continue
            raise
        _end_unit.run(connection, {})
        return result
    raise AssertionError("unreachable")


def undoable(transaction: Transaction, work: Callable[[], Result]) -> Result:
    """Runs a part of a unit of work so that it leaves nothing behind when it raises; the rest of the unit stands."""
    connection = transaction.connection
    put_off = {name: len(left) for name, left in transaction.before_commit.items()}
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        result = work()
    except Exception as problem:
        # Where the whole transaction is lost, there is no savepoint to go back to.
        if not is_fatal(problem):
            _undo(transaction, put_off, "part")
            connection.exec_driver_sql("RELEASE SAVEPOINT part")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT part")
    return result


def _undo(transaction: Transaction, put_off: dict[str, int], savepoint: str = "unit") -> None:
    transaction.connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {savepoint}")
    for name, left in transaction.before_commit.items():
        del left[put_off.get(name, 0) :]


def is_fatal(problem: Exception) -> bool:
    """Whether the whole transaction is lost: disk full, input/output error, file damaged, file or server gone, deadlock, lock."""
    # What SQLite says of a damaged file is of no kind of its own.
    return (
        isinstance(
            problem,
            sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.PendingRollbackError,
        )
        or type(problem) is sa.exc.DatabaseError
    )
