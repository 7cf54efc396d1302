"""What the runner leaves of one case: everything that the judge needs, and no verdict.

A record is JSON, so that what is judged while a run goes on is what a verifier finds in the pack.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import orjson

from sandbox.conformance.values import Scope

# Kinds of note.
UNBOUND = "unbound"
"""What the case needs is not to be had at this subject."""
NOT_OFFERED = "not-offered"
"""The subject does not offer what a step asks of it."""
INTERRUPTED = "interrupted"
BROKE = "broke"
"""The suite itself failed."""
SELF_ATTESTED = "self-attested"
"""Only a person says so."""
UNREACHED = "unreached"
"""A step could not be played, since one before it came to nothing."""


@dataclass(slots=True)
class Step:
    """One step as it went."""

    name: str
    kind: str
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    sent: Any = None
    """Of an order to the driver: its arguments."""
    view: Any = None
    """What the driver answered."""
    held: bool | None = None
    """Of a step that waits: whether what it waited for came in time."""
    waited: float = 0.0
    """Seconds of wall time."""
    outcome: str = ""
    """Of an order to the driver or to people: DONE, REFUSED, NOT_OFFERED, NO_ANSWER."""


@dataclass(slots=True)
class Record:
    """One case as it was played."""

    case: str
    seed: int
    today: str
    mask_key: str
    bindings: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    journal: list[dict[str, Any]] = field(default_factory=list)
    """The subject's own traffic while the case was played, as the system it talks to kept it."""
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    """What came to the suite's receiver: exchanges, the event as `requestBody`."""
    notes: list[dict[str, str]] = field(default_factory=list)
    began: str = ""
    ended: str = ""

    def note(self, kind: str, text: str) -> None:
        """Adds a note."""
        self.notes.append({"kind": kind, "text": text})

    def step(self, name: str) -> Step | None:
        """The step of this name, or None where it was not played."""
        return next((step for step in self.steps if step.name == name), None)

    def dump(self) -> dict[str, Any]:
        """The record as JSON."""
        return asdict(self)

    @classmethod
    def from_dump(cls, dumped: Mapping[str, Any]) -> "Record":
        """A record as `dump` gave it. Raises TypeError or KeyError when it is none."""
        return cls(**{**dumped, "steps": [Step(**step) for step in dumped["steps"]]})

    def scope(self) -> Scope:
        """What references of the case's expectations may lead to."""
        return Scope(
            date.fromisoformat(self.today),
            self.bindings,
            {step.name: left_by(step) for step in self.steps},
        )


def left_by(step: Step) -> dict[str, Any]:
    """What a step leaves for references: `sent`, `answer`, `header`, `status`, `view`, `text`."""
    left: dict[str, Any] = {} if step.view is None else {"view": step.view}
    if step.sent is not None:
        left["sent"] = step.sent
    if step.exchanges:
        exchange = step.exchanges[-1] if step.kind == "await" else step.exchanges[0]
        left |= {
            "sent": json_of(exchange.get("requestBody")),
            "answer": json_of(exchange.get("responseBody")),
            "header": exchange.get("responseHeaders", {}),
            "status": exchange["status"],
            "text": exchange.get("responseBody") or "",
        }
    return left


def json_of(text: Any) -> Any:
    """A body as JSON; None where there is none."""
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
