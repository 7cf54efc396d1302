"""A database on a PostgreSQL server, which several processes share."""

import logging
import time
from typing import Any

import sqlalchemy as sa

from sandbox.database.link import IN_USE, Link, key_of
from sandbox.database.schema import (
    OLDEST_VERSION,
    SCHEMA_VERSION,
    DatabaseUnusable,
    age_of,
    metadata,
    prepare_schema,
    schema_version,
)
from sandbox.database.sqlite import READERS
from sandbox.database.transaction import Transaction
from sandbox.errors import Code, Refusal
from sandbox.prepared import Prepared

logger = logging.getLogger(__name__)

_SCHEME = "postgresql"
_DRIVER = "postgresql+psycopg"
_CONNECT_SECONDS = 5
_SCHEMA_LOCK = "schema"
"""Held while the tables are made, so that processes that start together make them once."""
_OUTCOME_SECONDS = 10.0
"""How long the server is asked what became of a commit whose answer was lost."""
_OPTIONS = (
    # A process that was stopped in the middle of a unit holds up the others no longer than this.
    "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s "
    # As on SQLite, whatever the database was made with.
    "-c timezone=UTC -c client_min_messages=warning "
    # The locks of a process end with its connections, also where its whole machine has gone and says nothing any more.
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)
_KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""And nobody waits for hours for a server that has gone so."""
_begin = Prepared(
    sa.text(
        "SELECT pg_current_xact_id()::text FROM workspaces WHERE name = :workspace FOR NO KEY UPDATE"
    )
)
_name = Prepared(sa.text("SELECT pg_current_xact_id()::text"))
_announce = Prepared(sa.text("SELECT pg_notify(:channel, :payload)"))


def is_address(place: str) -> bool:
    """Whether a database is named by an address and not by a path."""
    return place.split("://", 1)[0] in (_SCHEME, _DRIVER) and "://" in place


def without_password(place: str) -> str:
    """An address as it may be shown and logged; a path as it is."""
    return sa.make_url(place).render_as_string(hide_password=True) if is_address(place) else place


class _Server:
    """A database's address, and how it is reached."""

    def __init__(self, address: str) -> None:
        """Raises DatabaseUnusable for what is no address."""
        try:
            self.url = sa.make_url(address).set(drivername=_DRIVER)
        except (sa.exc.ArgumentError, ValueError):
            raise DatabaseUnusable(
                "The address of the database cannot be read. It has the form "
                "postgresql+psycopg://user:password@host:5432/database; in user and password, @ : / and % are written "
                "as %40 %3A %2F and %25."
            ) from None
        self.shown = self.url.render_as_string(hide_password=True)

    def engine(self, size: int, *, reads_only: bool = False) -> sa.Engine:
        """A pool of connections; none is opened yet."""
        # What the address asks of the server, for instance a search_path, comes first: of the same setting the last one holds.
        options = " ".join([*self.url.normalized_query.get("options", ()), _OPTIONS])
        engine = sa.create_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            # A unit of work that reads sees one state of the world, as on SQLite; one that writes has its workspace to itself.
            isolation_level="REPEATABLE READ" if reads_only else "READ COMMITTED",
            connect_args={
                "options": options,
                **_KEEPALIVES,
                "connect_timeout": _CONNECT_SECONDS,
                "application_name": "esr-sandbox",
            },
            hide_parameters=True,
        )

        @sa.event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            connection.read_only = reads_only
            if not reads_only:
                # Acknowledged means durable, whatever the server's default.
                with connection.transaction():
                    connection.execute(
                        "SELECT set_config('synchronous_commit', 'on', false) "
                        "WHERE current_setting('synchronous_commit') = 'off'"
                    )

        return engine

    def lock_schema(self, connection: sa.Connection) -> None:
        """Waits until nobody else makes or changes the tables, until the end of the transaction."""
        key = key_of(f"{_schema(connection)}/{_SCHEMA_LOCK}")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def is_in_use(self, connection: sa.Connection) -> bool:
        """Whether a process has the tables open; where none has, none opens them until the end of the transaction."""
        key = key_of(f"{_schema(connection)}/{IN_USE}")
        return not connection.execute(
            sa.select(sa.func.pg_try_advisory_xact_lock(key))
        ).scalar_one()

    def own_tables(self, connection: sa.Connection) -> set[str]:
        """The names of the tables that are there. Raises DatabaseUnusable where they are another program's."""
        tables = set(sa.inspect(connection).get_table_names())
        if tables and not tables >= {"schema_version", "workspaces"}:
            raise DatabaseUnusable(
                f"{self.shown} holds another program's tables. Name another database with --database; this one was left "
                "as it is."
            )
        return tables

    def explain(self, problem: sa.exc.DBAPIError) -> str:  # noqa: PLR0911  (a sentence for each cause)
        """Why the database cannot be used, and what to do."""
        shown = self.shown
        said = str(problem.orig)
        if getattr(problem.orig, "sqlstate", None) == "42501":
            return (
                f"The user {self.url.username} may not make tables in {shown}. As the database's owner: GRANT CREATE ON SCHEMA "
                f'public TO "{self.url.username}".'
            )
        if "password" in said and "fe_sendauth" not in said:
            return f"{shown}: the server does not accept the password of {self.url.username}."
        if "fe_sendauth" in said:
            return f"{shown}: the server asks for a password; write it into the address, or into ~/.pgpass."
        if "database" in said and "does not exist" in said:
            return f"{shown}: there is no database {self.url.database}. Make it with: createdb {self.url.database}"
        if "role" in said and "does not exist" in said:
            return f"{shown}: the server knows no user {self.url.username}."
        if any(
            words in said for words in ("refused", "No such file", "resolve", "timeout", "reach")
        ):
            return f"{shown}: no PostgreSQL server answers there. Start it, or name another with --database."
        return f"{shown} cannot be used: {said.strip().splitlines()[-1]}"


class Postgresql:
    """One database of a PostgreSQL server, open."""

    is_shared = True
    has_readers = True
    one_group_for_all = False
    attempts = 3

    def __init__(self, address: str) -> None:
        """Connects, and makes the tables where there are none. Raises DatabaseUnusable."""
        self._server = _Server(address)
        self.writing = self._server.engine(1)
        self.reading = self._server.engine(READERS, reads_only=True)
        try:
            schema = self._prepare()
            self.link = Link(self._connect, schema)
        except sa.exc.DBAPIError as problem:
            self._dispose()
            raise DatabaseUnusable(self._server.explain(problem)) from None
        except BaseException:
            self._dispose()
            raise

    def refusal(self, _problem: Exception) -> str:
        """What is told to those whose writes were lost, or whose reads failed."""
        return (
            "The sandbox's database cannot be reached, so it is not known to have stored anything. Send the request again "
            "with the same X-Request-ID: what was stored is answered as it was the first time, and nothing is done twice."
        )

    def check(self) -> None:
        """Nothing: what the server has committed is there."""

    def told(self, problem: Exception) -> Exception:
        """What is told of a unit that failed: what it raised, but for texts that the server cannot keep."""
        if isinstance(problem, sa.exc.DataError) and "NUL" in str(problem.orig):
            return Refusal(
                Code.CONTRACT_VIOLATION,
                "The request holds the character U+0000, which no text may hold here. Send it without.",
            )
        return problem

    def begin(self, transaction: Transaction, workspace: str | None) -> None:
        """Locks the workspace's row until the end, and takes the name by which the server knows the transaction."""
        connection = transaction.connection
        row = None
        if workspace is not None:
            row = _begin.run(connection, {"workspace": workspace}).fetchone()
        if row is None:
            row = _name.run(connection, {}).fetchone()
        transaction.name = row[0]

    def announce(self, transaction: Transaction) -> None:
        """Has the other processes told once the transaction is committed."""
        payload = self.link.told_to_others(transaction.announcements)
        if payload:
            channel = self.link.channel
            _announce.run(transaction.connection, {"channel": channel, "payload": payload})

    def was_committed(self, transaction: Transaction) -> bool | None:
        """What became of a commit whose answer was lost, as the server knows it; None where it cannot be asked in time."""
        asked = transaction.name
        deadline = time.monotonic() + _OUTCOME_SECONDS
        engine = self._server.engine(1)
        try:
            while asked and time.monotonic() < deadline:
                try:
                    with engine.connect() as connection:
                        status = connection.execute(
                            sa.text("SELECT pg_xact_status(CAST(:asked AS xid8))"), {"asked": asked}
                        ).scalar_one()
                except sa.exc.DBAPIError:
                    status = None
                if status in ("committed", "aborted"):
                    return bool(status == "committed")
                time.sleep(0.1)
        finally:
            engine.dispose()
        return None

    def close(self) -> None:
        """Ends every connection."""
        self.link.close()
        self._dispose()

    def _dispose(self) -> None:
        self.reading.dispose()
        self.writing.dispose()

    def _connect(self) -> Any:
        """A connection of the driver's own, outside of any pool."""
        held = self._server.engine(1).raw_connection()
        connection = held.dbapi_connection
        held.detach()
        return connection

    def _prepare(self) -> str:
        """Makes the tables where there are none; answers the schema that they are in. Raises DatabaseUnusable."""
        with self.writing.connect() as connection, connection.begin():
            self._server.lock_schema(connection)
            self._server.own_tables(connection)
            prepare_schema(connection, _sorted_as_on_sqlite())
            version = connection.execute(sa.select(schema_version.c.version)).scalar_one()
            schema = _schema(connection)
        if OLDEST_VERSION <= version < SCHEMA_VERSION:
            raise DatabaseUnusable(
                f"{self._server.shown} is of schema {version}, this version of the sandbox has {SCHEMA_VERSION}. Stop every "
                "process that uses it, make a backup with pg_dump, and bring it up to date with: esr-sandbox database migrate"
            )
        if version != SCHEMA_VERSION:
            raise DatabaseUnusable(
                f"{self._server.shown} was written by a {age_of(version)} version of the sandbox (schema {version}, this one "
                f"has {SCHEMA_VERSION}). Use that version, or name another database with --database."
            )
        return schema


def bring_up_to_date(address: str) -> tuple[int, int]:
    """Brings a database of an earlier schema to the present one, in one transaction; answers the schemas of before and after.

    Raises DatabaseUnusable, with nothing changed, where it is in use, another program's, or of a schema that is not known.
    """
    # Imported when it is asked for: Alembic is read once in a database's life.
    from sandbox.migrations import migrate

    server = _Server(address)
    engine = server.engine(1)
    try:
        with engine.connect() as connection, connection.begin():
            server.lock_schema(connection)
            if not server.own_tables(connection):
                raise DatabaseUnusable(
                    f"{server.shown} is empty: there is nothing to bring up to date."
                )
            version = int(connection.execute(sa.select(schema_version.c.version)).scalar_one())
            if version == SCHEMA_VERSION:
                return version, version
            if not OLDEST_VERSION <= version < SCHEMA_VERSION:
                raise DatabaseUnusable(
                    f"{server.shown} was written by {'a newer' if version > SCHEMA_VERSION else 'too old a'} version of the "
                    f"sandbox (schema {version}, this one has {SCHEMA_VERSION}). Use that version."
                )
            if server.is_in_use(connection):
                raise DatabaseUnusable(
                    f"{server.shown} is in use by a sandbox. Stop every process that uses it first."
                )
            migrate(connection, version)
            return version, SCHEMA_VERSION
    except sa.exc.DBAPIError as problem:
        raise DatabaseUnusable(server.explain(problem)) from None
    finally:
        engine.dispose()


def forget_tables(address: str) -> None:
    """Drops a sandbox's tables, of whatever version. Raises DatabaseUnusable where they are in use or another program's."""
    server = _Server(address)
    engine = server.engine(1)
    try:
        with engine.connect() as connection, connection.begin():
            server.lock_schema(connection)
            tables = server.own_tables(connection)
            if server.is_in_use(connection):
                raise DatabaseUnusable(
                    f"{server.shown} is in use by another sandbox. Stop that one or name another with --database."
                )
            for name in sorted(tables):
                quoted = connection.dialect.identifier_preparer.quote(name)
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted} CASCADE")
    except sa.exc.DBAPIError as problem:
        raise DatabaseUnusable(server.explain(problem)) from None
    finally:
        engine.dispose()


def _schema(connection: sa.Connection) -> str:
    """The schema in which the tables lie; a database has several, and each may have a sandbox of its own."""
    return str(connection.execute(sa.select(sa.func.current_schema())).scalar_one())


def _sorted_as_on_sqlite() -> sa.MetaData:
    """The tables, with texts compared byte by byte whatever the database's language: lanes are ranges, pages have an order."""
    tables = sa.MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(tables)
    for table in tables.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, sa.String):
                column.type = type(column.type)(column.type.length, collation="C")
    return tables
