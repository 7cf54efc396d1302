"""`esr-sandbox demo`"""

import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.table import Table

from loadtests.plan import WorldParameters
from loadtests.profiles import load_profile
from loadtests.results import ReplayPlan, ReplayResult
from sandbox import __version__
from sandbox.cli.fuzz import run_fuzz
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar, errors
from sandbox.cli.replay_output import Replayed, replay
from sandbox.cli.targets import Sandbox
from sandbox.conformance.fuzz_results import FuzzResult
from sandbox.conformance.results import EXIT_CODES, Result
from sandbox.reports.certification_exchanges import printable
from sandbox.reports.replay import WRONG, replay_lines, replay_report
from sandbox.reports.verdicts import Line, Report, Section
from sandbox.reports.writing import write_report
from sandbox.server import started
from simulators.actors.journey import JourneyPlan, JourneyResult, Progress, run_journeys
from simulators.workspaces import access_to, as_operator, new_workspace

_CHECK_TYPES = 7
_WORLD = (5, 60)


@click.command("demo", epilog="Example: esr-sandbox demo --seed 3")
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="The seed of everything.",
)
@click.option(
    "--hires",
    default=200,
    show_default=True,
    type=click.IntRange(1, 5000),
    help="How many go from advert to hire.",
)
@click.option(
    "--examples",
    default=40,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Random fuzz cases an operation.",
)
@click.option(
    "--factor",
    default=2160.0,
    show_default=True,
    help="Simulated seconds of the day in one second.",
)
@click.option(
    "--scale", default=0.25, show_default=True, help="The share of the day's national volume."
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/demo"),
    show_default=True,
    help="A folder for the results.",
)
@json_option
def command(
    seed: int,
    hires: int,
    examples: int,
    factor: float,
    scale: float,
    report: Path,
    as_json: bool,
) -> int:
    """The main job on a small scale: both systems, applicants from advert to hire, both contracts fuzzed, a day replayed.

    Exit code 0 only if everything held. Ctrl-C ends it early: what was done is reported, and the exit code is 3.
    """
    began = datetime.now(UTC)
    report.mkdir(parents=True, exist_ok=True)
    folder = report / "sandbox"
    for old in folder.glob("sandbox.*"):
        old.unlink()
    demo = _Demo(seed, report)
    errors.print("Starting the mock ESR and the mock NHS Jobs on a free port ...")
    with started(
        "--fresh", "--world", "trust", "--seed", str(seed), "--validate-responses",
        folder=folder, database=str(folder / "sandbox.db"),
    ) as own:  # fmt: skip
        running = Sandbox.of(own)
        errors.print(f"Both run at {running.url} (pages to look at while this goes on)")
        steps: list[Callable[[], None]] = [
            lambda: demo.journeys(running, hires),
            lambda: demo.fuzzing("esr", running, examples),
            lambda: demo.fuzzing("nhs-jobs", running, examples),
            lambda: demo.day(running, factor, scale),
        ]
        for number, step in enumerate(steps, start=1):
            errors.print(f"Step {number} of {len(steps)}")
            try:
                step()
            except KeyboardInterrupt:
                demo.stopped(number, len(steps))
                break
    return demo.finish(began, hires, as_json)


class _Demo:
    """The parts of the demonstration, and what came of each."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._seed = seed
        self._folder = folder
        self._sections: list[Section] = []
        self._day: Replayed | None = None
        self._began = time.monotonic()

    def journeys(self, running: Sandbox, hires: int) -> None:
        """Applicants from advert to hire, through both systems."""
        plan = JourneyPlan(running.url, running.access, hires=hires, seed=self._seed)
        with bar(f"{hires} applicants from advert to hire") as progress:

            def show(step: Progress) -> None:
                progress.show(step.hired, step.hires, step.doing)

            result = run_journeys(plan, show)
        self._add(_journey_section(result))

    def fuzzing(self, target: str, running: Sandbox, examples: int) -> None:
        """One contract, in a workspace of its own."""
        workspace = self._workspace(running, f"fuzz-{target}")
        result = run_fuzz(target, workspace, self._seed, examples)
        self._add(_fuzz_section(result))
        if result.interrupted:
            raise KeyboardInterrupt

    def day(self, running: Sandbox, factor: float, scale: float) -> None:
        """The busiest day's traffic, in a workspace that the replay makes for itself, reconciled."""
        ledger = self._folder / "ledger.ndjson"
        ledger.unlink(missing_ok=True)
        plan = ReplayPlan(
            base_url=f"{running.url}/esr/v1",
            token=running.access,
            profile=load_profile("day"),
            world=WorldParameters(self._seed, *_WORLD),
            seed=self._seed,
            ledger=ledger,
            sandbox_url=running.url,
            operator=running.operator,
            factor=factor,
            scale=scale,
        )
        self._day = replay(plan)
        self._add(_day_section(self._day.result))

    def stopped(self, number: int, steps: int) -> None:
        """Ctrl-C in step `number`."""
        line = Line(
            "the demonstration ran to its end",
            Result.INCONCLUSIVE,
            f"stopped in step {number} of {steps}",
            "all steps",
        )
        self._add(Section("Stopped early", (line,)))

    def finish(self, began: datetime, hires: int, as_json: bool) -> int:
        """Shows the verdict, writes the reports and answers the exit code."""
        day = self._day and replay_report(self._day.result, self._day.phases, {})
        report = Report(
            title="ESR integration sandbox: demonstration",
            sections=tuple(self._sections),
            facts={
                "Sandbox": __version__,
                "Seed": str(self._seed),
                "Applicants from advert to hire": str(hires),
                "Began": began.strftime("%Y-%m-%d %H:%M:%S UTC"),
                "Took": f"{time.monotonic() - self._began:.0f} s",
                "Python": platform.python_version(),
                "Machine": f"{platform.system()} {platform.machine()}",
            },
            figures=day.verdict.figures if day else (),
            details={"replay": day.document} if day else {},
        )
        console = Console(stderr=as_json)
        if as_json:
            print_json(report.to_dict())
        else:
            console.print(_table(report))
        for path in write_report(report, self._folder):
            console.print(str(path), highlight=False, soft_wrap=True)
        return EXIT_CODES[report.result]

    def _workspace(self, running: Sandbox, name: str) -> Sandbox:
        """A tenant of its own with a seeded world, so that the parts do not meet."""
        organisations, positions = _WORLD
        with httpx.Client(base_url=running.url, timeout=60, trust_env=False) as client:
            shown = as_operator(running.operator)
            wanted = new_workspace(name, running.operator)
            made = client.post("/control/v1/workspaces", json=wanted, headers=shown)
            made.raise_for_status()
            client.post(
                f"/w/{name}/control/v1/seed",
                headers=shown,
                json={
                    "seed": self._seed,
                    "organisations": organisations,
                    "positionsPerOrganisation": positions,
                },
            ).raise_for_status()
        return Sandbox(f"{running.url}/w/{name}", access_to(made.json()), running.operator)

    def _add(self, section: Section) -> None:
        self._sections.append(section)
        errors.print(f"  {section.result.upper()}: {section.title} ({section.seconds:.0f} s)")


def _journey_section(result: JourneyResult) -> Section:
    checks = len(result.check_updates)
    updates = sum(result.check_updates.values())
    answers = ", ".join(f"{who} {often}" for who, often in result.answers_from_esr.items())
    return Section(
        "Applicants from advert to hire",
        (
            _line("hired", result.hired == result.hires, result.hired, result.hires),
            _line("check types that crossed", checks == _CHECK_TYPES, checks, _CHECK_TYPES),
            _line("journeys that failed", not result.failures, len(result.failures), 0),
            _line(
                "differences between NHS Jobs and ESR",
                not result.disagreements,
                len(result.disagreements),
                0,
            ),
            _line("messages still on their way", result.unsettled == 0, result.unsettled, 0),
        ),
        notes=(
            f"{result.adverts} adverts, {updates} check updates by recruiters; answered on ESR's side: {answers or 'none'}.",
            f"Withdrawn because a check stood in the way, and replaced: {result.withdrawn}.",
            *(f"{failure.index}: {failure.reason}" for failure in result.failures[:10]),
            *(str(item) for item in result.disagreements[:10]),
        ),
        seconds=result.seconds,
    )


def _fuzz_section(result: FuzzResult) -> Section:
    lines = [
        Line(item.operation_id, item.result, item.reason, "no rule broken, at least 20 successes")
        for item in result.operations
    ]
    lines += [Line("the run", Result.INCONCLUSIVE, gap, "a whole run") for gap in result.gaps]
    lines += [Line("the suite", Result.ERROR, problem) for problem in result.problems]
    rules = [f"{rule} is not judged: {reason}" for rule, reason in result.rules_off.items()]
    return Section(
        f"Contract {result.target}, fuzzed",
        tuple(lines),
        notes=(
            f"{result.counts.cases:,} cases with seed {result.seed} and {result.tool}.",
            f"{result.examples} random examples an operation; examples and coverage come on top.",
            *rules,
            *(
                f"{item.rule} {item.operation_id}: {item.message[:300]}"
                for item in result.failures[:10]
            ),
        ),
        seconds=result.duration_seconds,
    )


def _day_section(result: ReplayResult) -> Section:
    found = result.reconciliation
    wrong = [item for name in WRONG for item in getattr(found, name)] if found else []
    caught_up = result.set_up.caught_up
    return Section(
        "The busiest day's traffic, replayed and reconciled",
        replay_lines(result),
        notes=(
            f"Factor {result.factor:,g}: the day took {result.measurements.wall_seconds:.0f} s.",
            f"{result.counts.sent:,} messages of the day, {caught_up:,} of the days before it about the same applicants.",
            *(f"Assumed: {assumption}" for assumption in result.assumptions),
            *(printable(f"{item.supplierReference}: {item.what}") for item in wrong[:20]),
        ),
        seconds=result.seconds,
    )


def _line(what: str, holds: bool, measured: Any, expected: Any) -> Line:
    return Line(what, Result.PASS if holds else Result.FAIL, f"{measured}", f"{expected}")


def _table(report: Report) -> Table:
    table = Table(title=f"Verdict: {report.result.upper()}")
    for heading in ("part", "result", "what was seen"):
        table.add_column(heading)
    for section in report.sections:
        kept = [line for line in section.lines if line.result is not Result.PASS]
        if kept:
            seen = "\n".join(f"{line.what}: {line.measured}" for line in kept[:6])
        else:
            seen = f"{len(section.lines)} of {len(section.lines)} lines hold"
        table.add_row(section.title, section.result.upper(), seen)
    return table
