"""Lists: go on with the cursor that was given, and leave no page out."""

import pytest
from traffic_recordings import Recording, refusal


def page(recording: Recording, at: float, cursor: str | None, following: str, *, more: bool) -> int:
    answer = {"events": [], "next": following, "more": more}
    query = f"limit=50&cursor={cursor}" if cursor else "limit=50"
    return recording.call("list_events", at=at, query=query, answer=answer)


def test_a_list_is_followed_as_it_was_given() -> None:
    recording = Recording()
    page(recording, 0, None, "aa", more=True)
    page(recording, 1, "aa", "bb", more=False)
    page(recording, 2, "bb", "bb", more=False)

    passed = recording.judged()["ESR-REQ-028"]

    assert (passed.result, passed.exercised) == ("pass", 2)


def test_a_cursor_is_never_made_up() -> None:
    recording = Recording()
    page(recording, 0, None, "aa", more=True)
    shown = page(recording, 1, "zz", "bb", more=False)

    failed = recording.judged()["ESR-REQ-028"]

    assert (failed.result, failed.exchanges[0]) == ("fail", shown)


def test_a_cursor_of_another_list_is_made_up_for_this_one() -> None:
    recording = Recording()
    recording.call("list_vacancies", answer={"vacancies": [], "next": "aa", "more": True})
    recording.call("list_applicants", at=1, query="cursor=aa")

    assert recording.result("ESR-REQ-028") == "fail"


def test_no_page_of_a_feed_is_left_out() -> None:
    recording = Recording()
    page(recording, 0, None, "aa", more=True)
    page(recording, 1, "aa", "bb", more=True)
    page(recording, 2, None, "aa", more=True)
    page(recording, 3, "aa", "cc", more=False)

    assert recording.result("ESR-REQ-028") == "fail"


def test_of_a_list_that_is_searched_the_beginning_will_do() -> None:
    recording = Recording()
    for second in range(3):
        recording.call(
            "list_vacancies", at=second, answer={"vacancies": [], "next": "aa", "more": True}
        )

    assert recording.result("ESR-REQ-028") == "inconclusive"


@pytest.mark.parametrize(("status", "result"), [(200, "inconclusive"), (400, "fail")])
def test_a_cursor_from_before_the_recording_may_be_good(status: int, result: str) -> None:
    recording = Recording()
    answer = refusal("CONTRACT_VIOLATION") if status == 400 else None
    recording.call("list_positions", status, query="since=aa", answer=answer)

    assert recording.result("ESR-REQ-028", complete=False) == result
    assert recording.result("ESR-REQ-028") == "fail"
