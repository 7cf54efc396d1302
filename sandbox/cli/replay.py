"""`esr-sandbox replay`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
from rich.console import Console

from loadtests.errors import ReplayError
from loadtests.plan import WorldParameters
from loadtests.profiles import load_profile
from loadtests.results import Master, ReplayPlan
from loadtests.sending_process import work
from loadtests.supplier.access import SupplierAccess
from loadtests.verdict import Outcome
from sandbox.cli import FAILED, HELD, INCONCLUSIVE, Stop
from sandbox.cli.events import EventFile, events_option
from sandbox.cli.replay_events import ReplayEvents
from sandbox.cli.replay_output import Replayed, print_paths, print_replay, replay
from sandbox.cli.replay_suppliers import REFERENCES, SUPPLIER, example_supplier, supplier_at
from sandbox.cli.targets import (
    Identity,
    Sandbox,
    identity_options,
    operator_option,
    target_sandbox,
)
from sandbox.cli.worlds import WORLDS
from sandbox.reports.replay import replay_report, write_replay
from sandbox.reports.replay_json import summary

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
@click.option(
    "--subject",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Replay through a recruitment system: its subject file, as for certify; its ESR is the sandbox that this names.",
)
@click.option(
    "--reference",
    type=click.Choice(REFERENCES),
    help="Replay through the example supplier, which is started with a sandbox of its own.",
)
@click.option("--token", envvar="ESR_SANDBOX_TOKEN", help="The bearer token, with --url or --esr.")
@identity_options
@operator_option
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
@click.option(
    "--worker", metavar="HOST", help="Be a worker of the replay that --master leads there."
)
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
@events_option
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON, for scripts.")
def command(
    profile: str,
    factor: float | None,
    scale: float,
    applicants: int | None,
    seed: int,
    url: str | None,
    esr: str | None,
    subject: Path | None,
    reference: str | None,
    operator: str | None,
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
    events_path: Path | None,
    as_json: bool,
    identity: Identity,
) -> int:
    """Replay a part of a year against ESR, or through a recruitment system, then find every message in the state it should have.

    Exit code 0: nothing lost, duplicated or altered and every limit kept; 1: not so; 3: inconclusive.
    """
    kept = ledger or report / "ledger.ndjson"
    parameters = WorldParameters(world_seed, *WORLDS[world])
    try:
        if worker is not None:
            return work(Master(worker, master_port), seed if _was_given("seed") else None)
        driven = subject is not None or reference is not None
        chosen = load_profile(SUPPLIER if driven and not _was_given("profile") else profile)
        with _target(url, esr, (identity, operator), subject, reference) as (running, supplier):
            report.mkdir(parents=True, exist_ok=True)
            if ledger is None:
                kept.unlink(missing_ok=True)
            for old in report.glob("locust_*.csv"):
                old.unlink()
            plan = ReplayPlan(
                base_url=running.url if esr or driven else f"{running.url}/esr/v1",
                token=running.access,
                operator=running.operator,
                profile=chosen,
                world=parameters,
                seed=seed,
                ledger=kept,
                factor=factor,
                scale=scale,
                applicants=applicants,
                sandbox_url=None if esr or driven else running.url,
                closed_hours=closed,
                processes=processes,
                master=Master(bind, master_port) if master else None,
                csv=report / "locust",
            )
            replayed = _replayed(plan, supplier, events_path)
    except ReplayError as problem:
        raise Stop(str(problem)) from problem
    told = replay_report(replayed.result, replayed.phases, {"Target": plan.base_url})
    console = Console()
    if as_json:
        click.echo(orjson.dumps(summary(told.document), option=orjson.OPT_INDENT_2))
    else:
        print_replay(replayed.result, console)
    paths = [*write_replay(told, report), kept, *sorted(report.glob("locust_*.csv"))]
    print_paths(paths, Console(stderr=True) if as_json else console)
    return EXIT_CODES[replayed.result.outcome]


def _replayed(plan: ReplayPlan, supplier: SupplierAccess | None, events: Path | None) -> Replayed:
    if events is None:
        return replay(plan, supplier)
    with EventFile(events, progress_seconds=0.0) as file, ReplayEvents(file, plan) as told:
        replayed = replay(plan, supplier, told)
        told.end(replayed.result)
        return replayed


@contextmanager
def _target(
    url: str | None,
    esr: str | None,
    who: tuple[Identity, str | None],
    subject: Path | None,
    reference: str | None,
) -> Iterator[tuple[Sandbox, SupplierAccess | None]]:
    """What is replayed against, or through: an ESR elsewhere, a sandbox, a supplier with its sandbox. Raises Stop."""
    if subject is not None or reference is not None:
        if url is not None or esr is not None or None not in (subject, reference):
            raise Stop(
                "--subject and --reference each bring their ESR: leave the other, --url and --esr out."
            )
        with supplier_at(subject) if subject else example_supplier() as (running, supplier):
            yield running, supplier
    elif esr is None:
        with target_sandbox(url, *who, "--only", "esr", "--world", "empty") as running:
            yield running, None
    elif url is not None or not who[0].is_given:
        raise Stop(
            "--esr needs --token, or --client-id with --key-file and --token-url; it goes without --url."
        )
    else:
        yield Sandbox(esr.rstrip("/"), who[0].access()), None


def _was_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE
