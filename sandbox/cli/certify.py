"""`esr-sandbox certify`."""

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import orjson
from rich.console import Console
from rich.markup import escape

from sandbox import __version__
from sandbox.cli import MISUSED, Stop
from sandbox.cli.certify_output import check_table, conclude, exit_code
from sandbox.cli.certify_progress import Watcher
from sandbox.cli.certify_volume import (
    NOTHING_TO_REPLAY,
    SubjectVolume,
    check_volume,
    taken_over,
    volume_of,
    wanted_suites,
)
from sandbox.conformance.bound_stage import BoundStage
from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.earlier import Earlier, EarlierUnusable, read_earlier
from sandbox.conformance.evidence.eligibility import (
    MANDATORY_SUITES,
    VOLUME,
    Eligibility,
    eligibility,
)
from sandbox.conformance.evidence.keys import KeyUnusable, new_key_pair, read_private_key
from sandbox.conformance.evidence.known import cases_file, contract_facts, requirements_file
from sandbox.conformance.evidence.manifest import Facts, Level, seed_of_nonce, sha256
from sandbox.conformance.evidence.pack import write_pack
from sandbox.conformance.exploring import Explorer
from sandbox.conformance.guiding import terminal_driver
from sandbox.conformance.operations import Operations
from sandbox.conformance.preflight import check_all
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.references import REFERENCES, Reached, reference
from sandbox.conformance.run import Run, RunPlan
from sandbox.conformance.scene import CannotArrange
from sandbox.conformance.subject import Subject, SubjectUnusable, read_subject
from sandbox.conformance.supplier_subject import supplier_at
from sandbox.conformance.verdict import CONTRACTS_OF, SUITES
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.contracts.requirements import load_requirements
from sandbox.reports.certification import write_reports

_KEY = Path(".esr-sandbox") / "keys"
_NAME = "evidence"


@click.command(
    "certify", epilog="Example: esr-sandbox certify --reference supplier --out reports/certify"
)
@click.argument("subject_file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--reference",
    "reference_name",
    type=click.Choice(REFERENCES),
    help="Certify one of the reference subjects, which is started for it.",
)
@click.option(
    "--suite",
    "suites",
    multiple=True,
    type=click.Choice(SUITES),
    help="Which suites; all but volume when left out.",
)
@click.option(
    "--go-live",
    is_flag=True,
    help="Every suite, volume too: what a certificate for going live needs.",
)
@click.option(
    "--volume-profile",
    metavar="PROFILE",
    help="What the suite of volume replays: a profile of `replay`, or the path of a TOML file. "
    "[default: peak-hour; supplier, for a recruitment system]",
)
@click.option(
    "--applicants",
    type=click.IntRange(1, 2_000_000),
    help="How many applicants a year of yours has, in place of the profile's volume.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PATTERN",
    help="Only the cases whose id fits, such as 'esr.matching.*'.",
)
@click.option("--from", "from_case", metavar="CASE", help="Only this case and those after it.")
@click.option(
    "--rerun-failed",
    "earlier_pack",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take over what passed in an earlier pack of this subject, and play the rest.",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**53 - 1),
    help="Names, references and cases follow from it.",
)
@click.option("--nonce", help="The certifier's challenge; the seed follows from it.")
@click.option(
    "--examples",
    default=25,
    show_default=True,
    type=click.IntRange(5, 1000),
    help="Random requests for each operation in the contract suite.",
)
@click.option(
    "--contract-seconds",
    default=150.0,
    show_default=True,
    type=click.FloatRange(5, 3600),
    help="The budget of the contract suite.",
)
@click.option(
    "--out",
    default=Path("reports/certify"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the pack and the reports.",
)
@click.option(
    "--key",
    "key_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The private key to sign with; one is made and kept in .esr-sandbox/keys when left out.",
)
@click.option(
    "--preflight",
    "only_preflight",
    is_flag=True,
    help="Look whether everything is in place, and stop.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON, one on each line.")
def command(
    subject_file: Path | None,
    reference_name: str | None,
    suites: tuple[str, ...],
    go_live: bool,
    volume_profile: str | None,
    applicants: int | None,
    only: tuple[str, ...],
    from_case: str | None,
    earlier_pack: Path | None,
    seed: int,
    nonce: str | None,
    examples: int,
    contract_seconds: float,
    out: Path,
    key_path: Path | None,
    only_preflight: bool,
    as_json: bool,
) -> int:
    """Run the certification suites against a subject, and write the evidence as one signed pack.

    Name a subject file, or one of the reference subjects. Exit code 0: certifiable, or all that was selected passed;
    1: the subject failed; 2: configuration; 3: inconclusive, or a part that a certificate needs was left out; 4: the suite
    broke.
    """
    if (subject_file is None) is (reference_name is None):
        raise Stop(
            "Name what to certify: a subject file, or --reference with one of "
            + ", ".join(REFERENCES)
            + "."
        )
    console = Console(stderr=as_json, highlight=False)
    seed = seed if nonce is None else seed_of_nonce(nonce)
    key = _key(key_path)
    wanted = wanted_suites(suites, go_live, volume_profile, applicants)
    with _reached(subject_file, reference_name, seed) as reached:
        subject = reached.subject
        if VOLUME in wanted and subject.role == "nhs-jobs":
            console.print(NOTHING_TO_REPLAY)
            wanted = tuple(name for name in wanted if name != VOLUME)
        volume = None
        if VOLUME in wanted:
            volume = volume_of(reached, seed, volume_profile, applicants)
        cases = load_cases(subject.role)
        earlier = _earlier(earlier_pack, subject, seed)
        selected = _selected(cases, only, from_case, earlier)
        if not wanted:
            return MISUSED
        if not _in_place(reached, cases, out, console, volume):
            return MISUSED
        if only_preflight:
            return 0
        cannot = _cannot_certify(subject, wanted, cases, selected, earlier)
        if cannot:
            console.print(f"[yellow]This run cannot certify: {escape(cannot)}[/]")
        contracts = {name: load_contract(name) for name in CONTRACT_NAMES}
        explorer = Explorer(
            contracts,
            subject.addresses,
            subject.tokens,
            seed,
            examples,
            contract_seconds,
            reached.sign,
        )
        plan = RunPlan(
            subject,
            cases,
            load_requirements(),
            seed,
            wanted,
            selected,
            CONTRACTS_OF[subject.role],
        )
        with Watcher(as_json, console) as watcher:
            run = Run(
                plan,
                reached.stage,
                Operations(list(contracts.values())),
                watcher.see,
                explorer,
                reached.traffic,
                volume,
                taken_over(earlier.files, volume) if earlier else {},
            )
            try:
                files = run.execute()
            except CannotArrange as problem:
                raise Stop(f"The run could not go on: {problem}") from problem
        results = orjson.loads(files["results.json"])
        decided = eligibility(results, plan.requirements, subject.role, subject.features)
        pack = out / f"{subject.role}.zip"
        facts = _facts(plan, files, results, decided, nonce)
        write_pack(pack, files, facts, key)
    written = write_reports(files, decided, out, subject.role, facts.level)
    conclude(results, decided, [pack, *written], console, as_json=as_json)
    return exit_code(results, run.interrupted, cannot)


@contextmanager
def _reached(subject_file: Path | None, reference_name: str | None, seed: int) -> Iterator[Reached]:
    try:
        if reference_name is not None:
            with reference(reference_name, seed) as reached:
                yield reached
            return
        assert subject_file is not None
        if not subject_file.is_file():
            raise Stop(f"There is no subject file {subject_file}.")
        subject = read_subject(subject_file)
        if subject.role == "recruitment-system":
            with supplier_at(subject, seed, terminal_driver()) as reached:
                yield reached
            return
        receiver = EventReceiver()
        try:
            yield Reached(subject, BoundStage(subject, receiver, terminal_driver()))
        finally:
            receiver.close()
    except SubjectUnusable as problem:
        raise Stop(str(problem)) from problem
    except CannotArrange as problem:
        raise Stop(f"The subject cannot be reached as it must be: {problem}") from problem


def _key(path: Path | None) -> Any:
    try:
        if path is not None:
            return read_private_key(path)
        kept = _KEY / f"{_NAME}.private.pem"
        if not kept.exists():
            new_key_pair(_KEY, _NAME)
        return read_private_key(kept)
    except KeyUnusable as problem:
        raise Stop(str(problem)) from problem


def _earlier(path: Path | None, subject: Subject, seed: int) -> Earlier | None:
    if path is None:
        return None
    try:
        return read_earlier(path, subject, seed)
    except EarlierUnusable as problem:
        raise Stop(str(problem)) from problem


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


def _in_place(
    reached: Reached,
    cases: tuple[Case, ...],
    out: Path,
    console: Console,
    volume: SubjectVolume | None,
) -> bool:
    contracts = {name: load_contract(name) for name in CONTRACT_NAMES}
    with httpx.Client(trust_env=False) as client:
        checks = check_all(reached.subject, cases, contracts, out, client)
    if volume is not None and all(check.ok for check in checks):
        checks.append(check_volume(volume))
    bad = [check for check in checks if not check.ok]
    if bad:
        console.print(check_table(checks))
        console.print(
            "[bold]Nothing was run[/]: this is a matter of configuration, not of the product."
        )
        return False
    console.print(f"Pre-flight: {len(checks)} checks, all well.")
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
