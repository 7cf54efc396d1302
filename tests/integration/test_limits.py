"""A client makes so many requests a second and a minute; one more is told when to come back, and nobody else pays for it."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from harness import Workspace
from postgres import Server

from sandbox.app import make_runtime
from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.limits.counting import LIMITS, RequestLimits
from sandbox.limits.documents import limits_in
from sandbox.limits.store import count_request, load_limits
from sandbox.limits.store import set_limits as set_limits_of
from sandbox.limits.windows import MINUTE, PLATFORM, SECOND, Limits, Quota, Window
from sandbox.policies import Policies
from sandbox.settings import Level, Settings
from sandbox.workspaces.store import insert_workspace
from sandbox.workspaces.tables import workspaces

_PATIENCE = 20.0
_WAIT = 20
_TOLD = re.compile(r'"second";r=(\d+);t=(\d+)(?:, "minute";r=(\d+);t=(\d+))?')


def limit(workspace: Workspace, per_second: int, per_minute: int) -> httpx.Response:
    limits = {"mode": "SET", "perSecond": per_second, "perMinute": per_minute}
    return set_limits(workspace, limits)


def set_limits(workspace: Workspace, limits: dict[str, Any]) -> httpx.Response:
    settings = {"journalDetail": "FULL", "searchOddities": False, "limits": limits}
    return workspace.control.put("/settings", json=settings)


def left(answer: httpx.Response) -> tuple[int, ...]:
    """What an answer says is left: of the second, and of the minute where it says so."""
    told = _TOLD.fullmatch(answer.headers["RateLimit"])
    assert told is not None, answer.headers["RateLimit"]
    return tuple(int(number) for number in (told[1], told[3]) if number is not None)


def refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")


def test_every_answer_tells_what_is_left_and_one_too_many_is_refused(workspace: Workspace) -> None:
    limit(workspace, 1000, 3).raise_for_status()

    taken = [workspace.esr.get("/applicants") for _ in range(3)]
    beyond = workspace.esr.get("/applicants")

    assert [answer.status_code for answer in taken] == [200, 200, 200]
    assert [left(answer)[1] for answer in taken] == [2, 1, 0]
    assert refused(beyond)
    assert beyond.json()["code"] == "RATE_LIMITED"
    assert 1 <= int(beyond.headers["Retry-After"]) <= 60
    for answer in [*taken, beyond]:
        assert answer.headers["RateLimit-Policy"] == '"second";q=1000;w=1, "minute";q=3;w=60'


def test_a_refused_answer_tells_what_is_left_too(workspace: Workspace) -> None:
    limit(workspace, 1000, 3).raise_for_status()

    answers = [
        workspace.esr.get("/applicants/1"),
        workspace.esr.get("/applicants?limit=0"),
        workspace.write("POST", "/applicants", workspace.submission()),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 201]
    assert [left(answer)[1] for answer in answers] == [2, 1, 0]


def test_whoever_waits_is_served_again(workspace: Workspace) -> None:
    limit(workspace, 2, 1000).raise_for_status()
    until = time.monotonic() + _PATIENCE

    def first(wanted: Callable[[httpx.Response], bool]) -> httpx.Response:
        while time.monotonic() < until:
            answer = workspace.esr.get("/applicants")
            if wanted(answer):
                return answer
        raise AssertionError("it did not come")

    beyond = first(refused)
    again = first(lambda answer: answer.status_code == 200)

    assert beyond.headers["Retry-After"] == "1"
    assert len(left(beyond)) == 1  # the minute is not charged with what the second refused
    assert left(again)[0] <= 1


def test_each_api_and_each_client_has_limits_of_its_own(
    workspace: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    other = make_workspace()
    for each in (workspace, other):
        limit(each, 1000, 1).raise_for_status()

    assert workspace.esr.get("/applicants").status_code == 200
    assert refused(workspace.esr.get("/applicants"))
    assert workspace.nhs_jobs.get("/applications").status_code != 429
    assert other.esr.get("/applicants").status_code == 200


def test_a_refused_request_is_not_looked_at(workspace: Workspace) -> None:
    limit(workspace, 1000, 1).raise_for_status()
    workspace.esr.get("/applicants")

    answer = workspace.esr.post("/applicants", content=b"\xff" * 2_000_000)

    assert refused(answer)


def test_a_flood_of_refused_requests_does_not_fill_the_journal(workspace: Workspace) -> None:
    limit(workspace, 1000, 5).raise_for_status()

    answers = [workspace.esr.get("/applicants") for _ in range(40)]
    set_limits(workspace, {"mode": "OFF"}).raise_for_status()
    workspace.submit()  # What is written later stands behind it in the journal.

    kept = workspace.control.get("/exchanges?status=429&limit=100").json()["exchanges"]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 35
    assert len(kept) == 5


def test_the_journal_shows_what_the_client_was_told(workspace: Workspace) -> None:
    limit(workspace, 1000, 1).raise_for_status()
    workspace.esr.get("/applicants")
    told = workspace.esr.get("/applicants").headers
    set_limits(workspace, {"mode": "OFF"}).raise_for_status()
    workspace.submit()

    [kept] = workspace.control.get("/exchanges?status=429").json()["exchanges"]
    exchange = workspace.control.get(f"/exchanges/{kept['exchangeId']}").json()

    headers = {name.lower(): value for name, value in exchange["responseHeaders"].items()}
    assert headers["ratelimit"] == told["RateLimit"]
    assert headers["retry-after"] == told["Retry-After"]


def test_limits_are_off_by_default_here_and_after_they_are_taken_off(workspace: Workspace) -> None:
    initial = workspace.control.get("/settings").json()["limits"]
    untouched = workspace.esr.get("/applicants")
    limit(workspace, 1000, 1).raise_for_status()
    workspace.esr.get("/applicants")
    limited = workspace.esr.get("/applicants")
    set_limits(workspace, {"mode": "DEFAULT"}).raise_for_status()
    free = workspace.esr.get("/applicants")

    assert initial == {"mode": "DEFAULT"}
    assert [answer.status_code for answer in (untouched, limited, free)] == [200, 429, 200]
    assert "RateLimit" not in untouched.headers
    assert "RateLimit" not in free.headers


def test_settings_that_say_nothing_of_limits_leave_them(workspace: Workspace) -> None:
    limit(workspace, 7, 70).raise_for_status()

    answer = workspace.control.put(
        "/settings", json={"journalDetail": "LEDGER", "searchOddities": False}
    )

    assert answer.json()["limits"] == {"mode": "SET", "perSecond": 7, "perMinute": 70}


def test_a_workspace_may_begin_with_limits(workspace: Workspace) -> None:
    name = f"{workspace.name}-limited"
    body = {"name": name, "limits": {"mode": "SET", "perSecond": 4, "perMinute": 40}}
    with httpx.Client(base_url=workspace.url, trust_env=False, timeout=30) as client:
        client.post("/control/v1/workspaces", json=body).raise_for_status()

        settings = client.get(f"/w/{name}/control/v1/settings").json()

    assert settings["limits"] == body["limits"]


@pytest.mark.parametrize(
    ("limits", "pointer"),
    [
        ({"mode": "OFF", "perSecond": 1}, "/limits/perSecond"),
        ({"mode": "DEFAULT", "perMinute": 1}, "/limits/perMinute"),
        ({"mode": "SET", "perSecond": 1}, "/limits"),
        ({"mode": "SET"}, "/limits"),
    ],
)
def test_limits_that_contradict_themselves_are_refused(
    workspace: Workspace, limits: dict[str, Any], pointer: str
) -> None:
    answer = set_limits(workspace, limits)

    assert (answer.status_code, answer.json()["code"]) == (422, "SETTING_INVALID")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "limits",
    [
        {"mode": "SET", "perSecond": 6, "perMinute": 300},
        {"mode": "SET", "perSecond": 5, "perMinute": 301},
        {"mode": "OFF"},
    ],
)
def test_a_client_gives_itself_no_more_than_the_platform_does(limits: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refusal:
        limits_in(limits, PLATFORM)

    assert refusal.value.code is Code.OPERATOR_ONLY
    assert limits_in(limits, None)


def test_a_client_may_give_itself_less() -> None:
    less = {"mode": "SET", "perSecond": 5, "perMinute": 299}

    assert limits_in(less, PLATFORM) == Limits(5, 299)
    assert limits_in({"mode": "DEFAULT"}, PLATFORM) == "DEFAULT"


@pytest.mark.parametrize(
    ("level", "default"),
    [(Level.OPEN, None), (Level.SANDBOX, None), (Level.PLATFORM, Limits(5, 300))],
)
def test_limits_are_on_at_the_level_of_the_platform(level: Level, default: Limits | None) -> None:
    runtime = make_runtime(Settings(level=level), lambda *_: {})
    try:
        assert runtime.limits.default == default
    finally:
        runtime.database.close()


# ---------------------------------------------------------------------------------- counted together by several processes


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    place: Path | str = tmp_path / "sandbox.db"
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        place = server.make_database()
    opened = Database(place)

    def make(transaction: Transaction) -> None:
        insert_workspace(transaction.connection, "one", 1, "FULL", datetime.now(UTC))

    opened.write(make).result(_WAIT)
    yield opened
    opened.close()


def count(database: Database, now: int, seconds: int = SECOND, client: str = "a") -> Window:
    def work(transaction: Transaction) -> Window:
        return count_request(transaction.connection, ("one", client, "esr"), seconds, now)

    window: Window = database.write(work, "one").result(_WAIT)
    return window


def test_a_window_counts_until_it_ends_and_then_another_begins(database: Database) -> None:
    begun = 1_800_000_000_000

    counted = [count(database, begun + after) for after in (0, 10, 999)]
    next_one = count(database, begun + 1000)

    assert counted == [Window(number, begun + 1000) for number in (1, 2, 3)]
    assert next_one == Window(1, begun + 2000)


def test_windows_clients_and_lengths_are_counted_apart(database: Database) -> None:
    count(database, 1000)

    assert count(database, 1000, client="b") == Window(1, 2000)
    assert count(database, 1000, MINUTE) == Window(1, 61_000)


def test_a_clock_that_was_set_back_leaves_nobody_waiting_for_it(database: Database) -> None:
    count(database, 10_000_000)

    assert count(database, 5_000) == Window(1, 6_000)


def test_processes_that_share_a_database_count_together(postgresql: Server) -> None:
    place = postgresql.make_database()
    databases = [Database(place), Database(place)]

    def make(transaction: Transaction) -> None:
        insert_workspace(transaction.connection, "one", 1, "FULL", datetime.now(UTC))
        set_limits_of(transaction.connection, "one", Limits(1000, 7))

    async def take_in_turn() -> list[Quota | None]:
        processes = [
            RequestLimits(each, Policies(each, {LIMITS: load_limits}), None) for each in databases
        ]
        return [await each.take("one", "a", "esr") for each in processes * 5]

    try:
        databases[0].write(make).result(_WAIT)
        quotas = asyncio.run(take_in_turn())
    finally:
        for each in databases:
            each.close()

    assert [quota.exceeded for quota in quotas if quota] == [None] * 7 + [MINUTE] * 3


def test_a_workspace_that_is_taken_away_meanwhile_limits_nobody(postgresql: Server) -> None:
    opened = Database(postgresql.make_database())

    def make(transaction: Transaction) -> None:
        insert_workspace(transaction.connection, "one", 1, "FULL", datetime.now(UTC))

    def take_away(transaction: Transaction) -> None:
        transaction.connection.execute(sa.delete(workspaces).where(workspaces.c.name == "one"))

    class TakenAwayOnceRead(Policies):
        async def of(self, workspace: str, kind: str) -> Any:
            found = await Policies.of(self, workspace, kind)
            opened.write(take_away, workspace).result(_WAIT)
            return found

    policies = TakenAwayOnceRead(opened, {LIMITS: load_limits})
    try:
        opened.write(make, "one").result(_WAIT)
        taken = asyncio.run(RequestLimits(opened, policies, Limits(1, 1)).take("one", "a", "esr"))
    finally:
        opened.close()

    assert taken is None


def test_the_quota_names_the_window_that_refuses() -> None:
    limits = Limits(2, 3)

    by_second = Quota(limits, Window(3, 1500), None, now=1000)
    by_minute = Quota(limits, Window(1, 1500), Window(4, 31_001), now=1000)
    within = Quota(limits, Window(2, 1500), Window(3, 31_001), now=1000)

    assert (by_second.exceeded, by_second.retry_after, by_second.limit) == (SECOND, 1, 2)
    assert (by_minute.exceeded, by_minute.retry_after, by_minute.limit) == (MINUTE, 31, 3)
    assert within.exceeded is None
    assert within.headers["RateLimit"] == '"second";r=0;t=1, "minute";r=0;t=31'
