"""docs/reference/commands.md: the command and its subcommands, with every option."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from sandbox.cli import group
from sandbox.documentation.text import WRITTEN, Undocumented, code, paragraphs, table

NAME = "esr-sandbox"


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One command with the words that call it."""

    words: tuple[str, ...]
    command: click.Command

    @property
    def options(self) -> list[click.Option]:
        """What may be set by name."""
        return [each for each in self.command.params if isinstance(each, click.Option)]

    @property
    def arguments(self) -> list[click.Argument]:
        """What is set by place."""
        return [each for each in self.command.params if isinstance(each, click.Argument)]


def subcommands() -> Iterator[Subcommand]:
    """Every command that does something, in the order in which `--help` lists them."""
    yield from _below(group, ())


def _below(command: click.Command, words: tuple[str, ...]) -> Iterator[Subcommand]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _below(found, (*words, name))
        if not command.invoke_without_command:
            return
    if words:
        yield Subcommand(words, command)


def page() -> str:
    """The page. Raises Undocumented for a command without a sentence and an option without one."""
    told = [WRITTEN, "# Commands\n\n", _OPENING]
    told += [_section(each) for each in subcommands()]
    return "".join(told)


_OPENING = """\
One command, `esr-sandbox`, with a verb for each job. `-h` and `--help` tell of each what is told here; `esr-sandbox
--version` tells the version. What the exit codes mean is on a [page of its own](exit-codes.md). A setting that has a variable
of the environment may be given there; what is on the command line goes before it.

"""


def _section(each: Subcommand) -> str:
    name = " ".join((NAME, *each.words))
    if not each.command.help:
        raise Undocumented(
            f"{name} does not say what it does. Write the docstring of its function."
        )
    places = " ".join(
        f"[{_place(one)}]" if not one.required else _place(one) for one in each.arguments
    )
    usage = " ".join(filter(None, (name, "[OPTIONS]" if each.options else "", places)))
    told = [f"## {name}\n\n", f"{paragraphs(each.command.help)}\n\n", f"```text\n{usage}\n```\n\n"]
    rows = [_row(name, option) for option in each.options if not option.hidden]
    if rows:
        told += [table(("option", "default", "variable", "what it does"), rows), "\n"]
    examples = _examples(each)
    if not examples:
        raise Undocumented(f"{name} shows no example. Write one as the epilog of the command.")
    told += ["For instance:\n\n", "```text\n", "\n".join(examples), "\n```\n\n"]
    return "".join(told)


def _place(argument: click.Argument) -> str:
    return argument.make_metavar(click.Context(click.Command("any")))


def _examples(each: Subcommand) -> list[str]:
    _, _, told = (each.command.epilog or "").partition(":")
    return [example.strip() for example in re.split(r" · |\n", told) if example.strip()]


def _row(name: str, option: click.Option) -> tuple[str, str, str, str]:
    if not option.help:
        raise Undocumented(
            f"{name} {option.opts[0]} does not say what it does. Write the option's `help`."
        )
    written = ", ".join(code(one) for one in (*option.opts, *option.secondary_opts))
    kind = "" if option.is_flag else _kind(option)
    variables = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    marks = [
        mark
        for mark, holds in (("required", option.required), ("may be repeated", option.multiple))
        if holds
    ]
    told = option.help.rstrip(".") + (
        f" ({', '.join(marks)})" if marks and "repeated" not in option.help else ""
    )
    return (
        f"{written} {kind}".strip(),
        code(shown_default(option)),
        ", ".join(map(code, variables)),
        told,
    )


def _kind(option: click.Option) -> str:
    kind = option.type
    if isinstance(kind, click.Choice):
        return ", ".join(code(str(choice)) for choice in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        ends = (("from", kind.min), ("to", kind.max))
        return " ".join(f"{word} {end:,}" for word, end in ends if end is not None)
    return code(option.make_metavar(click.Context(click.Command("any"))))


def shown_default(option: click.Option) -> str:
    """The default of an option as a user would write it; empty where there is none."""
    value: Any = option.default
    if (
        option.is_flag
        or callable(value)
        or value in (None, (), "")
        or not isinstance(value, str | int | float)
    ):
        return str(value) if _is_path(value) else ""
    return str(value)


def _is_path(value: Any) -> bool:
    return hasattr(value, "__fspath__")
