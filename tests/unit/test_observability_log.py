"""The log: no line can be forged, and no exception quotes what was sent."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sandbox.database import Database, Transaction
from sandbox.errors import Refusal
from sandbox.observability.logs import Handler, configure
from sandbox.observability.watching import trace_id_of
from sandbox.settings import LogFormat

FORGED = 'name\r\n{"level": "info", "message": "forged"}\n\x1b[31mred\x1b[0m\x00\x85\u2028\u202e"}'


Logged = Callable[[LogFormat], tuple[logging.Logger, io.StringIO]]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Sets up the log in a form; a logger, and what is written."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level

    def begin(form: LogFormat) -> tuple[logging.Logger, io.StringIO]:
        configure(form)
        [handler] = [each for each in root.handlers if isinstance(each, Handler)]
        written = io.StringIO()
        handler.setStream(written)
        return logging.getLogger("of.a.test"), written

    yield begin
    root.handlers[:], root.level = kept


@pytest.mark.parametrize("form", list(LogFormat))
def test_what_a_caller_sends_forges_no_line(logged: Logged, form: LogFormat) -> None:
    logger, written = logged(form)

    logger.warning("refused %s", FORGED)

    text = written.getvalue()
    assert len(text.splitlines()) == 1
    assert text.isascii() or form is LogFormat.TEXT
    assert not any(
        ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029\u202e" for letter in text[:-1]
    )


def test_an_exception_tells_its_kind_and_place_and_not_its_text(logged: Logged) -> None:
    logger, written = logged(LogFormat.JSON)

    try:
        raise ValueError(f"{FORGED} is not of type integer")
    except ValueError:
        logger.exception("the request failed")

    line = json.loads(written.getvalue())
    assert line["exception"] == "ValueError"
    assert "test_observability_log.py" in line["at"][-1]
    assert "red" not in written.getvalue()


def test_an_exception_for_people_forges_no_line_either(logged: Logged) -> None:
    logger, written = logged(LogFormat.TEXT)

    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        logger.exception("the request failed")

    assert "\x1b" not in written.getvalue()
    assert "\\x1b[2J" in written.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        FORGED,
    ],
)
def test_a_trace_header_that_is_none_names_no_trace(header: str) -> None:
    assert trace_id_of({"traceparent": header}) is None


def test_a_statement_that_fails_is_told_without_its_parameters(
    logged: Logged, tmp_path: Path
) -> None:
    _, written = logged(LogFormat.TEXT)
    database = Database(tmp_path / "sandbox.db")

    def fails(transaction: Transaction) -> None:
        transaction.connection.execute(
            sa.text("select * from nowhere where name = :name"), {"name": "Zzyzxmarkedname"}
        )

    problem = database.write(fails).exception(30)
    database.close()

    assert isinstance(problem, Refusal)
    assert "nowhere" in written.getvalue()
    assert "Zzyzxmarkedname" not in written.getvalue()
