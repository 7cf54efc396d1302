"""What a rule over recorded traffic is, and what comes of it.

A rule is an automaton: it is shown the subject's calls and the deliveries to the subject, each kind in its order, and keeps
in a tally what it saw of a requirement. What it never saw is inconclusive; seeing nothing is never a pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from sandbox.conformance.operations import Operations
from sandbox.conformance.results import Result
from sandbox.conformance.traffic.facts import TrafficFacts
from sandbox.conformance.traffic.messages import Turn
from sandbox.conformance.traffic.parameters import Parameters
from sandbox.conformance.traffic.recording import Call, Delivery
from sandbox.contracts.requirements import Requirement

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The verdict on one requirement."""

    requirement: str
    sentence: str
    """What the requirement asks."""
    result: Result
    found: str
    """Of a failure: expected against actual, in one sentence. Else how often it was seen, or why nothing is said."""
    exercised: int = 0
    """How often the subject did as it must."""
    exchanges: tuple[int, ...] = ()
    """The exchanges that show a failure, the first twenty."""


@dataclass(slots=True)
class Tally:
    """What was seen of one requirement."""

    held: int = 0
    breaches: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def breach(self, sentence: str, *calls: Call) -> None:
        """Notes a breach, with the exchanges that show it."""
        self.breaches.append((sentence, tuple(call.id for call in calls)))

    def result(self, requirement: Requirement) -> RuleResult:
        """The verdict: of what only should be, a breach is a warning."""
        if self.breaches:
            bad = Result.FAIL if requirement.level == "MUST" else Result.WARN
            ids = [name for _, names in self.breaches for name in names]
            found = self.breaches[0][0]
            if len(self.breaches) > 1:
                found = f"{found} It came {len(self.breaches)} times."
            shown = tuple(dict.fromkeys(ids))[:_SHOWN]
            return RuleResult(requirement.id, requirement.text, bad, found, self.held, shown)
        if self.held:
            times = "once" if self.held == 1 else f"{self.held} times"
            return RuleResult(
                requirement.id, requirement.text, Result.PASS, f"Seen {times}.", self.held
            )
        return RuleResult(
            requirement.id,
            requirement.text,
            Result.INCONCLUSIVE,
            "Nothing in the recording exercises it.",
        )


@dataclass(frozen=True, slots=True)
class Context:
    """What every rule has at hand."""

    facts: TrafficFacts
    operations: Operations
    parameters: Mapping[str, Parameters]
    """By operation of ESR and NHS Jobs."""
    requirements: Mapping[str, Requirement]
    turns: Sequence[Turn]
    """Every write of the subject, and what it is to those before it."""
    end: float
    """When the recording ended, in seconds since the epoch."""

    def provoked(self, call: Call) -> bool:
        """Whether the suite brought the call about, so that its refusal is no fault."""
        wanted = self.facts.provoked
        return bool(wanted) and not wanted.isdisjoint(call.names)


class Rule:
    """A rule over the subject's traffic. Subclasses see what they need, and tally."""

    judges: ClassVar[tuple[str, ...]]
    """The requirements that it judges."""
    system: ClassVar[str] = "esr"
    """Whose contract they are about, where a rule is about one."""
    codes_count: ClassVar[bool] = False
    """Whether a refusal with one of the requirement's codes is a breach as well."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.facts = context.facts
        self.tallies = {name: Tally() for name in self.judges}

    def see(self, call: Call) -> None:
        """Takes the subject's next call."""

    def take(self, delivery: Delivery) -> None:
        """Takes the next delivery to the subject."""

    def close(self) -> None:
        """Says what can only be said once all has been seen."""

    @property
    def tally(self) -> Tally:
        """The tally of a rule that judges one requirement."""
        return self.tallies[self.judges[0]]
