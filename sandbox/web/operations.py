"""The last stage of Connexion's middleware: judges a request by its operation, serves it, and hands the reply on.

Connexion reads the contract, resolves each operationId to its handler and routes. What its own stages work out again
on every request (the body's definition, the validators, the handler's signature) is worked out here once, for each
operation. See docs/decisions/0002-one-stage-per-operation.md.
"""

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.contracts.schema import resolve
from sandbox.errors import Code, Refusal
from sandbox.faults.rules import Struck
from sandbox.faults.scenarios import HEADER, scenario_named
from sandbox.limits.counting import refusal_of
from sandbox.settings import Level
from sandbox.web.call import Call
from sandbox.web.employers import EMPLOYER, check_employer, headers_of
from sandbox.web.reply import Reply
from sandbox.web.suffering import suffer
from sandbox.web.validation import AnswerRules, RequestRules

Handler = Callable[[Call], Awaitable[Reply]]
CALL = "sandbox.call"
RESPOND = "sandbox.respond"
_SCENARIO = HEADER.lower()
_FAILING = frozenset({"esr", "nhs-jobs"})


class ServedOperation:
    """One operation of a contract, ready to serve."""

    def __init__(self, operation: AbstractOperation, system: str, document: dict[str, Any]) -> None:
        path_item = document["paths"][operation.path]
        definition = path_item[operation.method.lower()]
        self.operation_id: str = definition["operationId"]
        self._system = system
        security = definition.get("security", document.get("security")) or []
        schemes = {scheme for requirement in security for scheme in requirement}
        self._secured = "bearerAuth" in schemes
        self._signed = "esrSignature" in schemes
        self._contract = path_item, definition, document
        parameters = (*path_item.get("parameters", ()), *definition.get("parameters", ()))
        named = {resolve(parameter, document)["name"] for parameter in parameters}
        self._is_an_employers = EMPLOYER in named
        self._answers = AnswerRules(definition, document)
        self._can_fail = system in _FAILING
        self._handler: Handler = operation.function

    @cached_property
    def _requests(self) -> RequestRules:
        # Compiled at the operation's first request: a fifth of a second for all of them, and few are used in a run.
        return RequestRules(*self._contract)

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        call: Call = scope[CALL]
        call.operation_id = self.operation_id
        call.system = self._system
        # ESR asks for no token with its keys; one that is sent names the workspace all the same.
        if self._system == "control":
            await call.runtime.identity.authenticate_control(call)
        elif self._secured or (self._system == "esr" and "authorization" in call.headers):
            await call.runtime.identity.authenticate(call)
        if call.client is not None and not (call.is_internal or call.is_operator):
            call.leave = await call.runtime.limits.enter(call.workspace, call.client)
        if self._can_fail and call.client is not None and not call.is_internal:
            await count(call)
        call.raw_body = await read_body(call, receive)
        # Only now, so that the journal has the digest of a request that fails.
        if self._can_fail:
            instead = await self._fail(call)
            if instead is not None:
                await scope[RESPOND](instead)
                return
        if self._signed:
            await call.runtime.verify(call)
        call.arguments = self._requests.parameters(
            scope.get("path_params", {}), call.query_text, headers_of(call)
        )
        if self._is_an_employers:
            check_employer(call)
        call.body = self._requests.body(call.raw_body, call.headers.get("content-type"))
        reply = await self._handler(call)
        if call.runtime.settings.validate_responses:
            faults = self._answers.faults(reply)
            if faults:
                raise AnswerBreaksContract(self.operation_id, reply, faults)
        await scope[RESPOND](reply)

    async def _fail(self, call: Call) -> Reply | None:
        """Does what the scenario that the call names asks for, or else the fault that strikes it; what is answered with nothing
        done, where it has it so.
        """
        name = call.headers.get(_SCENARIO)
        if name is not None:
            if call.client is None and call.runtime.settings.level is Level.PLATFORM:
                # What asks for no token otherwise: a stranger is not to have connections held open.
                await call.runtime.identity.authenticate(call)
            scenario = scenario_named(name)
            if scenario.delivery_strike(call.wall) is not None:
                call.scenario = name
            return await suffer(call, scenario.strikes(call.wall))
        faults = call.runtime.faults
        if not await faults.threaten(call.workspace, self._system):
            return None
        struck = Struck(self._system, self.operation_id, call.headers)
        strike = await faults.strike(call.workspace, struck, call.wall)
        return None if strike is None else await suffer(call, [strike])


class AnswerBreaksContract(Exception):
    """Our own answer is not what the contract promises: a fault of the sandbox."""

    def __init__(self, operation_id: str, reply: Reply, faults: list[str]) -> None:
        super().__init__(f"{operation_id} answered {reply.status}: {'; '.join(faults)[:2000]}")


class OperationsApi(RoutedAPI[ServedOperation]):  # type: ignore[misc]
    """The operations of one contract."""

    def __init__(self, *args: Any, system: str, document: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._system = system
        self._document = document
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ServedOperation:
        """One operation, ready to serve."""
        return ServedOperation(operation, self._system, self._document)


class OperationsMiddleware(RoutedMiddleware[OperationsApi]):  # type: ignore[misc]
    """Serves what the router found; what it did not find goes on to the pages behind."""

    api_cls = OperationsApi

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)


async def count(call: Call) -> None:
    """Counts a request of a client that is limited. Raises Refusal RATE_LIMITED where it is one too many."""
    quota = await call.runtime.limits.take(call.workspace, call.client or "", call.system)
    if quota is None:
        return
    call.quota = quota.headers
    if quota.exceeded:
        # Whoever does not wait for what the first refusals say fills no journal with it.
        call.journalled = quota.is_noise
        raise refusal_of(quota)


async def read_body(call: Call, receive: Receive) -> bytes:
    """The whole body of a request. Raises Refusal BODY_TOO_LARGE or BODY_MALFORMED."""
    limit = call.runtime.settings.maximum_body_bytes
    length = call.headers.get("content-length")
    if length is not None and int(length) > limit:
        # Told before it is sent, where the client waits to be asked for it (RFC 9110 section 10.1.1).
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(Code.BODY_MALFORMED, "The connection closed before the body was whole.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(limit: int) -> Refusal:
    return Refusal(Code.BODY_TOO_LARGE, f"A body may hold {limit} bytes at most.")
