"""The chain over the journal: nothing is left out, put in or changed unseen."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

import sandbox.app  # noqa: F401  (every table must be known before a database is made)
from sandbox.database import Database, Transaction
from sandbox.journal.store import FLUSH, Exchange, append, broken_link, keep, list_exchanges
from sandbox.journal.tables import exchanges
from sandbox.workspaces.store import insert_workspace

NAMES = ("one", "two")


def exchange(workspace: str, path: str) -> Exchange:
    return Exchange(
        workspace=workspace,
        system="esr",
        direction="IN",
        operation_id="list_events",
        client="supplier",
        method="GET",
        path=path,
        query=None,
        request_headers="{}",
        request_body=None,
        request_digest=None,
        status=200,
        response_headers="{}",
        response_body="{}",
        response_digest="0" * 64,
        request_id="60E0B220-8136-4CA5-AE46-1D97EF59D068",
        correlation_id=None,
        applicant_number=None,
        started_at="2026-04-01T09:30:00.000Z",
        duration_ms=1.5,
        world_time="2026-04-01T09:30:00.000Z",
    )


@pytest.fixture
def database() -> Iterator[Database]:
    """Two workspaces whose exchanges came in turn, five of each."""
    database = Database(None, {FLUSH: append})

    def prepare(transaction: Transaction) -> None:
        for name in NAMES:
            insert_workspace(transaction.connection, name, 1, "FULL", datetime.now(UTC))

    database.write(prepare).result()
    for number in range(5):
        for name in NAMES:
            database.write(
                lambda transaction, name=name, number=number: keep(
                    transaction, exchange(name, f"/{number}")
                )
            ).result()
    yield database
    database.close()


def connected(database: Database, work: Callable[[sa.Connection], Any]) -> Any:
    return database.write(lambda transaction: work(transaction.connection)).result()


def test_each_workspace_has_a_chain_of_its_own_without_a_gap(database: Database) -> None:
    for name in NAMES:
        assert (
            connected(database, lambda connection, name=name: broken_link(connection, name)) is None
        )
        rows = connected(
            database, lambda connection, name=name: list_exchanges(connection, name, 0, 100)
        )
        assert [row["exchange_id"] for row in rows] == [1, 2, 3, 4, 5]
        assert [row["path"] for row in rows] == ["/0", "/1", "/2", "/3", "/4"]


@pytest.mark.parametrize(
    "column",
    [
        column.name
        for column in exchanges.columns
        if column.name not in ("workspace", "exchange_id")
    ],
)
def test_a_changed_column_breaks_the_chain_where_it_stands(database: Database, column: str) -> None:
    value: Any = 599 if column == "status" else 9.5 if column == "duration_ms" else "changed"
    third = (exchanges.c.workspace == "one") & (exchanges.c.exchange_id == 3)

    connected(
        database,
        lambda connection: connection.execute(
            sa.update(exchanges).where(third).values({column: value})
        ),
    )

    assert connected(database, lambda connection: broken_link(connection, "one")) == 3
    assert connected(database, lambda connection: broken_link(connection, "two")) is None


def test_a_row_that_is_left_out_breaks_the_chain(database: Database) -> None:
    second = (exchanges.c.workspace == "one") & (exchanges.c.exchange_id == 2)

    connected(database, lambda connection: connection.execute(sa.delete(exchanges).where(second)))

    assert connected(database, lambda connection: broken_link(connection, "one")) == 3


def test_a_last_row_that_is_left_out_breaks_the_chain(database: Database) -> None:
    last = (exchanges.c.workspace == "one") & (exchanges.c.exchange_id == 5)

    connected(database, lambda connection: connection.execute(sa.delete(exchanges).where(last)))

    assert connected(database, lambda connection: broken_link(connection, "one")) == 5


def test_rows_that_change_places_break_the_chain(database: Database) -> None:
    def exchange_places(connection: sa.Connection) -> None:
        for number, path in ((2, "/3"), (4, "/1")):
            row = (exchanges.c.workspace == "one") & (exchanges.c.exchange_id == number)
            connection.execute(sa.update(exchanges).where(row).values(path=path))

    connected(database, exchange_places)

    assert connected(database, lambda connection: broken_link(connection, "one")) == 2


@pytest.mark.parametrize(
    "sent", ["60e0b220-8136-4ca5-ae46-1d97ef59d068", "60E0B220-8136-4CA5-AE46-1D97EF59D068"]
)
def test_a_request_id_is_found_with_letters_in_either_case(database: Database, sent: str) -> None:
    found = connected(
        database, lambda connection: list_exchanges(connection, "one", 0, 100, request_id=sent)
    )

    assert len(found) == 5
