"""The pages of Load: what may be started, what a replay has told, and which of its files are given."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from console_replays import PLAN, SMALL, STEP, VERDICT, kept, start
from console_walk import browsing, send, signed_in
from filelock import FileLock
from harness import Workspace

from loadtests.profiles import bundled_profiles
from sandbox.runtime import Runtime

TOLD = [
    PLAN,
    {**STEP, "phase": "prepare", "elapsed": 1.0, "latency": None},
    {**STEP, "elapsed": 2.0, "sentPerSecond": 30.5},
    {**STEP, "elapsed": 3.0},
]


@pytest.fixture
def folder(sandbox_database: Path) -> Path:
    """Where the running sandbox keeps its runs."""
    return sandbox_database.with_name(f"{sandbox_database.name}.console")


@pytest.fixture
def made(workspace: Workspace) -> str:
    listed = workspace.control.get("/workspaces").json()["workspaces"]
    return next(str(each["createdAt"]) for each in listed if each["name"] == workspace.name)


def look(workspace: Workspace, path: str = "") -> httpx.Response:
    address = f"{workspace.url}/console/w/{workspace.name}/load{path}"
    return httpx.get(address, timeout=30, trust_env=False, verify=False)


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_page_tells_of_every_profile_with_its_limits(workspace: Workspace) -> None:
    said = words(look(workspace).text)

    assert all(f"{name}: " in said for name in bundled_profiles())
    assert "99 in 100 within 4 s" in said
    assert "what waited is answered within 60 s of the opening" in said
    assert "25 messages a second at least" in said


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("profile", "none-such", "Choose one of the profiles."),
        ("scale", "0", "The share must be a number above 0"),
        ("applicants", "250001", "Applicants must be a whole number from 1 to 250,000"),
        ("seed", "-1", "The seed must be a whole number"),
        ("against", "elsewhere", "Choose against what to replay."),
    ],
)
def test_what_cannot_be_started_is_refused_at_its_field(
    workspace: Workspace, field: str, value: str, sentence: str
) -> None:
    with browsing(workspace.url) as client:
        answer = start(client, workspace.name, {**SMALL, field: value})

    assert answer.status_code == 400
    assert re.search(rf'<a href="#{field}">\s*{re.escape(sentence)}', answer.text)
    assert re.search(rf'id="{field}"', answer.text)
    assert "There are none yet." in answer.text


def test_a_replay_that_ended_tells_its_verdict_its_curves_and_its_limits(
    workspace: Workspace, folder: Path, made: str
) -> None:
    run = kept(folder, workspace.name, made, [*TOLD, VERDICT])

    page = look(workspace, f"/{run.name}").text

    said = words(page)
    assert "FAIL Something was lost, doubled or altered, or a limit was not kept." in said
    assert "lost FAIL 2 0" in said
    assert "1 refused, 2 without an answer, 0 cut off" in said
    assert "The most sent in a second were 30.5; at the worst 7 waited." in said
    assert "The worst 99th percentile was 90.5 ms" in said
    assert "The limit of it over the whole replay is 4,000 ms." in said
    assert "esr-sandbox replay --profile smoke --seed 5" in said
    assert "FAIL" in words(look(workspace).text)


def test_charts_are_pictures_in_which_nothing_runs(
    workspace: Workspace, folder: Path, made: str
) -> None:
    run = kept(folder, workspace.name, made, [*TOLD, VERDICT])

    for name, label in (("rate", "sent"), ("latency", "limit of the 99th percentile")):
        drawn = look(workspace, f"/{run.name}/{name}.svg")
        assert drawn.headers["content-type"] == "image/svg+xml; charset=utf-8"
        assert "script" not in drawn.headers["content-security-policy"]
        assert f">{label}</text>" in drawn.text


def test_a_replay_that_goes_on_can_be_watched_and_asked_to_end(
    workspace: Workspace, folder: Path, made: str
) -> None:
    run = kept(folder, workspace.name, made, TOLD, ended=None, end=None, exit_code=None)

    with FileLock(run / "alive.lock"), browsing(workspace.url) as client:
        address = f"/console/w/{workspace.name}/load/{run.name}"
        before = client.get(address).text
        asked = send(client, f"{address}/stop", page=address)
        after = client.get(address).text

    assert "replaying, 50%" in before
    assert "7 due and not answered yet" in words(before)
    assert "12.5 are sent; 7 wait, 3 have failed" in words(before)
    assert asked.status_code == 303
    assert (run / "stop").exists()
    assert "ends soon: it was asked to" in words(after)


def test_only_reports_are_given_and_a_report_runs_nothing(
    workspace: Workspace, folder: Path, made: str
) -> None:
    run = kept(folder, workspace.name, made, [*TOLD, VERDICT])
    report = run / "report"
    (report / "replay.html").write_text("<h1>What came of it</h1>")
    (report / ".ledger.ndjson.token").write_text("a secret")
    (report / "replay.json").symlink_to(run / "run.json")

    page = look(workspace, f"/{run.name}/files/replay.html")

    assert page.text == "<h1>What came of it</h1>"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert "script-src" not in page.headers["content-security-policy"]
    for name in (".ledger.ndjson.token", "replay.json", "..%2Frun.json", "../run.json", "ledger.ndjson"):  # fmt: skip
        assert look(workspace, f"/{run.name}/files/{name}").status_code == 404


def test_another_workspaces_replay_does_not_exist(
    make_workspace: Callable[..., Workspace], workspace: Workspace, folder: Path, made: str
) -> None:
    other = make_workspace()
    run = kept(folder, workspace.name, made, [*TOLD, VERDICT])

    assert look(workspace, f"/{run.name}").status_code == 200
    for path in ("", "/rate.svg", "/latency.svg", "/files/replay.html"):
        assert look(other, f"/{run.name}{path}").status_code == 404


def test_where_many_share_a_sandbox_a_supplier_starts_nothing_heavy(
    platform: Runtime, supplier_of: Callable[[str], str]
) -> None:
    heavy = (
        {"profile": "day"},
        {"applicants": "250000"},
        {"applicants": "", "scale": "2"},
    )
    token = supplier_of("loads")
    with signed_in(platform.settings.public_url, token) as supplier:
        answers = [start(supplier, "loads", {**SMALL, **wanted}) for wanted in heavy]
        here = start(supplier, "loads", {**SMALL, "against": "here"})

    assert [answer.status_code for answer in answers] == [403] * len(heavy)
    assert all("a replay takes processors from all of them" in each.text for each in answers)
    assert all("There are none yet." in each.text for each in answers)
    assert here.status_code == 400
    assert "Choose a sandbox of its own." in here.text
