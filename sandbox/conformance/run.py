"""A certification run: plays the cases, explores the contract, keeps the subject's traffic, replays a part of the year, and hands
over the files of a pack.

The run emits a stream of events; the terminal, the reports and whoever else is interested only consume them. It decides nothing
itself: each verdict comes from `judge` and, in the end, from `verdicts` over the same files that a verifier reads.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from sandbox.conformance.case import Case
from sandbox.conformance.evidence.eligibility import VOLUME
from sandbox.conformance.evidence.known import cases_file, requirements_file
from sandbox.conformance.evidence.manifest import VOLUME_PLAN
from sandbox.conformance.judge import judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.record import BROKE, INTERRUPTED, Record
from sandbox.conformance.recorder import play
from sandbox.conformance.results import Result
from sandbox.conformance.run_traffic import FACTS_FILE, TRAFFIC_FILE
from sandbox.conformance.scene import CannotArrange, Stage
from sandbox.conformance.subject import Subject
from sandbox.conformance.traffic_facts import facts_from
from sandbox.conformance.verdict import BEHAVIOUR, CONTRACT, RESILIENCE, TRAFFIC, verdicts
from sandbox.contracts.requirements import Requirement

Emit = Callable[[dict[str, Any]], None]
Explore = Callable[[str, Callable[[dict[str, Any]], None], Emit], None]
"""(contract, keep an exchange, tell progress): explores one contract of the subject."""


class Traffic(Protocol):
    """Who keeps all that the subject sent during a run."""

    def traffic(self) -> list[dict[str, Any]]:
        """Every exchange, in full."""

    def facts(self) -> dict[str, dict[str, Any]]:
        """By workspace: what the judge of traffic has to be told."""


class Volume(Protocol):
    """A replay of a part of the year against the subject."""

    def asked(self) -> dict[str, bytes]:
        """The files that say what was asked for."""

    def run(self, tell: Emit) -> dict[str, bytes]:
        """Replays, telling how far it is, and answers the files that the verdict is made of."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What to run, against what."""

    subject: Subject
    cases: tuple[Case, ...]
    """Every case of the role; those that are not selected are skipped."""
    requirements: tuple[Requirement, ...]
    seed: int
    suites: tuple[str, ...]
    selected: frozenset[str]
    """The ids of the cases to play."""
    contracts: tuple[str, ...]
    """The contracts to explore."""


@dataclass(slots=True)
class Run:
    """One run on its way."""

    plan: RunPlan
    stage: Stage
    operations: Operations
    emit: Emit
    explore: Explore | None = None
    traffic: Traffic | None = None
    volume: Volume | None = None
    kept: dict[str, bytes] = field(default_factory=dict)
    """Files of an earlier run that are taken over: `cases/<id>.json`, and all of `volume/`."""
    interrupted: bool = False
    _events: list[bytes] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)

    def execute(self) -> dict[str, bytes]:
        """Runs to the end, or until Ctrl-C; answers the files of the pack, with `results.json` and `events.ndjson`."""
        plan = self.plan
        began = time.monotonic()
        self._files = {
            "subject.json": orjson.dumps(
                plan.subject.without_secrets(), option=orjson.OPT_SORT_KEYS
            ),
            "cases.json": cases_file(plan.cases),
            "requirements.json": requirements_file(plan.requirements),
            **(self.volume.asked() if self.volume is not None else {}),
            **self.kept,
        }
        self._tell(
            "run.started",
            role=plan.subject.role,
            product=plan.subject.product,
            seed=plan.seed,
            suites=list(plan.suites),
            cases=len(plan.selected),
        )
        try:
            for suite in (BEHAVIOUR, RESILIENCE):
                if suite in plan.suites:
                    self._play_suite(suite)
            if TRAFFIC in plan.suites and plan.subject.role != "esr":
                self._keep_traffic()
            if CONTRACT in plan.suites and self.explore is not None:
                self._explore(self.explore)
            if self.volume is not None and VOLUME_PLAN not in self.kept:
                self._replay(self.volume)
        except KeyboardInterrupt:
            self.interrupted = True
            self._tell("run.interrupted")
        results = verdicts(self._files, self.operations)
        self._files["results.json"] = orjson.dumps(results, option=orjson.OPT_SORT_KEYS)
        self._tell(
            "run.finished",
            overall=results["overall"],
            suites=results["suites"],
            seconds=round(time.monotonic() - began, 1),
        )
        return {**self._files, "events.ndjson": b"".join(self._events)}

    # ------------------------------------------------------------------------------------------------------------ cases

    def _play_suite(self, suite: str) -> None:
        cases = [
            case
            for case in self.plan.cases
            if case.suite == suite and case.id in self.plan.selected
        ]
        self._tell("suite.started", suite=suite, total=len(cases))
        for place, case in enumerate(cases, 1):
            if f"cases/{case.id}.json" in self.kept:
                continue
            if not set(case.features) <= set(self.plan.subject.features):
                continue
            self._play_case(case, place, len(cases))
        self._tell("suite.finished", suite=suite)

    def _play_case(self, case: Case, place: int, total: int) -> None:
        self._tell(
            "case.started",
            case=case.id,
            title=case.title,
            number=place,
            total=total,
            waitsFor=self._waits_for(case),
        )
        try:
            record = play(case, self.stage, self.operations, self.plan.seed)
        except KeyboardInterrupt:
            record = _blank(case, self.plan.seed, INTERRUPTED, "interrupted before the end")
            self._keep(case, record)
            raise
        except CannotArrange as problem:
            record = _blank(case, self.plan.seed, BROKE, f"the stage does not work: {problem}")
        except Exception as problem:  # noqa: BLE001  (a case that breaks the suite is an error of that case, not the end)
            record = _blank(case, self.plan.seed, BROKE, f"{type(problem).__name__}: {problem}")
        self._keep(case, record)

    def _waits_for(self, case: Case) -> str:
        drives = any("drive" in step for step in case.when)
        return "the subject's driver" if drives else "the subject"

    def _keep(self, case: Case, record: Record) -> None:
        # The bytes are those that a verifier reads: what was recorded and what is judged must be the same.
        content = orjson.dumps(record.dump(), option=orjson.OPT_SORT_KEYS)
        self._files[f"cases/{case.id}.json"] = content
        result = judge(case, Record.from_dump(orjson.loads(content)), self.operations)
        shown: dict[str, Any] = {
            "case": case.id,
            "title": case.title,
            "suite": case.suite,
            "result": str(result.result),
            "requirements": {name: str(item) for name, item in result.by_requirement.items()},
        }
        if result.result is not Result.PASS:
            shown["sentence"] = result.sentence
        self._tell("case.finished", **shown)

    # ---------------------------------------------------------------------------------------------------------- the rest

    def _keep_traffic(self) -> None:
        self._tell("suite.started", suite=TRAFFIC)
        records = [orjson.loads(content) for content in self._recorded()]
        if self.traffic is not None:
            exchanges, own = self.traffic.traffic(), self.traffic.facts()
        else:
            # Each case is a recording of its own: between two of them its world was emptied.
            exchanges = [
                {**item, "recording": record["case"]}
                for record in records
                for item in record["journal"]
            ]
            role = self.plan.subject.role
            own = {
                item["recording"]: {
                    "workspace": item["workspace"],
                    "client": f"{role}-{item['workspace']}",
                    # What it learned in earlier cases, such as keys, it may know still.
                    "complete": False,
                }
                for item in exchanges
            }
        self._files[TRAFFIC_FILE] = _lines(exchanges)
        facts = facts_from(own, {case.id: case for case in self.plan.cases}, records)
        self._files[FACTS_FILE] = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
        self._tell("suite.finished", suite=TRAFFIC, exchanges=len(exchanges))

    def _recorded(self) -> list[bytes]:
        return [content for name, content in self._files.items() if name.startswith("cases/")]

    def _explore(self, explore: Explore) -> None:
        for name in self.plan.contracts:
            lines: list[dict[str, Any]] = []
            self._tell("suite.started", suite=CONTRACT, contract=name)
            try:
                explore(name, lines.append, self._progress)
            finally:
                self._files[f"contract/{name}.ndjson"] = _lines(lines)
            self._tell("suite.finished", suite=CONTRACT, contract=name, exchanges=len(lines))

    def _replay(self, volume: Volume) -> None:
        """Last of all: what a replay leaves in the subject would be in the way of everything else."""
        self._tell("suite.started", suite=VOLUME)
        self._files |= volume.run(lambda step: self._progress({"suite": VOLUME, **step}))
        self._tell("suite.finished", suite=VOLUME)

    def _progress(self, event: dict[str, Any]) -> None:
        """Shown while a run goes on, never kept."""
        self.emit({"event": "progress", **event})

    def _tell(self, event: str, **more: Any) -> None:
        told = {"event": event, "at": _now(), **more}
        self._events.append(orjson.dumps(told) + b"\n")
        self.emit(told)


def _lines(items: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(item, option=orjson.OPT_SORT_KEYS) + b"\n" for item in items)


def _blank(case: Case, seed: int, kind: str, text: str) -> Record:
    now = _now()
    record = Record(case.id, seed, now[:10], "", began=now, ended=now)
    record.note(kind, text)
    return record


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
