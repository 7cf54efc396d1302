"""What `esr-sandbox certify` does once it is known what is asked: pre-flight, run, pack, reports."""

import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape

from sandbox import __version__
from sandbox.cli import HELD, MISUSED, Stop
from sandbox.cli.certify_output import check_table, conclude, exit_code
from sandbox.cli.certify_progress import Watcher
from sandbox.cli.certify_subject import SUPPLIER, Named, earlier_run, looked_at, reached
from sandbox.cli.certify_volume import (
    NOTHING_TO_REPLAY,
    check_volume,
    taken_over,
    volume_of,
    wanted_suites,
)
from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.driving import Driver
from sandbox.conformance.earlier import Earlier
from sandbox.conformance.evidence.eligibility import (
    MANDATORY_SUITES,
    VOLUME,
    Eligibility,
    eligibility,
)
from sandbox.conformance.evidence.known import cases_file, contract_facts, requirements_file
from sandbox.conformance.evidence.manifest import Facts, Level, seed_of_nonce, sha256
from sandbox.conformance.evidence.pack import write_pack
from sandbox.conformance.exploring import Explorer
from sandbox.conformance.operations import Operations
from sandbox.conformance.plain import plain_client
from sandbox.conformance.preflight import Check, check_all
from sandbox.conformance.references import Reached
from sandbox.conformance.run import Emit, Run, RunPlan
from sandbox.conformance.scene import CannotArrange
from sandbox.conformance.subject import Subject
from sandbox.conformance.verdict import CONTRACTS_OF
from sandbox.contracts import CONTRACT_NAMES, Contract, load_contract
from sandbox.contracts.requirements import load_requirements
from sandbox.reports.certification import write_reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options ask for; each is named as its option is."""

    subject_file: Path | None
    reference_name: str | None
    suites: tuple[str, ...]
    go_live: bool
    volume_profile: str | None
    applicants: int | None
    only: tuple[str, ...]
    from_case: str | None
    earlier_pack: Path | None
    seed: int
    nonce: str | None
    examples: int
    contract_seconds: float
    out: Path
    only_preflight: bool

    @property
    def named(self) -> Named:
        """The subject that is meant, and the seed of the run."""
        seed = self.seed if self.nonce is None else seed_of_nonce(self.nonce)
        return Named(self.subject_file, self.reference_name, seed)


def certify(asked: Asked, key: Any, guided: Driver, see: Emit, watcher: Watcher) -> int:
    """Runs what is asked and answers the exit code; `see` is told every event. Raises Stop."""
    console = watcher.console
    wanted = wanted_suites(asked.suites, asked.go_live, asked.volume_profile, asked.applicants)
    contracts = {name: load_contract(name) for name in CONTRACT_NAMES}
    subject = asked.named.subject()
    is_supplier = subject is not None and subject.role == SUPPLIER
    if subject is not None and is_supplier:
        # Before it is reached: for that its sandbox is filled with a world.
        checks = looked_at(subject, load_cases(subject.role), contracts, asked.out)
        if not _in_place(checks, console, see):
            return MISUSED
        if asked.only_preflight:
            return HELD
    with reached(asked.named, guided) as found:
        return _certify(asked, found, wanted, key, see, watcher, is_looked_at=is_supplier)


def _certify(
    asked: Asked,
    found: Reached,
    wanted: tuple[str, ...],
    key: Any,
    see: Emit,
    watcher: Watcher,
    *,
    is_looked_at: bool,
) -> int:
    subject, console, seed = found.subject, watcher.console, asked.named.seed
    contracts = {name: load_contract(name) for name in CONTRACT_NAMES}
    if VOLUME in wanted and subject.role == "nhs-jobs":
        console.print(NOTHING_TO_REPLAY)
        wanted = tuple(name for name in wanted if name != VOLUME)
    volume = None
    if VOLUME in wanted:
        volume = volume_of(found, seed, asked.volume_profile, asked.applicants)
    cases = load_cases(subject.role)
    earlier = earlier_run(asked.earlier_pack, subject, seed)
    selected = _selected(cases, asked.only, asked.from_case, earlier)
    if not wanted:
        return MISUSED
    checks = [] if is_looked_at else _checks(found, cases, contracts, asked.out)
    if volume is not None and all(check.ok for check in checks):
        checks.append(check_volume(volume))
    if checks and not _in_place(checks, console, see):
        return MISUSED
    if asked.only_preflight:
        return HELD
    cannot = _cannot_certify(subject, wanted, cases, selected, earlier)
    if cannot:
        console.print(f"[yellow]This run cannot certify: {escape(cannot)}[/]")
    plan = RunPlan(
        subject, cases, load_requirements(), seed, wanted, selected, CONTRACTS_OF[subject.role]
    )
    with watcher:
        run = Run(
            plan,
            found.stage,
            Operations(list(contracts.values())),
            see,
            Explorer(
                contracts,
                subject.addresses,
                subject.tokens,
                seed,
                asked.examples,
                asked.contract_seconds,
                found.sign,
            ),
            found.traffic,
            volume,
            taken_over(earlier.files, volume) if earlier else {},
        )
        try:
            files = run.execute()
        except CannotArrange as problem:
            raise Stop(f"The run could not go on: {problem}") from problem
    results = orjson.loads(files["results.json"])
    decided = eligibility(results, plan.requirements, subject.role, subject.features)
    pack = asked.out / f"{subject.role}.zip"
    facts = _facts(plan, files, results, decided, asked.nonce)
    write_pack(pack, files, facts, key)
    written = write_reports(files, decided, asked.out, subject.role, facts.level)
    conclude(results, decided, [pack, *written], console, as_json=watcher.as_json)
    code = exit_code(results, run.interrupted, cannot)
    told = {"certifiable": str(decided.kind), "cannot": cannot, "exitCode": code}
    see({"event": "run.written", **told, "files": [str(path) for path in (pack, *written)]})
    return code


def _selected(
    cases: tuple[Case, ...], only: tuple[str, ...], from_case: str | None, earlier: Earlier | None
) -> frozenset[str]:
    ids = [case.id for case in cases]
    if from_case is not None:
        if from_case not in ids:
            raise Stop(f"There is no case {from_case}. The ids are those of an earlier report.")
        ids = ids[ids.index(from_case) :]
    if only:
        # The brackets of a row's name are letters here, not a set.
        patterns = [pattern.replace("[", "[[]") for pattern in only]
        ids = [
            name for name in ids if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        ]
        if not ids:
            raise Stop(f"No case fits {' or '.join(only)}.")
    if earlier is not None:
        ids = [name for name in ids if f"cases/{name}.json" not in earlier.files]
    return frozenset(ids)


def _cannot_certify(
    subject: Subject,
    suites: tuple[str, ...],
    cases: tuple[Case, ...],
    selected: frozenset[str],
    earlier: Earlier | None,
) -> str:
    missing = [
        name
        for name in MANDATORY_SUITES
        if name not in suites and not (name == "traffic" and subject.role == "esr")
    ]
    if missing:
        return f"without the suite {', '.join(missing)}"
    taken = set(earlier.files) if earlier else set()
    left_out = [
        case.id
        for case in cases
        if case.id not in selected
        and f"cases/{case.id}.json" not in taken
        and set(case.features) <= set(subject.features)
    ]
    if left_out:
        return f"{len(left_out)} of {len(cases)} cases are left out, {left_out[0]} first"
    return ""


def _checks(
    found: Reached, cases: tuple[Case, ...], contracts: dict[str, Contract], out: Path
) -> list[Check]:
    with plain_client() as client:
        return check_all(found.subject, cases, contracts, out, client)


def _in_place(checks: list[Check], console: Console, see: Emit) -> bool:
    bad = [check for check in checks if not check.ok]
    for check in checks:
        shown = {"check": check.name, "ok": check.ok, "found": check.found, "toDo": check.to_do}
        see({"event": "preflight.checked", **shown})
    if bad:
        console.print(check_table(checks))
        for check in bad:
            # Once more in one line: what wraps in a table cannot be copied.
            console.print(f"{escape(check.name)}: {escape(check.to_do)}", soft_wrap=True)
        console.print(
            "[bold]Nothing was run[/]: this is a matter of configuration, not of the product."
        )
        return False
    console.print(f"Pre-flight: {len(checks)} checks, all well.")
    for check in checks:
        if check.to_do:
            console.print(f"[yellow]{escape(check.found)}[/] {escape(check.to_do)}", soft_wrap=True)
    return True


def _facts(
    plan: RunPlan,
    files: dict[str, bytes],
    results: dict[str, Any],
    decided: Eligibility,
    nonce: str | None,
) -> Facts:
    events = [orjson.loads(line) for line in files["events.ndjson"].splitlines()]
    began, ended = events[0]["at"], events[-1]["at"]
    days = sorted(
        orjson.loads(content)["today"]
        for name, content in files.items()
        if name.startswith("cases/")
    ) or [began[:10]]
    subject = plan.subject.without_secrets()
    return Facts(
        subject={
            name: subject[name]
            for name in ("product", "name", "version", "build", "environment", "role", "features")
        },
        suite={"version": __version__, "digest": sha256(cases_file(plan.cases))},
        requirement_set=sha256(requirements_file(plan.requirements)),
        contracts=contract_facts(load_contract(name) for name in CONTRACT_NAMES),
        suites=plan.suites,
        level=Level.SELF_RUN if nonce is None else Level.NONCE_BOUND,
        seed=plan.seed,
        began=began,
        ended=ended,
        clock={"from": f"{days[0]}T00:00:00Z", "to": f"{days[-1]}T23:59:59Z"},
        result=results["overall"],
        eligibility=decided,
        nonce=nonce,
    )
