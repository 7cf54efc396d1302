"""docs/reference/settings.md: the settings of a running sandbox, and every variable of the environment."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import click

from sandbox.cli import up
from sandbox.documentation.commands import NAME, shown_default, subcommands
from sandbox.documentation.text import WRITTEN, Undocumented, code, sentences_of, table
from sandbox.settings import Level, LogFormat, Mode, Settings

BESIDE_OPTIONS = {
    "ESR_SANDBOX_TRACEBACK": "Any value: where the sandbox itself failed, the details are printed beside the sentence, to be "
    "reported.",
}
"""What the program reads from the environment that no option stands for."""
_WITHIN = {
    "ESR_SANDBOX_CONFINED",
    "ESR_SANDBOX_REPLAY",
    "ESR_SANDBOX_REPLAY_PIPE",
    "ESR_SANDBOX_REPLAY_SEED",
}
"""What the sandbox tells the processes that it starts; nobody else sets these."""
_NOT_SET = {"maximum_body_bytes", "prepares_console", "request_seconds"}
"""Settings that no option sets: they are the same for everybody, or follow from others."""
_OPTIONS = {"systems": "only", "tls_key": "tls_key"}
"""The option of a setting that has another name."""
_PACKAGE = Path(__file__).resolve().parents[1]


def page() -> str:
    """The page. Raises Undocumented for a setting or a variable that says nothing about itself."""
    told = [WRITTEN, "# Settings\n\n", _OPENING, "## A running sandbox\n\n"]
    told += [
        table(("setting", "default", "options", "variable", "what it says"), _settings()),
        "\n",
    ]
    for kind, title in ((Level, "Levels"), (Mode, "Modes"), (LogFormat, "Forms of the log")):
        said = sentences_of(kind)
        rows = [(code(each.value), said[each.name]) for each in kind]
        told += [f"## {title}\n\n", table(("value", "what it means"), rows), "\n"]
    told += ["## Variables of the environment\n\n", _VARIABLES]
    told += [table(("variable", "stands for"), sorted(_variables())), "\n", _OTHERS]
    return "".join(told)


_OPENING = """\
A sandbox has one set of settings, made when it starts and never changed. `esr-sandbox up` and `esr-sandbox serve` make it
from their options; `serve` differs from `up` in its defaults (level `platform`, a log of JSON). What a workspace may do, its
limits, its clock and its faults are no settings: they are changed while it runs, by the [control
contract](contracts.md#control).

"""
_VARIABLES = """\
A secret belongs here, and not on a command line that every user of the machine can read.

"""
_OTHERS = """\
Traces go where OpenTelemetry's own variables say (`OTEL_EXPORTER_OTLP_ENDPOINT` and the others).

"""


def _settings() -> Iterator[tuple[str, str, str, str, str]]:
    said = sentences_of(Settings)
    options = {
        option.name: option for option in up.command.params if isinstance(option, click.Option)
    }
    for field in fields(Settings):
        option = options.get(_OPTIONS.get(field.name, field.name))
        if option is None and field.name not in _NOT_SET:
            raise Undocumented(
                f"No option of `up` sets Settings.{field.name}. Give it one, or name it in {__name__}._NOT_SET."
            )
        default = shown_default(option) if option else _plain(field.default)
        yield (
            code(field.name),
            code(default),
            ", ".join(map(code, option.opts)) if option else "",
            code(option.envvar) if option and isinstance(option.envvar, str) else "",
            said[field.name],
        )


def _plain(value: Any) -> str:
    return "" if value in (MISSING, None, "") else str(value)


def variables() -> dict[str, list[str]]:
    """By the name of each variable that an option stands for: the commands and the option."""
    found: dict[str, list[str]] = {}
    for each in subcommands():
        for option in each.options:
            names = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
            for name in names:
                found.setdefault(name, []).append(
                    f"{' '.join((NAME, *each.words))} {option.opts[0]}"
                )
    return found


def _variables() -> Iterator[tuple[str, str]]:
    by_option = variables()
    for name, places in by_option.items():
        yield code(name), ", ".join(map(code, places))
    for name, sentence in BESIDE_OPTIONS.items():
        yield code(name), sentence
    missing = set(_read()) - set(by_option) - set(BESIDE_OPTIONS) - _WITHIN
    if missing:
        raise Undocumented(
            f"{', '.join(sorted(missing))}: read from the environment, and nothing tells of it. "
            f"Say what it is for in {__name__}.BESIDE_OPTIONS, then run: make docs"
        )


def _read() -> Iterator[str]:
    roots = (_PACKAGE, _PACKAGE.parent / "loadtests")
    for path in sorted(path for root in roots for path in root.rglob("*.py")):
        yield from re.findall(r"\bESR_SANDBOX_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))
