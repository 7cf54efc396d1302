"""Who sends or reads slowly holds up nobody else; files go out whole, in part, or not at all where they are known."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from console_replays import kept
from console_walk import browsing
from harness import Workspace

from sandbox.console.door import _THREADS
from sandbox.runtime import Runtime

STYLES = "/console/static/console.css"
_SIZE = 8 * 1024 * 1024


@pytest.fixture
def url(platform: Runtime) -> str:
    return platform.settings.public_url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with browsing(url) as client:
        yield client


def test_who_sends_a_form_slowly_holds_up_no_page(url: str, client: httpx.Client) -> None:
    place = urlsplit(url)
    head = (
        f"POST /console/sign-in HTTP/1.1\r\nHost: {place.netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900000\r\n\r\na="
    )
    with ExitStack() as stack:
        for _ in range(3 * _THREADS):
            slow = socket.create_connection((str(place.hostname), place.port or 0))
            stack.enter_context(slow).sendall(head.encode())
        for _ in range(5):
            # Those that came before have been begun with by now; a form has ten seconds, and this does not wait for them.
            assert client.get("/console/sign-in", timeout=5).status_code == 200


def test_who_reads_a_file_slowly_holds_up_no_page(
    workspace: Workspace, sandbox_database: Path
) -> None:
    listed = workspace.control.get("/workspaces").json()["workspaces"]
    made = next(str(each["createdAt"]) for each in listed if each["name"] == workspace.name)
    folder = sandbox_database.with_name(f"{sandbox_database.name}.console")
    run = kept(folder, workspace.name, made, [])
    (run / "report" / "ledger.ndjson").write_bytes(bytes(_SIZE))
    path = f"/console/w/{workspace.name}/load/{run.name}/files/ledger.ndjson"
    place = urlsplit(workspace.url)
    with ExitStack() as stack:
        for _ in range(3 * _THREADS):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            slow.connect((str(place.hostname), place.port))
            slow.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        for _ in range(5):
            answer = httpx.get(f"{workspace.url}{path}", timeout=5, trust_env=False)
            assert len(answer.content) == _SIZE


def test_a_file_is_given_whole_in_part_and_not_again(client: httpx.Client) -> None:
    whole = client.get(STYLES)
    part = client.get(STYLES, headers={"Range": "bytes=10-29"})
    again = client.get(STYLES, headers={"If-None-Match": whole.headers["etag"]})
    beyond = client.get(STYLES, headers={"Range": "bytes=99999999-"})
    head = client.head(STYLES)

    assert len(whole.content) == int(whole.headers["content-length"]) > 1000
    assert (part.status_code, part.content) == (206, whole.content[10:30])
    assert (again.status_code, again.content) == (304, b"")
    assert beyond.status_code == 416
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    for answer in (whole, part, again, head):
        assert "x-sendfile" not in answer.headers
