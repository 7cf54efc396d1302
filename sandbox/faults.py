"""Faults on demand: what a test asks the sandbox to do wrong, per workspace, system and operation."""

import hashlib
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.clock import wall_now
from sandbox.errors import Code, Refusal
from sandbox.timestamps import to_text

_CODES = {
    429: Code.RATE_LIMITED,
    500: Code.INTERNAL_ERROR,
    503: Code.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Injected:
    """What happens to one request: a refusal in place of service, a delay before it, or an answer that breaks off after it."""

    refusal: Refusal | None = None
    delay_seconds: float = 0.0
    breaks_off: bool = False


@dataclass(slots=True)
class FaultRule:
    """One fault as it was asked for, and how often it has been met and done."""

    fault_id: int
    document: dict[str, Any]
    created_at: str
    met: int = 0
    done: int = 0

    def due(self, seed: int) -> bool:
        """Whether the next request that meets the rule suffers; seeded, so that a run can be repeated."""
        times = self.document.get("times")
        if times is not None and self.done >= times:
            return False
        self.met += 1
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
        """Adds a rule (a `Fault` of the control contract)."""
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

    def match(self, workspace: str, system: str, operation_id: str) -> Injected | None:
        """What is to happen to a request, by the first rule that is due; None when it is served as usual."""
        rules = self._rules.get(workspace)
        if not rules:
            return None
        with self._lock:
            for rule in rules:
                wanted = rule.document
                if wanted["system"] != system:
                    continue
                if wanted.get("operationId") not in (None, operation_id):
                    continue
                if rule.due(self.seed):
                    return _injected(wanted)
        return None


def _injected(wanted: dict[str, Any]) -> Injected:
    if wanted["kind"] == "DELAY":
        return Injected(delay_seconds=float(wanted.get("delaySeconds", 1.0)))
    if wanted["kind"] == "DROP":
        return Injected(breaks_off=True)
    status = int(wanted.get("status", 503))
    headers = {}
    if "retryAfterSeconds" in wanted:
        headers["Retry-After"] = str(wanted["retryAfterSeconds"])
    code = _CODES.get(status, Code.SERVICE_UNAVAILABLE)
    return Injected(Refusal(code, "A fault that a test asked for.", headers=headers, status=status))
