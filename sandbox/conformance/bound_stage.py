"""The stage of a subject whose world cannot be seeded: a real ESR or NHS Jobs, by the bindings of the subject file."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import httpx

from sandbox.conformance.bodies import person_of
from sandbox.conformance.case import Case
from sandbox.conformance.driving import Driver, NoDriver
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.scene import Scene, Unbound, arrange
from sandbox.conformance.subject import Subject
from simulators.credentials import SignedTokens

_NEEDED = ("employer", "vacancy", "position")


@dataclass(slots=True)
class BoundStage:
    """Plays each case at the subject's own addresses, with what its bindings name. People are made from the seed."""

    subject: Subject
    receiver: EventReceiver
    driver: Driver = field(default_factory=NoDriver)
    client: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=20.0, trust_env=False)
    )
    day: date = field(default_factory=lambda: datetime.now(UTC).date())
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @contextmanager
    def scene(self, case: Case, seed: int) -> Iterator[Scene]:
        """As `Stage` says. Raises Unbound for what the subject file does not bind."""
        given = case.given
        bound = dict(self.subject.bindings)
        missing = [name for name in _NEEDED if name not in bound]
        if missing:
            raise Unbound(f"the subject file binds no {' and no '.join(missing)}")
        for place in range(2, int(given.get("employers", 1)) + 1):
            if f"employer{place}" not in bound:
                raise Unbound(f"the subject file binds no employer{place}")
        if given.get("organisation") or given.get("organisation2") or "clock" in given:
            told = given.get("say") or "employers carry other rule profiles, or the clock is moved"
            raise Unbound(f"it cannot be arranged at this subject: {told}")
        for place in range(1, int(given.get("people", 1)) + 1):
            name = "person" if place == 1 else f"person{place}"
            bound.setdefault(name, person_of(seed, case.id, place - 1, self.day))
        access = self.subject.tokens.get("esr")
        scene = Scene(
            {name: text for name, text in self.subject.addresses.items() if name != "control"},
            dict(self.subject.tokens),
            bound,
            self.day,
            f"{self.subject.product}/{seed}",
            self.client,
            f"b{next(self._numbers)}",
            self.receiver,
            self.driver,
            signed=access if isinstance(access, SignedTokens) else None,
        )
        arrange(scene, given)
        yield scene
