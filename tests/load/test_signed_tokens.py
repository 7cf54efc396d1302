"""A replay whose client gets its own tokens: the sending processes sign for themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from token_endpoint import Endpoint, serving

from loadtests.errors import PlanError
from loadtests.results import Master, ReplayPlan
from loadtests.runner import run_replay
from simulators.credentials import Access, client_access, own_key
from tests.load.esr_stub import TOKEN
from tests.load.replaying import A_SECOND, assert_whole

A_TOKEN = 200, {}, {"access_token": TOKEN, "expires_in": "599", "token_type": "Bearer"}


def client_of(endpoint: Endpoint) -> Access:
    return client_access("acme", own_key()[0], endpoint.url)


def test_every_process_of_a_replay_gets_tokens_with_the_key(plan: ReplayPlan) -> None:
    with serving() as endpoint:
        endpoint.first = [A_TOKEN] * 10
        result = run_replay(
            replace(plan, token=client_of(endpoint), applicants=12, factor=100 * A_SECOND)
        )

    assert_whole(result)
    # The lead's and the sender's; neither asks for one with each of its requests.
    assert 2 <= len(endpoint.asked) <= 4
    assert "PRIVATE KEY" not in plan.ledger.read_text()


def test_a_key_is_not_told_to_workers_of_other_machines(plan: ReplayPlan) -> None:
    with serving() as endpoint:
        endpoint.first = [A_TOKEN] * 10
        led = replace(plan, token=client_of(endpoint), applicants=12, master=Master("10.0.0.5", 0))

        with pytest.raises(PlanError, match="never a key"):
            run_replay(led)
