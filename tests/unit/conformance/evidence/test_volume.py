"""The fifth suite in a pack: what it is enough for, and what it says of a bad replay."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evidence_packs import SEED, Desk
from volume_packs import judged, result_of, sealed, verified, volume_files

from loadtests.discrepancies import Difference, Discrepancy, Reconciliation
from loadtests.ledger import Entry
from loadtests.plan import WorldParameters
from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.results import Result
from sandbox.conformance.subject import Subject, SubjectUnusable
from sandbox.conformance.volume.files import (
    PROFILE,
    RECONCILIATION,
    reconciliation_file,
    unzipped_lines,
    zipped,
)
from sandbox.conformance.volume.replaying import WORLD, esr_volume
from sandbox.contracts.requirements import Requirement, load_requirements

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
