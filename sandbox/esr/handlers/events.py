"""The feed of events and the subscriptions to it, over HTTP."""

from typing import Any

import orjson

from sandbox.database import Transaction
from sandbox.errors import Refusal
from sandbox.esr.service import events as service
from sandbox.esr.service import signing_keys
from sandbox.outgoing import AddressRefused
from sandbox.web.call import Call, Unit, open_unit
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer, no_content

_JWK_SET = "application/jwk-set+json"
_CACHED = "public, max-age=300"


async def list_events(call: Call) -> Reply:
    """GET /events"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(lambda unit: service.list_events(unit, after, call.limit, call.employer))
    return answer(200, page)


async def create_event_subscription(call: Call) -> Reply:
    """POST /event-subscriptions"""
    # Names are not asked for while a unit of work holds the database.
    refused = await _refused(call, call.body["url"])

    def work(unit: Unit) -> Reply:
        if refused is not None:
            raise refused
        subscription = service.create_event_subscription(unit, call.body)
        location = f"{call.path}/{subscription['subscriptionId']}"
        return answer(201, subscription, {"Location": location})

    return await call.write(work)


async def _refused(call: Call, url: str) -> Refusal | None:
    try:
        await call.runtime.outgoing.check(url, call.workspace)
    except AddressRefused as problem:
        return service.address_refused(str(problem))
    return None


async def list_event_subscriptions(call: Call) -> Reply:
    """GET /event-subscriptions"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(lambda unit: service.list_event_subscriptions(unit, after, call.limit))
    return answer(200, page)


async def read_event_subscription(call: Call) -> Reply:
    """GET /event-subscriptions/{subscriptionId}"""
    subscription = await call.read(
        lambda unit: service.read_event_subscription(unit, call.argument("subscriptionId"))
    )
    return answer(200, subscription)


async def delete_event_subscription(call: Call) -> Reply:
    """DELETE /event-subscriptions/{subscriptionId}"""

    def work(unit: Unit) -> Reply:
        service.delete_event_subscription(unit, call.argument("subscriptionId"))
        return no_content()

    return await call.write(work)


async def ping_event_subscription(call: Call) -> Reply:
    """POST /event-subscriptions/{subscriptionId}/ping"""
    return await call.write(
        lambda unit: answer(
            202, service.ping_event_subscription(unit, call.argument("subscriptionId"))
        )
    )


async def list_dead_letters(call: Call) -> Reply:
    """GET /event-subscriptions/{subscriptionId}/dead-letters"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(
        lambda unit: service.list_dead_letters(
            unit, call.argument("subscriptionId"), after, call.limit
        )
    )
    return answer(200, page)


async def replay_dead_letters(call: Call) -> Reply:
    """POST /event-subscriptions/{subscriptionId}/dead-letters/replay"""
    wanted = (call.body or {}).get("eventIds")
    return await call.write(
        lambda unit: answer(
            202, service.replay_dead_letters(unit, call.argument("subscriptionId"), wanted)
        )
    )


async def read_event_signing_keys(call: Call) -> Reply:
    """GET /event-signing-keys"""
    keys = await call.read(signing_keys.read_event_signing_keys)
    if not keys["keys"]:

        def make(transaction: Transaction) -> dict[str, Any]:
            unit = open_unit(transaction, call.workspace, call.wall)
            signing_keys.ensure_signing_key(unit)
            return signing_keys.read_event_signing_keys(unit)

        keys = await call.runtime.database.written(make, call.workspace)
    return Reply(200, orjson.dumps(keys), _JWK_SET, {"Cache-Control": _CACHED})
