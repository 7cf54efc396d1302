"""Progress on a terminal: a bar for people, nothing where the output is read by a program."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

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


@contextmanager
def bar(title: str) -> Iterator[Bar]:
    """A bar while work goes on; one plain line at the start where there is no terminal."""
    if not errors.is_terminal:
        errors.print(f"{title} ...")
        yield Bar(None, title)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}"),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    ) as progress:
        yield Bar(progress, title)
