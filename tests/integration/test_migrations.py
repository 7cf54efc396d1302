"""A database that an earlier version has written is brought up to date whole, with a copy kept, or left as it was."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import postgres
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import sandbox.app
from sandbox.database import SCHEMA_VERSION, Database, DatabaseUnusable, metadata
from sandbox.migrations import migrate
from sandbox.server import launch, started, stop

OLD = Path(__file__).parent / "schema_3"
ANSWERS: dict[str, Any] = json.loads((OLD / "answers.json").read_text(encoding="utf-8"))
"""What the version that had schema 3 answered: to each request as it was sent, and to each address as it was read."""
WAIT = 60


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file as the version that had schema 3 left it."""
    path = tmp_path / "sandbox.db"
    with closing(sqlite3.connect(path)) as file:
        file.executescript((OLD / "database.sql").read_text(encoding="utf-8"))
        file.execute("PRAGMA journal_mode=WAL")
    return path


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return list(file.iterdump())


def differences(connection: sa.Connection) -> list[Any]:
    """What a database has otherwise than the tables of this version say."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def test_a_world_of_an_earlier_version_answers_as_it_did(old: Path, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {ANSWERS['token']}"}
    with started(
        *("--world", "empty", "--token", ANSWERS["token"]), folder=tmp_path, database=str(old)
    ) as running:
        with httpx.Client(
            base_url=f"{running.url}/esr/v1", headers=headers, trust_env=False, timeout=WAIT
        ) as client:
            for path, answer in ANSWERS["read"].items():
                assert client.get(path).json() == answer, path
            # What was sent then and is sent again gets the answer of then.
            for sent in ANSWERS["sent"]:
                again = client.request(
                    sent["method"], sent["path"], json=sent["body"], headers=sent["headers"]
                )
                assert (again.status_code, again.text) == (sent["status"], sent["answer"])
        control = f"{running.url}/control/v1"
        restored = httpx.post(f"{control}/snapshots/1/restore", trust_env=False, timeout=WAIT)
        assert restored.status_code == 200, restored.text
        [fault] = httpx.get(f"{control}/faults", trust_env=False).json()["faults"]
        assert (fault["operationId"], fault["status"]) == ("list_code_lists", 503)
        read = httpx.get(f"{running.url}/esr/v1/applicants", headers=headers, trust_env=False)
        assert read.json() == ANSWERS["read"]["/applicants"]
    assert f"{old}.schema-3" in (tmp_path / "sandbox.log").read_text()


def test_a_copy_of_the_file_as_it_was_is_kept(old: Path) -> None:
    before = dump(old)

    Database(old).close()

    kept = old.with_name("sandbox.db.schema-3")
    assert dump(kept) == before
    assert kept.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in old.parent.iterdir()) == [
        "sandbox.db",
        "sandbox.db.lock",
        "sandbox.db.schema-3",
    ]


def test_what_was_brought_up_to_date_is_as_what_is_made_new(old: Path) -> None:
    Database(old).close()

    engine = sa.create_engine(f"sqlite:///{old}")
    with engine.connect() as connection:
        assert differences(connection) == []
        assert sorted(indexes(connection)) == sorted(_indexes_of_new())
        version = connection.exec_driver_sql("SELECT version FROM schema_version").scalar_one()
    engine.dispose()
    assert version == SCHEMA_VERSION


def indexes(connection: sa.Connection) -> set[str]:
    # One is over an expression, which Alembic does not compare.
    rows = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    return set(rows.scalars())


def _indexes_of_new() -> set[str]:
    return {str(index.name) for table in metadata.sorted_tables for index in table.indexes}


@pytest.fixture
def old_server(old: Path, postgresql: postgres.Server) -> Iterator[sa.Engine]:
    """A database on a server with the tables of schema 3, and the world of the file."""
    file = sa.create_engine(f"sqlite:///{old}")
    held = sa.MetaData()
    held.reflect(file)
    engine = sa.create_engine(postgresql.make_database())
    metadata.create_all(engine)
    kept = {name for table in held.tables.values() for name in _names(table)}
    with file.connect() as reading, engine.begin() as writing:
        for table in reversed(metadata.sorted_tables):
            if table.name not in held.tables:
                table.drop(writing)
        for table in metadata.sorted_tables:
            if table.name not in held.tables:
                continue
            there = held.tables[table.name]
            for index in table.indexes:
                if index.name not in kept and index.name != "exchanges_by_request_id":
                    index.drop(writing)
            for column in table.columns:
                if column.name not in there.columns:
                    writing.exec_driver_sql(f"ALTER TABLE {table.name} DROP COLUMN {column.name}")
            shared = [column for column in table.columns if column.name in there.columns]
            rows = [dict(row._mapping) for row in reading.execute(sa.select(*shared))]
            if rows:
                writing.execute(sa.insert(table), rows)
    file.dispose()
    yield engine
    engine.dispose()


def _names(table: sa.Table) -> set[str]:
    return {str(index.name) for index in table.indexes}


def test_the_steps_hold_on_a_server_too(old_server: sa.Engine) -> None:
    with old_server.begin() as connection:
        migrate(connection, 3)

    with old_server.connect() as connection:
        assert differences(connection) == []
        internal = connection.exec_driver_sql("SELECT client_id FROM clients WHERE is_internal")
        assert internal.scalars().all() == ["nhs-jobs-default"]


def test_a_server_of_an_earlier_schema_is_brought_up_to_date_by_a_command_alone(
    old_server: sa.Engine,
) -> None:
    address = old_server.url.render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnusable, match="esr-sandbox database migrate"):
        Database(address)

    refused = command("database", "migrate", "--database", address, code=2)
    assert "--backed-up" in refused
    command("database", "migrate", "--database", address, "--backed-up")

    with old_server.connect() as connection:
        assert differences(connection) == []
    assert "nothing to do" in command("database", "migrate", "--database", address, "--backed-up")
    opened = Database(address)
    try:
        refused = command("database", "migrate", "--database", address, "--backed-up")
        assert "nothing to do" in refused
        with old_server.begin() as connection:
            connection.exec_driver_sql("UPDATE schema_version SET version = 3")
        refused = command("database", "migrate", "--database", address, "--backed-up", code=2)
        assert "in use" in refused
    finally:
        opened.close()


def command(*arguments: str, code: int = 0) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


def test_a_step_that_fails_leaves_the_file_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(old)

    def fails(_connection: sa.Connection) -> None:
        raise sa.exc.OperationalError("UPDATE", {}, Exception("disk full"))

    monkeypatch.setattr("sandbox.migrations.to_4._renew_snapshots", fails)
    with pytest.raises(DatabaseUnusable, match="It was left as it is"):
        Database(old)

    assert dump(old) == before
    monkeypatch.undo()
    Database(old).close()
    assert dump(old) != before


@pytest.mark.prove
def test_a_start_that_is_killed_meanwhile_leaves_one_schema_or_the_other(
    old: Path, tmp_path: Path
) -> None:
    # The process stops itself where all the steps are done and nothing is committed, and is killed there.
    program = (
        "import os, signal, sandbox.app, sandbox.migrations as steps\n"
        "from sandbox.database import Database\n"
        "from pathlib import Path\n"
        "whole = steps.migrate\n"
        "def migrate(connection, version):\n"
        "    whole(connection, version)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "steps.migrate = migrate\n"
        f"Database(Path({str(old)!r}))\n"
    )
    before = dump(old)

    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=WAIT)

    assert ended.returncode == -signal.SIGKILL
    assert dump(old) == before
    process, _ = launch("--world", "empty", folder=tmp_path, database=str(old))
    stop(process)
    with closing(sqlite3.connect(old)) as file:
        assert file.execute("SELECT version FROM schema_version").fetchone() == (SCHEMA_VERSION,)


def test_a_copy_for_which_there_is_no_room_leaves_the_file_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(old)

    def no_room(_path: Path, _to: Path) -> None:
        raise DatabaseUnusable("no space left on device")

    monkeypatch.setattr("sandbox.database.sqlite.copy_file", no_room)
    with pytest.raises(DatabaseUnusable, match="no space"):
        Database(old)

    assert dump(old) == before
    assert not old.with_name("sandbox.db.schema-3").exists()


assert sandbox.app  # Every table is known.
