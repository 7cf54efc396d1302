"""The rows of clients and tokens."""

import sqlalchemy as sa

from sandbox.database import metadata

clients = sa.Table(
    "clients",
    metadata,
    sa.Column("client_id", sa.String(60), primary_key=True),
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("client_id", sa.ForeignKey("clients.client_id"), nullable=False),
)
