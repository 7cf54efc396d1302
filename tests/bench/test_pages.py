"""The bench of the pages works: a year is copied, and every page answers. How long they take is not asked here."""

from pathlib import Path

import pytest

from tests.bench import pages


@pytest.mark.prove
def test_every_page_answers_among_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_EMPLOYERS", 2)
    monkeypatch.setattr(pages, "_POSITIONS", 30)
    database = tmp_path / "sandbox.db"

    paths = pages.made(database, 2_000)
    found = pages.measured(database, paths, 1)

    # The places of searches are those of a whole year: of one of many there are fewer here.
    far = {name for name, path in paths.items() if "/10200000" in path}
    assert {name for name, (_, status) in found.items() if status >= 400} <= far
    assert len(found) > 40
    assert "| journey.applicant | " in pages.table(found)
