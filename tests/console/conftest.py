"""A sandbox where visitors of the console sign in, in a thread of the test's own process."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from in_process import served

from sandbox.database import Transaction
from sandbox.identity.store import insert_token, new_token
from sandbox.runtime import Runtime
from sandbox.settings import Level, Settings

OPERATOR = "the operator's token of this test"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("console-platform")
    settings = Settings(
        port=0,
        database=str(folder / "sandbox.db"),
        level=Level.PLATFORM,
        operator_token=OPERATOR,
        seed=1,
    )
    with served(settings) as runtime:
        yield runtime


@pytest.fixture(scope="session")
def supplier_of(platform: Runtime) -> Callable[[str], str]:
    """Makes a workspace, and answers a token of its client that is good for an hour."""

    def make(name: str) -> str:
        operator = {"Authorization": f"Bearer {OPERATOR}"}
        url = f"{platform.settings.public_url}/control/v1/workspaces"
        made = httpx.post(url, json={"name": name}, headers=operator, trust_env=False)
        assert made.status_code == 201, made.text
        return token_of(platform, made.json()["clientId"], name)

    return make


def token_of(runtime: Runtime, client_id: str, workspace: str) -> str:
    """A token as if it had been got from the token endpoint."""
    token, ends = new_token(), int((time.time() + 3600) * 1000)

    def add(transaction: Transaction) -> None:
        insert_token(transaction.connection, client_id, token, ends)

    runtime.database.write(add, workspace).result()
    return token
