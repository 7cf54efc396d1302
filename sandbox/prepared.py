"""Statements of the hot path: written with SQLAlchemy, compiled once, run by the driver.

SQLAlchemy builds and caches the text; what it does around each execution (parameters, events, result rows) costs ten times
what the statement itself costs, and a submission runs nine. The driver takes the text directly: `sqlite3` and `psycopg` both
have `Connection.execute`. See docs/decisions/0007-prepared-statements.md.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


class Prepared:
    """One statement whose values are named by `bindparam` or by column."""

    def __init__(self, statement: sa.Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: sa.Connection, values: dict[str, Any]) -> Any:
        """Runs it in the connection's transaction; answers the driver's cursor.

        Raises what SQLAlchemy raises, for instance IntegrityError.
        """
        compiled = self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        try:
            return driver.execute(compiled.text, compiled.parameters(values))
        except connection.dialect.loaded_dbapi.Error as problem:
            raise _translated(connection, compiled.text, problem) from problem

    def run_many(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        """Runs it once for each row. Raises as `run` does."""
        compiled = self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        try:
            driver.cursor().executemany(compiled.text, [compiled.parameters(row) for row in rows])
        except connection.dialect.loaded_dbapi.Error as problem:
            raise _translated(connection, compiled.text, problem) from problem

    def _for(self, connection: sa.Connection) -> "_Compiled":
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            fixed = dict(compiled.params)
            names = compiled.positiontup if compiled.positional else None
            found = self._compiled[dialect.name] = _Compiled(str(compiled), names, fixed)
        return found


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    names: list[str] | None
    """The names of the values in their order; None where the driver takes them by name."""
    fixed: dict[str, Any]
    """Values that stand in the statement itself, and None for every other: a column that is left out stays empty."""

    def parameters(self, values: dict[str, Any]) -> Any:
        if self.names is None:
            return {**self.fixed, **values}
        fixed = self.fixed
        return [values[name] if name in values else fixed.get(name) for name in self.names]


def _translated(connection: sa.Connection, text: str, problem: Exception) -> BaseException:
    return sa.exc.DBAPIError.instance(
        text,
        None,
        problem,
        connection.dialect.loaded_dbapi.Error,
        dialect=connection.dialect,
    )
