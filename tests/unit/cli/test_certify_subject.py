"""What is looked at of a supplier's own system before a run."""

from typing import Any

import httpx
import pytest

from sandbox.cli.certify_subject import _subscription
from sandbox.conformance.subject import read_subject

_SUBJECT = """\
role: recruitment-system
product: A system
name: A supplier
version: 1.0.0
build: "1"
environment: test
features: [esr]
driving: guided
addresses: {control: 'http://127.0.0.1:8080/w/acme/control/v1'}
tokens: {esr: a-token}
"""


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ([], "It has subscribed to no events."),
        (
            [{"url": "http://127.0.0.1:9/events"}],
            "1 subscriptions, first to http://127.0.0.1:9/events",
        ),
    ],
)
def test_a_system_without_a_subscription_is_told_so_and_is_not_stopped(
    listed: list[Any], told: str, tmp_path: Any
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"eventSubscriptions": listed, "more": False})

    file = tmp_path / "subject.yaml"
    file.write_text(_SUBJECT)
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        check = _subscription(read_subject(file), client)

    assert (check.ok, check.found) == (True, told)
    assert bool(check.to_do) is not bool(listed)
    assert str(asked[0].url) == "http://127.0.0.1:8080/esr/v1/event-subscriptions"
    assert asked[0].headers["Authorization"] == "Bearer a-token"
