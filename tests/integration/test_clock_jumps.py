"""A machine whose clock jumps: worlds go on in their order, nothing is lost, and what waited goes on in the end."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from harness import Workspace
from receiving import Receiver, change_position, in_turn, subscribe

from sandbox.server import started
from simulators.world import World

_JUMPING = """
import os, sandbox.clock
from datetime import timedelta

real = sandbox.clock.wall_now

def wall_now():
    with open(os.environ["TEST_CLOCK"]) as file:
        return real() + timedelta(seconds=float(file.read()))

sandbox.clock.wall_now = wall_now
"""
"""Is read by Python before anything of the sandbox is: the process then has the clock that a file tells."""


class Machine:
    """A machine whose wall clock a test sets."""

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "clock"
        self.jump(timedelta())

    def jump(self, to: timedelta) -> None:
        """Has the clock show the real time and so much more."""
        growing = self._offset.with_suffix(".part")
        growing.write_text(str(to.total_seconds()))
        growing.replace(self._offset)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    code = tmp_path / "code"
    code.mkdir()
    (code / "sitecustomize.py").write_text(_JUMPING)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(code), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("TEST_CLOCK", str(tmp_path / "clock"))
    return Machine(tmp_path)


@pytest.fixture
def workspace(machine: Machine, tmp_path: Path) -> Iterator[Workspace]:
    database = str(tmp_path / "sandbox.db")
    with started("--world", "small", folder=tmp_path, database=database) as running:
        yield Workspace("default", running.url, running.token, World.make(1, 1, 60))


def now(workspace: Workspace) -> datetime:
    return datetime.fromisoformat(workspace.control.get("/clock").json()["now"])


def test_a_real_clock_follows_the_machines_and_the_feed_keeps_its_order(
    machine: Machine, workspace: Workspace, receiver: Receiver
) -> None:
    subscribe(workspace, receiver.url)
    numbers = []
    begin = now(workspace)

    for days in (0, 40, -40, 0):
        machine.jump(timedelta(days=days))
        numbers.append(workspace.submit())
        change_position(workspace)
        workspace.settle()
        assert abs(now(workspace) - begin - timedelta(days=days)) < timedelta(hours=1)

    held, _ = workspace.walk("/applicants", limit=100)
    assert [item["applicantNumber"] for item in held] == numbers
    events, _ = workspace.walk("/events", limit=100)
    sequences = [event["sequence"] for event in events]
    assert sequences == sorted(set(sequences))
    assert [event["sequence"] for event in receiver.accepted] == sequences


@pytest.mark.prove
def test_what_waits_for_its_moment_comes_when_the_clock_is_right_again(
    machine: Machine, workspace: Workspace, receiver: Receiver
) -> None:
    receiver.answer = in_turn(503)
    subscribe(workspace, receiver.url)
    change_position(workspace)
    receiver.wait_for(lambda: len(receiver.deliveries) == 1)

    machine.jump(timedelta(hours=-3))
    workspace.settle()  # By this clock nothing is due.
    assert len(receiver.deliveries) == 1
    machine.jump(timedelta(minutes=1))

    receiver.wait_for(lambda: len(receiver.accepted) == 1)
    assert receiver.events[0] == receiver.events[1]


@pytest.mark.prove
def test_a_running_clock_follows_the_machines_and_stands_no_earlier_than_where_it_was_set(
    machine: Machine, workspace: Workspace
) -> None:
    workspace.freeze("2030-01-01T09:00:00.000Z")
    workspace.control.put("/clock", json={"mode": "RUNNING", "factor": 60}).raise_for_status()
    begin = datetime.fromisoformat("2030-01-01T09:00:00+00:00")
    machine.jump(timedelta(hours=1))
    ahead = now(workspace)

    machine.jump(timedelta(hours=-1))
    behind = now(workspace)
    machine.jump(timedelta(hours=2))

    assert behind == begin < ahead
    assert workspace.submit()
    assert now(workspace) > ahead
