"""Schema 4: clients that get tokens, limits and quotas, faults in the database, and what several processes share."""

import zlib
from typing import Any

import orjson
import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Adds tables and columns. What a snapshot held of faults becomes rows, as they are kept from now on."""
    _add_tables(operations)
    _add_columns(operations)
    connection = operations.get_bind()
    clients = sa.table("clients", *map(sa.column, ("client_id", "workspace", "is_internal")))
    # What NHS Jobs calls ESR by in a world is the sandbox's own.
    connection.execute(
        sa.update(clients)
        .where(clients.c.client_id == sa.literal("nhs-jobs-") + clients.c.workspace)
        .values(is_internal=sa.true())
    )
    _renew_snapshots(connection)


def _add_tables(operations: Operations) -> None:
    operations.create_table(
        "spent_assertions",
        sa.Column("assertion_sha256", sa.String(64), primary_key=True),
        sa.Column("kept_until", sa.BigInteger, nullable=False),
    )
    operations.create_index("spent_assertions_by_time", "spent_assertions", ["kept_until"])
    operations.create_table(
        "faults",
        _workspace(),
        sa.Column("fault_id", sa.Integer, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("met", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
    )
    operations.create_table(
        "outbox_claims",
        _workspace(),
        sa.Column("message_id", sa.BigInteger, primary_key=True),
        sa.Column("lane", sa.String(120), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("claimed_by", sa.String(32), nullable=False),
        sa.Column("claimed_until", sa.String(24), nullable=False),
    )
    operations.create_index("outbox_claims_by_lane", "outbox_claims", ["workspace", "lane"])
    operations.create_table(
        "request_counts",
        _workspace(),
        sa.Column("client_id", sa.String(60), primary_key=True),
        sa.Column("api", sa.String(20), primary_key=True),
        sa.Column("seconds", sa.Integer, primary_key=True),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
    )


def _add_columns(operations: Operations) -> None:
    of_clients: list[sa.Column[Any]] = [
        sa.Column("state", sa.String(20), nullable=False, server_default="ACTIVE"),
        sa.Column("is_internal", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("jwks", sa.Text),
        sa.Column("jwks_url", sa.String(2048)),
        sa.Column("employers", sa.Text),
        sa.Column("created_at", sa.String(24)),
    ]
    for column in of_clients:
        operations.add_column("clients", column)
    operations.create_index("clients_by_workspace", "clients", ["workspace", "client_id"])
    operations.add_column("tokens", sa.Column("expires_at", sa.BigInteger))
    operations.create_index("tokens_by_client", "tokens", ["client_id"])
    operations.create_index("tokens_by_expiry", "tokens", ["expires_at"])
    of_workspaces: list[sa.Column[Any]] = [
        # A column of rows that are there already begins with a value; new rows bring their own.
        sa.Column("policy_version", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("limit_mode", sa.String(7), nullable=False, server_default="DEFAULT"),
        sa.Column("limit_per_second", sa.Integer),
        sa.Column("limit_per_minute", sa.Integer),
        sa.Column("most_records", sa.BigInteger),
        sa.Column("most_events", sa.BigInteger),
        sa.Column("most_exchanges", sa.BigInteger),
        sa.Column("most_snapshots", sa.BigInteger),
    ]
    for column in of_workspaces:
        operations.add_column("workspaces", column)


def _workspace() -> sa.Column[str]:
    return sa.Column("workspace", sa.String(30), sa.ForeignKey("workspaces.name"), primary_key=True)


def _renew_snapshots(connection: sa.Connection) -> None:
    names = ("workspace", "snapshot_id", "schema_version", "content")
    snapshots = sa.table("snapshots", *map(sa.column, names))
    kept = connection.execute(sa.select(snapshots).where(snapshots.c.schema_version == 3)).all()
    for row in kept:
        world = orjson.loads(zlib.decompress(row.content))
        world["tables"]["faults"] = [
            {
                **fault,
                "workspace": row.workspace,
                "document": orjson.dumps(fault["document"]).decode(),
            }
            for fault in world.pop("faults")
        ]
        connection.execute(
            sa.update(snapshots)
            .where(
                snapshots.c.workspace == row.workspace, snapshots.c.snapshot_id == row.snapshot_id
            )
            .values(schema_version=4, content=zlib.compress(orjson.dumps(world)))
        )
