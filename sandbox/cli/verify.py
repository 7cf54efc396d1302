"""`esr-sandbox verify`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox.cli import FAILED, HELD, Stop
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar
from sandbox.conformance.certificates.register import Register, RegisterUnusable
from sandbox.conformance.evidence.keys import KeyUnusable, key_name, read_public_key
from sandbox.conformance.evidence.known import NOT_LOOKED_UP
from sandbox.conformance.evidence.manifest import LIMITS, Level
from sandbox.conformance.evidence.recomputation import recompute
from sandbox.conformance.evidence.signers import OWN_WORD, TrustedKey
from sandbox.conformance.evidence.verify import OK, REFUSED, Verification, verify_pack
from sandbox.contracts.requirements import load_requirements

_KEY = click.Path(path_type=Path, dir_okay=False)
_COLOURS = {OK: "green", REFUSED: "bold red"}


def trust_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name the keys which count."""
    for option in (
        click.option(
            "--trust-witness",
            type=_KEY,
            multiple=True,
            help="The public key of a witness, whose signature may say that the run was witnessed.",
        ),
        click.option(
            "--trust-host",
            type=_KEY,
            multiple=True,
            help="The public key of the ESR team's server, whose signature may say that the run was hosted.",
        ),
        click.option(
            "--trust",
            type=_KEY,
            multiple=True,
            help="The supplier's public key, as you had it from the supplier and not from the pack.",
        ),
    ):
        command = option(command)
    return command


def trusted_keys(
    trust: Iterable[Path], trust_host: Iterable[Path], trust_witness: Iterable[Path]
) -> list[TrustedKey]:
    """The keys that the options name. Raises Stop where there is none, or one is none."""
    named = [
        *((path, OWN_WORD) for path in trust),
        *((path, OWN_WORD | {Level.HOSTED}) for path in trust_host),
        *((path, frozenset({Level.WITNESSED})) for path in trust_witness),
    ]
    if not named:
        raise Stop("Name a key that you trust with --trust: a pack cannot vouch for itself.")
    try:
        return [TrustedKey(read_public_key(path), key_name(path), levels) for path, levels in named]
    except KeyUnusable as problem:
        raise Stop(str(problem)) from problem


@click.command(
    "verify", epilog="Example: esr-sandbox verify pack.zip --trust keys/supplier.public.pem"
)
@click.argument("pack", type=click.Path(path_type=Path))
@trust_options
@click.option("--nonce", help="The challenge that you gave; the run must have been made for it.")
@click.option(
    "--register",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A register, to look up revocations in.",
)
@json_option
def command(
    pack: Path,
    trust: tuple[Path, ...],
    trust_host: tuple[Path, ...],
    trust_witness: tuple[Path, ...],
    nonce: str | None,
    folder: Path | None,
    as_json: bool,
) -> int:
    """Verify a pack of evidence offline, step by step: who signed it, that it is whole, and its verdicts, computed anew."""
    keys = trusted_keys(trust, trust_host, trust_witness)
    if not pack.is_file():
        raise Stop(f"There is no pack {pack}.")
    try:
        revocations = NOT_LOOKED_UP if folder is None else Register(folder).revocations()
    except RegisterUnusable as problem:
        raise Stop(str(problem)) from problem
    with bar(f"Computing the verdicts of {pack.name} anew", is_told=False):
        found = verify_pack(
            pack, keys, recompute, load_requirements(), revocations=revocations, nonce=nonce
        )
    if as_json:
        print_json(found.to_dict())
    else:
        print_verification(found, Console())
    return HELD if found.accepted else FAILED


def print_verification(found: Verification, console: Console) -> None:
    """The steps as a table, and what they come to."""
    table = Table(title="Verification, step by step")
    for heading, wraps in (("step", True), ("", True), ("what was found", False)):
        table.add_column(heading, no_wrap=wraps)
    for step in found.steps:
        colour = _COLOURS.get(step.state, "dim")
        code = f"\n{step.code}" if step.code else ""
        table.add_row(
            escape(step.name), f"[{colour}]{step.state}[/]", escape(f"{step.sentence}{code}")
        )
    console.print(table, highlight=False)

    def say(sentence: str) -> None:
        console.print(escape(sentence), highlight=False, soft_wrap=True)

    if not found.accepted:
        say(f"Refused: {found.code}. {found.sentence}")
        return
    subject = found.manifest["subject"]
    say(
        f"Accepted: {subject['product']} {subject['version']}, build {subject['build']}, as {subject['role']}; "
        f"overall {found.results['overall']}; for a certificate: {found.eligibility.kind}."
    )
    for reason in found.eligibility.reasons[:10]:
        say(f"  {reason}")
    if found.level is not None:
        say(f"Level {found.level}. {LIMITS[found.level]}")
