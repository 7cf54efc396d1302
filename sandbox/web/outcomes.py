"""The outcome of each request id: the same id gives the same outcome, never a second change.

The scope of an id is (workspace, client, operation). A refusal by a rule is an outcome too; a request that breaks the
contract, or that the sandbox failed to serve, is not: it may be sent again under the same id.
"""

import orjson
import sqlalchemy as sa

from sandbox.database import metadata
from sandbox.errors import Code, Refusal
from sandbox.prepared import Prepared
from sandbox.web.reply import Reply

request_outcomes = sa.Table(
    "request_outcomes",
    metadata,
    sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True),
    sa.Column("client", sa.String(60), primary_key=True),
    sa.Column("operation_id", sa.String(60), primary_key=True),
    sa.Column("request_id", sa.String(36), primary_key=True),
    sa.Column("request_digest", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("media_type", sa.String(60), nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

_KEY = ("workspace", "client", "operation_id", "request_id")
_OUTCOME = ("request_digest", "status", "media_type", "headers", "body")
_find = Prepared(
    sa.select(*(request_outcomes.c[name] for name in _OUTCOME)).where(
        *(request_outcomes.c[name] == sa.bindparam(name) for name in _KEY)
    )
)
_insert = Prepared(request_outcomes.insert())
_delete = Prepared(
    sa.delete(request_outcomes).where(
        *(request_outcomes.c[name] == sa.bindparam(name) for name in _KEY)
    )
)


def find_outcome(
    connection: sa.Connection, key: tuple[str, str, str, str], request_digest: str
) -> Reply | None:
    """The reply given before under this key, or None.

    Raises Refusal REQUEST_ID_REUSED when that request was another one.
    """
    row = _find.run(connection, dict(zip(_KEY, key, strict=True))).fetchone()
    if row is None:
        return None
    held_digest, status, media_type, headers, body = row
    if held_digest != request_digest:
        raise Refusal(
            Code.REQUEST_ID_REUSED,
            "This X-Request-ID was sent before with another request. Use a new one for a new message, and the same "
            "one only to send the same message again.",
        )
    return Reply(status, body, media_type, orjson.loads(headers))


def keep_outcome(
    connection: sa.Connection, key: tuple[str, str, str, str], request_digest: str, reply: Reply
) -> None:
    """Keeps the reply under the key."""
    _insert.run(
        connection,
        {
            **dict(zip(_KEY, key, strict=True)),
            "request_digest": request_digest,
            "status": reply.status,
            "media_type": reply.media_type,
            "headers": orjson.dumps(reply.headers).decode(),
            "body": reply.body,
        },
    )


def forget_outcome(connection: sa.Connection, key: tuple[str, str, str, str]) -> None:
    """Forgets the reply under the key, if there is one."""
    _delete.run(connection, dict(zip(_KEY, key, strict=True)))
