"""The rows of the outbox."""

import sqlalchemy as sa

from sandbox.database import metadata

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("message_id", sa.BigInteger, primary_key=True),
    sa.Column("sender", sa.String(10), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("reference", sa.String(120), nullable=False),
    sa.Column("lane", sa.String(120), nullable=False),
    sa.Column("method", sa.String(10), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_clock", sa.String(5), nullable=False),
    sa.Column("due_at", sa.String(24), nullable=False),
    sa.Column("last_answer", sa.Text),
    # Whether it waits and no message of its lane waits before it: what is due is looked for among these alone, so that a
    # look costs as much as is due, however much waits behind.
    sa.Column("is_first", sa.Boolean, nullable=False),
    sa.Index("outbox_waiting", "state", "workspace", "lane", "message_id"),
    sa.Index(
        "outbox_due",
        "workspace",
        "due_clock",
        "due_at",
        "message_id",
        sqlite_where=sa.text("is_first = 1"),
        postgresql_where=sa.text("is_first"),
    ),
    sa.Index(
        "outbox_one_first",
        "workspace",
        "lane",
        unique=True,
        sqlite_where=sa.text("is_first = 1"),
        postgresql_where=sa.text("is_first"),
    ),
)

# What processes that share the outbox are sending; empty where one has it alone. No part of a world.
outbox_claims = sa.Table(
    "outbox_claims",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("message_id", sa.BigInteger, primary_key=True),
    sa.Column("lane", sa.String(120), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("claimed_by", sa.String(32), nullable=False),
    sa.Column("claimed_until", sa.String(24), nullable=False),
    sa.Index("outbox_claims_by_lane", "workspace", "lane"),
)
