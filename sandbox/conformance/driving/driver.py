"""What a driver is, and what comes of an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

DONE, REFUSED, NOT_OFFERED, NO_ANSWER = "DONE", "REFUSED", "NOT_OFFERED", "NO_ANSWER"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order."""

    state: str
    """DONE, REFUSED, NOT_OFFERED or NO_ANSWER."""
    result: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    self_attested: bool = False
    """Whether only a person says so."""


class Driver(Protocol):
    """Whoever carries out an order at the subject."""

    def perform(self, hook: str, arguments: Mapping[str, Any], say: str = "") -> Outcome:
        """Carries out one order; `say` says it in words. Never raises for what the subject does."""


class NoDriver:
    """A subject that cannot be told to do anything."""

    def perform(self, hook: str, arguments: Mapping[str, Any], say: str = "") -> Outcome:  # noqa: ARG002
        """Answers that it is not offered."""
        return Outcome(NOT_OFFERED, reason=f"nobody offers {hook} here")
