"""Plays the cases that should notice a deviation, and says which of its requirements failed.

A requirement is tripped where the judge says of the case that this requirement, one of those that the deviation names, failed. No
detection is: a case that found it by another requirement only, one that ended inconclusive or in an error, an answer 5xx of the
subject (unless the deviation is just that), and a case that does not pass again once the deviation is gone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.conformance.case import Case
from sandbox.conformance.gallery.deviation import Deviation, Kind
from sandbox.conformance.judge import CaseResult, judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.recorder import play
from sandbox.conformance.results import Result
from sandbox.conformance.scene import CannotArrange, Stage

_SERVER_FAULT = 500


@dataclass(slots=True)
class Trial:
    """What the suite made of one deviation."""

    deviation: str
    tripped: dict[str, str] = field(default_factory=dict)
    """By requirement: the case that failed because of it."""
    instead: set[str] = field(default_factory=set)
    """Requirements that failed though the deviation does not name them."""
    crashed: set[str] = field(default_factory=set)
    """Cases in which the subject answered 5xx, or that broke."""
    alarms: list[str] = field(default_factory=list)
    """Cases that failed still when the deviation was gone."""
    played: int = 0
    timed_out: bool = False

    @property
    def detected(self) -> bool:
        """Whether a requirement that the deviation names failed."""
        return bool(self.tripped)


@dataclass(frozen=True, slots=True)
class Table:
    """Where cases are played: a stage and the contracts."""

    stage: Stage
    operations: Operations
    seed: int

    def result(self, case: Case) -> CaseResult:
        """The verdict on a case, played now. A case that cannot be played at all is an ERROR."""
        try:
            return judge(case, play(case, self.stage, self.operations, self.seed), self.operations)
        except CannotArrange as problem:
            return CaseResult(case.id, Result.ERROR, str(problem))
        except Exception as problem:  # noqa: BLE001  (whatever a deviation does to the suite, it is no detection)
            return CaseResult(case.id, Result.ERROR, f"{type(problem).__name__}: {problem}")


def candidates(
    deviation: Deviation, cases: Iterable[Case], first: Collection[str] = ()
) -> list[Case]:
    """The cases that may notice a deviation: those about its requirements, or that call its operations.

    Those of `first` come first, then those about the requirement that it names first, and so on.
    """
    named = deviation.requirements
    found = [
        case
        for case in cases
        if case.role == deviation.role
        and (set(named) & set(case.requirements) or called(case) & set(deviation.operations))
    ]

    def place(case: Case) -> tuple[bool, int]:
        about = [named.index(name) for name in case.requirements if name in named]
        return case.id not in first, min(about, default=len(named))

    return sorted(found, key=place)


def called(case: Case) -> set[str]:
    """The operations that a case calls by itself."""
    steps: list[Mapping[str, Any]] = [*case.when, *(step.get("await", {}) for step in case.when)]
    return {step["call"] for step in steps if isinstance(step, dict) and "call" in step}


def tripped_by(result: CaseResult, deviation: Deviation) -> set[str]:
    """The named requirements that a case's result shows as broken."""
    if result.result is not Result.FAIL:
        return set()
    return {
        name
        for finding in result.findings
        if finding.result is Result.FAIL and (deviation.fails or not _is_crash(finding.exchange))
        for name in finding.requirements
        if name in deviation.requirements
    }


def _is_crash(exchange: Mapping[str, Any] | None) -> bool:
    if exchange is None or exchange.get("system") == "receiver":
        # What came to the suite's own receiver was answered by the suite.
        return False
    return bool(exchange["status"] >= _SERVER_FAULT)


def tried(
    deviation: Deviation,
    chosen: Iterable[Case],
    table: Table,
    beat: Callable[[], None] = lambda: None,
) -> Trial:
    """Plays cases on the deviating subject until enough requirements have failed; then those that failed without the deviation.

    Of a row that is switched off one is enough, of a named defect each is looked for. `beat` is called after each case.
    """
    trial = Trial(deviation.id)
    wanted = set(deviation.requirements)
    enough = 1 if deviation.kind is Kind.GENERATED else len(wanted)
    cases = list(chosen)
    with deviation.apply():
        for case in cases:
            about = set(case.requirements) | (
                wanted if called(case) & set(deviation.operations) else set()
            )
            if not (wanted - trial.tripped.keys()) & about:
                continue
            _note(trial, case, table.result(case), deviation)
            beat()
            if len(trial.tripped) >= enough:
                break
    shown = set(trial.tripped.values())
    for case in cases:
        if case.id in shown:
            _control(trial, case, table.result(case))
            beat()
    return trial


def _note(trial: Trial, case: Case, result: CaseResult, deviation: Deviation) -> None:
    trial.played += 1
    found = tripped_by(result, deviation)
    for name in sorted(found):
        trial.tripped.setdefault(name, case.id)
    if found:
        return
    if result.result is Result.ERROR or any(_is_crash(item.exchange) for item in result.findings):
        trial.crashed.add(case.id)
    elif result.result is Result.FAIL:
        failed = {name for name, each in result.by_requirement.items() if each is Result.FAIL}
        trial.instead |= failed - set(deviation.requirements)


def _control(trial: Trial, case: Case, result: CaseResult) -> None:
    if result.result is Result.PASS:
        return
    trial.alarms.append(case.id)
    for name in [name for name, shown in trial.tripped.items() if shown == case.id]:
        del trial.tripped[name]
