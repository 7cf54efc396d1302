"""The rows of the journal."""

import sqlalchemy as sa

from sandbox.database import metadata

exchanges = sa.Table(
    "exchanges",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("exchange_id", sa.BigInteger, primary_key=True),
    sa.Column("system", sa.String(10), nullable=False),
    sa.Column("direction", sa.String(3), nullable=False),
    sa.Column("operation_id", sa.String(60)),
    sa.Column("client", sa.String(60)),
    sa.Column("method", sa.String(10), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("query", sa.Text),
    sa.Column("request_headers", sa.Text, nullable=False),
    sa.Column("request_body", sa.Text),
    sa.Column("request_digest", sa.String(64)),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("response_headers", sa.Text, nullable=False),
    sa.Column("response_body", sa.Text),
    sa.Column("response_digest", sa.String(64)),
    sa.Column("request_id", sa.String(100)),
    sa.Column("correlation_id", sa.String(100)),
    sa.Column("applicant_number", sa.String(8)),
    sa.Column("started_at", sa.String(24), nullable=False),
    sa.Column("duration_ms", sa.Float, nullable=False),
    sa.Column("world_time", sa.String(24), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
)

# A request id is one id in either case (RFC 9562 section 4), and is looked up so.
sa.Index("exchanges_by_request_id", exchanges.c.workspace, sa.func.lower(exchanges.c.request_id))
