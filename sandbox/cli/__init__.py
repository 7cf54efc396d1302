"""One command, one verb per job. Exit codes: 0 held, 1 the product failed, 2 usage or configuration, 3 inconclusive,
4 the suite itself broke.
"""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from sandbox import __version__

DEFAULT_DATABASE = ".esr-sandbox/sandbox.db"
HELD, FAILED, MISUSED, INCONCLUSIVE, BROKE = 0, 1, 2, 3, 4

# A command is imported when it is asked for: `up` must not wait for Schemathesis, Locust or Matplotlib.
_SECTIONS = {
    "Try it": {
        "up": "start the mock ESR and the mock NHS Jobs",
        "demo": "the main job on a small scale, with a verdict",
        "example-supplier": "start a small recruitment system to look at and to certify",
        "client": "let a system in that gets its tokens with a key of its own",
        "token": "get an access token with a signed JWT",
    },
    "Prove that a recruitment system works": {
        "certify": "run the certification suites and write the evidence",
        "traffic": "judge recorded traffic of a recruitment system, offline",
        "fuzz": "fuzz an implementation against its contract",
        "replay": "replay a part of a year and reconcile every message",
        "migrate-rehearsal": "rehearse the move from hourly files to the API",
        "benefits": "turn measured times into hours and pounds a year",
    },
    "Check what others have proven": {
        "verify": "verify a pack of evidence, step by step",
        "certificate": "give certificates on verified evidence, and take them back",
        "key": "make keys to sign evidence and certificates with",
    },
    "Host it for others": {
        "serve": "host the sandbox for several suppliers, in several processes",
        "backup": "copy a sandbox's database while it runs",
        "database": "bring a database of an earlier version up to date",
    },
    "Look behind it": {
        "generate": "write synthetic applicants",
        "realism": "measure how real the synthetic applicants are",
        "contracts": "check the contracts, bundle them, make a request collection",
        "requirements": "check that every requirement is shown by a case",
        "gallery": "show that the suite catches what it claims to catch",
        "completion": "complete commands and options with Tab",
    },
}
_COMMANDS = {name: told for part in _SECTIONS.values() for name, told in part.items()}
_EXAMPLES = """\b
Examples:
  esr-sandbox up
  esr-sandbox certify --reference supplier
  esr-sandbox verify reports/certify/recruitment-system.zip --trust .esr-sandbox/keys/evidence.public.pem

Results go to standard output, progress and problems to standard error. Colours and bars are for terminals only; NO_COLOR or
--no-color turns the colours off. Exit codes: 0 it held, 1 it did not, 2 usage or configuration, 3 inconclusive or stopped, 4 the
suite itself broke.
"""


class _Commands(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        # What is imported stays: the collector would look through it over and over and find nothing.
        gc.disable()
        try:
            module = importlib.import_module(f"sandbox.cli.{name.replace('-', '_')}")
        finally:
            gc.freeze()
            gc.enable()
        command: click.Command = module.command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<17}", told) for name, told in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # Click would import every command for its short help.
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        known = [name for name in _COMMANDS if name.startswith(incomplete)]
        return [CompletionItem(name, help=_COMMANDS[name]) for name in known]


def _without_colour(_context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        # What Rich looks at, and so does whatever the command starts.
        os.environ["NO_COLOR"] = "1"


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EXAMPLES,
)
@click.option(
    "--no-color",
    "--no-colour",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_without_colour,
    help="No colours, as with NO_COLOR set.",
)
@click.version_option(__version__, prog_name="esr-sandbox")
def group() -> None:
    """A mock ESR and a mock NHS Jobs, and the proof that your recruitment system works with them.

    The contracts are a model of ours; the real specification of the ESR e-Recruitment interface is not public.
    """


class Stop(Exception):
    """Ends the command with a sentence for the user and an exit code."""

    def __init__(self, sentence: str, code: int = MISUSED) -> None:
        super().__init__(sentence)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits. Whatever goes wrong is one clear sentence, never a traceback."""
    _end_in_order()
    _confine()
    code = run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not try once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _confine() -> None:
    """Holds a command that a hosted sandbox runs for a supplier to the addresses that the sandbox may send to."""
    told = os.environ.get("ESR_SANDBOX_CONFINED")
    if told is not None:
        from sandbox.confined import confine

        confine(told)


def _end_in_order() -> None:
    """Has SIGTERM and SIGHUP end the command as Ctrl-C does, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hang_up = getattr(signal, "SIGHUP", None)
    # What nohup has us ignore stays ignored. A server that runs listens for SIGTERM, and for no SIGHUP.
    if hang_up is not None and signal.getsignal(hang_up) is signal.SIG_DFL:
        signal.signal(hang_up, lambda _signal, _frame: signal.raise_signal(signal.SIGTERM))


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; answers the exit code."""
    try:
        result: Any = group.main(
            args=None if arguments is None else list(arguments),
            prog_name="esr-sandbox",
            standalone_mode=False,
        )
    except click.ClickException as problem:
        problem.show()
        return MISUSED
    except SystemExit:
        # So Click answers a closed pipe.
        return HELD
    except (click.Abort, KeyboardInterrupt):
        return _told("Stopped. Nothing that was acknowledged is lost.", INCONCLUSIVE)
    except Stop as problem:
        return _told(str(problem), problem.code)
    except Exception as problem:  # noqa: BLE001  (whatever it was, a person is told in a sentence)
        return _unexpected(problem)
    return result if isinstance(result, int) else HELD


def _unexpected(problem: Exception) -> int:
    from sandbox.contracts import ContractError
    from sandbox.database import DatabaseUnusable

    if isinstance(problem, ContractError):
        faults = "\n".join(f"  {fault}" for fault in problem.faults[:20])
        return _told(f"A contract cannot be used; mend it and start again:\n{faults}", MISUSED)
    if isinstance(problem, DatabaseUnusable):
        return _told(str(problem), MISUSED)
    if type(problem).__name__ == "CannotStart":
        return _told(str(problem), MISUSED)
    if isinstance(problem, OSError):
        where = f" {problem.filename}" if problem.filename else ""
        return _told(f"The system refused{where}: {problem.strerror or problem}.", MISUSED)
    return _told(
        f"The sandbox itself failed: {type(problem).__name__}: {problem}. Run again with "
        "ESR_SANDBOX_TRACEBACK=1 for the details, and report them.",
        BROKE,
        problem,
    )


def _told(sentence: str, code: int, problem: Exception | None = None) -> int:
    import traceback

    if problem is not None and os.environ.get("ESR_SANDBOX_TRACEBACK"):
        traceback.print_exception(problem)
    click.echo(sentence, err=True)
    return code
