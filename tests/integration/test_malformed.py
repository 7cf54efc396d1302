"""Malformed requests of every kind, to every operation: no 5xx, no hang, nothing mixed up, no trouble for a client beside."""

import random
from pathlib import Path

import pytest

from tests.malformed import contents, framing
from tests.malformed.exchange import NotAnAnswer, answers_in
from tests.malformed.running import inputs, run
from tests.malformed.targets import operations

_SHARE = 600


def test_a_share_of_them(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)

    report = run(seed, _SHARE, tmp_path, stalls=False)

    print(report)
    assert report.wrong == [], report
    assert report.neighbour_wrong == [], report
    assert report.neighbour > 0
    assert (report.inputs, report.server_faults, report.hangs) == (_SHARE, 0, 0)


@pytest.mark.prove
def test_ten_thousand_of_them(tmp_path: Path) -> None:
    report = run(1, 10_000, tmp_path, warm_up=5_000)

    print(report)
    assert report.wrong == [], report
    assert report.neighbour_wrong == [], report
    assert (report.inputs, report.server_faults, report.hangs) == (15_000, 0, 0)
    assert report.growth <= 0.05, report


def test_every_operation_gets_its_share_of_every_kind() -> None:
    aims = operations("token", "one", "two")
    stream = inputs(1, aims, stalls=False)

    kinds = {next(stream).kind for _ in range(_SHARE)}

    assert len(aims) > 80
    assert len(kinds) == len(framing.KINDS) + len(contents.KINDS)


@pytest.mark.parametrize(
    "received",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP",
        b"HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\nContent-Length: 0\r\n\r\n",
        b"<html>",
    ],
)
def test_what_is_no_answer_is_seen(received: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        answers_in(received)
