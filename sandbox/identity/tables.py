"""The rows of clients, their tokens, and the assertions that were spent on them."""

import sqlalchemy as sa

from sandbox.database import metadata

clients = sa.Table(
    "clients",
    metadata,
    sa.Column("client_id", sa.String(60), primary_key=True),
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    # A `ClientState` of the contract.
    sa.Column("state", sa.String(20), nullable=False, server_default="ACTIVE"),
    # One of the sandbox's own systems, which alone keeps a token that does not expire where tokens must be got.
    sa.Column("is_internal", sa.Boolean, nullable=False, server_default=sa.false()),
    # Its public keys as it gave them, or where it publishes them; never both.
    sa.Column("jwks", sa.Text),
    sa.Column("jwks_url", sa.String(2048)),
    # The ODS codes of the employers for which it may act, a JSON array; null for all of the workspace.
    sa.Column("employers", sa.Text),
    sa.Column("created_at", sa.String(24)),
    sa.Index("clients_by_workspace", "workspace", "client_id"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("client_id", sa.ForeignKey("clients.client_id"), nullable=False),
    # Milliseconds since 1970, of wall time; null for a token that was given and does not expire.
    sa.Column("expires_at", sa.BigInteger),
    sa.Index("tokens_by_client", "client_id"),
    sa.Index("tokens_by_expiry", "expires_at"),
)

spent_assertions = sa.Table(
    "spent_assertions",
    metadata,
    # Of subject and jti together: what a caller sends is not kept, however it is written.
    sa.Column("assertion_sha256", sa.String(64), primary_key=True),
    # Seconds since 1970, of wall time.
    sa.Column("kept_until", sa.BigInteger, nullable=False),
    sa.Index("spent_assertions_by_time", "kept_until"),
)
