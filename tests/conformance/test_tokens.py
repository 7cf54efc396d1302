"""The cases about tokens, played on the references at level `platform`, where every token is got with a signed JWT."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.conformance.case import load_cases
from sandbox.conformance.judge import judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.record import Record
from sandbox.conformance.recorder import play
from sandbox.conformance.references import Reached, reference
from sandbox.conformance.results import Result
from sandbox.contracts import load_contract
from sandbox.server import Started, started
from simulators.credentials import SignedTokens, authorization
from simulators.workspaces import as_operator, new_workspace, signed_access_to


@pytest.fixture(autouse=True)
def _hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESR_SANDBOX_LEVEL", "platform")


def played(reached: Reached, name: str) -> tuple[Result, str, Record]:
    operations = Operations([load_contract(name) for name in ("esr", "control", "driver")])
    [case] = [item for item in load_cases(reached.subject.role) if item.id == name]
    record = play(case, reached.stage, operations, 1)
    result = judge(case, record, operations)
    return result.result, result.sentence, record


def shown_in(record: Record) -> set[str]:
    """What the evidence has as `Authorization`."""
    exchanges = [*record.journal, *(each for step in record.steps for each in step.exchanges)]
    return {
        value
        for each in exchanges
        for name, value in each["requestHeaders"].items()
        if name.lower() == "authorization"
    }


def test_an_esr_refuses_a_token_that_has_expired() -> None:
    with reference("esr", 1) as reached:
        result, sentence, record = played(reached, "esr.tokens.expired")

    assert result is Result.PASS, sentence
    # The evidence has that a token was sent, and never which.
    assert shown_in(record) == {"[masked]"}


def test_a_supplier_gets_another_token_and_keeps_the_one_that_it_has() -> None:
    with reference("supplier", 1) as reached:
        for name in ("another-token", "token-is-kept"):
            result, sentence, record = played(reached, f"recruitment-system.tokens.{name}")
            assert result is Result.PASS, sentence
            assert shown_in(record) == {"[masked]"}
            assert "client_assertion=" not in json.dumps(record.dump())


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Started]:
    with started("--only", "esr", "--world", "empty", folder=tmp_path) as running:
        yield running


def test_a_workspace_of_ones_own_is_made_by_the_operator_and_reached_with_a_key(
    hosted: Started,
) -> None:
    with httpx.Client(base_url=hosted.url, trust_env=False) as client:
        wanted = new_workspace("mine", hosted.operator_token)
        refused = client.post("/control/v1/workspaces", json=wanted)
        shown = as_operator(hosted.operator_token)
        made = client.post("/control/v1/workspaces", json=wanted, headers=shown).json()
        access = signed_access_to(made)

        answers = [
            client.get("/esr/v1/organisations", headers={"Authorization": authorization(access)})
            for _ in range(20)
        ]

    assert hosted.level == "platform"
    assert not hosted.token
    assert refused.status_code == 401
    assert "token" not in made
    assert isinstance(access, SignedTokens)
    # More than the five a second that the platform lets a client send.
    assert {answer.status_code for answer in answers} == {200}
