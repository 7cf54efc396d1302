"""Tells who calls, by the bearer token, and whether that one may."""

import asyncio
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.clock import wall_now
from sandbox.database import Database
from sandbox.errors import Code, Refusal, not_found
from sandbox.identity.store import (
    ANNOUNCEMENT,
    Client,
    ClientState,
    digest_of,
    find_client,
)
from sandbox.settings import Level, Settings

if TYPE_CHECKING:
    from sandbox.web.call import Call

OPERATOR = "operator"
"""The client's name in the journal where the operator calls."""
CONSOLE = "console"
"""Where somebody acts on the pages of the console."""
ANYBODY = "anybody"
"""And where no token was needed."""
_KNOWN = 10_000
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class Bearer:
    """Authenticates calls. A token that was found once is remembered, unless other processes write to the database too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Client] = {}
        database.listen(ANNOUNCEMENT, self.forget)

    async def authenticate(self, call: "Call") -> None:
        """Sets the call's client and workspace.

        Raises Refusal TOKEN_MISSING or TOKEN_INVALID; NOT_FOUND when the path names another workspace than the token's.
        """
        settings = call.runtime.settings
        header = call.headers.get("authorization", "")
        if settings.level == Level.OPEN:
            client = await self._find(digest_of(_token_of(header))) if header else None
            if client is None:
                check_page(call.headers, settings)
                call.client = ANYBODY
                return
        else:
            client = await self._client(header, settings, call.wall.timestamp())
        named = call.workspace
        call.client, call.workspace = client.client_id, client.workspace
        call.is_internal = client.is_internal
        call.employers = client.employers
        if call.is_placed and named != client.workspace:
            # Kept in the caller's own journal, since its client and workspace are set.
            raise not_found("workspace", named)

    async def authenticate_control(self, call: "Call") -> None:
        """Lets a call to the control API in: anybody below level `platform`; there the operator, and a client to its workspace.

        Raises as `authenticate` does.
        """
        settings = call.runtime.settings
        if call.visitor is not None:
            if not call.visitor.may_see(call.workspace):
                raise not_found("workspace", call.workspace)
            call.client, call.is_operator = CONSOLE, call.visitor.is_operator
            return
        if settings.level != Level.PLATFORM:
            check_page(call.headers, settings)
            call.is_operator = True
            return
        token = _token_of(call.headers.get("authorization", ""))
        operator = settings.operator_token
        if operator and hmac.compare_digest(token.encode(), operator.encode()):
            call.client = OPERATOR
            call.is_operator = True
            return
        await self.authenticate(call)
        if call.employers is not None:
            # The sandbox's powers are over all employers of a workspace.
            raise not_found("workspace", call.workspace)

    async def _client(self, header: str, settings: Settings, now: float) -> Client:
        if not header:
            raise _refused(
                Code.TOKEN_MISSING,
                f'Send the header "Authorization: Bearer <token>". {_where_from(settings)}',
            )
        token = _token_of(header)
        if not token:
            raise _refused(Code.TOKEN_INVALID, "The Authorization header is not a bearer token.")
        client = await self._find(digest_of(token))
        if client is None or not _is_accepted(client, settings):
            raise _refused(Code.TOKEN_INVALID, f"The token is unknown. {_where_from(settings)}")
        if client.expires_at is not None and client.expires_at <= now * 1000:
            raise _refused(
                Code.TOKEN_INVALID, f"The token has expired. Get another from {settings.token_url}."
            )
        if client.state != ClientState.ACTIVE:
            raise _refused(
                Code.TOKEN_INVALID, f"The client {client.client_id} is {client.state}: not active."
            )
        return client

    async def _find(self, digest: str) -> Client | None:
        # What is read while a client is changed is put into a book that nobody opens again.
        known = self._known
        client = known.get(digest)
        if client is None or self._database.is_shared:
            client = await asyncio.wrap_future(
                self._database.read(lambda transaction: find_client(transaction.connection, digest))
            )
            if client is not None:
                if len(known) >= _KNOWN:
                    known.clear()
                known[digest] = client
        return client

    def forget(self) -> None:
        """Forgets every token that was remembered; may be called from any thread."""
        self._known = {}


def check_page(headers: Mapping[str, str], settings: Settings) -> None:
    """Raises Refusal TOKEN_MISSING for a page of another site that calls where no token is asked for.

    A browser on the machine would send it (a form needs nobody's leave), and says whose page it was (`Origin`, RFC 6454
    section 7). A page whose own name was pointed at this machine has no other origin, but that name stands in `Host`.
    """
    origin, host = headers.get("origin"), headers.get("host")
    known = _HERE | {urlsplit(settings.public_url or "").hostname}
    if origin is not None and _name_in(origin) not in known:
        raise _refused(
            Code.TOKEN_MISSING,
            "A page of another site may not call where no token is asked for.",
        )
    if host is not None and _name_in(f"//{host}") not in known:
        raise _refused(
            Code.TOKEN_MISSING,
            "Where no token is asked for the sandbox answers to localhost, its address, and the name in --public-url alone.",
        )


def _name_in(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def is_good(client: Client, settings: Settings) -> bool:
    """Whether a token that names this client is accepted now."""
    now = wall_now().timestamp()
    expired = client.expires_at is not None and client.expires_at <= now * 1000
    return _is_accepted(client, settings) and not expired and client.state == ClientState.ACTIVE


def _is_accepted(client: Client, settings: Settings) -> bool:
    """At level `platform` a token that does not expire is accepted from the sandbox's own systems alone."""
    return client.expires_at is not None or client.is_internal or settings.level != Level.PLATFORM


def _token_of(header: str) -> str:
    """The token of an Authorization header, or nothing where it is none of a bearer."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _where_from(settings: Settings) -> str:
    if settings.level == Level.PLATFORM:
        return f"Get one from {settings.token_url} with a signed JWT."
    return "Use the one that the sandbox printed when it started."


def _refused(code: Code, detail: str) -> Refusal:
    return Refusal(code, detail, headers={"WWW-Authenticate": "Bearer"})
