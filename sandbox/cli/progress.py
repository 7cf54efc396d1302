"""Progress on a terminal: a bar for people, nothing where the output is read by a program."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

errors = Console(stderr=True, highlight=False)
"""Progress goes to standard error, so that standard output holds results alone."""


class Bar:
    """One line of progress: what is being done, and how far it is."""

    def __init__(self, progress: Progress | None, title: str) -> None:
        self._progress = progress
        self._title = title
        self._task = progress.add_task(title, total=None) if progress else None

    def show(self, done: float, total: float | None, what: str = "") -> None:
        """Says how far the work is; `total` None where nobody knows."""
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task, completed=done, total=total, description=f"{self._title} {what}".strip()
            )


class _Count(ProgressColumn):
    """How many are done; nothing where nobody counts."""

    def render(self, task: Task) -> Text:
        is_counted = task.total is not None or task.completed
        return Text(f"{task.completed:.0f}" if is_counted else "")


def is_watched() -> bool:
    """Whether somebody looks at standard error: a terminal that can move its cursor. FORCE_COLOR makes no terminal of a log."""
    return sys.stderr.isatty() and not errors.is_dumb_terminal


@contextmanager
def bar(title: str, *, is_told: bool = True) -> Iterator[Bar]:
    """A bar while work goes on. Where nobody looks, one plain line at the start, or nothing unless it `is_told`."""
    if not is_watched():
        if is_told:
            errors.print(f"{title} ...")
        yield Bar(None, title)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        _Count(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    ) as progress:
        yield Bar(progress, title)
