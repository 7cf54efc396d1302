"""`esr-sandbox replay`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from loadtests.errors import ReplayError
from loadtests.plan import WorldParameters
from loadtests.profiles import load_profile
from loadtests.results import Master, Progress, ReplayPlan, ReplayResult
from loadtests.runner import run_replay
from loadtests.sending_process import work
from loadtests.verdict import Outcome
from sandbox.cli import FAILED, HELD, INCONCLUSIVE, Stop
from sandbox.cli.progress import bar
from sandbox.cli.targets import target_sandbox
from sandbox.cli.worlds import WORLDS
from sandbox.server import Started

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
@click.option(
    "--esr",
    help="An ESR that is no sandbox, by its base address: dates are shifted to today, its clock is left alone.",
)
@click.option("--token", envvar="ESR_SANDBOX_TOKEN", help="The bearer token, with --url or --esr.")
@click.option(
    "--world",
    type=click.Choice(list(WORLDS)),
    default="region",
    show_default=True,
    help="The world that ESR holds: how many employers and positions.",
)
@click.option(
    "--world-seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**53 - 1),
    help="The seed of that world.",
)
@click.option(
    "--closed",
    type=click.FloatRange(0, min_open=True),
    help="Hours for which ESR is closed, for a profile with a closure (backlog).",
)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How many processes send; with --master, how many workers are awaited.",
)
@click.option(
    "--master",
    is_flag=True,
    help="Send from workers on other machines, which are started with --worker.",
)
@click.option("--worker", metavar="HOST", help="Be a worker of the replay that --master leads there.")
@click.option(
    "--bind",
    default="127.0.0.1",
    show_default=True,
    help="With --master: the address at which workers are awaited. They are told the token: a trusted network only.",
)
@click.option(
    "--master-port",
    default=5557,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="With --master or --worker: the port of the master.",
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
    esr: str | None,
    token: str | None,
    world: str,
    world_seed: int,
    closed: float | None,
    processes: int,
    master: bool,
    worker: str | None,
    bind: str,
    master_port: int,
    ledger: Path | None,
    report: Path,
) -> int:
    """Replay a simulated busy day against ESR, then find every message that was sent in the state it should have.

    Exit code 0: nothing lost, duplicated or altered and every limit kept; 1: not so; 3: inconclusive.
    """
    if worker is not None:
        return work(Master(worker, master_port), seed if _was_given("seed") else None)
    kept = ledger or report / "ledger.ndjson"
    parameters = WorldParameters(world_seed, *WORLDS[world])
    try:
        chosen = load_profile(profile)
        with _target(url, esr, token) as running:
            report.mkdir(parents=True, exist_ok=True)
            if ledger is None:
                kept.unlink(missing_ok=True)
            plan = ReplayPlan(
                base_url=running.url if esr else f"{running.url}/esr/v1",
                token=running.token,
                profile=chosen,
                world=parameters,
                seed=seed,
                ledger=kept,
                factor=factor,
                scale=scale,
                applicants=applicants,
                sandbox_url=None if esr else running.url,
                closed_hours=closed,
                processes=processes,
                master=Master(bind, master_port) if master else None,
                csv=report / "locust",
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


@contextmanager
def _target(url: str | None, esr: str | None, token: str | None) -> Iterator[Started]:
    """What is replayed against: an ESR elsewhere, a sandbox that runs, or one of its own. Raises Stop."""
    if esr is None:
        with target_sandbox(url, token, "--only", "esr", "--world", "empty") as running:
            yield running
        return
    if url is not None or token is None:
        raise Stop("--esr needs --token, and goes without --url.")
    yield Started(esr.rstrip("/"), token)


def _was_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


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
        title=f"Replay of {result.profile!r}, seed {result.seed}"
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
