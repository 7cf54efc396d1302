"""The rows of a workspace. Every other table's rows belong to one."""

import sqlalchemy as sa

from sandbox.database import metadata

workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("name", sa.String(30), primary_key=True),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("clock_mode", sa.String(10), nullable=False),
    sa.Column("clock_world", sa.String(24), nullable=False),
    sa.Column("clock_wall", sa.String(24), nullable=False),
    sa.Column("clock_factor", sa.Float, nullable=False),
    # Where a move that is under way is to end; nothing while the clock stands or goes by itself.
    sa.Column("clock_target", sa.String(24)),
    sa.Column("journal_detail", sa.String(6), nullable=False),
    sa.Column("search_oddities", sa.Boolean, nullable=False),
    # The last number given out, of records, events and exchanges: a number is taken under this row's lock, in the
    # transaction that uses it, so that no reader ever sees a later one before an earlier one.
    sa.Column("last_record", sa.BigInteger, nullable=False),
    sa.Column("last_event", sa.BigInteger, nullable=False),
    sa.Column("last_exchange", sa.BigInteger, nullable=False),
    sa.Column("journal_chain", sa.String(64), nullable=False),
    # Goes up with each change of what the workspace has set: faults, limits and the like.
    sa.Column("policy_version", sa.BigInteger, nullable=False),
    # DEFAULT, OFF, or SET to so many requests a second and a minute.
    sa.Column("limit_mode", sa.String(7), nullable=False),
    sa.Column("limit_per_second", sa.Integer),
    sa.Column("limit_per_minute", sa.Integer),
    # How much of each kind the workspace may hold; null is the default.
    sa.Column("most_records", sa.BigInteger),
    sa.Column("most_events", sa.BigInteger),
    sa.Column("most_exchanges", sa.BigInteger),
    sa.Column("most_snapshots", sa.BigInteger),
    sa.Column("created_at", sa.String(24), nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("snapshot_id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("taken_at", sa.String(24), nullable=False),
    sa.Column("world_time", sa.String(24), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
