"""The gallery: a deviation is detected only by a requirement that it names, and leaves nothing behind."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.cli import FAILED, HELD, MISUSED, gallery, run
from sandbox.cli.worlds import make_world
from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.gallery.collection import deviations
from sandbox.conformance.gallery.deviation import Apply, Deviation, Kind
from sandbox.conformance.gallery.matrix import committed, drops, entry, gallery_path, hints, totals
from sandbox.conformance.gallery.page import render_page
from sandbox.conformance.gallery.patching import instead
from sandbox.conformance.gallery.proxy import EVERY, altered, answers
from sandbox.conformance.gallery.run import Tour, chosen
from sandbox.conformance.gallery.subject import running
from sandbox.conformance.gallery.trial import Table, Trial, candidates, tried
from sandbox.conformance.operations import Operations
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.scene import SandboxStage
from sandbox.contracts import load_contract
from sandbox.contracts.requirements import load_requirements
from sandbox.esr.domain import applicants
from sandbox.web.reply import Reply

ROW = "esr.submission-rules.OFFER_AFTER_START"
CASE = "esr.applicants.date-rule[start-before-offer]"


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    receiver = EventReceiver()
    operations = Operations([load_contract(name) for name in ("esr", "nhs-jobs", "control")])
    with running(make_world) as ready:
        stage = SandboxStage(ready.public_url, receiver, operator=ready.operator_token)
        yield Table(stage, operations, 1)
    receiver.close()


@pytest.fixture(scope="module")
def case() -> Case:
    [found] = [item for item in load_cases("esr") if item.id == CASE]
    return found


def made(apply: Apply, *requirements: str, **more: Any) -> Deviation:
    names = requirements or ("ESR-APP-009",)
    return Deviation(
        "esr.test.made", Kind.NAMED, "esr", "test", "It deviates", names, apply, **more
    )


def failing(_call: Any, reply: Reply) -> Reply:
    return replace(reply, status=500) if reply.status == 422 else reply


def test_a_row_that_is_switched_off_is_detected_by_its_requirement(
    table: Table, case: Case
) -> None:
    [deviation] = chosen(only=[ROW])

    trial = tried(deviation, [case], table)

    assert trial.tripped == {"ESR-APP-009": CASE}
    assert trial.alarms == []
    assert table.result(case).result == "pass"


def test_a_deviation_that_nothing_shows_survives(table: Table, case: Case) -> None:
    trial = tried(made(nullcontext), [case], table)

    assert not trial.detected
    assert (trial.played, trial.instead, trial.crashed) == (1, set(), set())


def test_another_requirement_that_fails_is_no_detection(table: Table, case: Case) -> None:
    other = made(chosen(only=[ROW])[0].apply, "ESR-APP-011")

    trial = tried(replace(other, operations=("submit_applicant",)), [case], table)

    assert not trial.detected
    assert trial.instead == {"ESR-APP-009"}


def test_a_crash_is_no_detection_unless_it_is_the_deviation(table: Table, case: Case) -> None:
    crash = made(answers(EVERY, failing))

    assert tried(crash, [case], table).crashed == {CASE}
    assert not tried(crash, [case], table).detected
    assert tried(replace(crash, fails=True), [case], table).detected


def test_a_case_that_fails_still_when_the_deviation_is_gone_is_an_alarm(
    table: Table, case: Case
) -> None:
    left_behind = chosen(only=[ROW])[0].apply()
    leaking = made(lambda: nullcontext(left_behind.__enter__()))

    try:
        trial = tried(leaking, [case], table)
    finally:
        left_behind.__exit__(None, None, None)

    assert trial.alarms == [CASE]
    assert not trial.detected


def test_whatever_breaks_inside_the_suite_is_no_detection(case: Case) -> None:
    broken: Any = SimpleNamespace(scene=lambda _case, _seed: 1 / 0)

    trial = tried(made(nullcontext), [case], Table(broken, Operations([]), 1))

    assert not trial.detected
    assert trial.crashed == {CASE}


def test_each_deviation_breaks_known_requirements_and_is_taken_back() -> None:
    register = {item.id for item in load_requirements()}
    before = (applicants.SUBMISSION_RULES, applicants.AMENDMENT_RULES)
    for item in deviations():
        assert set(item.requirements) <= register, item.id
        with item.apply():
            pass

    assert before == (applicants.SUBMISSION_RULES, applicants.AMENDMENT_RULES)


def test_a_case_that_calls_an_operation_may_notice_its_answers(case: Case) -> None:
    answer = made(
        altered("submit_applicant", dict), "ESR-CON-001", operations=("submit_applicant",)
    )

    assert candidates(answer, [case]) == [case]
    assert candidates(replace(answer, operations=("read_vacancy",)), [case]) == []
    assert candidates(replace(answer, role="nhs-jobs"), [case]) == []


def test_a_function_is_put_back_where_it_was() -> None:
    before = applicants.merged
    nothing: Callable[..., Any] = lambda _merged: lambda *_given: {}  # noqa: E731

    with instead(applicants.merged, nothing)():
        assert applicants.merged is not before

    assert applicants.merged is before


def test_slices_share_the_gallery_out_and_leave_nothing_out() -> None:
    parts = [chosen(part=f"{number}/6") for number in range(1, 7)]

    assert sorted(item.id for part in parts for item in part) == sorted(i.id for i in chosen())
    for wrong in ("0/6", "7/6", "one"):
        with pytest.raises(ValueError, match="slice"):
            chosen(part=wrong)


def test_a_detection_that_is_lost_is_a_drop() -> None:
    deviation = made(nullcontext)
    held = {deviation.id: entry(deviation, Trial(deviation.id, {"ESR-APP-009": CASE}))}
    lost = {deviation.id: entry(deviation, Trial(deviation.id))}

    assert drops(held, held) == []
    assert "not any more" in drops(held, lost)[0]
    assert "not in docs/gallery.json" in drops({}, held)[0]
    assert "out of date" in drops(lost, held)[0]
    assert hints(held) == {deviation.id: [CASE]}


def test_the_matrix_that_is_committed_has_the_whole_gallery_and_its_own_page() -> None:
    entries = committed()

    assert list(entries) == [item.id for item in chosen()]
    page = gallery_path("gallery.md").read_text(encoding="utf-8")
    assert page == render_page(entries, load_requirements())


def test_the_matrix_that_is_committed_names_cases_that_there_are() -> None:
    known = {case.id for case in load_cases()} | {"traffic"}

    assert {case for each in committed().values() for case in each["tripped"].values()} <= known


def test_the_matrix_that_is_committed_holds_what_the_suite_claims() -> None:
    numbers = totals(committed(), load_requirements())

    assert numbers.named_detected == numbers.named >= 65
    assert numbers.kill_rate >= 0.9
    assert numbers.proven_rate >= 0.8


def test_the_command_goes_through_a_part_of_the_gallery(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["gallery", "--only", ROW, "--processes", "1"]) == HELD

    assert "1 of 1 (100.0%)" in capfd.readouterr().out


def test_the_command_fails_for_a_false_alarm(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    [deviation] = chosen(only=[ROW])
    found = Tour([deviation], {ROW: Trial(ROW, {"ESR-APP-009": CASE})}, {CASE: "it failed"})
    monkeypatch.setattr(gallery, "tour", lambda *_given: found)

    assert run(["gallery", "--only", ROW]) == FAILED
    assert f"false alarm: {CASE}" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--only", "no-such-thing"], ["--slice", "7/6"], ["--only", ROW, "--write"]]
)
def test_the_command_says_what_is_wrong_with_what_it_is_asked(arguments: list[str]) -> None:
    assert run(["gallery", *arguments]) == MISUSED
