"""What a replay has told so far, as a page shows it: how far it is, its curves in words and numbers, its verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.console.runs import Run
from sandbox.console.words import milliseconds

Step = Mapping[str, Any]
MOST_POINTS = 120
"""How many points a curve has at most; of more, neighbours are put together."""
PHASES: Mapping[str, str] = {
    "prepare": "Preparing",
    "send": "Sending",
    "settle": "Letting ESR finish",
    "reconcile": "Reading ESR back",
}
OUTCOMES: Mapping[str, str] = {
    "pass": "Nothing was lost, doubled or altered, and every limit was kept.",
    "fail": "Something was lost, doubled or altered, or a limit was not kept.",
    "inconclusive": "Too little was seen to conclude anything. This is not a pass.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the events of one replay hold."""

    plan: Mapping[str, Any]
    """Empty until the replay has told it."""
    steps: tuple[Step, ...]
    verdict: Mapping[str, Any] | None
    stopped: str
    """Why there is no verdict, where the replay has said it."""

    @classmethod
    def of(cls, run: Run) -> "Told":
        """What a run has told so far."""
        plan: Mapping[str, Any] = {}
        verdict, stopped, steps = None, "", []
        for event in run.events():
            match event.get("event"):
                case "plan":
                    plan = event
                case "progress":
                    steps.append(event)
                case "verdict":
                    verdict = event
                case "stopped":
                    stopped = str(event.get("sentence", ""))
        return cls(plan, tuple(steps), verdict, stopped)

    @property
    def now(self) -> Step | None:
        """The last step."""
        return self.steps[-1] if self.steps else None

    @property
    def sending(self) -> tuple[Step, ...]:
        """The steps while the window's messages were sent, thinned out."""
        return thinned([step for step in self.steps if step["phase"] in ("send", "settle")])

    @property
    def limits(self) -> Mapping[str, float]:
        """The limits of latency in milliseconds, by percentile; empty where latency is not judged."""
        latency = self.plan.get("limits", {}).get("latency") or {}
        return {name: latency[f"{name}Ms"] for name in ("p50", "p95", "p99", "max") if latency}


def thinned(steps: Sequence[Step]) -> tuple[Step, ...]:
    """At most `MOST_POINTS` steps: neighbours become one, with their mean rates and their highest latencies."""
    size = -(-len(steps) // MOST_POINTS)
    if size <= 1:
        return tuple(steps)
    return tuple(_merged(steps[at : at + size]) for at in range(0, len(steps), size))


def _merged(steps: Sequence[Step]) -> Step:
    waits = [step["latency"] for step in steps if step["latency"]]
    return {
        **steps[-1],
        **{name: _mean(steps, name) for name in ("plannedPerSecond", "sentPerSecond")},
        "waiting": max(step["waiting"] for step in steps),
        "latency": {
            "count": sum(wait["count"] for wait in waits),
            **{name: max(wait[name] for wait in waits) for name in ("p50", "p95", "p99", "max")},
        }
        if waits
        else None,
    }


def _mean(steps: Sequence[Step], name: str) -> float:
    return float(sum(step[name] for step in steps) / len(steps))


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart in words and numbers."""

    caption: str
    says: str
    table: Mapping[str, Any]
    """Its headings as `head`, and `rows`."""


def rate_curve(told: Told) -> Curve:
    """What was due, what was sent and what waits, second by second."""
    steps = told.sending
    head = (
        "seconds since the start",
        "due per second",
        "sent per second",
        "waiting",
        "failed so far",
    )
    rows = [
        (
            f"{step['elapsed']:,.0f}",
            f"{step['plannedPerSecond']:,.1f}",
            f"{step['sentPerSecond']:,.1f}",
            f"{step['waiting']:,}",
            f"{failed(step):,}",
        )
        for step in steps
    ]
    return Curve("Messages a second", _rate_says(steps), {"head": head, "rows": rows})


def _rate_says(steps: Sequence[Step]) -> str:
    if not steps:
        return "Nothing has been sent yet."
    last = steps[-1]
    most = max(steps, key=lambda step: step["sentPerSecond"])
    waiting = max(step["waiting"] for step in steps)
    return (
        f"At second {last['elapsed']:,.0f}: {last['plannedPerSecond']:,.1f} messages a second are due and "
        f"{last['sentPerSecond']:,.1f} are sent; {last['waiting']:,} wait, {failed(last):,} have failed. The most sent in a "
        f"second were {most['sentPerSecond']:,.1f}; at the worst {waiting:,} waited."
    )


def latency_curve(told: Told) -> Curve:
    """How long answers took, second by second."""
    steps = [step for step in told.sending if step["latency"]]
    head = (
        "seconds since the start",
        "answers",
        "median (ms)",
        "95th percentile (ms)",
        "99th percentile (ms)",
        "longest (ms)",
    )
    rows = [
        (
            f"{step['elapsed']:,.0f}",
            f"{step['latency']['count']:,}",
            *(f"{step['latency'][name]:,.1f}" for name in ("p50", "p95", "p99", "max")),
        )
        for step in steps
    ]
    return Curve(
        "How long answers take", _latency_says(steps, told.limits), {"head": head, "rows": rows}
    )


def _latency_says(steps: Sequence[Step], limits: Mapping[str, float]) -> str:
    if not steps:
        return "Nothing has been answered yet."
    last, worst = (
        steps[-1]["latency"],
        max(steps, key=lambda step: float(step["latency"]["p99"])),
    )
    limit = f" The limit of it over the whole replay is {limits['p99']:,.0f} ms." if limits else ""
    return (
        f"Most recently half of the answers took up to {milliseconds(last['p50'])} from when their message was due, 99 in a "
        f"hundred up to {milliseconds(last['p99'])}, the longest {milliseconds(last['max'])}. The worst 99th percentile "
        f"was {milliseconds(worst['latency']['p99'])}, at second {worst['elapsed']:,.0f}.{limit}"
    )  # fmt: skip


def failed(step: Step) -> int:
    """How many messages have failed so far, in whatever way."""
    counts: Iterable[int] = step["failed"].values()
    return sum(counts)
