"""A small certification run, for the tests of its reports: the mock ESR, three cases, one of them made to fail."""

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.evidence.eligibility import Eligibility, eligibility
from sandbox.conformance.operations import Operations
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.run import Run, RunPlan
from sandbox.conformance.scene import SandboxStage
from sandbox.conformance.subject import Subject
from sandbox.conformance.verdict import verdicts
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.contracts.requirements import load_requirements
from sandbox.reports.certification_report import CertificationReport, certification_report

PASSES, FAILS = "esr.applicants.location", "esr.applicants.taken"
LEFT_OUT = "esr.applicants.refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files of a run, and what they are enough for."""

    files: dict[str, bytes]
    events: tuple[dict[str, Any], ...] = ()

    @property
    def decided(self) -> Eligibility:
        results = orjson.loads(self.files["results.json"])
        return eligibility(results, load_requirements(), "esr", ())

    def report(self) -> CertificationReport:
        return certification_report(self.files, self.decided)

    def with_file(self, name: str, document: Any) -> "Outcome":
        """The same with one file changed, judged again."""
        content = document if isinstance(document, bytes) else orjson.dumps(document)
        files = {**self.files, name: content}
        files["results.json"] = orjson.dumps(verdicts(files, operations()))
        return Outcome(files, self.events)

    def document(self, name: str) -> Any:
        return orjson.loads(self.files[name])

    def with_answer(self, case: str, **changes: Any) -> "Outcome":
        """The same with another answer to the first call of a case."""
        record = self.document(f"cases/{case}.json")
        record["steps"][0]["exchanges"][0].update(changes)
        return self.with_file(f"cases/{case}.json", record)

    def with_note(self, case: str, kind: str, text: str) -> "Outcome":
        record = self.document(f"cases/{case}.json")
        record["notes"].append({"kind": kind, "text": text})
        return self.with_file(f"cases/{case}.json", record)


def operations() -> Operations:
    return Operations([load_contract(name) for name in CONTRACT_NAMES])


def small_run(url: str) -> Outcome:
    """A run of two cases, of which one fails; a third is left out."""
    cases = tuple(
        _made_to_fail(case) if case.id == FAILS else case
        for case in load_cases("esr")
        if case.id in (PASSES, FAILS, LEFT_OUT)
    )
    subject = Subject(
        "esr",
        "Mock ESR",
        "Tests",
        "1.2",
        "7",
        "reference",
        {"esr": f"{url}/esr/v1", "control": f"{url}/control/v1"},
    )
    plan = RunPlan(
        subject,
        cases,
        load_requirements(),
        1,
        ("behaviour",),
        frozenset({PASSES, FAILS}),
        ("esr",),
    )
    seen: list[dict[str, Any]] = []
    with closing(EventReceiver()) as receiver:
        run = Run(plan, SandboxStage(url, receiver), operations(), seen.append)
        return Outcome(run.execute(), tuple(seen))


def _made_to_fail(case: Case) -> Case:
    first = {**case.then[0], "status": 418}
    return replace(case, document={**case.document, "then": [first, *case.then[1:]]})
