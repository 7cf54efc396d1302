"""How long a spent assertion is remembered, and how long a key set."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from assertions import key_set

from sandbox.database import Database
from sandbox.identity import published_keys
from sandbox.identity.published_keys import KeysUnreachable, PublishedKeys
from sandbox.identity.store import forget_expired, is_spent, keep_spent, spend
from sandbox.outgoing import Fetched, NoAnswer

NOW = 1_800_000_000
DAY = 86_400


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(None)
    yield database
    database.close()


def test_what_was_found_good_is_remembered_for_thirty_days(database: Database) -> None:
    def story(transaction: Any) -> list[bool]:
        connection = transaction.connection
        seen = [spend(connection, "one", NOW + 310, NOW), spend(connection, "two", NOW + 310, NOW)]
        keep_spent(connection, "one", NOW + 30 * DAY)
        for later in (300, 400, 29 * DAY, 31 * DAY):
            forget_expired(connection, NOW + later)
            seen += [is_spent(connection, name, NOW + later) for name in ("one", "two")]
        return seen

    # "two" was never signed as it should be: it is remembered for as long as it could be used.
    assert database.write(story, None).result() == [
        *(True, True),
        *(True, True),
        *(True, False),
        *(True, False),
        *(False, False),
    ]


class _Outgoing:
    """Answers in turn, and counts."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def fetch(self, _url: str, **_: Any) -> Fetched:
        self.asked += 1
        answer = self.answers.pop(0)
        if answer is None:
            raise NoAnswer("nobody is there")
        return Fetched(200, {}, answer)


class _Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_a_key_set_is_read_again_after_an_hour_and_one_that_failed_after_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = _Clock()
    monkeypatch.setattr(published_keys, "time", clock)
    one, two = orjson.dumps(key_set(k1="one")), orjson.dumps(key_set(k2="one"))
    outgoing = _Outgoing(None, one, two)
    keys = PublishedKeys(outgoing)  # type: ignore[arg-type]

    async def read(later: float) -> list[str]:
        clock.now += later
        try:
            return list(await keys.read("https://a.example/jwks"))
        except KeysUnreachable:
            return []

    async def story() -> list[tuple[list[str], int]]:
        return [(await read(later), outgoing.asked) for later in (0, 4, 2, 3599, 2)]

    assert asyncio.run(story()) == [
        ([], 1),
        ([], 1),
        (["k1"], 2),
        (["k1"], 2),
        (["k2"], 3),
    ]
