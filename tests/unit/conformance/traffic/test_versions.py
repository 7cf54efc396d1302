"""Conditional updates: read first, build on what was read, read again when it is stale."""

import pytest
from traffic_recordings import APPLICANT, Recording, refusal

PATCH = {"startDate": "2030-04-01"}


def read(recording: Recording, version: int, at: float) -> None:
    recording.call("read_applicant", at=at, answered={"etag": f'"{version}"'})


def amend(recording: Recording, tag: str | None, at: float, status: int = 200) -> int:
    headers = {"if-match": tag} if tag else {}
    answered = {"etag": '"9"'} if status == 200 else {}
    return recording.call(
        "amend_applicant", status, at=at, body=PATCH, headers=headers, answered=answered
    )


def test_an_amendment_builds_on_what_was_read() -> None:
    recording = Recording()
    read(recording, 3, at=0)
    amend(recording, '"3"', at=1)

    assert recording.result("ESR-REQ-015") == "pass"


@pytest.mark.parametrize("tag", [None, "*", "3", 'W/"3"', '"4"', '"2"'])
def test_an_amendment_on_anything_else_is_a_failure(tag: str | None) -> None:
    recording = Recording()
    read(recording, 2, at=0)
    read(recording, 3, at=1)
    shown = amend(recording, tag, at=2, status=412)

    failed = recording.judged()["ESR-REQ-015"]

    assert (failed.result, failed.exchanges) == ("fail", (shown,))


def test_what_was_read_after_the_amendment_does_not_count() -> None:
    recording = Recording()
    amend(recording, '"3"', at=0)
    read(recording, 3, at=1)

    assert recording.result("ESR-REQ-015") == "fail"


def test_the_answer_to_an_amendment_a_list_and_an_event_give_versions_too() -> None:
    recording = Recording()
    read(recording, 3, at=0)
    amend(recording, '"3"', at=1)
    amend(recording, '"9"', at=2)
    listed = {"applicants": [{"applicantNumber": APPLICANT, "version": 10}], "more": False}
    recording.call("list_applicants", at=3, answer=listed)
    amend(recording, '"10"', at=4)
    event = {"type": "applicant.amended", "data": {"applicantNumber": APPLICANT, "version": 12}}
    recording.call("list_events", at=5, answer={"events": [event], "more": False, "next": "a"})
    amend(recording, '"12"', at=6)

    passed = recording.judged()["ESR-REQ-015"]

    assert (passed.result, passed.exercised) == ("pass", 4)


def test_after_412_the_applicant_is_read_first() -> None:
    good, bad = Recording(), Recording()
    for recording in (good, bad):
        read(recording, 3, at=0)
        amend(recording, '"3"', at=1, status=412)
    read(good, 4, at=2)
    amend(good, '"4"', at=3)
    amend(bad, '"4"', at=3)

    assert good.result("ESR-REQ-016") == "pass"
    assert bad.result("ESR-REQ-016") == "fail"


def test_a_stale_version_alone_is_no_fault() -> None:
    recording = Recording()
    read(recording, 3, at=0)
    recording.call(
        "amend_applicant",
        412,
        at=1,
        body=PATCH,
        headers={"if-match": '"3"'},
        answer=refusal("VERSION_STALE"),
    )

    results = recording.judged()

    assert results["ESR-REQ-016"].result == "inconclusive"
    assert results["ESR-REQ-015"].result == "pass"
