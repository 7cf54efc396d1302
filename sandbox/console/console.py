"""What the pages of the console share: the sandbox behind them, who looks, and how they read and ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import current_app, g

from sandbox.clock import wall_now
from sandbox.console.guessing import Guesses
from sandbox.console.powers import Answer, Powers
from sandbox.console.runs import Runs
from sandbox.console.sessions import Sessions
from sandbox.contracts import Contract
from sandbox.database import Transaction
from sandbox.runtime import Runtime
from sandbox.settings import Settings
from sandbox.web.call import Unit, Visitor, open_unit

T = TypeVar("T")
READ_SECONDS = 15.0
"""How long a page waits for what it reads; then it says that the sandbox is busy, and lets go of its thread."""
EXTENSION = "esr-sandbox"


@dataclass(frozen=True, slots=True)
class Console:
    """One console."""

    runtime: Runtime
    contracts: list[Contract]
    powers: Powers
    folder: Path
    """Where it keeps its key and the runs that are started from it."""
    runs: Runs
    """The runs that were started from it."""
    sessions: Sessions
    """Which sessions were ended before their time."""
    guesses: Guesses
    """Who was wrong at the sign-in lately."""

    @property
    def settings(self) -> Settings:
        """How the sandbox runs."""
        return self.runtime.settings

    def read(self, work: Callable[[Unit], T], workspace: str | None = None) -> T:
        """What `work`, which must only read, finds in the workspace of the page, or in another one.

        Raises Refusal NOT_FOUND where there is no such workspace, and TimeoutError.
        """
        name, wall = workspace or str(g.workspace), wall_now()
        return self.look(lambda transaction: work(open_unit(transaction, name, wall)))

    def look(self, work: Callable[[Transaction], T]) -> T:
        """What `work`, which must only read, finds in the database, whosever it is. Raises TimeoutError."""
        return cast(T, self.runtime.database.read(work).result(READ_SECONDS))

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        workspace: str | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Calls an operation of the control API, in the name of whoever looks, for the workspace of the page or another one."""
        return self.powers.ask(
            visitor(), method, path, body, workspace=workspace or g.workspace, query=query
        )


def console() -> Console:
    """The console that serves this request."""
    return cast(Console, current_app.extensions[EXTENSION])


def visitor() -> Visitor:
    """Who looks."""
    return cast(Visitor, g.visitor)
