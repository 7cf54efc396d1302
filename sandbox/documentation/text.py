"""Markdown from values, and the sentences that stand beside names in the code."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `make docs` from the code and the contracts; change those. -->\n\n"
"""How every generated page begins."""


class Undocumented(Exception):
    """Something that a reader needs to know of says nothing about itself; the text tells what to write, and where."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell is one line of Markdown."""
    lines = [heads, ["---"] * len(heads), *([cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(value: str) -> str:
    """A text as it may stand in a table."""
    return re.sub(r"(?<!\\)\|", r"\\|", one_line(value))


def one_line(text: str) -> str:
    """A text without breaks."""
    return " ".join(text.split())


def linked(text: str) -> str:
    """A text on one line, its addresses as links."""
    return re.sub(r"https?://\S*[^\s.,;:)]", r"<\g<0>>", one_line(text))


def code(text: str) -> str:
    """A text set as code."""
    return f"`{text}`" if text else ""


def paragraphs(text: str) -> str:
    """What a docstring or a contract says, each paragraph on one line; lists and tables stay as they are."""
    told = []
    for part in re.split(r"\n\s*\n", textwrap.dedent(text).strip()):
        is_laid_out = re.search(r"^\s*([-*|]|\d+\.) ?", part, re.MULTILINE) or "```" in part
        told.append(part if is_laid_out else one_line(part))
    return "\n\n".join(told)


def sentences_of(kind: type) -> dict[str, str]:
    """By the name of each value or field of a class: the docstring that stands below it.

    Raises Undocumented for one that has none.
    """
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for here, after in zip(body.body, [*body.body[1:], ast.Pass()], strict=True):
        name = _assigned(here)
        if name is None:
            continue
        if not (
            isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            place = f"{kind.__module__}.{kind.__name__}"
            raise Undocumented(
                f"{place}.{name} says nothing about itself. Write a docstring below it, then run: make docs"
            )
        found[name] = one_line(after.value.value)
    return found


def _assigned(statement: ast.stmt) -> str | None:
    target: ast.expr | None = None
    if isinstance(statement, ast.AnnAssign):
        target = statement.target
    elif isinstance(statement, ast.Assign):
        target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) else None
