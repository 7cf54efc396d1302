"""What a replay tells as it goes, for programs: a line of JSON about once a second, in a file.

    {"event": "plan", …}       first: what is replayed, and the limits that its verdict holds it to
    {"event": "progress", …}   how far it is, and how answers came since the line before
    {"event": "verdict", …}    last: the outcome, and each thing that was judged
    {"event": "stopped", …}    last, where there is no verdict: why not

Whoever follows the file reads whole lines; each is written at once. All of it is read from the ledger, beside the sender, and
costs the sender nothing. Times are seconds of wall time, latencies milliseconds from the moment that a message was due to its
answer.
"""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import numpy as np
import orjson

from loadtests.ledger import LedgerTail
from loadtests.pacer import RETRIED
from loadtests.results import Progress, ReplayPlan, ReplayResult
from sandbox.cli.events import EventFile
from sandbox.clock import wall_now
from sandbox.reports.certification_exchanges import printable
from sandbox.reports.replay import headline, replay_lines
from sandbox.timestamps import to_text

_EVERY_SECONDS = 1.0
PREPARE, SEND, SETTLE, RECONCILE = "prepare", "send", "settle", "reconcile"
_PHASES = {"replaying": SEND, "settling": SETTLE, "reconciling": RECONCILE}


class ReplayEvents:
    """Tells them to a file, of progress whatever it is handed: it keeps the pace itself."""

    def __init__(self, file: EventFile, plan: ReplayPlan) -> None:
        self._file = file
        self._plan = plan
        self._ledger = plan.ledger
        self._tail: LedgerTail | None = None
        self._began = time.time()
        self._told = 0.0
        self._since = self._began
        self._phase = ""
        self._from = 0
        self._answered = 0
        self._failed: Counter[str] = Counter()
        self._waits: list[float] = []
        self._taken = 0
        self._tell("plan", _planned(plan))

    def hear(self, step: Progress) -> None:
        """The replay is so far; a line is written where a second has passed, and where a phase begins."""
        now = time.time()
        if now - self._told < _EVERY_SECONDS and step.phase == self._phase:
            return
        self._read()
        elapsed, self._since = max(now - self._since, 0.001), now
        self._told, self._phase = now, step.phase
        whole = step.done + step.remaining
        self._tell(
            "progress",
            {
                "elapsed": round(now - self._began, 2),
                "phase": _PHASES.get(step.phase, PREPARE),
                "doing": step.phase,
                "share": round(step.done / whole, 4) if whole else None,
                "done": step.done,
                "remaining": step.remaining,
                "plannedPerSecond": round(step.planned, 1),
                "sentPerSecond": round(self._taken / elapsed, 1),
                "answered": self._answered,
                "failed": {
                    "refused": self._failed["refused"],
                    "unanswered": self._failed["unanswered"],
                    "cutOff": self._failed["cutOff"],
                },
                "waiting": step.waiting,
                "latency": _distribution(self._waits),
                "factor": round(step.compression, 1),
                "simulated": to_text(datetime.fromtimestamp(step.simulated, UTC))
                if step.simulated
                else None,
            },
        )
        self._waits, self._taken = [], 0

    def end(self, result: ReplayResult) -> None:
        """The replay has its verdict."""
        self._tell(
            "verdict",
            {
                "elapsed": round(time.time() - self._began, 2),
                "outcome": str(result.outcome),
                "sentence": headline(result),
                "findings": [
                    {
                        "what": line.what,
                        "result": str(line.result),
                        "measured": line.measured,
                        "limit": line.expected,
                    }
                    for line in replay_lines(result)
                ],
                "counts": asdict(result.counts),
                "interrupted": printable(result.interrupted) if result.interrupted else None,
            },
        )

    def _read(self) -> None:
        """What the ledger has of the window since the last look, of this run of it."""
        if self._tail is None:
            with suppress(FileNotFoundError):
                self._tail = LedgerTail(self._ledger)
        for line in self._tail.lines() if self._tail is not None else ():
            if line.startswith(b'{"n":'):
                self._take(orjson.loads(line))
            elif line.startswith(b'{"ledger":'):
                window = orjson.loads(line)["scope"]["window"]
                self._from = window[0] if window else 0

    def _take(self, entry: dict[str, Any]) -> None:
        if entry["at"] < self._from or entry.get("answered", self._began) < self._began:
            return
        self._taken += 1
        status = entry["status"]
        if status is None:
            self._failed["cutOff"] += 1
        elif 200 <= status < 300:
            self._answered += 1
        else:
            self._failed["unanswered" if status in RETRIED else "refused"] += 1
        if status:
            self._waits.append((entry["answered"] - entry["due"]) * 1000)

    def _tell(self, event: str, about: dict[str, Any]) -> None:
        self._file.tell({"event": event, "at": to_text(wall_now()), **about})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            said = str(error) or "stopped by Ctrl-C"
            self._tell("stopped", {"sentence": printable(said)})
        if self._tail is not None:
            self._tail.__exit__(kind, error, trace)


def _planned(plan: ReplayPlan) -> dict[str, Any]:
    profile = plan.profile
    return {
        "profile": profile.name,
        "title": profile.title,
        "seed": plan.seed,
        "scale": plan.scale,
        "applicants": plan.applicants,
        "factor": plan.factor if plan.factor is not None else profile.pace.factor,
        "pace": str(profile.pace.kind),
        "target": printable(plan.base_url),
        "limits": _camel(asdict(profile.limits)),
        "assumptions": list(profile.assumptions),
    }


def _camel(limits: dict[str, Any]) -> dict[str, Any]:
    told = {}
    for name, value in limits.items():
        first, *rest = name.split("_")
        key = first + "".join(part.title() for part in rest)
        told[key] = _camel(value) if isinstance(value, dict) else value
    return told


def _distribution(waits: list[float]) -> dict[str, float] | None:
    """None where nothing was answered: 0 ms would be a lie."""
    if not waits:
        return None
    p50, p95, p99 = np.percentile(waits, (50, 95, 99)).tolist()
    return {
        "count": len(waits),
        "p50": round(p50, 1),
        "p95": round(p95, 1),
        "p99": round(p99, 1),
        "max": round(max(waits), 1),
    }
