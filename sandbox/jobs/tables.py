"""The rows of what is due later."""

import sqlalchemy as sa

from sandbox.database import metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("job_id", sa.BigInteger, primary_key=True),
    sa.Column("due_at", sa.String(24), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("reference", sa.String(120), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Index("jobs_by_due", "workspace", "due_at", "job_id"),
    sa.Index("jobs_by_reference", "workspace", "kind", "reference"),
)
