"""The faults that are set. They belong to the world: a reset takes them away, a snapshot keeps them."""

import sqlalchemy as sa

from sandbox.database import metadata

faults = sa.Table(
    "faults",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("fault_id", sa.Integer, primary_key=True),
    # A `FaultCreation` of the control contract, as JSON.
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", sa.String(24), nullable=False),
    sa.Column("met", sa.BigInteger, nullable=False),
    sa.Column("done", sa.BigInteger, nullable=False),
)
