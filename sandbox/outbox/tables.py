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
    sa.Index("outbox_waiting", "state", "workspace", "lane", "message_id"),
)
