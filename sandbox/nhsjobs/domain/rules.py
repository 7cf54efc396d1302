"""What a rule of NHS Jobs is: one row with a code, a place, a question and a sentence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sandbox.errors import Code, Place, Refusal

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """A rule about a `Subject`. `holds` answers whether the subject keeps it; `text` is for people."""

    code: Code
    pointer: str
    holds: Callable[[Subject], bool]
    text: str
    source: str


def refuse_broken(rules: Iterable[Rule[Subject]], subject: Subject) -> None:
    """Raises Refusal with the code of the first rule that the subject breaks, and every place that is wrong."""
    broken = [rule for rule in rules if not rule.holds(subject)]
    if broken:
        raise Refusal(
            broken[0].code,
            " ".join(rule.text for rule in broken),
            places=tuple(Place("body", rule.pointer, rule.text) for rule in broken),
        )
