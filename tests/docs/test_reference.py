"""The reference says what the code says, of everything."""

import re
from enum import StrEnum
from pathlib import Path

import click
import pytest
from flask import Flask

from sandbox.cli import BROKE, FAILED, HELD, INCONCLUSIVE, MISUSED
from sandbox.console.pages import PAGES as CONSOLE_PAGES
from sandbox.documentation import codes, commands, settings
from sandbox.documentation.pages import FOLDER, PAGES, fault, write
from sandbox.documentation.text import Undocumented, sentences_of


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says_now(name: str) -> None:
    assert fault(name) is None


def test_a_page_that_was_not_written_anew_is_told_with_what_to_run(tmp_path: Path) -> None:
    page = tmp_path / "faults.md"
    page.write_text(
        (FOLDER / "faults.md").read_text("utf-8").replace("`DROP`", "`DROPPED`"), "utf-8"
    )

    assert fault("faults.md", tmp_path) == (
        "docs/reference/faults.md does not say what the code says now. Run: make docs"
    )


def test_what_is_written_is_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PAGES.keys() - {"faults.md"}:
        monkeypatch.delitem(PAGES, name)

    assert write(tmp_path) == [tmp_path / "faults.md"]
    assert fault("faults.md", tmp_path) is None
    assert write(tmp_path) == []


def test_an_option_that_says_nothing_is_told() -> None:
    option = click.Option(["--mystery"])
    each = commands.Subcommand(("up",), click.Command("up", params=[option], help="Start."))

    with pytest.raises(Undocumented, match="esr-sandbox up --mystery does not say what it does"):
        commands._section(each)


def test_a_code_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [entry for entry in codes.documented() if entry["code"] != "QUOTA_REACHED"]
    monkeypatch.setattr(codes, "documented", lambda: entries)

    with pytest.raises(Undocumented, match="QUOTA_REACHED has no title, meaning and whatToDo"):
        codes.page()


def test_a_variable_that_nothing_tells_of_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(settings.BESIDE_OPTIONS, "ESR_SANDBOX_TRACEBACK")

    with pytest.raises(Undocumented, match="ESR_SANDBOX_TRACEBACK: read from the environment"):
        settings.page()


class Silent(StrEnum):
    SAID = "said"
    """Something."""
    NOT_SAID = "not said"


def test_a_value_without_a_sentence_is_told() -> None:
    with pytest.raises(Undocumented, match=r"Silent\.NOT_SAID says nothing about itself"):
        sentences_of(Silent)


def test_every_exit_code_is_documented_and_no_other() -> None:
    lines = (FOLDER / "exit-codes.md").read_text("utf-8").splitlines()
    told = {
        int(line.split("|")[1]) for line in lines if line.startswith("| ") and line[2].isdigit()
    }

    assert told == {HELD, FAILED, MISUSED, INCONCLUSIVE, BROKE}


def test_every_page_of_the_console_is_in_its_guide() -> None:
    guide = (FOLDER.parent / "guides" / "use-the-console.md").read_text("utf-8")
    console = Flask("documented")
    for page in CONSOLE_PAGES:
        console.register_blueprint(page)
    kinds = {
        found[0]
        for rule in console.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint != "static"
        if (
            found := re.match(
                r"/w/<workspace>(/[a-z-]+)?|/[a-z-]+", rule.rule.removeprefix("/console")
            )
        )
    }

    missing = sorted(
        kind for kind in kinds if f"`{kind}`" not in guide and f"`{kind}/" not in guide
    )

    assert missing == [], "say in docs/guides/use-the-console.md what these pages are for"
