"""What a rule is, in every system here: one row with a code, a place, a question and a sentence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sandbox.errors import Code, Place, Refusal

Subject = TypeVar("Subject")

ERROR, WARNING, INFO = "ERROR", "WARNING", "INFO"


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """A rule about a `Subject`. `holds` answers whether the subject keeps it; `text` is for people (200 characters at most)."""

    code: Code
    pointer: str
    holds: Callable[[Subject], bool]
    text: str
    source: str
    kind: str = ERROR
    needs: tuple[Code, ...] = ()
    """Rules that must hold before this one can be asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold."""

    code: Code
    pointer: str
    text: str
    kind: str

    def message(self) -> dict[str, str]:
        """The finding as a `Message` of the contract."""
        message = {
            "messageType": self.kind,
            "messageCode": str(self.code),
            "messageText": self.text,
        }
        if self.pointer:
            message["pointer"] = self.pointer
        return message


def findings(rules: Iterable[Rule[Subject]], subject: Subject) -> list[Finding]:
    """Every rule that the subject breaks, in the order of the table."""
    found: list[Finding] = []
    broken: set[Code] = set()
    for rule in rules:
        if broken and broken.intersection(rule.needs):
            broken.add(rule.code)
        elif not rule.holds(subject):
            broken.add(rule.code)
            found.append(Finding(rule.code, rule.pointer, rule.text, rule.kind))
    return found


def refuse_broken(rules: Iterable[Rule[Subject]], subject: Subject) -> None:
    """Raises Refusal with the code of the first rule that the subject breaks, and every place that is wrong."""
    found = findings(rules, subject)
    if found:
        raise Refusal(
            found[0].code,
            " ".join(finding.text for finding in found),
            places=tuple(
                Place("body", finding.pointer, finding.text, finding.code) for finding in found
            ),
        )
