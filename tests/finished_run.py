"""A certification that was started from the console and has ended, for the pages that show one."""

import secrets
from dataclasses import asdict
from pathlib import Path

import httpx
from certification_run import small_run

from sandbox.console.certifying import RESULTS, Wish
from sandbox.console.runs import CERTIFY
from sandbox.console.runs_record import End, Run
from sandbox.reports.certification import write_reports


def finished_run(console: Path, url: str, workspace: str) -> str:
    """The id of a run of three cases, of which one failed, in a workspace of the sandbox whose console keeps that folder."""
    told = httpx.get(f"{url}/control/v1/workspaces/{workspace}", trust_env=False)
    name = secrets.token_hex(16)
    folder = console / "runs" / name
    folder.mkdir(parents=True, mode=0o700)
    wish = Wish(reference="esr", role="esr", suites=("behaviour",))
    run = Run(
        name,
        CERTIFY,
        workspace,
        told.raise_for_status().json()["createdAt"],
        "a supplier",
        "Mock ESR",
        (),
        60.0,
        "2026-03-02T14:05:11Z",
        about={"role": "esr", "wish": asdict(wish)},
        folder=folder,
    )
    outcome = small_run(url)
    write_reports(outcome.files, outcome.decided, folder / RESULTS, "esr")
    run.over(End.BY_ITSELF, 1)
    return name
