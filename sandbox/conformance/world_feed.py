"""Where a fuzz run takes real identifiers from, so that it reaches past 404.

The fuzzer asks the feed before each call, and uses what it says in the parts of the call that keep the contract. It
never uses it in the part that a case breaks on purpose, so nothing that the feed says can make a broken call whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class FeedExhaustedError(Exception):
    """The feed has nothing (more) of what is asked; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Known:
    """Values that exist in the world, for one call.

    - `path`: all path parameters, or none.
    - `headers`: set when the operation requires them or the case has them.
    - `forced_headers`: set always, for instance the current If-Match.
    - `query`: set in place of a generated value; `None` takes the parameter away (a cursor is never invented).
    - `body`: a whole body that keeps contract and rules, or None where the operation has none.
    - `references`: JSON pointers into a generated body, with values that exist; applied where the parent exists.
    - `always`: the same, for every body that keeps the contract, also those that stay as generated.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    forced_headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    references: Mapping[str, Any] = field(default_factory=dict)
    always: Mapping[str, Any] = field(default_factory=dict)


class WorldFeed(Protocol):
    """A source of what exists at the target."""

    def prepare(self) -> None:
        """Look around before the first case. Raises FeedExhaustedError when the world is too empty to begin."""

    def known(self, operation_id: str, *, fresh: bool) -> Known:
        """Values for a call of `operation_id`.

        `fresh`: the call is meant to succeed and may use up what it is given (an applicant can be withdrawn once).
        Otherwise the call is meant to be refused, and the same values may be given again and again.
        """

    def observe(self, operation_id: str, status: int, body: Any) -> None:
        """Learn from an answer of the target: identifiers, cursors. `body` is parsed JSON or None."""


class EmptyFeed:
    """Knows nothing: every value is generated."""

    def prepare(self) -> None:
        return

    def known(self, operation_id: str, *, fresh: bool) -> Known:  # noqa: ARG002
        return Known()

    def observe(self, operation_id: str, status: int, body: Any) -> None:  # noqa: ARG002
        return


def replaced(document: Any, pointer: str, value: Any) -> Any:
    """A copy of `document` with `value` at the JSON pointer; `document` itself where the parent is not an object."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    if not isinstance(document, dict):
        return document
    if not rest:
        return {**document, name: value}
    if name not in document:
        return document
    return {**document, name: replaced(document[name], rest, value)}
