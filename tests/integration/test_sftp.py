"""The hub over SFTP, met by a real client: what an employer may do, and that nothing half-sent is ever in the inbox."""

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable
from contextlib import chdir, suppress
from pathlib import Path
from typing import Any

import asyncssh
import httpx
import pytest
from sftp_door import (
    CONTENT,
    NAME,
    OTHER_NAME,
    WAIT,
    Door,
    Session,
    get,
    put,
    through,
    until,
)

from sandbox.cli import run
from sandbox.database import Database
from sandbox.esr.files import sftp_session
from sandbox.esr.files.hub import FOLDERS, LARGEST_FILE, Hub
from sandbox.esr.files.sftp import HostKeyUnusable, Sftp
from sandbox.journal.store import FLUSH, append
from sandbox.server import started
from sandbox.settings import Settings


def test_a_file_is_sent_listed_fetched_and_cleared_away(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        (door.employer / "outbox" / OTHER_NAME).write_bytes(b"from ESR")
        (door.employer / "archive" / OTHER_NAME).write_bytes(b"loaded")
        (door.employer / "quarantine" / "odd~name.reason.json").write_bytes(b"{}")
        local = tmp_path / NAME
        local.write_bytes(CONTENT)
        async with door.session() as session:
            assert sorted(await session.listdir("/")) == [".", "..", *sorted(FOLDERS)]
            await session.put(str(local), f"/inbox/{NAME}", preserve=True)
            assert await session.listdir("inbox") == [".", "..", NAME]
            assert (await session.stat(f"/inbox/{NAME}")).size == len(CONTENT)
            await session.get(f"outbox/{OTHER_NAME}", str(tmp_path / "got"))
            assert await get(session, f"/archive/{OTHER_NAME}") == b"loaded"
            assert await get(session, "/quarantine/odd~name.reason.json") == b"{}"
            await session.remove(f"/outbox/{OTHER_NAME}")
            assert await session.listdir("/outbox") == [".", ".."]

        assert (door.employer / "inbox" / NAME).read_bytes() == CONTENT
        assert (tmp_path / "got").read_bytes() == b"from ESR"
        assert door.inbox() == [NAME]

    through(tmp_path, story)


def test_a_file_that_is_not_closed_is_not_in_the_inbox(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        async with door.session() as session:
            file = await session.open(f"/inbox/{NAME}", "wb")
            await file.write(CONTENT)
            assert await session.listdir("/inbox") == [".", ".."]
            assert Hub(door.root).employer("acme", "X0A1B").waiting() == []

            await file.close()

            assert door.inbox() == [NAME]

    through(tmp_path, story)


async def _drops(connection: asyncssh.SSHClientConnection, session: Session) -> None:
    del session
    connection.abort()


async def _leaves(connection: asyncssh.SSHClientConnection, session: Session) -> None:
    del connection
    session.exit()
    await session.wait_closed()


async def _ends_what_it_says(connection: asyncssh.SSHClientConnection, session: Session) -> None:
    del connection
    session._handler._writer.write_eof()


async def _talks_nonsense(connection: asyncssh.SSHClientConnection, session: Session) -> None:
    del connection
    session._handler._writer.write(b"\0\0\0\1\3")


@pytest.mark.parametrize("end", [_drops, _leaves, _ends_what_it_says, _talks_nonsense])
def test_half_an_upload_leaves_nothing(tmp_path: Path, end: Any) -> None:
    async def story(door: Door) -> None:
        async with door.connect() as connection:
            session = await connection.start_sftp_client()
            file = await session.open(f"/inbox/{NAME}", "wb")
            await file.write(CONTENT)
            assert len(door.inbox()) == 1
            await end(connection, session)
            await until(lambda: door.inbox() == [])

    through(tmp_path, story)


def test_what_is_half_sent_when_the_server_stops_is_not_kept(tmp_path: Path) -> None:
    left = []

    async def story(door: Door) -> None:
        connection = await door.connect()
        session = await connection.start_sftp_client()
        file = await session.open(f"/inbox/{NAME}", "wb")
        await file.write(CONTENT)
        left.append(door)

    through(tmp_path, story)
    assert left[0].inbox() == []
    hidden = left[0].employer / "inbox" / f".{NAME}.killed.part"
    hidden.write_bytes(CONTENT)

    async def nothing(door: Door) -> None:
        assert door.inbox() == []

    through(tmp_path, nothing)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("acme.X0A1B", "wrong"),
        ("acme.X0A1B", ""),
        ("acme.X0A1B", "beta's token"),
        ("beta.X0A1B", "beta's token"),
        ("acme.Z9Z9Z", "acme's token"),
        ("acme.", "acme's token"),
        ("acme", "acme's token"),
        ("acme...", "acme's token"),
        ("acme.x0a1b", "acme's token"),
        ("../hub/acme.X0A1B", "acme's token"),
    ],
)
def test_nobody_comes_in_without_a_token_of_the_workspace_and_an_employer_of_it(
    tmp_path: Path, username: str, password: str
) -> None:
    async def story(door: Door) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            await door.connect(username, password)

    through(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    [
        "../X0B2C/outbox/secret",
        "/../X0B2C/outbox/secret",
        "/outbox/../../X0B2C/outbox/secret",
        "/X0B2C/outbox/secret",
        "/outbox/link",
        "/outbox/pipe",
        "/outbox/.hidden",
        "/outbox/half.part",
        "/outbox/folder/inside",
        "/.host-key",
        "/../../.host-key",
        "/outbox/a\0b",
        "/etc/passwd",
        "//etc/passwd",
    ],
)
def test_nothing_outside_the_employers_folders_is_there(tmp_path: Path, path: str) -> None:
    async def story(door: Door) -> None:
        (door.other / "outbox" / "secret").write_bytes(b"secret")
        outbox = door.employer / "outbox"
        (outbox / "link").symlink_to(door.other / "outbox" / "secret")
        os.mkfifo(outbox / "pipe")
        (outbox / ".hidden").write_bytes(b"secret")
        (outbox / "half.part").write_bytes(b"secret")
        (outbox / "folder").mkdir()
        (outbox / "folder" / "inside").write_bytes(b"secret")
        async with door.session() as session:
            for ask in (get, Session.stat, Session.lstat, Session.listdir):
                with pytest.raises(asyncssh.SFTPError):
                    await ask(session, path)
            for act in (Session.remove, put):
                with pytest.raises(asyncssh.SFTPError):
                    await act(session, path)
            assert await session.listdir("/outbox") == [".", "..", "folder"]
        assert (door.other / "outbox" / "secret").read_bytes() == b"secret"

    through(tmp_path, story)


def test_a_folder_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        (door.other / "outbox" / "secret").write_bytes(b"secret")
        for name in ("outbox", "inbox"):
            (door.employer / name).rmdir()
            (door.employer / name).symlink_to(door.other / name)
        async with door.session() as session:
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await get(session, "/outbox/secret")
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await put(session, f"/inbox/{NAME}")
        assert list((door.other / "inbox").iterdir()) == []

    through(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    [
        "/inbox/applicants.csv",
        "/inbox/ER_901_APP_20300101_00000001.DAT.filepart",
        "/inbox/ER_901_APP_20300101_1.DAT",
        "/inbox/er_901_app_20300101_00000001.dat",
        "/inbox/.ER_901_APP_20300101_00000001.DAT",
        "/inbox",
        "/",
        f"/{NAME}",
        f"/outbox/{NAME}",
        f"/archive/{NAME}",
        f"/quarantine/{NAME}",
    ],
)
def test_a_file_is_sent_under_its_own_name_to_the_inbox_alone(tmp_path: Path, path: str) -> None:
    async def story(door: Door) -> None:
        async with door.session() as session:
            with pytest.raises(asyncssh.SFTPError) as refused:
                await put(session, path)
        assert refused.value.reason
        assert [found for found in door.employer.rglob("*") if found.is_file()] == []

    through(tmp_path, story)


def test_what_is_in_the_inbox_is_neither_read_nor_changed(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        async with door.session() as session:
            await put(session, f"/inbox/{NAME}")
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await get(session, f"/inbox/{NAME}")
            for mode in ("wb", "ab", "r+b", "w+b"):
                with pytest.raises(asyncssh.SFTPError):
                    await session.open(f"/inbox/{NAME}", mode)
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await session.remove(f"/inbox/{NAME}")
            with pytest.raises(asyncssh.SFTPError):
                await session.truncate(f"/inbox/{NAME}", 0)
        assert (door.employer / "inbox" / NAME).read_bytes() == CONTENT

    through(tmp_path, story)


def test_of_two_who_send_the_same_name_at_once_one_is_refused(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        async with door.session() as one, door.session() as other:
            first = await one.open(f"/inbox/{NAME}", "wb")
            second = await other.open(f"/inbox/{NAME}", "wb")
            await first.write(b"first")
            await second.write(b"second")
            await first.close()
            with pytest.raises(asyncssh.SFTPFailure, match="waits in the inbox already"):
                await second.close()
        assert (door.employer / "inbox" / NAME).read_bytes() == b"first"
        assert door.inbox() == [NAME]

    through(tmp_path, story)


def test_folders_and_names_are_fixed(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        (door.employer / "outbox" / OTHER_NAME).write_bytes(b"from ESR")
        held = f"/outbox/{OTHER_NAME}"
        async with door.session() as session:
            acts: list[Awaitable[object]] = [
                session.mkdir("/inbox/new"),
                session.rmdir("/inbox"),
                session.rename(held, "/outbox/new"),
                session.posix_rename(held, f"/inbox/{NAME}"),
                session.symlink("/etc/passwd", "/outbox/new"),
                session.link(held, "/outbox/new"),
                session.readlink(held),
                session.statvfs("/"),
                session.remove("/archive/x"),
            ]
            for act in acts:
                with pytest.raises(asyncssh.SFTPError):
                    await act
        assert sorted(path.name for path in door.employer.iterdir()) == sorted(FOLDERS)
        assert [path.name for path in (door.employer / "outbox").iterdir()] == [OTHER_NAME]
        assert door.inbox() == []

    through(tmp_path, story)


def test_a_file_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        async with door.session() as session:
            file = await session.open(f"/inbox/{NAME}", "wb")
            with pytest.raises(asyncssh.SFTPFailure, match="at most"):
                await file.write(b"x", LARGEST_FILE)
            with pytest.raises(asyncssh.SFTPFailure, match="not kept"):
                await file.close()
            assert door.inbox() == []

            await put(session, f"/inbox/{NAME}", bytes(LARGEST_FILE))

        assert (door.employer / "inbox" / NAME).stat().st_size == LARGEST_FILE

    through(tmp_path, story)


def test_files_that_are_open_at_a_time_are_counted(tmp_path: Path) -> None:
    most = sftp_session._MOST_OPEN_FILES

    async def story(door: Door) -> None:
        (door.employer / "outbox" / OTHER_NAME).write_bytes(b"from ESR")
        async with door.session() as session:
            held = [await session.open(f"/outbox/{OTHER_NAME}", "rb") for _ in range(most)]
            with pytest.raises(asyncssh.SFTPFailure, match="at a time"):
                await session.open(f"/outbox/{OTHER_NAME}", "rb")
            await held[0].close()
            assert await get(session, f"/outbox/{OTHER_NAME}") == b"from ESR"

    through(tmp_path, story)


def test_connections_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.esr.files.sftp._MOST_CONNECTIONS", 2)

    async def story(door: Door) -> None:
        async with door.connect() as first, door.connect():
            with pytest.raises((asyncssh.Error, OSError)):
                await door.connect()
            first.close()
            await first.wait_closed()
            async with asyncio.timeout(WAIT):
                while True:
                    with suppress(asyncssh.Error, OSError):
                        (await door.connect()).close()
                        break

    through(tmp_path, story)


def test_there_is_no_shell_no_command_and_no_forwarding(tmp_path: Path) -> None:
    async def story(door: Door) -> None:
        async with door.connect() as connection:
            for ask in (
                connection.run("id"),
                connection.create_process(),
                connection.create_process(subsystem="netconf"),
                connection.open_connection("127.0.0.1", door.port),
                connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", door.port),
            ):
                with pytest.raises((asyncssh.Error, asyncssh.ChannelListenError)):
                    await ask

    through(tmp_path, story)


def test_the_host_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    async def story(_: Door) -> None:
        return

    through(tmp_path, story)
    path = tmp_path / "hub" / ".host-key"
    made = path.read_bytes()
    through(tmp_path, story)

    assert path.read_bytes() == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"no key", None])
def test_a_host_key_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / ".host-key"
    path.mkdir() if content is None else path.write_bytes(content)
    database = Database(None, {FLUSH: append})
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            pytest.raises(HostKeyUnusable, match=r"\.host-key"),
        ):
            Sftp(tmp_path, listener, database, Settings())
    finally:
        database.close()


def test_the_command_serves_the_hub_over_sftp(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    arguments = ("--hub", str(hub), "--world", "small", "--only", "esr", "--sftp-port", "0")
    with started(*arguments, folder=tmp_path) as ready:
        assert ready.sftp_port
        headers = {"Authorization": f"Bearer {ready.token}"}
        listed = httpx.get(f"{ready.url}/esr/v1/organisations", headers=headers, trust_env=False)
        employer = listed.json()["organisations"][0]["odsCode"]

        async def story() -> None:
            async with (
                asyncssh.connect(
                    "127.0.0.1",
                    ready.sftp_port,
                    username=f"default.{employer}",
                    password=ready.token,
                    known_hosts=None,
                    client_keys=None,
                    config=None,
                    agent_path=None,
                ) as connection,
                connection.start_sftp_client() as session,
            ):
                await put(session, f"/inbox/{NAME}")

        asyncio.run(story())

        assert (hub / "default" / employer / "inbox" / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sftp-port", "0"), "name its folder with --hub"),
        (("--sftp-port", "70000", "--hub", "hub"), "--sftp-port"),
        (("--sftp-port", "0", "--hub", "hub", "--only", "nhs-jobs"), "--esr-url"),
    ],
)
def test_sftp_that_cannot_be_served_is_refused_at_once(
    tmp_path: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with chdir(tmp_path):
        code = run(["up", "--database", ":memory:", *arguments])

    assert code == 2
    assert said in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        hub = str(tmp_path / "hub")
        own = ["up", "--database", ":memory:", "--port", "0"]
        code = run([*own, "--hub", hub, "--sftp-port", port])

    assert code == 2
    assert f"Port {port}" in (said := capsys.readouterr().err)
    assert "--sftp-port" in said
