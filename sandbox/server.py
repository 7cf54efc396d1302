"""Runs a sandbox: in this process until it is told to stop, or as a process of its own that another command uses."""

import asyncio
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import uvicorn

from sandbox.app import contracts_of, make_app, make_runtime
from sandbox.console.keeping import with_key
from sandbox.contracts import Contract
from sandbox.database import DatabaseUnusable, forget_database, is_address
from sandbox.observability.logs import configure
from sandbox.observability.setting_up import TracesUnusable, shared_metrics
from sandbox.processes import ProcessesFailed, Supervisor
from sandbox.runtime import Runtime, SeedWorld
from sandbox.settings import LOOPBACK, Level, LogFormat, Settings
from sandbox.tls import CertificateUnusable
from sandbox.web.serving import server_of

if TYPE_CHECKING:
    from sandbox.esr.files.sftp import Sftp

logger = logging.getLogger(__name__)

_BACKLOG = 512
_READY_SECONDS = 30.0
_YOUNG = 20_000
"""How many objects are made before the garbage collector looks through them; a request makes hundreds, in no cycles."""
_STOP_SECONDS = 15.0


class CannotStart(Exception):
    """The sandbox cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Started:
    """A sandbox that is ready."""

    url: str
    token: str
    """A bearer token that is ready to use; empty at level `platform`, where tokens come from `token_url` alone."""
    sftp_port: int | None = None
    """Where the hub is served over SFTP, if it is."""
    level: str = "sandbox"
    token_url: str = ""
    operator_token: str | None = None
    """At level `platform`: what the control API asks for."""
    client_id: str | None = None
    """At level `platform`: the default workspace's ready client, and the file of its private key (PEM)."""
    key_file: Path | None = None


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Takes the port; answers the socket and the settings with the real port and address. Raises CannotStart."""
    taken = _take(settings.host, settings.port, "--port")
    port = taken.getsockname()[1]
    settings = replace(settings, port=port)
    return taken, replace(settings, public_url=settings.public_url or settings.own_url)


def listen_sftp(settings: Settings) -> tuple[socket.socket | None, Settings]:
    """Takes the port of the SFTP server, where one is wanted; answers as `listen` does. Raises CannotStart."""
    if settings.sftp_port is None:
        return None, settings
    taken = _take(settings.host, settings.sftp_port, "--sftp-port")
    return taken, replace(settings, sftp_port=taken.getsockname()[1])


def _take(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, the event loop turns Nagle's algorithm off on every connection: answers go out at once.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(_BACKLOG)
    except OSError as problem:
        taken.close()
        raise CannotStart(
            f"Port {port} on {host} cannot be used ({problem.strerror}). Stop what uses it, or name another with "
            f"{option} (0 takes a free one)."
        ) from problem
    return taken


def serve(
    settings: Settings,
    seed_world: SeedWorld,
    prepare: Callable[[Runtime], None],
    on_ready: Callable[[Settings], None],
    fresh: bool = False,
    processes: int = 1,
) -> None:
    """Runs a sandbox until SIGINT or SIGTERM; `prepare` fills its world, `on_ready` is told once it serves.

    With `fresh`, what the database held is forgotten. More than one of `processes` share a database on a PostgreSQL server;
    this process then starts them and replaces those that die. Raises CannotStart, ContractError or DatabaseUnusable, and has
    then changed nothing.
    """
    taken, settings = listen(settings)
    try:
        sftp_taken, settings = listen_sftp(settings)
    except CannotStart:
        taken.close()
        raise
    try:
        contracts = contracts_of(settings.systems, settings.mode)
        if fresh and settings.database_place is not None:
            forget_database(settings.database_place)
        with _opened(settings, seed_world) as runtime:
            prepare(runtime)
            if processes == 1:
                _serve_with(runtime, contracts, taken, sftp_taken, on_ready)
                return
            ready = with_key(runtime.settings)
        # What is made once is there; each process opens the database for itself.
        serve_one = partial(_serve_one, ready, seed_world, contracts, taken, sftp_taken)
        try:
            with shared_metrics(ready):
                drain = ready.drain_seconds
                Supervisor(processes, serve_one, lambda: on_ready(ready), drain).run()
        except ProcessesFailed as problem:
            raise CannotStart(str(problem)) from problem
    finally:
        taken.close()
        if sftp_taken is not None:
            sftp_taken.close()


@contextmanager
def _opened(settings: Settings, seed_world: SeedWorld) -> Iterator[Runtime]:
    try:
        runtime = make_runtime(settings, seed_world)
    except CertificateUnusable as problem:
        raise CannotStart(str(problem)) from problem
    try:
        yield runtime
    except TracesUnusable as problem:
        raise CannotStart(str(problem)) from problem
    finally:
        runtime.database.close()


def _serve_one(
    settings: Settings,
    seed_world: SeedWorld,
    contracts: list[Contract],
    taken: socket.socket,
    sftp_taken: socket.socket | None,
    tell: Callable[[], None],
) -> None:
    """Serves in one of several processes; `tell` is called once it is ready."""
    with _opened(settings, seed_world) as runtime:
        _serve_with(runtime, contracts, taken, sftp_taken, lambda _settings: tell())


def _serve_with(
    runtime: Runtime,
    contracts: list[Contract],
    taken: socket.socket,
    sftp_taken: socket.socket | None,
    on_ready: Callable[[Settings], None],
) -> None:
    """Serves in this process until SIGINT or SIGTERM."""
    if runtime.settings.hub is not None and sftp_taken is not None:
        runtime.sftp = _sftp(runtime.settings.hub, sftp_taken, runtime)
    server = server_of(make_app(runtime, contracts), **server_options(runtime))
    server.drain_seconds = runtime.settings.drain_seconds
    server.on_stop = runtime.stopping
    # The server ends in order on a signal and then raises it again, for whoever is above: that is we.
    with (
        suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner,
    ):
        runner.run(_run(server, taken, runtime, on_ready))


def server_options(runtime: Runtime) -> dict[str, Any]:
    """What the HTTP server is told beside its bounds: with which certificate it serves, and which proxies it believes."""
    # What the server has to say goes to our log, in our form.
    options: dict[str, Any] = {"log_config": None}
    certificate = runtime.certificate
    if certificate is not None:
        options["ssl_context_factory"] = lambda _config, _default: certificate.context
    if runtime.settings.proxies:
        options["proxy_headers"] = True
        options["forwarded_allow_ips"] = [str(each) for each in runtime.settings.proxies]
    return options


def _sftp(hub: Path, taken: socket.socket, runtime: Runtime) -> "Sftp":
    # Imported when it is asked for: no other sandbox waits for it.
    from sandbox.esr.files.sftp import HostKeyUnusable, Sftp

    try:
        return Sftp(hub, taken, runtime.database, runtime.settings)
    except HostKeyUnusable as problem:
        raise CannotStart(str(problem)) from problem


async def _run(
    server: uvicorn.Server,
    taken: socket.socket,
    runtime: Runtime,
    on_ready: Callable[[Settings], None],
) -> None:
    async def announce() -> None:
        deadline = time.monotonic() + _READY_SECONDS
        # No event is to be had of uvicorn's `started`.
        while not (server.started and runtime.is_ready) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        if not server.started:
            return
        if not runtime.is_ready:
            logger.warning(
                "NHS Jobs has not reached ESR yet and goes on trying; until then no event arrives there"
            )
        # Contracts, schemas and tables are there for good; unless they are set aside, a full collection stops every request
        # for a tenth of a second to look through them.
        gc.freeze()
        gc.set_threshold(_YOUNG, 20, 20)
        on_ready(runtime.settings)

    announcing = asyncio.create_task(announce())
    try:
        await server.serve(sockets=[taken])
    finally:
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)


@contextmanager
def started(
    *arguments: str,
    folder: Path,
    database: str = ":memory:",
    processes: int = 1,
    level: str | None = None,
) -> Iterator[Started]:
    """A sandbox in a process of its own, or in several, on a free port, stopped at the end. Its log is `folder`/sandbox.log.

    Like every command's own sandbox it has the level that the environment names, unless one is named here, and a database of its
    own on the server that the environment names. Raises CannotStart.
    """
    with own_database(database) as place:
        process, ready = launch(
            *arguments, folder=folder, database=place, processes=processes, level=level
        )
        try:
            yield ready
        finally:
            stop(process)


@contextmanager
def own_database(place: str) -> Iterator[str]:
    """Where a command's own sandbox keeps its state: `place`, or a new database where ESR_SANDBOX_DATABASE names a server.

    Raises CannotStart.
    """
    server = os.environ.get("ESR_SANDBOX_DATABASE", "")
    if is_address(place) or not is_address(server):
        yield place
        return
    # Imported when it is asked for: most sandboxes keep their state in a file.
    from sandbox.database.temporary import temporary_database

    with ExitStack() as stack:
        try:
            address = stack.enter_context(temporary_database(server))
        except DatabaseUnusable as problem:
            raise CannotStart(str(problem)) from problem
        yield address


def own_level() -> Level:
    """The level of a command's own sandbox: what ESR_SANDBOX_LEVEL names. Raises CannotStart."""
    named = os.environ.get("ESR_SANDBOX_LEVEL") or Level.SANDBOX
    try:
        return Level(named)
    except ValueError:
        known = ", ".join(Level)
        raise CannotStart(f"ESR_SANDBOX_LEVEL is {named}; it is one of {known}.") from None


def launch(
    *arguments: str,
    folder: Path,
    database: str = ":memory:",
    processes: int = 1,
    level: str | None = None,
) -> tuple[subprocess.Popen[bytes], Started]:
    """Starts a sandbox in a process of its own, or in several, and waits until it is ready. Raises CannotStart."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sandbox.cli", "up", "--json", "--port", "0"]
    if processes > 1:
        command[3] = "serve"
        command += [
            "--processes",
            str(processes),
            "--level",
            level or own_level(),
            "--log-format",
            "text",
        ]
    log_path = folder / "sandbox.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(  # nosec B603  # noqa: S603  (our own command, and no shell)
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            stdin=subprocess.DEVNULL,
            # Ctrl-C reaches the command that started it, which then stops it in its own order.
            start_new_session=True,
            env=_environment(database, level),
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except BaseException:
        stop(process)
        raise
    if not line:
        stop(process)
        said = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise CannotStart(said[-1] if said else "The sandbox ended before it was ready.")
    told = orjson.loads(line)
    return process, Started(
        url=told["url"],
        token=told["token"] or "",
        sftp_port=told.get("sftpPort"),
        level=told["level"],
        token_url=told["tokenUrl"],
        # Not told where the environment gave it.
        operator_token=told.get("operatorToken") or _given_operator(told["level"]),
        client_id=told.get("clientId"),
        key_file=Path(told["keyFile"]) if "keyFile" in told else None,
    )


def _given_operator(level: str) -> str | None:
    return os.environ.get("ESR_SANDBOX_OPERATOR_TOKEN") if level == Level.PLATFORM else None


def _environment(database: str, level: str | None) -> dict[str, str]:
    # Its address may hold a password, and whoever is on the machine may read what a process was started with.
    held = {**os.environ, "PYTHONUNBUFFERED": "1", "ESR_SANDBOX_DATABASE": database}
    # Whatever a hosted sandbox lacks: a command's own has the powers that it starts one for.
    held.pop("ESR_SANDBOX_MODE", None)
    if level is not None:
        held["ESR_SANDBOX_LEVEL"] = level
    if held.get("ESR_SANDBOX_LEVEL") == Level.PLATFORM:
        # The token of another sandbox, which is accepted at no sandbox of this level.
        held.pop("ESR_SANDBOX_TOKEN", None)
        # The receivers of whoever starts it listen on this machine.
        held.setdefault("ESR_SANDBOX_ALLOW_NETWORK", " ".join(map(str, LOOPBACK)))
    return held


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks a sandbox to end, and ends it if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def is_answering(url: str, timeout: float = 5.0) -> bool:
    """Whether a sandbox answers under `url`."""
    try:
        return httpx.get(f"{url}/health", timeout=timeout, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def silence_libraries(log_format: LogFormat = LogFormat.TEXT) -> None:
    """Sets up the log; the libraries' own chatter stays off it: what the sandbox has to say it says itself."""
    configure(log_format)
