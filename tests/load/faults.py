"""Faults laid on messages of a plan, each on an applicant of its own."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.plan import Message, Plan
from simulators.year import Kind
from tests.load.esr_stub import EsrStub, Fault


@dataclass(frozen=True)
class Laid:
    """A fault laid on the first message of its kind whose applicant has no other fault."""

    fault: Fault | None
    """None makes the applicant unreadable once."""
    kind: Kind
    listed: str = ""
    """Where it is listed: `lost`, `duplicated`, `altered`; nowhere where the replay has to survive it."""
    followed: bool | None = None
    """Of an update: whether another one of the same check comes after it."""
    again: bool = False
    """Whether it is sent again under its request id."""
    pointer: str = ""
    """What differs."""

    def victim(self, conversation: tuple[Message, ...]) -> Message | None:
        """A message to lay it on."""
        resent = {message.requestId for message in conversation if message.again}
        others = {message.kind for message in conversation} - {Kind.APPLICANT, Kind.CHECK}
        for place, message in enumerate(conversation):
            if message.kind is not self.kind or message.again:
                continue
            if (message.requestId in resent) != self.again:
                continue
            if self.kind is Kind.APPLICANT and others:
                continue
            later = [each.checkType for each in conversation[place + 1 :] if not each.again]
            if self.followed is not None and (message.checkType in later) != self.followed:
                continue
            return message
        return None


def lay(faults: dict[str, Laid], plan: Plan, stub: EsrStub) -> dict[str, Message]:
    """Have the stub do each of these to a message of the window; who is struck, by the names of the faults."""
    left = [plan.conversation(applicant) for applicant in range(plan.scope.applicants)]
    victims: dict[str, Message] = {}
    for name, laid in faults.items():
        for place, conversation in enumerate(left):
            # Of those of whom nothing is sent before the window.
            if not all(plan.scope.holds(message.intended) for message in conversation):
                continue
            victim = laid.victim(conversation)
            if victim is None:
                continue
            victims[name] = victim
            if laid.fault is None:
                stub.unreadable.add(victim.supplierReference)
            else:
                stub.faults[victim.requestId] = laid.fault
            del left[place]
            break
        assert name in victims, f"the plan has no message for {name}"
    return victims
