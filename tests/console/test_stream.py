"""The live stream: what a page that watches is told, and what it costs the others."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa
from console_walk import signed_in
from harness import Workspace

from sandbox.console import live, stream
from sandbox.console.live import Watch
from sandbox.console.store.traffic import Wanted
from sandbox.console.telling import Telling
from sandbox.runtime import Runtime

_VIEWERS = 20


@pytest.fixture
def client(workspace: Workspace) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=_VIEWERS + 5)
    with httpx.Client(
        base_url=f"{workspace.url}/console/w/{workspace.name}",
        limits=limits,
        timeout=20,
        trust_env=False,
    ) as opened:
        yield opened


def events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, data) of each event, as they come; fails once the stream says that there is nothing new."""
    identifier = ""
    for line in answer.iter_lines():
        assert not line.startswith(":"), "nothing came"
        name, _, value = line.partition(": ")
        if name == "id":
            identifier = value
        elif name == "data":
            yield identifier, json.loads(value)


def told(answer: httpx.Response, many: int) -> tuple[str, list[int]]:
    """The last id and the numbers of the next `many` exchanges."""
    numbers: list[int] = []
    for identifier, data in events(answer):
        numbers += [item["id"] for item in data["exchanges"]]
        if len(numbers) >= many:
            return identifier, numbers
    raise AssertionError("the stream ended")


def test_what_comes_is_told_once_and_after_a_break_where_it_left_off(
    workspace: Workspace, client: httpx.Client
) -> None:
    with client.stream("GET", "/traffic/stream?after=0") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        last, before = told(answer, 1)
    workspace.esr.get("/organisations")
    workspace.esr.get("/organisations")

    # What a browser sends when it comes back counts, and not the address of the page.
    again = {"Last-Event-ID": last}
    with client.stream("GET", "/traffic/stream?after=0", headers=again) as answer:
        workspace.esr.get("/organisations")
        _, after = told(answer, 3)

    numbers = before + after
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_filters_of_the_page_hold_for_the_stream(
    workspace: Workspace, client: httpx.Client
) -> None:
    with client.stream("GET", "/traffic/stream?after=0&status=4xx") as answer:
        workspace.esr.get("/organisations")
        workspace.esr.get("/applicants/99999999")
        _, data = next(events(answer))

    [row] = data["exchanges"]
    assert (row["status"], row["says"]) == (404, "refused")
    assert row["way"] == f"client supplier-{workspace.name} → ESR"
    assert row["address"] == f"/console/w/{workspace.name}/traffic/{row['id']}"


def test_many_watch_and_pages_are_served_all_the_same(
    workspace: Workspace, client: httpx.Client
) -> None:
    with ExitStack() as stack:
        viewers = [
            stack.enter_context(client.stream("GET", "/traffic/stream")) for _ in range(_VIEWERS)
        ]
        starts = [next(viewer.iter_raw()) for viewer in viewers]

        page = client.get("/traffic")

        assert starts == [b"retry: 1000\n\n"] * _VIEWERS
        assert page.status_code == 200


def test_who_has_not_signed_in_watches_nothing(platform: Runtime, supplier_of: Any) -> None:
    url = platform.settings.public_url
    supplier_of("watched")

    stranger = httpx.get(f"{url}/console/w/watched/traffic/stream", trust_env=False)

    assert stranger.status_code == 403


def test_one_supplier_does_not_take_the_places_of_all_who_watch(
    platform: Runtime, supplier_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_MOST_OF_ONE", 2)
    url = platform.settings.public_url
    with (
        signed_in(url, supplier_of("watches-much")) as much,
        signed_in(url, supplier_of("watches-little")) as little,
        ExitStack() as stack,
    ):

        def watch(client: httpx.Client, workspace: str) -> int:
            path = f"/console/w/{workspace}/traffic/stream"
            return stack.enter_context(client.stream("GET", path)).status_code

        answers = [watch(much, "watches-much") for _ in range(3)]

        assert answers == [200, 200, 503]
        assert watch(little, "watches-little") == 200


def test_who_is_far_behind_is_told_how_much_is_left_out(
    workspace: Workspace, sandbox_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_FAR_BEHIND", 8)
    monkeypatch.setattr(live, "_LATEST", 3)
    for _ in range(10):
        workspace.write("POST", "/applicants", workspace.submission())
    last = len(workspace.control.get("/exchanges", params={"limit": 100}).json()["exchanges"])

    with sandbox_engine.connect() as connection:
        watch = Watch(_looking_at(connection), workspace.name, Wanted(), Telling([], []), after=1)
        found = asyncio.run(watch.look())

    data = orjson.loads(found.event.split(b"data: ")[1])
    assert data["skipped"] == last - 3 - 1
    assert [item["id"] for item in data["exchanges"]] == [last - 2, last - 1, last]
    assert not found.is_behind


def _looking_at(connection: sa.Connection) -> Any:
    """As much of a running sandbox as a watch needs."""

    def read(work: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(SimpleNamespace(connection=connection)))
        return done

    return SimpleNamespace(database=SimpleNamespace(read=read))
