"""A run that is shared by a link."""

import re
import shutil
from pathlib import Path

import httpx
import pytest
from console_walk import browsing, send
from finished_run import finished_run
from harness import Workspace

from sandbox.server import Started


@pytest.fixture
def console(sandbox_database: Path) -> Path:
    return sandbox_database.with_name(f"{sandbox_database.name}.console")


def link_to(client: httpx.Client, place: str) -> str:
    """The path of a new link to a run."""
    made = send(client, f"{place}/share")
    assert made.status_code == 303, made.text
    [link] = set(re.findall(r"/console/shared/[A-Za-z0-9._-]+", client.get(f"{place}/share").text))
    return link


def test_who_has_the_link_reads_the_results_and_can_do_nothing(
    sandbox: Started, workspace: Workspace, console: Path
) -> None:
    run = finished_run(console, sandbox.url, workspace.name)
    place = f"/console/w/{workspace.name}/certify/{run}"
    with browsing(sandbox.url) as supplier, browsing(sandbox.url) as anybody:
        link = link_to(supplier, place)
        again = supplier.get(f"{place}/share").text

        page = anybody.get(link)
        # Not the last letter: some of its bits are of no byte.
        forged = anybody.get(f"{link[:-2]}{'A' if link[-2] != 'A' else 'B'}{link[-1]}")

        assert page.status_code == 200
        assert "Results of a certification" in page.text
        assert "esr.applicants.taken" in page.text
        assert "<form" not in page.text
        assert workspace.name not in re.sub(r"(?s)<header.*?</header>", "", page.text)
        assert link not in again  # it is shown once
        assert forged.status_code == 404

        other = link_to(supplier, place)
        ended = send(supplier, f"{place}/share/end", page=f"{place}/share")
        assert ended.status_code == 303
        assert {anybody.get(each).status_code for each in (link, other)} == {404}

        last = link_to(supplier, place)
        assert anybody.get(last).status_code == 200
        shutil.rmtree(console / "runs" / run)
        assert anybody.get(last).status_code == 404
