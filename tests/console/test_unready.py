"""What a page says while the database does not answer, or is gone."""

import threading
from pathlib import Path

import pytest
from console_walk import browsing
from in_process import served

from sandbox.console import console
from sandbox.database.sqlite import READERS
from sandbox.settings import Settings

HOME = "/console/w/default"


def test_while_the_database_does_not_answer_a_page_says_so_and_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        served(Settings(port=0, database=str(tmp_path / "sandbox.db"))) as runtime,
        browsing(runtime.settings.public_url) as client,
    ):
        before = client.get(HOME)
        monkeypatch.setattr(console, "READ_SECONDS", 0.05)
        answered = threading.Event()
        for _ in range(READERS):
            runtime.database.read(lambda _: answered.wait(20))
        busy = client.get(HOME)
        answered.set()
        monkeypatch.undo()
        again = client.get(HOME)
        runtime.database.close()
        gone = client.get(HOME)

    assert (before.status_code, again.status_code) == (200, 200)
    for answer in (busy, gone):
        assert answer.status_code == 503
        assert "<h1" in answer.text
        assert "Traceback" not in answer.text
        assert int(answer.headers["retry-after"]) > 0
    assert "Load the page again" in busy.text
    assert [each for each in caplog.records if each.exc_info and "console" in each.name] == []
