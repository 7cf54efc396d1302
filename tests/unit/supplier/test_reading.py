"""How the example supplier reads at ESR: page by page by the cursor it was given, and keys not too often."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.signatures import new_private_key, read_private_key, sign_request
from simulators.supplier import Policies
from simulators.supplier.connection import Connection, EsrRefused
from simulators.supplier.events import Events
from simulators.supplier.feed import Feed
from simulators.supplier.positions import Positions
from simulators.supplier.signing_keys import KeysUnreadable, SigningKeys
from simulators.supplier.storage import Storage
from tests.unit.supplier.conftest import SETTINGS, event

Reply = Callable[[httpx.Request], httpx.Response]


def connection(reply: Reply) -> Connection:
    """A connection whose ESR is a function."""
    made = Connection(SETTINGS, Policies(SETTINGS))
    made._client = httpx.AsyncClient(transport=httpx.MockTransport(reply))
    return made


def pages(name: str, parameter: str, *items: list[Any]) -> tuple[list[str | None], Reply]:
    """The places that were asked for, and an ESR that answers one page for each list."""
    asked: list[str | None] = []

    def reply(request: httpx.Request) -> httpx.Response:
        place = request.url.params.get(parameter)
        asked.append(place)
        number = int(place or 0)
        found = items[number] if number < len(items) else []
        following = min(number + 1, len(items))
        more = following < len(items)
        return httpx.Response(200, json={name: found, "next": str(following), "more": more})

    return asked, reply


def position(number: int, title: str = "Clerk", **more: Any) -> dict[str, Any]:
    moment = "2026-05-12T10:00:00Z"
    return {"positionId": number, "positionTitle": title, "updatedAt": moment, **more}


def test_the_feed_is_read_to_its_end_and_then_from_there() -> None:
    storage, policies = Storage(":memory:"), Policies(SETTINGS)
    events = Events(storage, policies)
    first, second, third = (event(number, "ping", {}) for number in (1, 2, 3))
    asked, reply = pages("events", "cursor", [first], [second, first], [third, {"odd": 1}])
    feed = Feed(storage, connection(reply), policies, events)

    async def story() -> None:
        await feed.catch_up()
        await feed.catch_up()

    asyncio.run(story())

    assert asked == [None, "1", "2", "3"]
    assert events.view()["received"] == 3


def test_positions_are_loaded_and_then_their_changes() -> None:
    storage, policies = Storage(":memory:"), Policies(SETTINGS)
    gone = position(1, changeDeleteIndicator="D")
    asked, reply = pages("positions", "since", [position(1)], [position(2), gone])
    positions = Positions(storage, connection(reply), policies)

    asyncio.run(positions.load())

    assert asked == [None, "1"]
    assert positions.view(1) == {"positionId": 1, "present": False}
    assert positions.view(2) == {"positionId": 2, "present": True, "positionTitle": "Clerk"}
    assert positions.view(3) == {"positionId": 3, "present": False}


def test_a_page_that_was_not_kept_is_read_again() -> None:
    storage, policies = Storage(":memory:"), Policies(SETTINGS)
    asked, reply = pages("positions", "since", [position(1)], [{"positionId": 2}])
    positions = Positions(storage, connection(reply), policies)

    async def story() -> None:
        for _ in range(2):
            with pytest.raises(KeyError):
                await positions.load()

    asyncio.run(story())

    assert asked == [None, "1", "1"]


def test_a_reading_that_esr_refuses_says_so() -> None:
    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"code": "CONTRACT_VIOLATION", "detail": "No such cursor."})

    with pytest.raises(EsrRefused, match="CONTRACT_VIOLATION: No such cursor"):
        asyncio.run(connection(reply).read("/events"))


def test_a_reading_goes_on_until_it_is_answered() -> None:
    statuses = [500, 200]

    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(statuses.pop(0), json={"events": []})

    assert asyncio.run(connection(reply).read("/events")) == {"events": []}


def test_a_body_is_sent_as_utf_8_and_one_that_is_written_as_it_is() -> None:
    sent: list[bytes] = []

    def reply(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, json={})

    async def story() -> None:
        esr = connection(reply)
        await esr.send("POST", "/applicants", {}, {"lastName": "Šimánková"})
        await esr.send("POST", "/applicants", {}, b"{half")

    asyncio.run(story())

    assert json.loads(sent[0].decode()) == {"lastName": "Šimánková"}
    assert sent[1] == b"{half"


def test_a_delivery_is_not_kept_waiting_while_esr_is_closed() -> None:
    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503, headers={"Retry-After": "7200"})

    async def story() -> None:
        keys = SigningKeys(SETTINGS, connection(reply))
        kind = {"Content-Type": "application/cloudevents+json", "Content-Length": "2"}
        key = read_private_key(new_private_key())
        url, body = "http://127.0.0.1/receiver", b"{}"
        signed = kind | sign_request("POST", url, kind, body, "esr-1", key, datetime.now(UTC))
        for _ in range(2):
            with pytest.raises(KeysUnreadable):
                async with asyncio.timeout(5):
                    await keys.verify(url, signed, body)

    asyncio.run(story())
