"""`esr-sandbox example-supplier`."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox.cli import Stop
from sandbox.cli.targets import Identity, identity_options
from sandbox.server import silence_libraries

if TYPE_CHECKING:
    from simulators.supplier import Supplier


@click.command(
    "example-supplier",
    epilog="Example: esr-sandbox example-supplier --esr-url http://127.0.0.1:8080/esr/v1 --esr-token …",
)
@click.option("--esr-url", required=True, help="The base of the ESR contract, …/esr/v1.")
@click.option("--esr-token", "token", envvar="ESR_SANDBOX_TOKEN", help="The token for that ESR.")
@identity_options
@click.option(
    "--driver-token",
    envvar="ESR_SANDBOX_DRIVER_TOKEN",
    help="What the suite shows at the driver; one is made when left out.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The loopback address to listen on."
)
@click.option(
    "--port",
    default=0,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes a free one.",
)
@click.option(
    "--database",
    default=":memory:",
    show_default=True,
    help="An SQLite file, or :memory:.",
)
@click.option(
    "--outbound",
    "queue_url",
    metavar="QUEUE_URL",
    help="Take orders from the suite's queue too: the base of the driver contract there.",
)
@click.option(
    "--defect",
    metavar="NAME",
    help="Have one thing wrong, to see it found: new-request-ids sends a message again under another X-Request-ID. "
    "--defect list names the others.",
)
@click.option("--feed-only", is_flag=True, help="Subscribe to nothing: read the feed each second.")
@click.option(
    "--first-wait",
    default=0.2,
    show_default=True,
    type=click.FloatRange(0.01, 60),
    help="Seconds to wait after a first failure; doubled after each.",
)
@click.option(
    "--longest-wait",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.01, 3600),
    help="Seconds at which the doubling stops.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object when ready, for scripts."
)
def command(
    esr_url: str,
    driver_token: str | None,
    host: str,
    port: int,
    database: str,
    queue_url: str | None,
    defect: str | None,
    feed_only: bool,
    first_wait: float,
    longest_wait: float,
    as_json: bool,
    identity: Identity,
) -> None:
    """Start the example supplier: a small recruitment system with receiver and driver; Ctrl-C stops it."""
    from simulators.supplier import CannotStart, Office, Policies, Settings, Supplier
    from simulators.supplier.defects import DEFECTS

    silence_libraries()
    if defect is not None and defect not in DEFECTS:
        raise Stop(f"The defects are {', '.join(DEFECTS)}.")
    policies, office = DEFECTS[defect] if defect else (Policies, Office)
    if not identity.is_given:
        raise Stop(
            "The supplier needs --esr-token, or --client-id with --key-file and --token-url."
        )
    if database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        esr_url=esr_url,
        esr_token=identity.access(),
        database=database,
        host=host,
        port=port,
        queue_url=queue_url,
        subscribes=not feed_only,
        feed_seconds=1.0 if feed_only else None,
        first_wait_seconds=first_wait,
        longest_wait_seconds=longest_wait,
    )
    if driver_token:
        settings = replace(settings, driver_token=driver_token)
    supplier = Supplier(settings, policies, office)
    try:
        reached = supplier.start()
    except CannotStart as problem:
        raise Stop(str(problem)) from problem
    try:
        if not reached:
            click.echo(f"{esr_url} has not let us begin yet; we go on trying.", err=True)
        _announce(supplier, as_json)
        threading.Event().wait()
    except KeyboardInterrupt:
        if not as_json:
            click.echo("Stopped.")
    finally:
        supplier.stop()


def _announce(supplier: "Supplier", as_json: bool) -> None:
    token = supplier.settings.driver_token
    if as_json:
        told = {
            "url": supplier.url,
            "receiver": supplier.receiver_url,
            "driver": supplier.driver_url,
            "driverToken": token,
        }
        click.echo(json.dumps(told))
        return
    click.echo(f"Receiver      {supplier.receiver_url}")
    click.echo(f"Driver        {supplier.driver_url}")
    click.echo(f"Driver token  {token}")
    if supplier.settings.queue_url is not None:
        click.echo(f"Queue         {supplier.settings.queue_url}")
    click.echo("Ctrl-C stops it.")
