"""Trying again: when, how often, and that it is done at all."""

import pytest
from traffic_recordings import Recording

BODY = {"supplierReference": "A-1"}
ASKED = {"retry-after": "2"}


def tries(*moments: float, status: int = 500, end: int = 201, **more: object) -> Recording:
    """One applicant, tried at these seconds; the last try is answered `end`."""
    recording = Recording()
    for place, moment in enumerate(moments, start=1):
        is_last = place == len(moments)
        answered = {} if is_last else more
        recording.call(
            "submit_applicant",
            end if is_last else status,
            at=moment,
            message=1,
            body=BODY,
            **answered,  # type: ignore[arg-type]
        )
    return recording


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(status: int) -> None:
    waited = tries(0, 2.1, status=status, answered=ASKED)
    early = tries(0, 1.2, status=status, answered=ASKED)

    assert waited.result("ESR-REQ-030") == "pass"
    failed = early.judged()["ESR-REQ-030"]
    assert (failed.result, failed.exchanges) == ("fail", (1, 2))
    assert "a wait of 2 s" in failed.found
    assert "after 1.2 s" in failed.found


def test_retry_after_may_be_a_date() -> None:
    date = {"retry-after": "Mon, 07 Jan 2030 08:00:10 GMT"}

    assert tries(0, 10.5, status=503, answered=date).result("ESR-REQ-030") == "pass"
    assert tries(0, 5, status=503, answered=date).result("ESR-REQ-030") == "fail"


def test_a_retry_after_that_says_nothing_is_none() -> None:
    nonsense = {"retry-after": "soon"}

    assert tries(0, 0.5, status=503, answered=nonsense).result("ESR-REQ-030") == "pass"


def test_a_read_waits_as_well() -> None:
    early, waited = Recording(), Recording()
    for recording, moment in ((early, 1.0), (waited, 3.0)):
        recording.call("read_applicant", 429, answered=ASKED)
        recording.call("read_applicant", at=moment)

    assert early.result("ESR-REQ-030") == "fail"
    assert waited.result("ESR-REQ-030") == "pass"


@pytest.mark.parametrize(
    ("status", "requirement"),
    [(429, "ESR-REQ-030"), (503, "ESR-REQ-030"), (500, "ESR-REQ-032"), (0, "ESR-REQ-032")],
)
def test_a_message_is_not_given_up(status: int, requirement: str) -> None:
    recording = Recording()
    recording.call("submit_applicant", status, body=BODY, answered=ASKED)

    assert recording.result(requirement, closed=30) == "inconclusive"
    given_up = recording.judged(closed=90)[requirement]
    assert given_up.result == "fail"
    assert "never was" in given_up.found


def test_what_a_newer_state_has_overtaken_is_not_given_up() -> None:
    recording = Recording()
    recording.call("record_employment_check", 500, body={"state": "IN_PROGRESS"})
    recording.call("record_employment_check", 200, at=1, body={"state": "COMPLETE"})

    assert recording.result("ESR-REQ-032", closed=90) == "inconclusive"


@pytest.mark.parametrize("status", [500, 502, 0])
def test_after_a_failure_the_same_is_sent_under_the_same_id(status: int) -> None:
    same = tries(0, 1, status=status)
    another = Recording()
    another.call("submit_applicant", status, message=1, body=BODY)
    another.call("submit_applicant", 201, at=1, message=2, body=BODY)

    assert same.result("ESR-REQ-032") == "pass"
    assert another.result("ESR-REQ-032") == "fail"


def test_after_429_other_calls_should_wait_too() -> None:
    waiting, going_on, on_its_way = Recording(), Recording(), Recording()
    for recording, moment in ((waiting, 5.2), (going_on, 2.0), (on_its_way, 0.3)):
        recording.call("submit_applicant", 429, message=1, body=BODY, answered={"retry-after": "5"})
        recording.call("list_vacancies", at=moment)
        recording.call("submit_applicant", 201, at=6, message=1, body=BODY)

    assert waiting.result("ESR-REQ-037") == "pass"
    assert going_on.result("ESR-REQ-037") == "warn"
    assert on_its_way.result("ESR-REQ-037") == "pass"


def test_waits_grow() -> None:
    assert tries(0, 0.2, 0.6, 1.4, 3.0).result("ESR-REQ-038") == "pass"
    assert tries(0, 5.1, 10.2, 15.3).result("ESR-REQ-038") == "pass"
    assert tries(0, 0.5, 1.0, 1.5, 2.0).result("ESR-REQ-038") == "fail"


def test_two_tries_say_nothing_of_how_waits_grow() -> None:
    assert tries(0, 0.5).result("ESR-REQ-038") == "inconclusive"


def test_a_failure_is_not_hammered() -> None:
    assert tries(0, 0.012, 0.024, 0.036).result("ESR-REQ-038") == "fail"


def test_a_library_may_try_once_more_at_once() -> None:
    assert tries(0, 0.012, 0.3, 0.8, status=0).result("ESR-REQ-038") == "pass"


def test_a_wait_that_was_asked_for_is_no_back_off() -> None:
    recording = tries(0, 1.1, 2.2, 3.3, status=503, answered={"retry-after": "1"})

    assert recording.result("ESR-REQ-038") == "inconclusive"
    assert recording.result("ESR-REQ-030") == "pass"
