"""A database on a PostgreSQL server for one sandbox that a command starts: made empty, and dropped at the end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from sandbox.database.postgresql import is_address, without_password
from sandbox.database.schema import DatabaseUnusable

_CONNECT_SECONDS = 5


@contextmanager
def temporary_database(address: str) -> Iterator[str]:
    """The address of a new database on the server of `address`, whose account must be allowed to make some.

    Raises DatabaseUnusable.
    """
    if not is_address(address):
        raise DatabaseUnusable(f"{address} is no address of a PostgreSQL database.")
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise DatabaseUnusable("The address of the database cannot be read.") from None
    name = f"esr_sandbox_{secrets.token_hex(6)}"
    _run(url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        # Whoever still holds a connection has been told to stop.
        _run(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _run(url: sa.URL, statement: str) -> None:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(
            plain, autocommit=True, connect_timeout=_CONNECT_SECONDS
        ) as connection:
            connection.execute(statement.encode())
    except psycopg.Error as problem:
        said = str(problem).strip().splitlines()
        raise DatabaseUnusable(
            f"{without_password(str(url))} does not let a database be made for this run or dropped again: "
            f"{said[0] if said else type(problem).__name__}. Give the account the right CREATEDB, or name another server."
        ) from None
