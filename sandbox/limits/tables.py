"""How many requests each client has made of late, where several processes count together."""

import sqlalchemy as sa

from sandbox.database import metadata

request_counts = sa.Table(
    "request_counts",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("client_id", sa.String(60), primary_key=True),
    sa.Column("api", sa.String(20), primary_key=True),
    # The length of the window in seconds. A row is used again and again: there are no more of them than clients.
    sa.Column("seconds", sa.Integer, primary_key=True),
    # Wall time in milliseconds since 1970.
    sa.Column("ends_at", sa.BigInteger, nullable=False),
    sa.Column("requests", sa.BigInteger, nullable=False),
)
