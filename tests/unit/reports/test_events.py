"""The events of a run and their schema."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from certification_run import Outcome

import sandbox.conformance

SCHEMA = Path(sandbox.conformance.__file__).with_name("event-schema.json")
AT = "2026-11-26T09:00:00Z"


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        orjson.loads(SCHEMA.read_bytes()), validate_formats=True
    )


def _faults(schema: jsonschema_rs.Draft202012Validator, event: Any) -> list[str]:
    return [error.message for error in schema.iter_errors(event)]


def test_every_event_of_a_run_keeps_the_schema(
    played: Outcome, schema: jsonschema_rs.Draft202012Validator
) -> None:
    events = [orjson.loads(line) for line in played.files["events.ndjson"].splitlines()]

    assert [_faults(schema, event) for event in events if _faults(schema, event)] == []
    assert [event["event"] for event in events] == [
        "run.started",
        "suite.started",
        *["case.started", "case.finished"] * 2,
        "suite.finished",
        "run.finished",
    ]


def test_what_was_told_is_what_was_kept(played: Outcome) -> None:
    kept = [orjson.loads(line) for line in played.files["events.ndjson"].splitlines()]

    assert list(played.events) == kept


@pytest.mark.parametrize(
    "event",
    [
        {"event": "suite.started", "at": AT, "suite": "contract", "contract": "esr"},
        {"event": "suite.finished", "at": AT, "suite": "traffic", "exchanges": 0},
        {"event": "run.interrupted", "at": AT},
    ],
)
def test_events_of_longer_runs_keep_the_schema(
    schema: jsonschema_rs.Draft202012Validator, event: dict[str, Any]
) -> None:
    assert _faults(schema, event) == []


@pytest.mark.parametrize(
    "event",
    [
        {"event": "progress", "at": AT},
        {"event": "run.paused", "at": AT},
        {"event": "run.interrupted"},
        {"event": "run.interrupted", "at": "yesterday"},
        {"event": "run.interrupted", "at": AT, "by": "somebody"},
        {"event": "suite.started", "at": AT, "suite": "volumes"},
        {
            "event": "case.finished",
            "at": AT,
            "case": "esr.a.b",
            "title": "t",
            "suite": "behaviour",
            "result": "fail",
            "requirements": {},
        },
    ],
)
def test_anything_else_breaks_the_schema(
    schema: jsonschema_rs.Draft202012Validator, event: dict[str, Any]
) -> None:
    assert _faults(schema, event)
