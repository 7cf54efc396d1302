"""A small good contract, written as files, in which a test breaks one thing."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

OPENAPI = """\
openapi: 3.0.3
info: {title: Things, version: 1.0.0}
servers: [{url: /things/v1}]
paths:
  /things/{thingId}:
    $ref: 'paths/things.yaml#/thing'
"""
PATHS = """\
thing:
  get:
    operationId: read_thing
    x-basis: assumed
    x-source: 'ours: a test'
    parameters:
      - {name: thingId, in: path, required: true, schema: {type: string}}
    responses:
      '200':
        description: The thing.
        content:
          application/json:
            schema: {$ref: '../schemas/thing.yaml#/components/schemas/Thing'}
            examples:
              small:
                value:
                  name: pebble
                  since: '2026-01-31'
"""
SCHEMAS = """\
components:
  schemas:
    Thing:
      type: object
      required: [name]
      additionalProperties: false
      properties:
        name: {$ref: '#/components/schemas/Name'}
        since: {type: string, format: date}
    Name:
      type: string
      maxLength: 10
"""

WriteContract = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write_contract(tmp_path: Path) -> WriteContract:
    """Writes the good contract, some of its files replaced, as `esr`; answers the folder that holds it."""

    def write(changes: Mapping[str, str] = {}) -> Path:
        files = {"openapi.yaml": OPENAPI, "paths/things.yaml": PATHS, "schemas/thing.yaml": SCHEMAS}
        home = tmp_path / "openapi" / "esr" / "v1"
        for name, text in {**files, **changes}.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / "openapi"

    return write


def line_of(text: str, part: str) -> int:
    """The line (1-based) of `text` that holds `part`, which must be one only."""
    found = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    assert len(found) == 1, f"{part!r} stands on the lines {found}"
    return found[0]
