"""The bench works: everything is measured in its smoke form, without peers. What the figures are is not asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulators.year import Kind, Year
from tests.bench import __main__ as bench
from tests.bench import memory
from tests.bench.document import document
from tests.bench.generating import faker_fields
from tests.bench.measuring import SEED, Bench, NoFigure, strangers
from tests.bench.naive import applicant_with_history
from tests.bench.peers import PeerMissing, Peers, versions
from tests.bench.table import Row, Target, as_markdown, as_text

_PEERS = {"Prism", "Specmatic", "Mimesis, each field"}
_NO_PEERS = Peers(None)


def _bench(tmp_path: Path, lines: list[str]) -> Bench:
    return Bench(1, 120, 4, tmp_path, _NO_PEERS, lines.append, 0.0, smoke=True)


@pytest.mark.prove
def test_everything_is_measured_and_only_peers_are_left_out() -> None:
    rows = bench.main(["--smoke", "--growth"])

    assert [(row.measure, row.failed) for row in rows if row.failed] == []
    assert all(row.ours for row in rows)
    assert {row.beside for row in rows if row.left_out} == _PEERS
    assert all(row.ratio for row in rows if row.beside and row.beside not in _PEERS)
    assert Counter(row.measure.split(",")[0] for row in rows) == {
        "submit_applicant": 3,
        "submit_applicant among 1": 1,
        "record_employment_check": 1,
        "start-up to ready": 1,
        "applicants with histories": 2,
        "memory": 1,
        "events delivered to one receiver": 1,
        "verification": 1,
    }


def test_a_measurement_that_fails_has_a_row_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Bench) -> list[Row]:
        raise NoFigure("nobody\nanswered")

    monkeypatch.setattr(bench, "MEASUREMENTS", {"a": fails, "b": lambda _: [Row("b", "s", 1.0)]})

    rows = bench.measure(["a", "b"], _bench(tmp_path, []))

    assert [row.measure for row in rows] == ["a", "b"]
    assert rows[0].verdict == "failed: NoFigure nobody answered"


@pytest.mark.parametrize(
    ("target", "ratio", "verdict"),
    [
        (Target(0.35, 0.5), 0.34, "not met"),
        (Target(0.35, 0.5), 0.35, "met, aim not met"),
        (Target(0.35, 0.5), 0.5, "met"),
        (Target(2), 1.99, "not met"),
        (Target(1, at_most=True), 1.0, "met"),
        (Target(1, at_most=True), 1.01, "not met"),
    ],
)
def test_a_ratio_is_held_against_its_target(target: Target, ratio: float, verdict: str) -> None:
    assert Row("a", "s", ratio, "theirs", 1.0, target).verdict == verdict


def test_the_document_has_the_whole_table_and_the_run(tmp_path: Path) -> None:
    rows = [
        Row("submit_applicant", "requests/s", 2_000.0, "Prism", 1_000.0, Target(2)),
        Row("memory", "MiB", 70.0, left_out="cannot | be had"),
    ]

    text = document(rows, _bench(tmp_path, []))

    assert as_markdown(rows) in text
    assert "| 2,000 | Prism | 1,000 | 2.00 | ≥ 2 | met |" in text
    assert {line.count("|") for line in as_markdown(rows).splitlines()} == {9}
    assert all(f"{name} {number}" in text for name, number in versions().items())
    assert "$" not in text
    assert "left out: cannot | be had" in as_text(rows)


def test_a_peer_that_cannot_be_installed_says_so_in_a_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    with pytest.raises(PeerMissing, match=r"^mimesis cannot be installed \(.+\)$"):
        Peers(in_the_way).mimesis()


def test_the_memory_of_a_stream_is_not_that_of_the_process_that_started_it(tmp_path: Path) -> None:
    ballast = bytearray(256 * 2**20)
    ballast[::4096] = b"x" * len(ballast[::4096])  # Touched, so that it is resident.

    found = memory.peak(_bench(tmp_path, []), 20, 20)

    assert 10 < found < 150 < len(ballast) / 2**20


def test_the_naive_generator_draws_the_fields_of_ours_as_often() -> None:
    number = 1_000
    year, draw = Year(SEED, strangers()), faker_fields()
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()

    for applicant in range(number):
        sent = [
            each for each in year.history(applicant) if each.kind in (Kind.APPLICANT, Kind.CHECK)
        ]
        ours.update(_fields([each.body for each in sent]))
        theirs.update(_fields(applicant_with_history(draw, date(2026, 4, 1))))

    often = {name for name, count in ours.items() if count > number / 20}
    assert often - set(theirs) == set()
    assert set(theirs) - set(ours) == set()
    assert theirs.total() == pytest.approx(ours.total(), rel=0.05)


def _fields(value: Any, path: str = "") -> list[str]:
    """The paths of the fields of a document, each as often as it is there."""
    if isinstance(value, Mapping):
        return [found for name, each in value.items() for found in _fields(each, f"{path}.{name}")]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [found for each in value for found in _fields(each, path)]
    return [path]
