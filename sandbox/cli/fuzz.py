"""`esr-sandbox fuzz`."""

import secrets
from pathlib import Path

import click
from rich.console import Console

from sandbox.cli import Stop
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar
from sandbox.cli.targets import (
    Identity,
    Sandbox,
    identity_options,
    target_sandbox,
)
from sandbox.conformance.exploring import FEEDS
from sandbox.conformance.fuzz_plan import FuzzConfigurationError, FuzzPlan
from sandbox.conformance.fuzz_report import as_document, print_result, write_json, write_junit
from sandbox.conformance.fuzz_results import FuzzProgress, FuzzResult
from sandbox.conformance.fuzzing import fuzz
from sandbox.contracts import load_contract


@click.command("fuzz", epilog="Example: esr-sandbox fuzz --target esr --seed 1")
@click.option("--target", required=True, type=click.Choice(sorted(FEEDS)), help="Which contract.")
@click.option(
    "--url",
    help="Where the sandbox runs, for instance http://127.0.0.1:8080; one is started when left out.",
)
@click.option("--token", envvar="ESR_SANDBOX_TOKEN", help="The bearer token, with --url.")
@identity_options
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="The seed of the cases.",
)
@click.option(
    "--examples",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Random cases an operation.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for fuzz-<target>.json and .xml (JUnit).",
)
@json_option
def command(
    target: str,
    url: str | None,
    seed: int,
    examples: int,
    report: Path | None,
    as_json: bool,
    identity: Identity,
) -> int:
    """Fuzz an implementation of a contract: valid and invalid requests, alone and in sequences.

    Exit code 0: every rule held and every operation was exercised; 1: a rule was broken; 3: inconclusive.
    """
    with target_sandbox(
        url, identity, None, "--seed", str(seed), "--validate-responses"
    ) as running:
        result = run_fuzz(target, running, seed, examples)
    if as_json:
        print_json(as_document(result))
    else:
        print_result(result, Console())
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        write_json(result, report / f"fuzz-{target}.json")
        write_junit(result, report / f"fuzz-{target}.xml")
        paths = f"{report / f'fuzz-{target}.json'}\n{report / f'fuzz-{target}.xml'}"
        click.echo(paths, err=as_json)
    return result.exit_code


def run_fuzz(target: str, running: Sandbox, seed: int, examples: int) -> FuzzResult:
    """Fuzzes one contract of a running sandbox. Raises Stop when the run cannot begin."""
    contract = load_contract(target)
    base_url = running.url + contract.base_path
    run_id = secrets.token_hex(8)
    feed = FEEDS[target](base_url, running.access, seed, run_id)
    with bar(f"Fuzzing {target}") as progress:

        def show(step: FuzzProgress) -> None:
            what = f"{step.phase} {step.operation_id or ''} ({step.cases} cases)"
            progress.show(step.operations_done, step.operations_total, what)

        plan = FuzzPlan(
            target=target,
            contract=contract.document,
            base_url=base_url,
            access=running.access,
            seed=seed,
            examples=examples,
            feed=feed,
            run_id=run_id,
            progress=show,
        )
        try:
            return fuzz(plan)
        except FuzzConfigurationError as problem:
            raise Stop(str(problem)) from problem
