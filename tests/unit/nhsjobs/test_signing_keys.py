"""NHS Jobs reads ESR's keys when it needs one that it does not have, and not more often than that."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.errors import Code, Refusal
from sandbox.nhsjobs.signing_keys import REFRESH_SECONDS, SigningKeys
from sandbox.signatures import (
    PublicKey,
    SignatureInvalid,
    UnknownKey,
    key_set,
    new_private_key,
    read_key_set,
    read_private_key,
    sign_request,
)

URL = "http://127.0.0.1:8080/w/w/receiver/v1/events"
TYPE = {"Content-Type": "application/cloudevents+json"}
BODY = b"{}"
PEMS = {name: new_private_key() for name in ("first", "second")}


class Esr:
    """ESR's keys, the seconds that pass, and how often somebody looked."""

    def __init__(self) -> None:
        self.held = ["first"]
        self.seconds = 1000.0
        self.readings = 0
        self.waits: list[float] = []
        self.fails = False

    async def read(self, _workspace: str) -> dict[str, PublicKey]:
        self.readings += 1
        await asyncio.sleep(0)
        if self.fails:
            raise Refusal(Code.SERVICE_UNAVAILABLE, "not now")
        return read_key_set(key_set({name: PEMS[name] for name in self.held}))

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def keys(self) -> SigningKeys:
        return SigningKeys(self.read, lambda: self.seconds, self.wait)


@pytest.fixture
def esr() -> Esr:
    return Esr()


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


async def arrive(
    keys: SigningKeys, key: str, workspace: str = "w", age: timedelta = timedelta(0)
) -> None:
    """A delivery that was signed with a key, perhaps one of nobody."""
    private = read_private_key(PEMS.get(key) or PEMS["first"])
    wall = datetime.now(UTC) - age
    headers = TYPE | sign_request("POST", URL, TYPE, BODY, key, private, wall)
    await keys.verify(workspace, "POST", URL, headers, BODY)


def test_keys_are_read_once_for_each_workspace(esr: Esr) -> None:
    async def story() -> None:
        keys = esr.keys()
        for _ in range(3):
            await arrive(keys, "first")
        assert esr.readings == 1
        await arrive(keys, "first", workspace="v")
        assert esr.readings == 2

    run(story())


def test_a_new_key_is_read_at_once(esr: Esr) -> None:
    async def story() -> None:
        keys = esr.keys()
        await arrive(keys, "first")
        esr.held = ["second", "first"]
        await arrive(keys, "second")

    run(story())
    assert (esr.readings, esr.waits) == (2, [])


def test_an_unknown_key_has_esr_asked_once_in_five_seconds(esr: Esr) -> None:
    async def story() -> None:
        keys = esr.keys()
        await arrive(keys, "first")
        for _ in range(3):
            with pytest.raises(UnknownKey):
                await arrive(keys, "nobody")

    run(story())
    assert esr.readings == 4
    assert esr.waits == [REFRESH_SECONDS, REFRESH_SECONDS]


def test_all_who_wait_for_a_key_are_served_by_one_reading(esr: Esr) -> None:
    async def story() -> None:
        keys = esr.keys()
        await arrive(keys, "first")
        esr.held = ["second"]
        await asyncio.gather(*(arrive(keys, "second") for _ in range(20)))

    run(story())
    assert esr.readings == 2


def test_what_no_key_could_make_good_has_nobody_asked(esr: Esr) -> None:
    async def story() -> None:
        with pytest.raises(SignatureInvalid):
            await arrive(esr.keys(), "first", age=timedelta(hours=1))

    run(story())
    assert esr.readings == 0


def test_keys_are_read_again_after_an_hour(esr: Esr) -> None:
    async def story() -> None:
        keys = esr.keys()
        await arrive(keys, "first")
        esr.held = ["second"]
        esr.seconds += 3599
        await arrive(keys, "first")
        esr.seconds += 2
        with pytest.raises(UnknownKey):
            await arrive(keys, "first")

    run(story())
    assert esr.readings == 2


def test_keys_that_cannot_be_read_are_asked_for_again(esr: Esr) -> None:
    async def story() -> None:
        keys = esr.keys()
        esr.fails = True
        with pytest.raises(Refusal):
            await arrive(keys, "first")
        esr.fails = False
        await arrive(keys, "first")

    run(story())
    assert esr.readings == 2
