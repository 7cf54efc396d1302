"""The driver, inbound: the hooks of the contract `driver` on this test system. Each function is the operation of its name."""

import json
from datetime import UTC, datetime
from secrets import compare_digest
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulators.supplier.actions import RUNNING, AnotherOrder
from simulators.supplier.problems import Refused

if TYPE_CHECKING:
    from simulators.supplier.supplier import Office

CONTRACT_VERSION = "1.0.0"
_PATIENCE_SECONDS = 5.0


async def read_driver(request: Request) -> Response:
    """GET /driver."""
    return JSONResponse(describe(_admitted(request)))


async def perform_action(request: Request) -> Response:
    """POST /actions."""
    office = _admitted(request)
    action_id, hook, arguments = read_order(await _json(request))
    try:
        office.actions.perform(action_id, hook, arguments)
    except AnotherOrder as problem:
        raise Refused(
            422,
            "REQUEST_ID_REUSED",
            "This actionId was sent before with another order. Use a new one for a new order.",
        ) from problem
    outcome = await office.actions.finished(action_id, _PATIENCE_SECONDS)
    return JSONResponse(outcome, 202 if outcome["state"] == RUNNING else 200)


async def read_action(request: Request) -> Response:
    """GET /actions/{actionId}."""
    action_id = request.path_params["action_id"]
    outcome = _admitted(request).actions.find(action_id)
    if outcome is None:
        raise Refused(404, "NOT_FOUND", f"There is no order {action_id[:40]}.")
    return JSONResponse(outcome)


def describe(office: "Office") -> dict[str, Any]:
    """What this system is: `Driver`."""
    settings = office.settings
    return {
        "product": {
            "name": settings.product,
            "version": settings.version,
            "build": settings.build,
        },
        "hooks": office.actions.hooks,
        "now": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "businessDate": office.orders.business_date(),
        "contractVersion": CONTRACT_VERSION,
    }


def read_order(document: Any) -> tuple[str, str, dict[str, Any]]:
    """Id, hook and arguments of an `Action`; more is ignored. Raises Refused 400."""
    order = document if isinstance(document, dict) else {}
    action_id, hook, arguments = (order.get(name) for name in ("actionId", "hook", "arguments"))
    try:
        identifier = str(UUID(action_id))
    except (ValueError, TypeError, AttributeError):
        raise Refused(400, "CONTRACT_VIOLATION", "actionId is a UUID.") from None
    if not isinstance(hook, str) or not isinstance(arguments, dict):
        raise Refused(400, "CONTRACT_VIOLATION", "An order has a hook, and arguments as an object.")
    return identifier, hook, arguments


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as problem:
        raise Refused(400, "BODY_MALFORMED", "The body is not JSON.") from problem


def _admitted(request: Request) -> "Office":
    """The office, to who shows the driver token. Raises Refused 401."""
    office: Office = request.app.state.office
    given = request.headers.get("authorization")
    if given is None:
        raise Refused(401, "TOKEN_MISSING", 'Send the header "Authorization: Bearer <token>".')
    scheme, _, token = given.partition(" ")
    known = office.settings.driver_token.encode()
    if scheme.lower() != "bearer" or not compare_digest(token.strip().encode(), known):
        raise Refused(401, "TOKEN_INVALID", "This is not the driver token.")
    return office
