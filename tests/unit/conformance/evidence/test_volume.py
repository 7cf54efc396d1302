"""The fifth suite in a pack: what it is enough for, what it cannot be made to say, and what it says of a bad replay."""

import gzip
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from evidence_packs import KNOWN, REQUIREMENTS, SEED, SUBJECT, TODAY, Desk, recompute, run_files
from volume_packs import lines_of, volume_files, with_lines

from loadtests.discrepancies import Difference, Discrepancy, Reconciliation
from loadtests.ledger import Entry
from loadtests.plan import WorldParameters
from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.evidence.verify import Verification, verify_pack
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.subject import Subject, SubjectUnusable
from sandbox.conformance.volume.files import (
    LEDGER,
    PLAN,
    PROFILE,
    RECONCILIATION,
    reconciliation_file,
    unzipped_lines,
    zipped,
)
from sandbox.conformance.volume.judging import VolumeVerdict, judge_volume
from sandbox.conformance.volume.replaying import WORLD, esr_volume
from sandbox.contracts.requirements import Requirement, load_requirements

Files = dict[str, bytes]
Lines = list[dict[str, Any]]
ESR = {**SUBJECT, "role": "esr"}
REGISTER = (
    *(replace(item, actor="esr") for item in REQUIREMENTS),
    *(item for item in load_requirements() if item.suite == "volume"),
)
KNOWN_OF_ESR = replace(KNOWN, suites={"esr": KNOWN.suites["recruitment-system"]})


def judge(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The simple judge for the four suites, and the true one for the fifth."""
    found = recompute(files)
    if PLAN in files:
        volume = judge_volume(files)
        found["suites"]["volume"] = str(volume.result)
        found["volume"] = dict(volume.words)
        found["requirements"] |= {name: str(word) for name, word in volume.requirements.items()}
        found["overall"] = str(rolled_up([Result(found["overall"]), volume.result]))
    return found


def sealed(files: Files) -> Files:
    """The files of a whole run, with what they come to."""
    whole = {**run_files(), "subject.json": orjson.dumps(ESR), **files}
    return {**whole, "results.json": orjson.dumps(judge(whole))}


def verified(desk: Desk, files: Files, kind: Kind = Kind.GO_LIVE) -> Verification:
    """What a verifier says of these files, sealed and signed as they are."""
    path = desk.pack(
        files,
        subject=ESR,
        suites=("contract", "behaviour", "traffic", "resilience", "volume"),
        result=orjson.loads(files["results.json"])["overall"],
        eligibility=Eligibility(kind),
    )
    return verify_pack(path, [desk.trusted], judge, REGISTER, TODAY, known=KNOWN_OF_ESR)


def judged(files: Files) -> VolumeVerdict:
    return judge_volume({"subject.json": orjson.dumps(ESR), **files})


def result_of(files: Files, finding: str) -> str:
    found = {item["finding"]: item["result"] for item in judged(files).words["findings"]}
    return str(found[finding])


# ----------------------------------------------------------------------------------------------- what it is enough for


def test_a_replay_of_the_busiest_day_that_passed_is_enough_for_going_live(desk: Desk) -> None:
    verification = verified(desk, sealed(volume_files(SEED)))

    assert verification.sentence == ""
    assert verification.eligibility == Eligibility(Kind.GO_LIVE)


def test_a_run_without_a_replay_stays_functional(desk: Desk) -> None:
    assert verified(desk, sealed({}), Kind.FUNCTIONAL).eligibility == Eligibility(Kind.FUNCTIONAL)


def test_a_profile_that_does_not_judge_the_busiest_hours_is_not_enough_for_going_live(
    desk: Desk,
) -> None:
    files = sealed(volume_files(SEED, "smoke"))

    verification = verified(desk, files, Kind.FUNCTIONAL)

    assert verification.results["suites"]["volume"] == "pass"
    assert verification.eligibility.kind is Kind.FUNCTIONAL
    assert verification.eligibility.reasons == (
        "ESR-VOL-002, a MUST for going live, was not judged by this replay.",
    )


def test_limits_of_ones_own_show_no_requirement(desk: Desk) -> None:
    files = volume_files(SEED)
    files[PROFILE] = files[PROFILE].replace(b"p99_ms = 2500", b"p99_ms = 9000")

    verdict = judged(files)

    assert verdict.result is Result.PASS
    assert verdict.words["ownProfile"]
    assert verdict.requirements == {}
    assert verified(desk, sealed(files), Kind.FUNCTIONAL).eligibility.kind is Kind.FUNCTIONAL


def test_too_few_answers_for_a_percentile_conclude_nothing() -> None:
    files = volume_files(SEED, applicants=1000)

    assert result_of(files, "answers enough to judge a percentile") == "inconclusive"
    assert judged(files).requirements["ESR-VOL-002"] is Result.INCONCLUSIVE


# ------------------------------------------------------------------------------------------------- what cannot be made up


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


# ----------------------------------------------------------------------------------------------------- what it says itself


def late(entries: list[Entry]) -> Iterable[Entry]:
    """The driver could not keep pace, and says so; nothing after it waits for an answer of before."""
    for each in entries:
        by = 1.5
        yield replace(
            each,
            sent=each.due + by,
            lastSent=each.due + by,
            answered=each.due + by + 0.02,
            late=by,
        )


def refused(entries: list[Entry]) -> Iterable[Entry]:
    return [*entries[:-1], replace(entries[-1], status=422, code="REFUSED", told=None)]


def test_a_driver_that_could_not_keep_pace_concludes_nothing() -> None:
    files = volume_files(SEED, alter=late)

    assert judged(files).result is Result.INCONCLUSIVE
    assert result_of(files, "latency from intended time, p99") == "inconclusive"


def test_a_message_that_was_refused_fails_the_error_rate() -> None:
    files = volume_files(SEED, alter=refused)

    assert judged(files).result is Result.FAIL
    assert judged(files).requirements["ESR-VOL-002"] is Result.FAIL


def test_messages_that_were_never_sent_conclude_nothing() -> None:
    files = volume_files(SEED, alter=lambda entries: entries[:-5], interrupted="stopped by Ctrl-C")

    verdict = judged(files)

    assert verdict.result is Result.INCONCLUSIVE
    assert verdict.words["counts"]["neverSent"] == 5
    assert "stopped by Ctrl-C" in verdict.words["findings"][0]["measured"]


def test_a_closure_shows_how_long_recovery_takes() -> None:
    verdict = judged(volume_files(SEED, "backlog", applicants=2000))

    assert verdict.requirements["ESR-VOL-003"] is Result.PASS
    assert "ESR-VOL-002" not in verdict.requirements


def test_a_replay_that_was_not_begun_is_skipped_and_one_that_could_not_be_is_inconclusive() -> None:
    asked = esr_volume(_subject(), SEED, "peak-hour", 3).asked()
    told = {**asked, RECONCILIATION: reconciliation_file("ESR does not answer", None)}

    assert judged(asked).result is Result.SKIP
    assert judged(told).result is Result.INCONCLUSIVE
    assert judged(told).words["findings"][0]["measured"] == "ESR does not answer"


def test_what_an_esr_elsewhere_cannot_show_is_omitted_and_said(desk: Desk) -> None:
    wall = volume_files(SEED, sent_on="2026-05-01")

    assert result_of(wall, "from a change to the receiver, p95") == "omit"
    assert "ESR-VOL-004" not in judged(wall).requirements
    assert verified(desk, sealed(wall)).eligibility.kind is Kind.GO_LIVE


# ------------------------------------------------------------------------------------------------------- what is in its files


def test_the_same_ledger_makes_the_same_bytes_wherever_it_lay(tmp_path: Path) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        (tmp_path / name).write_bytes(b'{"ledger":2}\n' * 100)

    one, other = zipped(tmp_path / "a.ndjson"), zipped(tmp_path / "b.ndjson")

    assert one == other
    assert b"".join(unzipped_lines(one, "a")) == b'{"ledger":2}\n' * 100


def test_what_was_altered_is_told_by_its_place_and_not_by_its_value() -> None:
    item = Discrepancy(
        "Not as sent.",
        "applicant",
        64,
        "R-1",
        differences=(Difference("/person/lastName", "Abara", "Zeller"),),
    )

    told = reconciliation_file(None, Reconciliation(2, 1, altered=[item]))

    assert b"/person/lastName" in told
    assert b"Abara" not in told
    assert b"Zeller" not in told


def _subject(**bindings: Any) -> Subject:
    return Subject(
        "esr", "P", "N", "1", "1", "test", {"esr": "http://127.0.0.1:9/esr/v1"}, bindings=bindings
    )


def test_the_world_of_an_esr_elsewhere_is_bound_in_the_subject_file() -> None:
    told = {"seed": 3, "organisations": 2, "positionsPerOrganisation": 30}

    assert esr_volume(_subject(), 1, "smoke", None).of.world == WORLD
    assert esr_volume(_subject(world=told), 1, "smoke", None).of.world == WorldParameters(3, 2, 30)
    with pytest.raises(SubjectUnusable, match=r"bindings\.world"):
        esr_volume(_subject(world={"seed": 3}), 1, "smoke", None)


def test_every_requirement_that_a_replay_shows_is_marked_in_the_register() -> None:
    register: tuple[Requirement, ...] = load_requirements()

    assert {item.id for item in register if item.suite == "volume"} >= {
        "ESR-VOL-001",
        "ESR-VOL-002",
    }
