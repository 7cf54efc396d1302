"""`esr-sandbox key`."""

from pathlib import Path

import click

from sandbox.cli import Stop
from sandbox.cli.output import json_option, print_json
from sandbox.conformance.evidence.keys import (
    KeyUnusable,
    fingerprint,
    key_id,
    new_key_pair,
    read_public_key,
)


@click.group("key", epilog="Example: esr-sandbox key new --out keys --name our-recruitment-system")
def command() -> None:
    """Make keys to sign evidence and certificates with, and tell what a key is called."""


@command.command(
    "new", epilog="Example: esr-sandbox key new --out keys --name our-recruitment-system"
)
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write the two halves to.",
)
@click.option("--name", default="signer", show_default=True, help="What the files are called.")
@json_option
def new(folder: Path, name: str, as_json: bool) -> None:
    """Make an Ed25519 key pair. Keep the private half; hand out the public one."""
    try:
        written = new_key_pair(folder, name)
    except KeyUnusable as problem:
        raise Stop(str(problem)) from problem
    except FileExistsError as problem:
        raise Stop(f"{problem.filename} is there already; choose another --name.") from problem
    if as_json:
        halves = {"private": written.private, "public": written.public}
        print_json({**halves, "keyid": written.id, "fingerprint": written.fingerprint})
        return
    click.echo(f"private      {written.private} (keep it to yourself)")
    click.echo(f"public       {written.public}")
    click.echo(f"keyid        {written.id}")
    click.echo(f"fingerprint  {written.fingerprint}")


@command.command(
    "show", epilog="Example: esr-sandbox key show keys/our-recruitment-system.public.pem"
)
@click.argument("key", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def show(key: Path, as_json: bool) -> None:
    """Tell the id and the fingerprint of a public key, to compare them with what its owner says."""
    try:
        held = read_public_key(key)
    except KeyUnusable as problem:
        raise Stop(str(problem)) from problem
    if as_json:
        print_json({"keyid": key_id(held), "fingerprint": fingerprint(held)})
        return
    click.echo(f"keyid        {key_id(held)}")
    click.echo(f"fingerprint  {fingerprint(held)}")
