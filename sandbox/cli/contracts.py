"""`esr-sandbox contracts`."""

from pathlib import Path

import click
import orjson

from sandbox.cli import DEFAULT_DATABASE, FAILED, HELD
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar
from sandbox.contracts import load_contract, stale_bundles, write_bundles
from sandbox.contracts.collection import CONTRACTS, postman_collection, postman_environment
from sandbox.contracts.requirements import load_requirements
from sandbox.identity.kept import write_private


@click.group("contracts", epilog="Example: esr-sandbox contracts check")
def command() -> None:
    """Check the contracts, write their bundles, and make a request collection of them."""


@command.command(epilog="Example: esr-sandbox contracts check")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="The folder `openapi`."
)
@json_option
def check(folder: Path | None, as_json: bool) -> int:
    """Judge every contract and the requirements, and say which bundle is not what its sources make."""
    requirements = load_requirements(folder / "requirements" if folder else None)
    with bar("Judging every contract", is_told=False):
        stale = stale_bundles(folder)
    for path in stale:
        click.echo(f"{path} is out of date; run: esr-sandbox contracts bundle", err=True)
    if as_json:
        print_json({"stale": stale, "requirements": len(requirements)})
    elif not stale:
        click.echo(
            f"Every contract validates and every bundle is current; {len(requirements)} requirements are well formed."
        )
    return FAILED if stale else HELD


@command.command(epilog="Example: esr-sandbox contracts bundle")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="The folder `openapi`."
)
@json_option
def bundle(folder: Path | None, as_json: bool) -> None:
    """Judge every contract and write its bundle."""
    with bar("Bundling every contract", is_told=False):
        written = write_bundles(folder)
    if as_json:
        print_json({"written": written})
        return
    for path in written:
        click.echo(path)


@command.command(
    epilog="Examples: esr-sandbox contracts collection · "
    "esr-sandbox contracts collection --url https://sandbox.example --workspace acme --token … --out acme"
)
@click.option(
    "--format",
    "_file_format",
    type=click.Choice(["postman"]),
    default="postman",
    show_default=True,
    help="Postman's format 2.1, which Insomnia, Bruno and Hoppscotch import too.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("collection"),
    show_default=True,
    help="The folder to write the collection and its environment to.",
)
@click.option(
    "--url", default="http://127.0.0.1:8080", show_default=True, help="The running sandbox."
)
@click.option("--workspace", default="default", show_default=True, help="Which of its workspaces.")
@click.option(
    "--token",
    envvar="ESR_SANDBOX_TOKEN",
    help="The bearer token; the one that `up` keeps here when left out.",
)
@click.option(
    "--operator-token",
    envvar="ESR_SANDBOX_OPERATOR_TOKEN",
    help="The operator's token, where the sandbox runs at level platform.",
)
@json_option
def collection(
    _file_format: str,
    folder: Path,
    url: str,
    workspace: str,
    token: str | None,
    operator_token: str | None,
    as_json: bool,
) -> None:
    """Make a request collection of the contracts, and an environment with addresses and token, to import into Postman.

    It begins with a story from a vacancy to a hire, to be sent in order; then comes every operation with an example.
    """
    documents = {name: load_contract(name).document for name in CONTRACTS}
    made = postman_collection(documents, asks_operator=operator_token is not None)
    environment = postman_environment(url, token or _kept_token(), operator_token, workspace)
    folder.mkdir(parents=True, exist_ok=True)
    requests = folder / "esr-sandbox.postman_collection.json"
    settings = folder / "esr-sandbox.postman_environment.json"
    requests.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    # It holds tokens.
    write_private(settings, orjson.dumps(environment, option=orjson.OPT_INDENT_2))
    if as_json:
        print_json({"collection": requests, "environment": settings})
        return
    if not (token or _kept_token()):
        click.echo("There is no token here; write yours into the environment.", err=True)
    click.echo(f"{requests}\n{settings}")


def _kept_token() -> str:
    kept = Path(f"{DEFAULT_DATABASE}.token")
    return kept.read_text(encoding="ascii").strip() if kept.is_file() else ""
