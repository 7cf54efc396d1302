"""What the documents name is there: pages, headings, commands and their options, variables, codes, requirements, tasks."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sandbox.cli import group
from sandbox.conformance.evidence.refusals import Code as EvidenceCode
from sandbox.contracts.library import contracts_folder, load_contract
from sandbox.contracts.requirements import given_ids
from sandbox.documentation.commands import subcommands
from sandbox.documentation.contracts import names
from sandbox.documentation.settings import BESIDE_OPTIONS, variables
from sandbox.errors import Code

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)]
)
# Decisions and the changelog tell of what was; so the names in them are not held against what is.
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md" and "decisions" not in page.parts]

OF_THE_TESTS = {"ESR_SANDBOX_TEST_DATABASE", "ESR_SANDBOX_SCREENSHOTS"}
OF_OTHER_TOOLS = {"--exclude-checks", "--postgresql"}
OF_THE_PLUGIN = "--esr-sandbox-"
"""How the options of the pytest plugin begin, which the tests of the plugin hold."""
IN_CAPITALS = {
    "ADDED_LATER",  # what a fault puts in the place of a value
    "DRIVER_TOKEN",  # a variable of whoever writes a subject file
    "ESR_TOKEN",
    "GIVEN_UP",  # outcomes of a metric
    "PUT_OFF",
    "QUEUE_URL",  # what stands for a value in the help of a command
}


@dataclass(frozen=True)
class Page:
    path: Path
    tokens: list[Token]

    @property
    def inline(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or ()

    @property
    def links(self) -> list[str]:
        found = [str(token.attrs["href"]) for token in self.inline if token.type == "link_open"]
        return [link for link in found if not re.match(r"[a-z]+:", link)]

    @cached_property
    def codes(self) -> list[str]:
        return [token.content for token in self.inline if token.type == "code_inline"]

    @property
    def blocks(self) -> list[str]:
        return [
            token.content for token in self.tokens if token.type == "fence" and token.info == "sh"
        ]

    @cached_property
    def anchors(self) -> set[str]:
        found: set[str] = set()
        for here, after in zip(self.tokens, self.tokens[1:], strict=False):
            if here.type == "heading_open":
                text = "".join(child.content for child in after.children or ())
                slug = re.sub(r"[^\w\- ]", "", text.lower().strip()).replace(" ", "-")
                number = next((n for n in range(1, 1000) if f"{slug}-{n}" not in found), 0)
                found.add(slug if slug not in found else f"{slug}-{number}")
        return found


@cache
def read(path: Path) -> Page:
    parser = MarkdownIt("commonmark").enable("table")
    return Page(path, parser.parse(path.read_text(encoding="utf-8")))


def written(text: str, folder: Path) -> Page:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return Page(path, MarkdownIt("commonmark").enable("table").parse(text))


# ------------------------------------------------------------------------------------------------- what is looked for


def broken_links(page: Page) -> list[str]:
    told = []
    for link in page.links:
        place, _, anchor = link.partition("#")
        target = (page.path.parent / place).resolve() if place else page.path
        if not target.exists():
            told.append(f"{link}: there is no such file")
        elif anchor and target.suffix == ".md":
            there = page if target == page.path else read(target)
            if anchor not in there.anchors:
                told.append(f"{link}: no heading of {target.name} has this anchor")
    return told


@cache
def options() -> frozenset[str]:
    found = {"--help", "--version"}
    for each in subcommands():
        found |= {
            name for option in each.options for name in (*option.opts, *option.secondary_opts)
        }
    return frozenset(found)


def wrong_commands(page: Page) -> list[str]:
    lines = [line for block in page.blocks for line in re.sub(r"\\\n", " ", block).splitlines()]
    told = [wrong(line, is_whole=True) for line in lines]
    told += [wrong(text, is_whole=False) for text in page.codes]
    return [each for each in told if each]


def wrong(line: str, is_whole: bool) -> str | None:
    """What is wrong with a call of our command in a line; `is_whole` where it must run as it stands."""
    found = re.search(
        r"(?:(?:^|\$\(|&&\s*|;\s*)(?:[A-Z_]+=\S*\s+)*|bin/)esr-sandbox((?:\s.*)?)$", line.strip()
    )
    if not found:
        return None
    text = re.sub(r"\$\([^()]*\)|\$\{?\w+\}?", "X", found[1])
    try:
        words = shlex.split(re.split(r"[|;&<>]|\s#|\)(?:\s|$)", text)[0].replace("…", "X"))
        command, rest = meant(words)
    except (ValueError, LookupError) as problem:
        return f"{line}: {problem}"
    if is_whole and not isinstance(command, click.Group):
        fault = not_taken(command, rest)
        return f"{line}: {fault}" if fault else None
    named = {word.partition("=")[0] for word in rest if word.startswith("--")}
    unknown = named - {"--help", "--version"}.union(*(option.opts for option in command.params))
    return f"{line}: no option {min(unknown)}" if unknown else None


def meant(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words call, and the rest of the words. Raises LookupError for one that there is not."""
    command: click.Command = group
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            raise LookupError(f"there is no command {words[0]}")
        command, words = inner, words[1:]
    return command, words


def not_taken(command: click.Command, words: list[str]) -> str | None:
    """Why a command does not take words; what a word stands for (a file, a number) need not be there."""
    try:
        command.make_context(command.name or "", list(words))
    except click.exceptions.Exit:
        return None
    except (click.NoSuchOption, click.MissingParameter) as problem:
        return problem.format_message()
    except click.BadParameter as problem:
        is_choice = isinstance(getattr(problem.param, "type", None), click.Choice)
        return problem.format_message() if is_choice else None
    except click.UsageError as problem:
        return problem.format_message()
    return None


def unknown_options(page: Page) -> list[str]:
    named = {word for text in page.codes for word in re.findall(r"^(--[a-z][a-z-]+)", text)}
    unknown = named - options() - OF_OTHER_TOOLS
    return sorted(name for name in unknown if not name.startswith(OF_THE_PLUGIN))


def unknown_variables(page: Page) -> list[str]:
    named = set(re.findall(r"\bESR_SANDBOX_[A-Z_]*[A-Z]\b", page.path.read_text(encoding="utf-8")))
    return sorted(named - set(variables()) - set(BESIDE_OPTIONS) - OF_THE_TESTS)


@cache
def values_of_contracts() -> frozenset[str]:
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.update(item for item in value.get("enum", ()) if isinstance(item, str))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for name in names():
        walk(load_contract(name).document)
    return frozenset(found)


def unknown_codes(page: Page) -> list[str]:
    named = {text for text in page.codes if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text)}
    known = {*Code, *EvidenceCode, *values_of_contracts(), *IN_CAPITALS}
    return sorted(text for text in named - known if not text.startswith(("ESR_SANDBOX_", "OTEL_")))


def unknown_requirements(page: Page) -> list[str]:
    named = set(
        re.findall(r"\b(?:ESR|NHSJ)-[A-Z]{3}-[0-9]{3}\b", page.path.read_text(encoding="utf-8"))
    )
    given = set(given_ids(contracts_folder() / "requirements"))
    return sorted(name for name in named - given if "-FUZ-" not in name)


def unknown_tasks(page: Page) -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    there = set(re.findall(r"^([a-z.-]+):", makefile, re.MULTILINE))
    texts = [*page.codes, *(line for block in page.blocks for line in block.splitlines())]
    named = {found[1] for text in texts if (found := re.match(r"make ([a-z.-]+)", text))}
    return sorted(named - there)


LOOKS: list[Callable[[Page], list[str]]] = [
    wrong_commands,
    unknown_options,
    unknown_variables,
    unknown_codes,
    unknown_requirements,
    unknown_tasks,
]

# ---------------------------------------------------------------------------------------------------------- the facts


def test_every_link_and_anchor_leads_somewhere() -> None:
    told = {str(path.relative_to(ROOT)): broken_links(read(path)) for path in PAGES}

    assert {name: found for name, found in told.items() if found} == {}


@pytest.mark.parametrize("look", LOOKS)
def test_what_the_documents_name_is_there(look: Callable[[Page], list[str]]) -> None:
    told = {str(path.relative_to(ROOT)): look(read(path)) for path in CURRENT}

    assert {name: found for name, found in told.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "look", "told"),
    [
        ("[a](no-such.md)", broken_links, "no-such.md: there is no such file"),
        ("# One\n\n[a](#two)", broken_links, "#two: no heading of page.md has this anchor"),
        (
            "```sh\nesr-sandbox updraft\n```",
            wrong_commands,
            "esr-sandbox updraft: there is no command updraft",
        ),
        (
            "```sh\n.venv/bin/esr-sandbox up --prot 1\n```",
            wrong_commands,
            "No such option '--prot'",
        ),
        ("```sh\nesr-sandbox certificate list\n```", wrong_commands, "Missing option '--register'"),
        (
            "```sh\nesr-sandbox up \\\n  --level higher | cat\n```",
            wrong_commands,
            "'higher' is not one of",
        ),
        ("Say `esr-sandbox up --prot`.", wrong_commands, "no option --prot"),
        ("Take `--no-such-option`.", unknown_options, "--no-such-option"),
        ("Set `ESR_SANDBOX_NO_SUCH`.", unknown_variables, "ESR_SANDBOX_NO_SUCH"),
        ("It says `APPLICANT_UNLOVED`.", unknown_codes, "APPLICANT_UNLOVED"),
        ("As ESR-APP-999 asks.", unknown_requirements, "ESR-APP-999"),
        ("Run `make believe`.", unknown_tasks, "believe"),
    ],
)
def test_what_is_not_there_is_told(
    text: str, look: Callable[[Page], list[str]], told: str, tmp_path: Path
) -> None:
    (found,) = look(written(text, tmp_path))

    assert told in found


def test_what_is_right_is_not_told(tmp_path: Path) -> None:
    page = written(
        "# One thing\n\n[a](#one-thing) `esr-sandbox up --level platform` `APPLICANT_EXISTS` ESR-APP-001 `make docs`\n\n"
        "```sh\nESR_SANDBOX_LEVEL=platform esr-sandbox fuzz --target esr --seed 1 > out.txt\n"
        'TOKEN=$(esr-sandbox token --client-id "$ID" --key-file client.pem)\n```\n',
        tmp_path,
    )

    assert [found for look in (broken_links, *LOOKS) for found in look(page)] == []
