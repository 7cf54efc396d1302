"""The site: it is built without a warning, and served with headers that let no script of somebody else's run."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sandbox.server import Started
from sandbox.web.documentation import Documentation

ROOT = Path(__file__).parents[2]


def served(sites: tuple[Path, ...], sources: Path) -> TestClient:
    app = Starlette(routes=Documentation(sites, sources).routes())
    app.router.redirect_slashes = False
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def built(tmp_path: Path) -> TestClient:
    site = tmp_path / "site"
    (site / "guides").mkdir(parents=True)
    (site / "index.html").write_text("<h1>Begin</h1>")
    (site / "guides" / "ci.html").write_text("<h1>CI</h1>")
    (tmp_path / "secret.html").write_text("secret")
    return served((tmp_path / "none", site), tmp_path)


def test_a_site_that_is_built_is_served(built: TestClient) -> None:
    first, inner = built.get("/docs/"), built.get("/docs/guides/ci.html")

    assert (first.status_code, first.text) == (200, "<h1>Begin</h1>")
    assert inner.text == "<h1>CI</h1>"
    assert "script-src 'self';" in inner.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in inner.headers["Content-Security-Policy"].split("style-src")[0]
    assert inner.headers["X-Content-Type-Options"] == "nosniff"


def test_docs_without_a_slash_leads_there_by_path_alone(built: TestClient) -> None:
    answer = built.get("/docs", headers={"Host": "elsewhere.example"})

    assert (answer.status_code, answer.headers["Location"]) == (308, "/docs/")


@pytest.mark.parametrize(
    "path", ["..%2fsecret.html", "guides/../../secret.html", "guides", "none.html", "%00"]
)
def test_nothing_but_files_of_the_site_is_served(built: TestClient, path: str) -> None:
    assert built.get(f"/docs/{path}").status_code == 404


def test_a_site_that_is_not_built_says_how_and_shows_its_sources(tmp_path: Path) -> None:
    (tmp_path / "hello.md").write_text("# Hello <b>")
    (tmp_path / "conf.py").write_text("x = 1")
    client = served((), tmp_path)

    first, page = client.get("/docs/"), client.get("/docs/hello.md")

    assert "make docs" in first.text
    assert 'href="/docs/hello.md"' in first.text
    assert page.text == "# Hello <b>"
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get("/docs/conf.py").status_code == 404


def test_a_running_sandbox_has_documentation(sandbox: Started) -> None:
    answer = httpx.get(f"{sandbox.url}/docs/", trust_env=False)

    assert answer.status_code == 200
    assert "<h1>" in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.prove
def test_the_site_is_built_without_a_warning_and_runs_no_inline_script(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    build = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), str(ROOT / "docs"), str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=False,
    )

    pages = {page: page.read_text("utf-8") for page in (tmp_path / "site").rglob("*.html")}

    assert (build.returncode, build.stderr) == (0, "")
    assert [
        page for page, text in pages.items() if re.search(r"<script(?![^>]*\bsrc=)", text)
    ] == []
    assert [
        page
        for page, text in pages.items()
        if re.search(r'<(script|link|img)[^>]*(src|href)="https?:', text)
    ] == []
    assert len(pages) > 40
