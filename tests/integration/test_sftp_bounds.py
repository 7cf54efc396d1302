"""The hub over SFTP at its bounds: nobody takes what belongs to all, and no session outlives the right to it."""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from sftp_door import (
    CONTENT,
    NAME,
    OTHER_NAME,
    Door,
    put,
    through,
)

from sandbox.database import Transaction
from sandbox.esr.files import sftp_session
from sandbox.esr.store.organisations import insert_organisations
from sandbox.identity.store import ClientState, change_client


def test_no_workspace_takes_every_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.esr.files.sftp._MOST_OF_A_WORKSPACE", 2)

    def let_beta_in(transaction: Transaction) -> None:
        insert_organisations(transaction.connection, "beta", [{"odsCode": "X0C3D"}])

    async def story(door: Door) -> None:
        door.database.write(let_beta_in).result()
        async with door.connect(), door.connect(username="acme.X0B2C") as second:
            with pytest.raises(asyncssh.PermissionDenied):
                await door.connect()
            async with door.connect("beta.X0C3D", "beta's token"):
                second.close()
                await second.wait_closed()
            async with door.connect():
                pass

    through(tmp_path, story)


def test_strangers_leave_room_for_those_who_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.esr.files.sftp._MOST_STRANGERS", 2)

    async def story(door: Door) -> None:
        async with door.session() as session, door.session():
            strangers = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(2)]
            for reader, _ in strangers:
                assert await reader.readline()
            with pytest.raises((asyncssh.Error, OSError)):
                await door.connect()
            await put(session, f"/inbox/{NAME}")
            for _, writer in strangers:
                writer.close()

    through(tmp_path, story)


@pytest.mark.parametrize(
    "change", [{"state": ClientState.REVOKED}, {"employers": ["X0B2C"]}], ids=["revoked", "fewer"]
)
def test_a_session_does_not_outlive_the_right_to_it(tmp_path: Path, change: dict[str, Any]) -> None:
    def take_back(transaction: Transaction) -> None:
        change_client(transaction, "acme", "acme", change)

    async def story(door: Door) -> None:
        (door.employer / "outbox" / OTHER_NAME).write_bytes(b"from ESR")
        async with door.session() as session:
            upload = await session.open(f"/inbox/{NAME}", "wb")
            await upload.write(CONTENT)
            door.database.write(take_back).result()

            with pytest.raises(asyncssh.SFTPPermissionDenied, match="no longer good"):
                await upload.close()
            for attempt in (
                session.open(f"/outbox/{OTHER_NAME}", "rb"),
                session.open(f"/inbox/{NAME}", "wb"),
                session.listdir("/outbox"),
                session.remove(f"/outbox/{OTHER_NAME}"),
            ):
                with pytest.raises(asyncssh.SFTPPermissionDenied, match="no longer good"):
                    await attempt
        assert door.inbox() == []
        assert (door.employer / "outbox" / OTHER_NAME).exists()

    through(tmp_path, story)


@pytest.mark.parametrize(("most", "value"), [("MOST_FILES", 2), ("MOST_BYTES", 2 * len(CONTENT))])
def test_what_an_employer_may_leave_there_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str, value: int
) -> None:
    monkeypatch.setattr(sftp_session, most, value)

    async def story(door: Door) -> None:
        (door.employer / "archive" / OTHER_NAME).write_bytes(CONTENT)
        async with door.session() as session:
            await put(session, f"/inbox/{NAME}")
            with pytest.raises(asyncssh.SFTPFailure, match="at most"):
                await put(session, f"/inbox/{OTHER_NAME}")
        assert door.inbox() == [NAME]

    through(tmp_path, story)
