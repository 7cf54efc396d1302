"""What the example supplier decides: when an answer is definite, how long it waits, what it may send."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from simulators.supplier import Policies
from simulators.supplier.answers import Answer, read_answer
from simulators.supplier.messages import AMEND, CHECK, SUBMIT, WITHDRAW, Message
from tests.unit.supplier.conftest import SETTINGS

POLICIES = Policies(replace(SETTINGS, first_wait_seconds=0.5, longest_wait_seconds=4.0))
ENABLED = {"interfaces": {"applicants": True, "employmentChecks": True, "api": True}}


def message(kind: str, **more: Any) -> Message:
    values = {
        "message_id": 1,
        "kind": kind,
        "supplier_reference": "APP-1",
        "ods_code": "X0A1B",
        "applicant_number": "90000017",
        "check_type": "dbs",
        "body": {"person": {"lastName": "Okafor"}},
        "request_id": "1",
        "if_match": None,
        "tries": 0,
        "failures": 0,
        "due_at": 0.0,
    }
    return Message(**{**values, **more})


@pytest.mark.parametrize(
    ("answer", "is_definite"),
    [
        (Answer(0), False),
        (Answer(201, {}, {}), True),
        (Answer(201), False),
        (Answer(204), True),
        (Answer(302), True),
        (Answer(400), True),
        (Answer(408), False),
        (Answer(409), True),
        (Answer(412), True),
        (Answer(422), True),
        (Answer(429), False),
        (Answer(500), False),
        (Answer(503), False),
    ],
)
def test_what_settles_a_message(answer: Answer, is_definite: bool) -> None:
    assert POLICIES.is_definite(answer) is is_definite


def test_a_wait_doubles_up_to_its_limit_and_is_never_shorter_than_was_asked() -> None:
    waits = [POLICIES.wait_seconds(failures, Answer(500)) for failures in (1, 2, 3, 4, 5, 5000)]

    assert waits == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert POLICIES.wait_seconds(1, Answer(503, {"retry-after": "30"})) == 30.0
    assert POLICIES.wait_seconds(3, Answer(429, {"retry-after": "1"})) == 2.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("2", 2.0), (" 2 ", 2.0), ("", None), ("soon", None), ("-1", None)]
)
def test_retry_after_is_read(text: str, seconds: float | None) -> None:
    assert Answer(503, {"retry-after": text}).retry_after == seconds


def test_retry_after_may_be_a_date() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=60)

    found = Answer(503, {"retry-after": format_datetime(moment, usegmt=True)}).retry_after

    assert found == pytest.approx(60, abs=2)


@pytest.mark.parametrize(
    ("response", "document"),
    [
        (httpx.Response(201, json={"a": 1}), {"a": 1}),
        (httpx.Response(201, json=[1]), None),
        (httpx.Response(201, html="<p>"), None),
        (httpx.Response(201, content=b"{", headers={"Content-Type": "application/json"}), None),
        (
            httpx.Response(
                422, content=b"{}", headers={"Content-Type": "application/problem+json"}
            ),
            {},
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_no_document(
    response: httpx.Response, document: dict[str, Any] | None
) -> None:
    assert read_answer(response).document == document


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        ({"messages": [{"messageCode": "A"}, {"messageCode": "A_NEW_ONE"}]}, ["A", "A_NEW_ONE"]),
        ({"code": "C", "confirmation": {"messages": [{"messageCode": "B"}]}}, ["B"]),
        ({"messages": [1, {"messageCode": None}, {}]}, []),
        ({"messages": None}, []),
        (None, []),
    ],
)
def test_message_codes_are_read_whatever_they_are(
    document: dict[str, Any] | None, codes: list[str]
) -> None:
    assert Answer(201, {}, document).message_codes == codes


@pytest.mark.parametrize("kind", [SUBMIT, AMEND, WITHDRAW, CHECK])
def test_no_address_tells_of_a_person(kind: str) -> None:
    assert "Okafor" not in POLICIES.path(message(kind))


def test_an_amendment_is_a_merge_patch_on_the_version_that_was_read() -> None:
    sent = message(AMEND, if_match='"3"')

    assert POLICIES.headers(sent) == {
        "NHSD-End-User-Organisation-ODS": "X0A1B",
        "X-Request-ID": "1",
        "Content-Type": "application/merge-patch+json",
        "If-Match": '"3"',
    }


@pytest.mark.parametrize(
    ("kind", "organisation", "may"),
    [
        (SUBMIT, ENABLED, True),
        (CHECK, ENABLED, True),
        (SUBMIT, None, False),
        (SUBMIT, {}, False),
        (SUBMIT, {"interfaces": {"applicants": False, "api": True}}, False),
        (CHECK, {"interfaces": {"applicants": True, "api": True}}, False),
        (WITHDRAW, {"interfaces": {"applicants": True, "api": False}}, False),
    ],
)
def test_only_what_an_employer_has_switched_on_is_sent(
    kind: str, organisation: dict[str, Any] | None, may: bool
) -> None:
    reason = POLICIES.reason_not_to_send(message(kind), organisation)

    assert (reason is None) is may


@pytest.mark.parametrize(
    ("position", "may"),
    [
        (None, True),
        ({"hiringStatus": "ACTIVE"}, True),
        ({"hiringStatus": "A_NEW_ONE"}, True),
        ({"hiringStatus": "FROZEN"}, False),
        ({"changeDeleteIndicator": "D"}, False),
        ({"effectiveFrom": "2026-07-06", "effectiveTo": "2026-07-06"}, True),
        ({"effectiveFrom": "2026-07-07"}, False),
        ({"effectiveTo": "2026-07-05"}, False),
    ],
)
def test_a_position_that_takes_nobody_is_not_offered(
    position: dict[str, Any] | None, may: bool
) -> None:
    assert (POLICIES.reason_not_to_offer(position, "2026-07-06") is None) is may


def test_a_status_that_is_new_is_open() -> None:
    assert [POLICIES.is_open(status) for status in (None, "OFFER", "A_NEW_ONE", "HIRED")] == [
        *(True, True, True),
        False,
    ]
