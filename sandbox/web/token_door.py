"""Serves what stands below /oauth2: the token endpoint, which answers in the platform's own form and not with problems."""

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.errors import Refusal
from sandbox.identity.answers import refusal
from sandbox.identity.faults import Fault, TokenRefused
from sandbox.identity.handlers import issue_token
from sandbox.web.call import Call
from sandbox.web.operations import CALL, RESPOND, read_body
from sandbox.web.reply import Reply

logger = logging.getLogger(__name__)

BASE = "/oauth2"
_TOKEN = f"{BASE}/token"
# The contract itself and its pages, as every contract has them.
_PAGES = (f"{BASE}/openapi.", f"{BASE}/ui")


def is_at_door(path: str) -> bool:
    """Whether a path is answered here."""
    return (path == BASE or path.startswith(f"{BASE}/")) and not path.startswith(_PAGES)


class TokenDoor:
    """The ASGI application in front of the others: what is not below /oauth2 goes on to them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or not is_at_door(scope["path"]):
            await self._app(scope, receive, send)
            return
        call: Call = scope[CALL]
        call.system = "identity"
        try:
            reply = await self._serve(call, receive)
        except Refusal:
            raise
        except Exception:
            logger.exception("the token endpoint failed")
            reply = refusal(TokenRefused(Fault.UNKNOWN, 500))
        await scope[RESPOND](reply)

    async def _serve(self, call: Call, receive: Receive) -> Reply:
        if call.path != _TOKEN:
            call.journalled = True
            return refusal(TokenRefused(Fault.PATH_UNKNOWN))
        if call.method != "POST":
            call.journalled = True
            headers = {"Allow": "POST", "Content-Type": "text/plain"}
            return Reply(405, b"", "text/plain", headers)
        call.operation_id = "issue_token"
        call.raw_body = await read_body(call, receive)
        return await issue_token(call)
