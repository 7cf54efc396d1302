"""Replays that are started from the console, and folders of replays as if they had been."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from console_walk import browsing, send

SMALL = {
    "profile": "smoke",
    "scale": "1",
    "applicants": "600",
    "seed": "5",
    "against": "own",
}
_LONGEST_SECONDS = 120


def start(client: httpx.Client, workspace: str, form: Mapping[str, str] = SMALL) -> httpx.Response:
    """Sends the form of a replay."""
    return send(client, f"/console/w/{workspace}/load", form)


def a_replay_that_ended(url: str, workspace: str) -> str:
    """The id of a small replay that was started from the console and has ended."""
    with browsing(url) as client:
        answer = start(client, workspace)
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        deadline = time.monotonic() + _LONGEST_SECONDS
        while "Stop the replay" in client.get(address).text:
            assert time.monotonic() < deadline, "the replay goes on"
            time.sleep(0.2)
    return str(address).rpartition("/")[2]


STEP: Mapping[str, Any] = {
    "event": "progress",
    "phase": "send",
    "doing": "replaying",
    "share": 0.5,
    "done": 50,
    "remaining": 50,
    "plannedPerSecond": 20.0,
    "sentPerSecond": 12.5,
    "answered": 40,
    "failed": {"refused": 1, "unanswered": 2, "cutOff": 0},
    "waiting": 7,
    "latency": {"count": 40, "p50": 11.5, "p95": 80.0, "p99": 90.5, "max": 123.4},
    "factor": 7200.0,
    "simulated": "2026-08-04T08:00:00.000Z",
}
PLAN: Mapping[str, Any] = {
    "event": "plan",
    "profile": "smoke",
    "title": "The busiest hours of a year, for one small supplier",
    "seed": 5,
    "factor": 7200.0,
    "pace": "constant",
    "limits": {"latency": {"p50Ms": 500.0, "p95Ms": 2000.0, "p99Ms": 4000.0, "maxMs": 10000.0}},
}
VERDICT: Mapping[str, Any] = {
    "event": "verdict",
    "outcome": "fail",
    "sentence": "Not so: lost (2, limit 0).",
    "findings": [{"what": "lost", "result": "fail", "measured": "2", "limit": "0"}],
    "counts": {},
    "interrupted": None,
}


def kept(
    console_folder: Path, workspace: str, made: str, events: list[Mapping[str, Any]], **more: Any
) -> Path:
    """The folder of a replay that has told these events; `more` stands in its record."""
    folder = console_folder / "runs" / f"{time.time_ns():032x}"
    (folder / "report").mkdir(parents=True)
    record = {
        "id": folder.name,
        "kind": "load",
        "workspace": workspace,
        "made": made,
        "who": "the ESR team",
        "title": "smoke, seed 5",
        "arguments": ["replay"],
        "seconds": 60.0,
        "started": "2026-11-26T10:00:00.000Z",
        "about": {"command": ["replay", "--profile", "smoke", "--seed", "5"]},
        "pid": None,
        "ended": "2026-11-26T10:00:09.000Z",
        "end": "by itself",
        "exit_code": 1,
        **more,
    }
    lines = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "events.ndjson").write_text(lines)
    (folder / "run.json").write_text(json.dumps(record))
    return folder
