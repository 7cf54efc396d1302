"""Each contract as a document, with every reference resolved, and as pages of Swagger UI."""

from functools import cached_property

from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.spec import Specification
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.contracts import Contract

# Swagger UI writes its settings and its styles into the page, which holds nothing that a caller said.
_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_GUARDS = [
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


class ContractPages:
    """Serves `openapi.json`, `openapi.yaml` and `ui/` under each contract's base path; all else goes on to `app`."""

    def __init__(self, app: ASGIApp, contracts: list[Contract]) -> None:
        self._app = app
        self._contracts = contracts
        self._places = tuple(
            f"{contract.base_path}/{place}"
            for contract in contracts
            for place in ("openapi.", "ui")
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        is_ours = scope["type"] == "http" and scope["path"].startswith(self._places)
        if is_ours:
            await self._pages(scope, receive, _guarded(send))
        else:
            await self._app(scope, receive, send)

    @cached_property
    def _pages(self) -> SwaggerUIMiddleware:
        # Made when somebody first looks: reading whole contracts takes Connexion longer than all else at the start.
        pages = SwaggerUIMiddleware(self._app)
        for contract in self._contracts:
            pages.add_api(Specification.load(contract.document), base_path=contract.base_path)
        return pages


def _guarded(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_GUARDS]}
        await send(message)

    return guarded
