"""Several processes that serve one database count together, whichever is asked."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import postgres
import pytest

from sandbox.server import Started, launch, stop

REQUESTS = 40


@pytest.fixture
def hosted(postgresql: postgres.Server, tmp_path: Path) -> Iterator[Started]:
    process, ready = launch(
        "--metrics",
        "--world",
        "empty",
        folder=tmp_path,
        database=postgresql.make_database(),
        processes=2,
    )
    yield ready
    stop(process)


def counted(url: str) -> int:
    """How many lists of organisations were asked for, as whichever process answers says."""
    text = httpx.get(f"{url}/metrics", trust_env=False).raise_for_status().text
    [value] = re.findall(
        r'^esr_sandbox_requests_total\{operation="list_organisations",status="2xx",system="esr"\} (\S+)',
        text,
        re.MULTILINE,
    )
    return int(float(value))


def test_what_every_process_served_is_counted(hosted: Started) -> None:
    headers = {"Authorization": f"Bearer {hosted.token}"}
    for _ in range(REQUESTS):
        # A connection of its own, so that now one process answers and now another.
        answer = httpx.get(f"{hosted.url}/esr/v1/organisations", headers=headers, trust_env=False)
        assert answer.status_code == 200

    assert {counted(hosted.url) for _ in range(10)} == {REQUESTS}
