"""`esr-sandbox realism`."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from sandbox import __version__
from sandbox.cli import FAILED, HELD
from sandbox.cli.progress import bar
from sandbox.cli.worlds import WORLDS
from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import compile_schema
from sandbox.esr.reference import code_lists, current_codes
from sandbox.nhsjobs.domain.codes import COUNTRIES
from sandbox.reports.realism import (
    AssumptionLine,
    ComparedValue,
    Comparison,
    DiagnosticLine,
    RealismReport,
    write_realism,
)
from simulators.realism.case import Faults, Surroundings
from simulators.realism.marginals import Marginal
from simulators.realism.measure import Realism, measure
from simulators.realism.published import Kind
from simulators.world import World

_DEFAULT_WORLD = "region"


@click.command("realism", epilog="Example: esr-sandbox realism --count 10000 --seed 3")
@click.option(
    "--count",
    default=10_000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="How many applicants.",
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**53 - 1), help="The seed."
)
@click.option(
    "--world",
    type=click.Choice(list(WORLDS)),
    default=_DEFAULT_WORLD,
    show_default=True,
    help="Whose vacancies they apply for: 1, 5 or 40 employers.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for scripts.")
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/realism"),
    show_default=True,
    help="A folder for the report.",
)
def command(count: int, seed: int, world: str, as_json: bool, folder: Path) -> int:
    """Measure how real the synthetic applicants are: diagnostics that must all hold, and distances from published figures.

    Exit code 0 when every diagnostic holds for every applicant; 1 when one fails. Distances are told, not judged.
    """
    began = time.monotonic()
    around = _surroundings(World.make(seed, *WORLDS[world]), seed)
    with bar(f"Examining {count:,} applicants") as progress:
        result = measure(count, around, lambda done: progress.show(done, count))
    facts = {
        "Sandbox": __version__,
        "Seed": str(seed),
        "Applicants": f"{count:,}, and the updates of their employment checks",
        "World": f"{world}: {len(around.world.organisations)} employers, {len(around.world.positions):,} positions, "
        f"{len(around.world.employees):,} employees, on {around.world.today}",
        "Took": f"{time.monotonic() - began:.0f} s",
    }
    report = _report(result, facts)
    paths = write_realism(report, folder)
    if as_json:
        click.echo(report.to_json())
    else:
        _print(report, paths)
    return HELD if result.holds else FAILED


def _surroundings(world: World, seed: int) -> Surroundings:
    return Surroundings(
        world=world,
        seed=seed,
        code_lists={name: current_codes(name) for name in code_lists()},
        countries=COUNTRIES,
        submission_faults=_faults("ApplicantSubmission"),
        check_faults=_faults("EmploymentCheckUpdate"),
    )


def _faults(schema: str) -> Faults:
    """Holds a document against a schema of ESR's contract."""
    document = load_contract("esr").document
    validator = compile_schema(document["components"]["schemas"][schema], document)

    def faults(value: Mapping[str, Any]) -> list[str]:
        return [error.message for error in validator.iter_errors(value)]

    return faults


def _report(result: Realism, facts: dict[str, str]) -> RealismReport:
    return RealismReport(
        diagnostics=tuple(
            DiagnosticLine(
                each.name,
                each.part,
                each.sentence,
                each.source,
                each.checked,
                each.failed,
                tuple(each.examples),
            )
            for each in result.findings
        ),
        comparisons=tuple(_comparison(each) for each in result.marginals),
        assumptions=tuple(
            AssumptionLine(each.assumption.title, each.assumption.text, dict(each.shares), each.of)
            for each in result.assumed
        ),
        facts=facts,
    )


def _comparison(marginal: Marginal) -> Comparison:
    figure = marginal.figure
    return Comparison(
        id=figure.id,
        title=figure.title,
        is_shares=figure.kind is Kind.SHARES,
        unit=figure.unit,
        basis=figure.basis,
        population=figure.population,
        date=figure.date,
        source=figure.source,
        urls=(figure.url, *figure.also),
        note=figure.note,
        values=tuple(
            ComparedValue(each.label, each.published, each.ours, each.difference, each.of)
            for each in marginal.values
        ),
        counted=marginal.seen,
        distance=marginal.distance,
        chance=marginal.chance,
        farthest=marginal.largest.label if marginal.largest else "",
    )


def _print(report: RealismReport, paths: list[Path]) -> None:
    console = Console()
    distances = Table(title="Distance from what is published")
    for heading in ("figure", "distance", "by chance", "farthest apart", "basis"):
        distances.add_column(heading)
    for each in report.comparisons:
        distance = (
            "nothing counted" if each.distance is None else f"{each.distance:.1f} {each.measure}"
        )
        distances.add_row(each.title, distance, f"{each.chance:.1f}", each.farthest, each.basis)
    console.print(distances)
    for line in report.diagnostics:
        if line.failed:
            console.print(
                f"FAIL {line.name}: {line.failed:,} of {line.checked:,}; first applicants "
                f"{', '.join(map(str, line.examples))}. {line.sentence}",
                highlight=False,
            )
    held = sum(not line.failed for line in report.diagnostics)
    console.print(
        f"{report.result.upper()}: {held} of {len(report.diagnostics)} diagnostics hold; "
        f"{len(report.comparisons)} published figures, {len(report.assumptions)} assumptions.",
        highlight=False,
    )
    for path in paths:
        console.print(str(path), highlight=False, soft_wrap=True)
