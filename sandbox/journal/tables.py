"""The rows of the journal."""

import sqlalchemy as sa

from sandbox.database import metadata

ABOUT_SOMEBODY = "applicant_number IS NOT NULL"
REFUSED = "status >= 400 OR status = 0"
NOT_TAKEN = "operation_id = 'submit_applicant' AND status >= 400"
"""Of an exchange: it is about an applicant; it was refused, failed or not answered; an applicant was sent and not taken. A query
has to say it in these words for the index of those to be followed."""

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
sa.Index(
    "exchanges_by_applicant",
    exchanges.c.workspace,
    exchanges.c.applicant_number,
    exchanges.c.exchange_id,
    sqlite_where=sa.text(ABOUT_SOMEBODY),
    postgresql_where=sa.text(ABOUT_SOMEBODY),
)
sa.Index(
    "exchanges_refused",
    exchanges.c.workspace,
    exchanges.c.exchange_id,
    sqlite_where=sa.text(REFUSED),
    postgresql_where=sa.text(REFUSED),
)

# Applicants whom ESR did not take: they have no number to be found by.
sa.Index(
    "exchanges_refused_submissions",
    exchanges.c.workspace,
    exchanges.c.exchange_id,
    sqlite_where=sa.text(NOT_TAKEN),
    postgresql_where=sa.text(NOT_TAKEN),
)
