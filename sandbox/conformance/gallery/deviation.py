"""A deviation: one way in which a subject does not do what a requirement says, and what of the suite must notice it.

    Deviation("esr.request-id.ignored", Kind.NAMED, "esr", "requests", "…", ("ESR-REQ-004",), ignored)

`apply` makes the subject deviate for as long as its block runs; nothing else of the subject changes. Two kinds:
- named: a defect as release notes of real interfaces report them, written by hand;
- generated: one row of a rule table, switched off. The rule no longer holds, or the act that was allowed is refused, or the other
  way round. Where a row that merely goes would only make the subject fail, it is turned instead: a crash proves nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Where a deviation comes from."""

    NAMED = "named"
    GENERATED = "generated"


Apply = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation of one subject."""

    id: str
    kind: Kind
    role: str
    """Of the subject that deviates."""
    group: str
    """What it is listed under: the rule table of a row, the theme of a named defect."""
    title: str
    """What the subject does instead, in the present tense."""
    requirements: tuple[str, ...]
    """Those that it breaks. Only one of these that fails counts as detection."""
    apply: Apply
    """Makes the subject deviate. What the block is given is, for a subject that is made for each case, its changed part."""
    operations: tuple[str, ...] = ()
    """Where each answer is concerned: those by which the cases that may notice it are found."""
    fails: bool = False
    """Whether the subject answers 5xx by this very deviation. With any other, a 5xx is a crash and no detection."""


def together(*parts: Apply) -> Apply:
    """Several changes that make one deviation."""

    @contextmanager
    def apply() -> Iterator[None]:
        with ExitStack() as stack:
            for part in parts:
                stack.enter_context(part())
            yield

    return apply
