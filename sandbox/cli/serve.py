"""`esr-sandbox serve`: the options of `up`, with the defaults of a sandbox that is hosted for others."""

from copy import copy
from typing import Any

import click

from sandbox.cli import up
from sandbox.settings import Level, LogFormat

_DEFAULTS = {"level": Level.PLATFORM.value, "log_format": LogFormat.JSON.value}
_HELP = {
    "host": "The address to listen on; one that is not loopback at level platform only.",
    "database": "postgresql+psycopg://user:password@host:5432/database, which several processes share; or an SQLite file, "
    "which one process has.",
}


def _parameter(of_up: click.Parameter) -> click.Parameter:
    taken = copy(of_up)
    name = taken.name or ""
    if name in _DEFAULTS:
        taken.default = _DEFAULTS[name]
    if isinstance(taken, click.Option) and name in _HELP:
        taken.help = _HELP[name]
    return taken


def _serve(processes: int, **options: Any) -> None:
    up.start(processes, **options)


command = click.Command(
    "serve",
    callback=_serve,
    params=[
        *map(_parameter, up.command.params),
        click.Option(
            ["--processes"],
            envvar="ESR_SANDBOX_PROCESSES",
            type=click.IntRange(1, 64),
            default=1,
            show_default=True,
            help="How many processes serve; more than one need a database on a PostgreSQL server.",
        ),
    ],
    help="Host the sandbox for several suppliers. Everything that the platform asks of a client is asked here, and the "
    "control API asks for a token too. One process that dies is replaced; SIGTERM ends all in order.",
    epilog="Example: esr-sandbox serve --database postgresql+psycopg://sandbox@db/sandbox --processes 4",
)
