"""SECURITY.md names what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_shows_something_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")

    named = set(re.findall(r"`((?:integration|unit)/[\w./]+|durability)`", text))

    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).exists()] == []
    for name in re.findall(r"`((?:docs|\.ci)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
