"""Deliveries: each event acknowledged, duplicates as well, and nothing that ESR did not sign well."""

from typing import Any

import pytest
from traffic_recordings import Recording


def test_every_event_is_acknowledged() -> None:
    recording = Recording()
    recording.deliver(503, event="e1", at=0)
    recording.deliver(202, event="e1", at=5)
    recording.deliver(204, event="e2", at=6)

    passed = recording.judged()["ESR-EVT-030"]

    assert (passed.result, passed.exercised) == ("pass", 2)


def test_an_event_that_is_refused_or_never_acknowledged_is_a_failure() -> None:
    refused, never, perhaps = Recording(), Recording(), Recording()
    refused.deliver(400)
    for second in range(3):
        never.deliver(500, at=second)
    perhaps.deliver(0)

    assert refused.result("ESR-EVT-030") == "fail"
    assert never.result("ESR-EVT-030") == "fail"
    assert perhaps.result("ESR-EVT-030") == "inconclusive"


def test_a_duplicate_is_acknowledged_again() -> None:
    good, bad = Recording(), Recording()
    for recording, status in ((good, 202), (bad, 409)):
        recording.deliver(202, at=0)
        recording.deliver(status, at=1)

    assert good.result("ESR-EVT-027") == "pass"
    failed = bad.judged()["ESR-EVT-027"]
    assert (failed.result, failed.exchanges) == ("fail", (1, 2))


def test_two_events_are_no_duplicates() -> None:
    recording = Recording()
    recording.deliver(202, event="e1", at=0)
    recording.deliver(202, event="e2", at=1)

    assert recording.result("ESR-EVT-027") == "inconclusive"


@pytest.mark.parametrize(
    ("requirement", "headers", "altered"),
    [
        ("ESR-EVT-022", {"signature": ""}, {}),
        ("ESR-EVT-022", {"content-digest": ""}, {}),
        ("ESR-EVT-023", {"content-digest": "sha-256=:AAAA:"}, {}),
        ("ESR-EVT-023", {"signature-input": "sig1=();created=100;expires=400"}, {}),
        ("ESR-EVT-023", {}, {1: "UNKNOWN_KEY"}),
        ("ESR-EVT-023", {}, {1: "BAD_SIGNATURE"}),
    ],
)
def test_what_is_not_signed_well_is_refused(
    requirement: str, headers: dict[str, str], altered: dict[int, str]
) -> None:
    refused, taken, failing = Recording(), Recording(), Recording()
    for recording, status in ((refused, 401), (taken, 202), (failing, 500)):
        recording.deliver(status, headers=headers)

    assert refused.result(requirement, altered=altered) == "pass"
    assert taken.result(requirement, altered=altered) == "fail"
    assert failing.result(requirement, altered=altered) == "inconclusive"
    assert refused.result("ESR-EVT-030", altered=altered) == "inconclusive"


def test_without_an_altered_delivery_nothing_is_said_of_refusing() -> None:
    recording = Recording()
    recording.deliver(202)

    assert recording.result("ESR-EVT-022") == "inconclusive"
    assert recording.result("ESR-EVT-023") == "inconclusive"


def test_an_unknown_type_is_acknowledged() -> None:
    good, bad = Recording(), Recording()
    good.deliver(202, kind="applicant.promoted")
    bad.deliver(400, kind="applicant.promoted")

    assert good.result("ESR-EVT-029") == "pass"
    assert bad.result("ESR-EVT-029") == "fail"


def keys(recording: Recording, at: float, *names: str, status: int = 200, **more: Any) -> int:
    answer = {"keys": [{"kid": name} for name in names]} if status == 200 else None
    return recording.call("read_event_signing_keys", status, at=at, answer=answer, **more)


def test_an_unknown_key_has_the_set_read() -> None:
    good, bad = Recording(), Recording()
    for recording in (good, bad):
        keys(recording, 0, "key-1")
        recording.deliver(202, at=1)
        recording.deliver(202, event="e2", key="key-2", at=10, took=0.1)
    keys(good, 10.02, "key-1", "key-2")

    assert good.result("ESR-EVT-024") == "pass"
    assert bad.result("ESR-EVT-024") == "fail"


def test_the_set_is_not_read_too_often() -> None:
    recording = Recording()
    for second in range(3):
        recording.deliver(202, event=f"e{second}", at=second, took=0.1)
        keys(recording, second + 0.02, "key-1")

    assert recording.result("ESR-EVT-024") == "fail"


@pytest.mark.parametrize(("status", "result"), [(503, "pass"), (202, "fail"), (401, "fail")])
def test_while_the_keys_cannot_be_read_a_delivery_is_asked_for_again(
    status: int, result: str
) -> None:
    recording = Recording()
    recording.deliver(status, took=0.2)
    keys(recording, 0.05, status=500)

    assert recording.result("ESR-EVT-025") == result


def test_deliveries_to_somebody_else_are_not_judged() -> None:
    recording = Recording()
    recording.deliver(400)

    assert recording.result("ESR-EVT-030", receiver="http://127.0.0.1:9000/events") == "fail"
    assert recording.result("ESR-EVT-030", receiver="http://127.0.0.1:9001/") == "inconclusive"


def test_the_receivers_own_journal_will_do_where_the_senders_is_missing() -> None:
    recording = Recording()
    seen = {"system": "receiver", "direction": "IN", "operationId": "receive_event"}
    recording.deliver(202, path="/receiver/v1/events", **seen)

    assert recording.result("ESR-EVT-030") == "pass"


@pytest.mark.parametrize("requirement", ["ESR-EVT-026", "ESR-EVT-028", "ESR-REQ-035"])
def test_what_is_not_on_the_wire_is_for_a_person(requirement: str) -> None:
    recording = Recording()
    recording.deliver(202)

    assert recording.result(requirement) == "review"
