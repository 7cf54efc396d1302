"""`esr-sandbox gallery`."""

import json
import time
from typing import Any

import click
from rich.console import Console

from sandbox.cli import FAILED, HELD, Stop
from sandbox.cli.progress import bar
from sandbox.cli.worlds import make_world
from sandbox.conformance.gallery.matrix import (
    LEAST_KILLED,
    LEAST_PROVEN,
    Entry,
    committed,
    drops,
    entries_of,
    gallery_path,
    hints,
    render_json,
    totals,
    unproven,
)
from sandbox.conformance.gallery.page import render_page
from sandbox.conformance.gallery.run import ROLES, Tour, chosen, tour
from sandbox.conformance.gallery.unnoticeable import HOSTED
from sandbox.conformance.gallery.workers import Orders
from sandbox.contracts.requirements import load_requirements
from sandbox.server import own_level
from sandbox.settings import Level

_SHOWN = 40


@click.command(
    "gallery",
    epilog="Examples: esr-sandbox gallery --write · esr-sandbox gallery --slice 2/6 --check · "
    "esr-sandbox gallery --only 'esr.life-cycle.*'",
)
@click.option("--role", type=click.Choice(ROLES), help="The subjects of one role.")
@click.option(
    "--only", multiple=True, help="Deviations whose id has this text, or fits this pattern with *."
)
@click.option("--slice", "part", help="A part of the gallery, such as 2/6: the second of six.")
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="What the runs draw from.",
)
@click.option(
    "--processes",
    default=2,
    show_default=True,
    type=click.IntRange(1, 16),
    help="How many at once.",
)
@click.option("--write", is_flag=True, help="Write docs/gallery.json and docs/gallery.md.")
@click.option("--check", is_flag=True, help="Fail where it is not as docs/gallery.json has it.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(
    role: str | None,
    only: tuple[str, ...],
    part: str | None,
    seed: int,
    processes: int,
    write: bool,
    check: bool,
    as_json: bool,
) -> int:
    """Show that the suite catches what it claims: subjects with one deviation each, and whether a case notices it.

    Exit code 0: every named defect and nine in ten of the generated ones were noticed, and nothing where nothing deviates; 1: not
    so, or, with --check, worse than committed.
    """
    try:
        wanted = chosen(role, only, part)
    except ValueError as problem:
        raise Stop(str(problem)) from problem
    if own_level() == Level.PLATFORM:
        wanted = [item for item in wanted if item.id not in HOSTED]
    if not wanted:
        raise Stop("No deviation has such an id; leave --only out to see them all.")
    is_whole = not (role or only or part)
    if write and not is_whole:
        raise Stop("The whole gallery is written or nothing; leave --role, --only and --slice out.")
    before = committed()
    began = time.monotonic()
    with bar("The gallery") as progress:
        found = tour(wanted, Orders(make_world, seed), hints(before), progress.show, processes)
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    entries = entries_of(found)
    wrong = _wrong(found, entries, is_whole)
    if write:
        gallery_path().write_bytes(render_json(entries))
        page = render_page(entries, load_requirements())
        gallery_path("gallery.md").write_text(page, encoding="utf-8")
    if check:
        wrong += _stale(before, entries, is_whole)
    if as_json:
        click.echo(json.dumps(_told(found, entries, wrong)))
    else:
        _print(found, entries, wrong, is_whole)
        click.echo(f"{len(wanted)} deviations in {minutes} min {seconds} s.")
    return FAILED if wrong else HELD


def _wrong(found: Tour, entries: dict[str, Entry], is_whole: bool) -> list[str]:
    """What must not be, in sentences."""
    wrong = [f"false alarm: {case}: {why}" for case, why in found.false_alarms.items()]
    wrong += [
        f"{case} says nothing of the sound subject: {why}" for case, why in found.silent.items()
    ]
    wrong += [
        f"{name} is not detected: {each['title']}"
        for name, each in entries.items()
        if each["kind"] == "named" and not each["tripped"]
    ]
    if is_whole:
        numbers = totals(entries, load_requirements())
        if numbers.kill_rate < LEAST_KILLED:
            wrong.append(
                f"{numbers.kill_rate:.1%} of the generated deviations were detected, not 90%"
            )
        if numbers.proven_rate < LEAST_PROVEN:
            wrong.append(f"{numbers.proven_rate:.1%} of the MUST requirements are proven, not 80%")
    return wrong


def _stale(before: dict[str, Entry], entries: dict[str, Entry], is_whole: bool) -> list[str]:
    known = {item.id for item in chosen()}
    gone = [
        f"{name} is in docs/gallery.json and not in the gallery"
        for name in before
        if name not in known
    ]
    stale = gone + drops(before, entries)
    if stale or not is_whole:
        return stale
    page = render_page(entries, load_requirements())
    held = gallery_path("gallery.md")
    if not held.is_file() or held.read_text(encoding="utf-8") != page:
        return ["docs/gallery.md is out of date; run: esr-sandbox gallery --write"]
    return []


def _told(found: Tour, entries: dict[str, Entry], wrong: list[str]) -> dict[str, Any]:
    return {
        "deviations": entries,
        "falseAlarms": found.false_alarms,
        "silent": found.silent,
        "timedOut": sorted(name for name, trial in found.trials.items() if trial.timed_out),
        "wrong": wrong,
    }


def _print(found: Tour, entries: dict[str, Entry], wrong: list[str], is_whole: bool) -> None:
    console = Console()
    numbers = totals(entries, register := load_requirements())
    console.print(f"Named defects detected:     {numbers.named_detected} of {numbers.named}")
    console.print(
        f"Generated, detected:        {numbers.generated_detected} of {numbers.generated} ({numbers.kill_rate:.1%})"
    )
    if is_whole:
        console.print(
            f"MUST requirements proven:   {numbers.proven} of {numbers.shown} ({numbers.proven_rate:.1%})"
        )
    console.print(
        f"Cases on the sound subject: {found.cases}, false alarms: {len(found.false_alarms)}"
    )
    alive = [name for name, each in entries.items() if not each["tripped"]]
    for name in alive[:_SHOWN]:
        console.print(f"  survives: {name}  {entries[name]['title']}", markup=False)
    if len(alive) > _SHOWN:
        console.print(f"  and {len(alive) - _SHOWN} more; --json names them all")
    if is_whole:
        left = [item.id for item in unproven(entries, register)]
        console.print(f"Unproven: {' '.join(left) or 'none'}")
    for sentence in wrong:
        click.echo(sentence, err=True)
