"""A running sandbox for a supplier's own tests: the fixtures that pytest finds by the entry point `esr_sandbox`.

    def test_an_applicant_is_hired(esr_workspace, esr_control):
        number = our_system(esr_workspace.esr_url, esr_workspace.token).submit()
        esr_control.post(f"/esr/applicants/{number}/hire")
        assert "applicant.hired" in esr_workspace.event_types()

Nothing is started, or imported beyond this file, before a test asks for one of the fixtures. Under pytest-xdist each worker has
a sandbox of its own.
"""

import os
import secrets
import warnings
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.pytest_workspace import EsrClock, EsrControl, EsrWorkspace
    from sandbox.server import Started

_LEVELS = ("open", "sandbox", "platform")
_WORLDS = ("small", "trust", "region")
_OPTIONS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("url", "", (), "Use the sandbox that runs there, instead of starting one."),
    (
        "level",
        "",
        _LEVELS,
        "What the sandbox that is started asks of callers; sandbox when left out.",
    ),
    ("seed", "1", (), "The seed of each test's world."),
    ("world", "small", _WORLDS, "Each test's world: 1, 5 or 40 employers."),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--esr-sandbox-…` to the command line, and the same as `esr_sandbox_…` to the ini file."""
    group = parser.getgroup("esr-sandbox", "a mock ESR and a mock NHS Jobs for your tests")
    for name, default, choices, told in _OPTIONS:
        one_of = f" One of {', '.join(choices)}." if choices else ""
        help_text = f"{told}{one_of}" + (f" [default: {default}]" if default else "")
        group.addoption(f"--esr-sandbox-{name}", metavar=name.upper(), help=help_text)
        parser.addini(f"esr_sandbox_{name}", help_text, default=default)


def _option(config: pytest.Config, name: str) -> str:
    """The command line's word, or the ini file's. Fails the test where it is none of the choices."""
    given = config.getoption(f"--esr-sandbox-{name}")
    value = str(given if given is not None else config.getini(f"esr_sandbox_{name}"))
    for known, default, choices, _ in _OPTIONS:
        if known == name and choices and value not in (default, *choices):
            pytest.fail(f"esr_sandbox_{name} is {value}: choose {', '.join(choices)}.", False)
    return value


@pytest.fixture(scope="session")
def esr_sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Started"]:
    """A running sandbox: `url`, `level`, `token_url`. It is stopped at the end, unless it ran already (`esr_sandbox_url`)."""
    with warnings.catch_warnings():
        # What a library of the sandbox's has to say of another is no warning about the tests.
        warnings.simplefilter("ignore")
        from sandbox.server import CannotStart, Started, is_answering, started

    url = _option(request.config, "url").rstrip("/")
    if url:
        if not is_answering(url):
            pytest.fail(f"Nothing answers at {url}/health. Start it with esr-sandbox up.", False)
        operator = os.environ.get("ESR_SANDBOX_OPERATOR_TOKEN")
        yield Started(
            url,
            token="",
            level="platform" if operator else "sandbox",
            token_url=f"{url}/oauth2/token",
            operator_token=operator,
        )
        return
    level = _option(request.config, "level") or None
    folder = tmp_path_factory.mktemp("esr-sandbox")
    with ExitStack() as stack:
        try:
            running = stack.enter_context(started("--world", "empty", folder=folder, level=level))
        except CannotStart as problem:
            why = str(problem)
        else:
            yield running
            return
    pytest.fail(f"The sandbox cannot start: {why}", False)


@pytest.fixture
def esr_workspace(
    request: pytest.FixtureRequest, esr_sandbox: "Started"
) -> Iterator["EsrWorkspace"]:
    """A workspace for this test alone, with a seeded world and a clock that stands still on the world's first day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sandbox.cli.worlds import WORLDS
        from sandbox.pytest_workspace import EsrWorkspace

    seed, world = _option(request.config, "seed"), WORLDS[_option(request.config, "world")]
    if not seed.isdecimal():
        pytest.fail(f"esr_sandbox_seed is {seed}: write a whole number.", False)
    name = f"pytest-{secrets.token_hex(8)}"
    with EsrWorkspace.make(esr_sandbox, name, int(seed), *world) as workspace:
        yield workspace
        if _option(request.config, "url"):
            workspace.remove()


@pytest.fixture
def esr_token(esr_workspace: "EsrWorkspace") -> str:
    """A bearer token of the test's workspace, for ESR and NHS Jobs; good for ten minutes at level `platform`."""
    return esr_workspace.token


@pytest.fixture
def esr_control(esr_workspace: "EsrWorkspace") -> "EsrControl":
    """The sandbox's powers over the test's workspace, by path: `.post(f"/esr/applicants/{number}/hire")`.

    What the sandbox refuses raises `Refused` with its sentence.
    """
    return esr_workspace.control


@pytest.fixture
def esr_clock(esr_workspace: "EsrWorkspace") -> "EsrClock":
    """The clock of the test's workspace: `now`, `advance`, `freeze`, `run`."""
    return esr_workspace.clock


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Adds to the report of a failed test what its workspace was asked and refused, with the rule that says so."""
    outcome = yield
    report = outcome.get_result()
    workspace = getattr(item, "funcargs", {}).get("esr_workspace")
    if workspace is None or report.when != "call" or not report.failed:
        return
    told = workspace.refusals()
    if told:
        report.sections.append(("ESR sandbox: what it refused", told))
