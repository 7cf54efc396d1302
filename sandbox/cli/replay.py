"""`esr-sandbox replay`."""

from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from loadtests.errors import ReplayError
from loadtests.plan import WorldParameters
from loadtests.profiles import load_profile
from loadtests.results import Progress, ReplayPlan, ReplayResult
from loadtests.runner import run_replay
from loadtests.verdict import Outcome
from sandbox.cli import FAILED, HELD, INCONCLUSIVE, Stop
from sandbox.cli.progress import bar
from sandbox.cli.targets import target_sandbox
from sandbox.cli.worlds import DEFAULT_WORLD, WORLDS

EXIT_CODES = {Outcome.PASS: HELD, Outcome.FAIL: FAILED, Outcome.INCONCLUSIVE: INCONCLUSIVE}


@click.command("replay", epilog="Example: esr-sandbox replay --profile day --factor 1440")
@click.option(
    "--profile",
    default="day",
    show_default=True,
    help="A profile's name, or the path of a TOML file.",
)
@click.option(
    "--factor",
    type=click.FloatRange(0, min_open=True),
    help="Simulated seconds in one second; the profile's when left out.",
)
@click.option(
    "--scale",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="The share of the profile's volume.",
)
@click.option(
    "--applicants",
    type=click.IntRange(1),
    help="How many applicants, in place of the profile's volume.",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**53 - 1),
    help="The seed of the people and their times.",
)
@click.option(
    "--url",
    help="Where the sandbox runs, for instance http://127.0.0.1:8080; one is started when left out.",
)
@click.option("--token", envvar="ESR_SANDBOX_TOKEN", help="The bearer token, with --url.")
@click.option(
    "--world",
    type=click.Choice(list(WORLDS)),
    default=DEFAULT_WORLD,
    show_default=True,
    help="The world that ESR holds.",
)
@click.option(
    "--world-seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**53 - 1),
    help="The seed of that world.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The record of every message; the replay goes on where it ends. A new one in --report when left out.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/replay"),
    show_default=True,
    help="A folder for the results.",
)
def command(
    profile: str,
    factor: float | None,
    scale: float,
    applicants: int | None,
    seed: int,
    url: str | None,
    token: str | None,
    world: str,
    world_seed: int,
    ledger: Path | None,
    report: Path,
) -> int:
    """Replay a simulated busy day against ESR, then find every message that was sent in the state it should have.

    Exit code 0: nothing lost, duplicated or altered and every limit kept; 1: not so; 3: inconclusive.
    """
    kept = ledger or report / "ledger.ndjson"
    parameters = WorldParameters(world_seed, *WORLDS[world])
    own = ("--only", "esr", "--world", world, "--seed", str(world_seed))
    try:
        chosen = load_profile(profile)
        with target_sandbox(url, token, *own) as running:
            report.mkdir(parents=True, exist_ok=True)
            if ledger is None:
                kept.unlink(missing_ok=True)
            plan = ReplayPlan(
                base_url=f"{running.url}/esr/v1",
                token=running.token,
                profile=chosen,
                world=parameters,
                seed=seed,
                ledger=kept,
                factor=factor,
                scale=scale,
                applicants=applicants,
            )
            result = replay(plan)
    except ReplayError as problem:
        raise Stop(str(problem)) from problem
    print_replay(result, Console())
    path = report / "replay.json"
    path.write_bytes(
        orjson.dumps(result.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    )
    click.echo(f"{path}\n{kept}")
    return EXIT_CODES[result.outcome]


def replay(plan: ReplayPlan) -> ReplayResult:
    """Replays with progress shown."""
    with bar("Replaying") as progress:

        def show(step: Progress) -> None:
            rate = (
                f", {step.rate:.0f}/s, {step.compression:.0f} times real time" if step.rate else ""
            )
            what = f"{step.phase}{rate}"
            progress.show(step.done, step.done + step.remaining, what)

        return run_replay(plan, show)


def print_replay(result: ReplayResult, console: Console) -> None:
    """The verdict as tables."""
    for assumption in result.assumptions:
        console.print(f"Assumed: {assumption}", style="dim", highlight=False)
    found = result.reconciliation
    counts = Table(
        title=f"Replay of {result.profile!r}, seed {result.seed}, factor {result.factor:g}"
    )
    for heading in ("planned", "sent", "acknowledged", "refused", "never sent", "retries"):
        counts.add_column(heading, justify="right")
    numbers = result.counts
    row = (
        numbers.planned,
        numbers.sent,
        numbers.acknowledged,
        numbers.refused,
        numbers.never_sent,
        numbers.retries,
    )
    counts.add_row(*(f"{number:,}" for number in row))
    console.print(counts)
    if found is not None:
        console.print(
            f"Reconciled {found.confirmed:,} of {found.acknowledged:,} acknowledged: lost {len(found.lost)}, "
            f"duplicated {len(found.duplicated)}, altered {len(found.altered)}, contradicted {len(found.contradicted)}",
            highlight=False,
        )
        for item in [*found.lost, *found.duplicated, *found.altered, *found.contradicted][:20]:
            console.print(f"  {item.what}", highlight=False)
    verdict = Table(title=f"Verdict: {result.outcome.upper()}")
    for heading in ("what", "result", "measured", "limit"):
        verdict.add_column(heading)
    for finding in result.findings:
        verdict.add_row(finding.name, str(finding.outcome), finding.measured, finding.limit)
    console.print(verdict)
    if result.interrupted:
        console.print(f"Ended early: {result.interrupted}", highlight=False)
