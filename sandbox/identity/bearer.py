"""Tells which client calls, by its bearer token."""

import asyncio
from typing import TYPE_CHECKING

from sandbox.database import Database
from sandbox.errors import Code, Refusal, not_found
from sandbox.identity.store import Client, digest_of, find_client

if TYPE_CHECKING:
    from sandbox.web.call import Call

_KNOWN = 10_000


class Bearer:
    """Authenticates calls. A token that was found once is remembered; a token is never taken back but with its world."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Client] = {}

    async def authenticate(self, call: "Call") -> None:
        """Sets the call's client and workspace.

        Raises Refusal TOKEN_MISSING or TOKEN_INVALID; NOT_FOUND when the path names another workspace than the token's.
        """
        header = call.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        if not header:
            raise _refused(Code.TOKEN_MISSING, 'Send the header "Authorization: Bearer <token>".')
        if scheme.lower() != "bearer" or not token.strip():
            raise _refused(Code.TOKEN_INVALID, "The Authorization header is not a bearer token.")
        digest = digest_of(token.strip())
        client = self._known.get(digest)
        if client is None:
            client = await asyncio.wrap_future(
                self._database.read(lambda transaction: find_client(transaction.connection, digest))
            )
            if client is None:
                raise _refused(
                    Code.TOKEN_INVALID,
                    "The token is unknown. Use the one that the sandbox printed when it started.",
                )
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[digest] = client
        if call.workspace not in ("default", client.workspace):
            raise not_found("workspace", call.workspace)
        call.client = client.client_id
        call.workspace = client.workspace

    def forget(self) -> None:
        """Forgets every token that was remembered: the world has changed."""
        self._known.clear()


def _refused(code: Code, detail: str) -> Refusal:
    return Refusal(code, detail, headers={"WWW-Authenticate": "Bearer"})
