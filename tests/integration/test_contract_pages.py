"""The contracts as documents and as pages, beside the operations that they describe."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.contracts import load_contract
from sandbox.contracts.bundle import operations
from sandbox.server import Started

_NAMES = ("esr", "nhs-jobs", "receiver", "control")


@pytest.fixture
def client(sandbox: Started) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("name", _NAMES)
def test_document_has_every_operation_whole(client: httpx.Client, name: str) -> None:
    contract = load_contract(name)

    answer = client.get(f"{contract.base_path}/openapi.json")

    assert answer.status_code == 200
    assert {item["operationId"] for _, _, item in operations(answer.json())} == set(
        contract.operation_ids
    )
    assert '"$ref"' not in answer.text
    assert {"requestBody", "responses"} & {
        key for _, _, item in operations(answer.json()) for key in item
    }


@pytest.mark.parametrize("name", _NAMES)
def test_pages_show_the_contract(client: httpx.Client, name: str) -> None:
    base_path = load_contract(name).base_path

    answer = client.get(f"{base_path}/ui/")

    assert answer.status_code == 200
    assert f"{base_path}/openapi.json" in answer.text


def test_what_is_no_page_is_not_found(client: httpx.Client) -> None:
    for path in ("/esr/v1/openapi.txt", "/esr/v1/uitext", "/esr/v1/ui/nothing.js"):
        assert client.get(path).status_code == 404
