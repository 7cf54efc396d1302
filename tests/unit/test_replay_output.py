"""What `esr-sandbox replay` shows on a terminal."""

import io
from dataclasses import replace

from replays import FIRST, lost, result, with_a_capped_pace
from rich.console import Console

from loadtests.discrepancies import Reconciliation
from loadtests.results import Progress, ReplayResult
from loadtests.verdict import Finding, Outcome
from sandbox.cli.replay_output import print_replay, told


def printed(given: ReplayResult, *, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=terminal)
    print_replay(given, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_progress_says_phase_done_remaining_rate_factor_and_the_moment_reached() -> None:
    step = Progress("replaying", 1_234, 5_678, 210.4, 719.6, FIRST)

    assert (
        told(step) == "replaying\n1,234 done, 5,678 left, 210/s, factor 720, 01 Sep 08:00"
    )  # fmt: skip


def test_progress_leaves_out_what_has_no_meaning_yet() -> None:
    assert told(Progress("setting up", 3, 9, 0.0, 0.0, 0)) == "setting up\n3 done, 9 left"


def test_the_verdict_comes_with_counts_and_pace_and_what_is_assumed_comes_last() -> None:
    lines = printed(result()).splitlines()

    text = "\n".join(lines)
    for said in (
        "Replay of morning, seed 5",
        "4,321",
        "Acknowledged by kind: applicant 1, check 4,320.",
        "Set-up, counted apart: 212 vacancies, 1,234 earlier messages.",
        "Factor 10,800 throughout; 5 messages a second over 1 s; 12 s in all.",
        "Verdict: PASS",
        "5 of 5 sent",
    ):
        assert said in text
    assert lines[-1] == "Assumed: Nothing is sent on Sundays (assumed)."


def test_what_is_assumed_is_dimmed_on_a_terminal() -> None:
    assert "\x1b[2mAssumed: Nothing is sent" in printed(result(), terminal=True)


def test_a_capped_pace_shows_its_factors_and_the_cap() -> None:
    said = printed(with_a_capped_pace())

    assert "Factor 360,000 to 720,000, hour by hour; capped at 425 of 500 a second" in said


def test_twenty_of_what_is_wrong_are_named_and_the_rest_is_counted() -> None:
    found = Reconciliation(lost=[lost(number) for number in range(23)], altered=[lost(99)])

    said = printed(result(reconciliation=found))

    assert said.count("Lost: R0123456789-") == 20
    assert "Lost: 3 more; replay.json has them all." in said
    assert (
        "Altered: R0123456789-0000099 check IDENTITY number 99 request 00000099-0000-4000-8000-000000000000. ESR"
        in said
    )


def test_why_it_ended_early_is_said() -> None:
    assert "Ended early: stopped by Ctrl-C." in printed(result(interrupted="stopped by Ctrl-C"))


def test_hostile_text_neither_colours_nor_moves_the_terminal() -> None:
    hostile = "[red]\x1b[2J[/nonsense]"
    wrong = replace(lost(7), what=hostile, supplierReference=hostile)
    given = result(
        profile=hostile,
        findings=(Finding("every message sent", Outcome.FAIL, hostile, "all"),),
        reconciliation=Reconciliation(lost=[wrong]),
        interrupted=hostile,
        assumptions=(hostile,),
    )

    said = printed(given, terminal=True)

    assert "\x1b[2J" not in said
    assert said.count("[red]\\x1b[2J[/nonsense]") == 6
