"""What a person sees while a certification runs: a consumer of its events, like every report."""

from collections.abc import Callable
from typing import Any, Self

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sandbox.cli.progress import is_watched

_COLOURS = {
    "pass": "green",
    "fail": "bold red",
    "error": "bold magenta",
    "inconclusive": "yellow",
    "review": "cyan",
    "warn": "yellow",
}


class Watcher:
    """Shows progress (`31 of 96`, what it waits for and from whom) and each case that did not pass, as it happens."""

    def __init__(
        self, as_json: bool, console: Console, keep: Callable[[dict[str, Any]], None]
    ) -> None:
        """`keep` is told every event too."""
        self.as_json = as_json
        self._keep = keep
        self.console = console
        self._done: dict[str, int] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
            disable=as_json or not is_watched(),
        )
        self._task = self._progress.add_task("Starting", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def see(self, event: dict[str, Any]) -> None:
        """Takes one event."""
        self._keep(event)
        if self.as_json:
            if event["event"] != "progress":
                click.echo(orjson.dumps(event).decode())
            return
        kind = event["event"]
        if kind == "suite.started":
            name = event.get("contract") or event["suite"]
            if self._progress.disable:
                self.console.print(
                    f"{event['suite']} ({name}) ..." if name != event["suite"] else f"{name} ..."
                )
            self._progress.update(
                self._task, description=f"{event['suite']} {name}", total=event.get("total")
            )
        elif kind == "case.started":
            what = f"{event['number']} of {event['total']}  {event['case']}, waiting for {event['waitsFor']}"
            self._progress.update(
                self._task,
                completed=event["number"] - 1,
                total=event["total"],
                description=escape(what),
            )
        elif kind == "case.finished" and event["result"] not in ("pass", "omit"):
            colour = _COLOURS.get(event["result"], "white")
            self.console.print(
                f"[{colour}]{event['result']}[/] {escape(event['case'])}: {escape(event.get('sentence', ''))}"
            )
        elif kind == "progress" and event.get("suite") == "volume":
            done, total = event["done"], event["done"] + event["remaining"]
            pace = f", {event['compression']:.0f} times real time" if event["compression"] else ""
            rate = f" ({event['rate']:.0f}/s{pace})" if event["rate"] else ""
            self._progress.update(
                self._task,
                completed=done,
                total=total or None,
                description=f"volume: {event['phase']}, {done:,} of {total:,}{rate}",
            )
        elif kind == "progress":
            what = f"{event['contract']} {event['phase']} {event['operation'] or ''} ({event['exchanges']} exchanges)"
            self._progress.update(self._task, description=what, total=None)
