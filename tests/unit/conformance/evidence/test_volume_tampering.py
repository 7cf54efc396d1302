"""What the fifth suite of a pack cannot be made to say: each way of tampering is refused for its own reason."""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from evidence_packs import SEED, Desk
from volume_packs import (
    Files,
    judged,
    lines_of,
    result_of,
    sealed,
    verified,
    volume_files,
    with_lines,
)

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.ledger import Entry
from sandbox.conformance.evidence.eligibility import Kind
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.results import Result
from sandbox.conformance.volume.files import (
    LEDGER,
    PLAN,
    PROFILE,
    RECONCILIATION,
    unzipped_lines,
)


def cut_bytes(files: Files) -> Files:
    return {**files, LEDGER: files[LEDGER][:-2000]}


def cut_line(files: Files) -> Files:
    return {**files, LEDGER: gzip.compress(gzip.decompress(files[LEDGER])[:-30], mtime=0)}


def cut_whole_lines(files: Files) -> Files:
    return with_lines(files, lines_of(files)[:-40])


def no_gzip(files: Files) -> Files:
    return {**files, LEDGER: b"not a gzip at all"}


def more_behind(files: Files) -> Files:
    return {**files, LEDGER: files[LEDGER] + gzip.compress(b"{}\n")}


def damaged_line(files: Files) -> Files:
    return with_lines(files, [*lines_of(files), {"n": "one"}])


def set_up_that_is_none(files: Files) -> Files:
    return with_lines(files, [line for line in lines_of(files) if "vacancy" not in line])


def other_seed(files: Files) -> Files:
    return {**files, LEDGER: volume_files(SEED + 1)[LEDGER]}


def other_profile(files: Files) -> Files:
    header, *rest = lines_of(files)
    return with_lines(files, [{**header, "profile": "smoke"}, *rest])


def edited(**changes: Any) -> Callable[[Files], Files]:
    """One message's line, from the middle of the window, is changed; a number is added to what stands there."""

    def edit(files: Files) -> Files:
        lines = lines_of(files)
        line = lines[-50]
        for name, change in changes.items():
            is_number = isinstance(change, float)
            line[name] = line.get(name, 0.0) + change if is_number else change
        return with_lines(files, lines)

    return edit


def other_pace(files: Files) -> Files:
    lines = lines_of(files)
    stretch = next(line["stretch"] for line in lines if "stretch" in line)
    stretch["legs"][0]["seconds"] *= 2
    return with_lines(files, lines)


def without_pace(files: Files) -> Files:
    return with_lines(files, [line for line in lines_of(files) if "stretch" not in line])


def lateness_hidden(files: Files) -> Files:
    """The driver sent two seconds late and does not say so."""
    return edited(sent=2.0, last=2.0, answered=2.0)(files)


def planned(**changes: Any) -> Callable[[Files], Files]:
    def edit(files: Files) -> Files:
        return {**files, PLAN: orjson.dumps({**orjson.loads(files[PLAN]), **changes})}

    return edit


def read_back(**changes: Any) -> Callable[[Files], Files]:
    def edit(files: Files) -> Files:
        told = orjson.loads(files[RECONCILIATION])
        told["found"] |= changes
        return {**files, RECONCILIATION: orjson.dumps(told)}

    return edit


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {key: value for key, value in files.items() if key != name}


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (cut_bytes, Code.LEDGER_CUT),
        (cut_line, Code.LEDGER_CUT),
        (cut_whole_lines, Code.LEDGER_CUT),
        (no_gzip, Code.LEDGER_MALFORMED),
        (more_behind, Code.LEDGER_MALFORMED),
        (damaged_line, Code.LEDGER_MALFORMED),
        (set_up_that_is_none, Code.LEDGER_MALFORMED),
        (other_seed, Code.LEDGER_FOREIGN),
        (other_profile, Code.LEDGER_FOREIGN),
        (edited(digest="0" * 64), Code.LEDGER_EDITED),
        (edited(kind="withdrawal"), Code.LEDGER_EDITED),
        (edited(n=64 * 3000 + 63), Code.LEDGER_EDITED),
        (edited(due=0.01), Code.LEDGER_EDITED),
        (edited(due=-0.01), Code.LEDGER_EDITED),
        (edited(answered=-0.03), Code.LEDGER_EDITED),
        (edited(attempts=0), Code.LEDGER_EDITED),
        (lateness_hidden, Code.LEDGER_EDITED),
        (edited(due=0.5, sent=0.5, last=0.5, answered=0.5), Code.LEDGER_EDITED),
        (other_pace, Code.LEDGER_EDITED),
        (without_pace, Code.LEDGER_EDITED),
        (edited(status=404), Code.LEDGER_CUT),
        (planned(planned={"messages": 1, "byKind": {}, "caughtUp": 0}), Code.PLAN_DIFFERS),
        (planned(applicants=250_000), Code.PLAN_DIFFERS),
        (planned(clock="wall"), Code.PLAN_DIFFERS),
        (planned(seed=SEED + 1), Code.RECORD_FOREIGN),
        (planned(senders=0), Code.VOLUME_MALFORMED),
        (planned(scope=None), Code.VOLUME_MALFORMED),
        (planned(more=1), Code.VOLUME_MALFORMED),
        (read_back(confirmed=3), Code.RECONCILIATION_DIFFERS),
        (read_back(acknowledged=3, confirmed=3), Code.RECONCILIATION_DIFFERS),
        (read_back(lost={"numbers": "none", "shown": []}), Code.VOLUME_MALFORMED),
        (without(RECONCILIATION), Code.VOLUME_MALFORMED),
        (without(PROFILE), Code.VOLUME_MALFORMED),
        (without(LEDGER), Code.VERDICT_DIFFERS),
        (without(PLAN), Code.VERDICT_DIFFERS),
    ],
)
def test_a_replay_that_was_tampered_with_and_signed_again_is_refused(
    desk: Desk, tamper: Callable[[Files], Files], code: Code
) -> None:
    files = tamper(sealed(volume_files(SEED)))

    verification = verified(desk, files)

    assert verification.code is code, verification.sentence


def test_what_was_lost_cannot_be_taken_out_of_what_was_read_back(desk: Desk) -> None:
    number = next(line["n"] for line in reversed(lines_of(volume_files(SEED))) if "n" in line)
    lost = Discrepancy("ESR does not hold it.", "check", number, "R-1")
    count = sum("n" in line or "vacancy" in line for line in lines_of(volume_files(SEED)))
    files = sealed(volume_files(SEED, found=Reconciliation(count, count - 1, lost=[lost])))
    assert judged(files).requirements["ESR-VOL-001"] is Result.FAIL

    found = verified(desk, read_back(lost={"numbers": {}, "shown": []})(files))

    assert found.code is Code.RECONCILIATION_DIFFERS


def test_a_finding_that_was_edited_is_refused(desk: Desk) -> None:
    files = sealed(volume_files(SEED))
    results = orjson.loads(files["results.json"])
    results["volume"]["findings"][-1]["measured"] = "9,999"

    found = verified(desk, {**files, "results.json": orjson.dumps(results)})

    assert found.code is Code.VERDICT_DIFFERS


def test_answers_that_were_moved_nearer_no_longer_come_to_what_was_told(desk: Desk) -> None:
    def slow(entries: list[Entry]) -> Iterable[Entry]:
        *before, last = entries
        return [*before, replace(last, answered=(last.answered or 0.0) + 20)]

    files = sealed(volume_files(SEED, alter=slow))
    assert result_of(files, "latency from intended time, max") == "fail"
    better = {**files, LEDGER: volume_files(SEED)[LEDGER]}

    found = verified(desk, better, Kind.NONE)

    assert found.code is Code.VERDICT_DIFFERS


def test_a_ledger_that_grows_beyond_bounds_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sandbox.conformance.volume.files.LARGEST_UNZIPPED", 1_000_000)
    bomb = gzip.compress(b"{}\n" * 10_000_000)

    with pytest.raises(PackRefused) as refused:
        for _ in unzipped_lines(bomb, LEDGER):
            pass

    assert refused.value.code is Code.LEDGER_MALFORMED
