"""What the commands print for programs: one JSON document on standard output, and nothing beside it."""

from typing import Any

import click
import orjson

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, for scripts."
)


def print_json(document: Any) -> None:
    """Prints a JSON document; paths in it as text."""
    told = orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    click.echo(told.decode())
