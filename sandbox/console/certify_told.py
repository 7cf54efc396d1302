"""What a certification has told so far, as its page shows it: how far it is, whom it waits for, and what did not pass."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.clock import wall_now
from sandbox.console.certifying import GUIDE
from sandbox.console.runs import Run
from sandbox.timestamps import from_text

Event = Mapping[str, Any]
_MOST_TROUBLED = 100
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "running": ("Goes on", "blue"),
    "ready": ("Everything is in place", "green"),
    "held": ("Everything held", "green"),
    "product": ("The product failed", "red"),
    "configuration": ("Configuration: nothing was run", "orange"),
    "suite": ("The suite broke", "pink"),
    "nothing": ("Nothing is concluded", "yellow"),
}
"""Each outcome in words, with the colour that repeats it."""
SAYS: Mapping[str, str] = {
    "ready": "Whatever a run needs is there. Nothing was run yet.",
    "held": "Everything that was asked of the product held.",
    "product": "The product did something else than it must.",
    "configuration": "This is a matter of how things are set up, and says nothing of the product.",
    "suite": "The suite itself failed. Of what it could not judge, nothing is said of the product.",
    "nothing": "Too little was seen to conclude anything of the whole. This is not a pass.",
}
_BY_EXIT = {0: "held", 1: "product", 2: "configuration", 3: "nothing", 4: "suite"}
DONE, REFUSED, NOT_POSSIBLE = "done", "refused", "not-possible"
ANSWERS: Mapping[str, str] = {
    DONE: "Done",
    REFUSED: "The system refused it",
    NOT_POSSIBLE: "Not possible here",
}


def outcome(run: Run) -> str:
    """Which of `OUTCOMES` a run has come to."""
    if run.is_running:
        return "running"
    if run.is_interrupted:
        return "nothing"
    if run.about.get("preflight") and run.exit_code == 0:
        return "ready"
    return _BY_EXIT.get(-1 if run.exit_code is None else run.exit_code, "suite")


@dataclass(frozen=True, slots=True)
class Step:
    """What a person is asked to do."""

    number: int
    sentence: str
    title: str
    """Of the case that it belongs to."""
    until: str

    @property
    def left(self) -> timedelta:
        """How long there is for it; not below zero."""
        return max(from_text(self.until) - wall_now(), timedelta())


@dataclass(slots=True)
class Told:
    """What the events of one run hold."""

    checks: list[Event] = field(default_factory=list)
    """Of the pre-flight."""
    started: Event = field(default_factory=dict)
    doing: Event = field(default_factory=dict)
    """The last event that says what is being done."""
    counts: Counter[str] = field(default_factory=Counter)
    """Of the cases played so far, by their results."""
    troubled: list[Event] = field(default_factory=list)
    """The last of the cases that did not pass."""
    step: Step | None = None
    """What waits for a person."""
    unanswered: int = 0
    """How many steps nobody answered in time."""
    finished: Event = field(default_factory=dict)
    written: Event = field(default_factory=dict)
    stopped: str = ""
    """Why the command gave up, in a sentence."""

    @classmethod
    def of(cls, run: Run) -> "Told":
        """What a run has told so far."""
        told = cls()
        for event in run.events():
            told._take(event)
        step = told.step
        # What was answered a moment ago is not asked once more.
        if step and (not run.is_running or (run.folder / GUIDE / f"answer-{step.number}").exists()):
            told.step = None
        return told

    def _take(self, event: Event) -> None:
        match event.get("event"):
            case "preflight.checked":
                self.checks.append(event)
            case "run.started":
                self.started = event
            case "case.started" | "suite.started" | "progress":
                self.doing = event
            case "case.finished":
                self.counts[event["result"]] += 1
                if event["result"] not in ("pass", "omit"):
                    self.troubled = [*self.troubled, event][-_MOST_TROUBLED:]
            case "guide.asked":
                self.step = Step(
                    event["number"], event["sentence"], event.get("title", ""), event["until"]
                )
            case "guide.answered":
                self.step = None
                self.unanswered += not event["answer"]
            case "run.finished":
                self.finished = event
            case "run.written":
                self.written = event
            case "stopped":
                self.stopped = str(event["sentence"])

    @property
    def missing(self) -> list[Event]:
        """The checks that stand in the way."""
        return [check for check in self.checks if not check["ok"]]

    @property
    def played(self) -> int:
        """How many cases were played."""
        return sum(self.counts.values())

    @property
    def is_known(self) -> bool:
        """Whether the share that is done is known."""
        return self.doing.get("event") == "case.started"

    @property
    def sentence(self) -> str:
        """What it does just now, how far it is with it, and whom it waits for."""
        doing = self.doing
        if self.finished:
            return "The last results are judged; the pack and the reports are written."
        if doing.get("event") == "case.started":
            whom = "a person: for you" if self.step else doing["waitsFor"]
            return f"Case {doing['number']:,} of {doing['total']:,}: {doing['title']}. It waits for {whom}."
        if doing:
            return _of_suite(doing)
        if self.checks:
            return "The pre-flight is over."
        return "The subject is being reached, and looked at."


def _of_suite(doing: Event) -> str:
    if doing.get("suite") == "volume":
        done = doing.get("done")
        told = "" if done is None else f", {done:,} of {done + doing['remaining']:,} messages"
        return f"Suite volume: {doing.get('phase', 'it begins')}{told}."
    if doing.get("event") == "progress":
        return (
            f"Suite contract: {doing['contract']}, {doing['phase']} {doing['operation'] or ''}. "
            f"{doing['exchanges']:,} exchanges so far."
        )
    return f"The suite {doing['suite']} begins."
