"""The rules of every workspace, and which of them strikes."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sandbox.clock import wall_now
from sandbox.timestamps import from_text, to_text

DELIVERIES = "receiver"
"""The `system` of a rule that strikes what ESR delivers; every other strikes the requests that the system serves."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What may be struck: a request with its operation, or a delivery with the type of its event."""

    system: str
    name: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    now: datetime
    """World time."""
    subscription: str | None = None
    """The id of the subscription of a delivery."""
    spared: frozenset[str] = frozenset()
    """The kinds of fault that do not strike it."""


@dataclass(slots=True)
class FaultRule:
    """One fault as it was asked for (a `Fault` of the control contract), and how often it has been met and done."""

    fault_id: int
    document: dict[str, Any]
    created_at: str
    met: int = 0
    done: int = 0

    @property
    def kind(self) -> str:
        """What the rule does."""
        return str(self.document["kind"])

    @property
    def is_timed(self) -> bool:
        """Whether it holds for a time of the world's clock only."""
        return "from" in self.document or "until" in self.document

    def covers(self, struck: Struck) -> bool:
        """Whether the rule is about this at all."""
        wanted = self.document
        if wanted["system"] != struck.system or self.kind in struck.spared:
            return False
        if wanted.get("operationId", wanted.get("eventType")) not in (None, struck.name):
            return False
        subscription = wanted.get("subscriptionId")
        if subscription is not None and subscription.lower() != struck.subscription:
            return False
        header = wanted.get("header")
        if header is not None and struck.headers.get(header["name"].lower()) != header["value"]:
            return False
        if "from" in wanted and struck.now < from_text(wanted["from"]):
            return False
        return "until" not in wanted or struck.now < from_text(wanted["until"])

    def due(self, seed: int) -> bool:
        """Whether the next that meets the rule suffers; seeded, so that a run can be repeated."""
        times = self.document.get("times")
        if times is not None and self.done >= times:
            return False
        self.met += 1
        if self.met <= self.document.get("after", 0):
            return False
        probability = self.document.get("probability", 1.0)
        draw = hashlib.blake2b(f"{seed}/fault/{self.fault_id}/{self.met}".encode(), digest_size=8)
        if int.from_bytes(draw.digest(), "big") / 2**64 >= probability:
            return False
        self.done += 1
        return True


@dataclass(slots=True)
class Faults:
    """The faults of this process. They end with it: a restart serves well again."""

    seed: int = 1
    _rules: dict[str, list[FaultRule]] = field(default_factory=dict)
    _last: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, workspace: str, document: dict[str, Any]) -> FaultRule:
        """Adds a rule (a `FaultCreation` of the control contract)."""
        with self._lock:
            self._last += 1
            rule = FaultRule(self._last, document, to_text(wall_now()))
            self._rules.setdefault(workspace, []).append(rule)
            return rule

    def listed(self, workspace: str) -> list[FaultRule]:
        """The workspace's rules, oldest first."""
        return list(self._rules.get(workspace, ()))

    def clear(self, workspace: str) -> None:
        """Takes every rule of the workspace away."""
        with self._lock:
            self._rules.pop(workspace, None)

    def kept(self, workspace: str) -> list[dict[str, Any]]:
        """The workspace's rules as JSON, with how often each was met and done."""
        return [asdict(rule) for rule in self.listed(workspace)]

    def put_back(self, workspace: str, rules: list[dict[str, Any]]) -> None:
        """Replaces the workspace's rules by what `kept` gave."""
        with self._lock:
            self._rules[workspace] = [FaultRule(**rule) for rule in rules]
            self._last = max([self._last, *(rule["fault_id"] for rule in rules)])

    def threaten(self, workspace: str, system: str) -> bool:
        """Whether anything of this system may be struck: only then is it worth asking which rule strikes."""
        rules = self._rules.get(workspace)
        return rules is not None and any(rule.document["system"] == system for rule in rules)

    def match(self, workspace: str, struck: Struck) -> FaultRule | None:
        """The first rule that is due, which thereby has struck once more; None where all goes well."""
        with self._lock:
            for rule in self._rules.get(workspace, ()):
                if rule.covers(struck) and rule.due(self.seed):
                    return rule
        return None
