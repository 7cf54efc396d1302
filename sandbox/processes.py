"""Several processes that serve one port: started, replaced when they die, and ended together."""

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

logger = logging.getLogger(__name__)

Serve = Callable[[Callable[[], None]], None]
"""Serves until SIGTERM, and calls what it is given once it is ready."""

_READY, _FAILED = b"R", b"F"
_SHORT_LIFE_SECONDS = 10.0
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0
_SHORT_LIVES = 10
"""How many processes may die young, one after another, before it is given up where the last was never ready.

Those that served are replaced however often they are killed: nobody is helped by a sandbox that goes away.
"""
_STOP_SECONDS = 20.0
_TOLD = (signal.SIGINT, signal.SIGTERM)
"""The signals by which a process is told to end."""


class ProcessesFailed(Exception):
    """The processes could not be started, or did not stay; the message says why."""


@dataclass(slots=True)
class _Process:
    """One process, and the pipe through which it tells how it is; the pipe ends with it."""

    number: int
    pid: int
    pipe: int
    born: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    said: bytes = b""


class Supervisor:
    """Keeps `count` processes running until SIGINT or SIGTERM; a second signal ends them at once."""

    def __init__(
        self, count: int, serve: Serve, on_ready: Callable[[], None], drain_seconds: float = 0.0
    ) -> None:
        """`serve` runs in each process, forked from this one, which must have no threads; `on_ready` here, once all are.

        `drain_seconds` is how long a process serves on before it begins to end.
        """
        self._stop_seconds = _STOP_SECONDS + drain_seconds
        self._count = count
        self._serve = serve
        self._on_ready = on_ready
        self._running: dict[int, _Process] = {}
        self._due: dict[int, float] = {}
        self._short_lives = 0
        self._were_ready = False
        self._signals = 0
        self._alarm, self._ring = os.pipe()
        self._life, self._lives = os.pipe()

    def run(self) -> None:
        """Returns when all have ended as they were told to. Raises ProcessesFailed."""
        with self._listening():
            try:
                for number in range(1, self._count + 1):
                    self._start(number)
                while not self._signals:
                    self._look()
            finally:
                self._end_all()

    def _look(self) -> None:
        """Waits for the next thing to happen, and does what follows."""
        now = time.monotonic()
        for number in [each for each, moment in self._due.items() if moment <= now]:
            del self._due[number]
            self._start(number)
        wait = max(0.0, min(self._due.values()) - now) if self._due else None
        pipes = {process.pipe: process for process in self._running.values()}
        ready, _, _ = select.select([self._alarm, *pipes], [], [], wait)
        for pipe in ready:
            if pipe in pipes:
                self._hear(pipes[pipe])
        if not self._were_ready and len(self._running) == self._count:
            self._were_ready = all(process.is_ready for process in self._running.values())
            if self._were_ready:
                self._on_ready()

    def _hear(self, process: _Process) -> None:
        said = os.read(process.pipe, 4096)
        process.said += said
        process.is_ready |= process.said.startswith(_READY)
        if said or self._signals:
            return
        how = self._buried(process)
        reason = process.said.partition(_FAILED)[2].decode(errors="replace")
        if not self._were_ready:
            raise ProcessesFailed(reason or f"A process of the sandbox {how} before it was ready.")
        is_short = time.monotonic() - process.born < _SHORT_LIFE_SECONDS
        self._short_lives = self._short_lives + 1 if is_short else 0
        if self._short_lives > _SHORT_LIVES and not process.is_ready:
            raise ProcessesFailed(
                f"{_SHORT_LIVES} processes of the sandbox ended soon after their start, the last one thus: "
                f"{reason or how}. It was given up; nothing that was acknowledged is lost."
            )
        doublings = min(self._short_lives, _SHORT_LIVES)
        wait = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**doublings)
        logger.warning(
            "process %d of the sandbox (pid %d) %s%s; another takes its place in %.1f s",
            process.number,
            process.pid,
            how,
            f": {reason}" if reason else "",
            wait,
        )
        self._due[process.number] = time.monotonic() + wait

    def _start(self, number: int) -> None:
        hear, tell = os.pipe()
        # Until it has handlers of its own, what a process is told waits: ours would take it and say nothing.
        signal.pthread_sigmask(signal.SIG_BLOCK, _TOLD)
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            self._be_a_process(tell)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TOLD)
        os.close(tell)
        self._running[number] = _Process(number, pid, hear)

    def _be_a_process(self, tell: int) -> None:
        """What the forked process does; it never returns."""
        code = 1
        try:
            for name in _TOLD:
                signal.signal(name, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _TOLD)
            os.close(self._lives)
            # Where the supervisor dies, nobody is left who would end its processes.
            threading.Thread(target=_end_with, args=(self._life,), daemon=True).start()
            self._serve(partial(_tell_ready, tell))
            code = 0
        except KeyboardInterrupt:
            code = 0
        except BaseException as problem:
            logger.debug("a process failed", exc_info=problem)
            said = str(problem) or type(problem).__name__
            with suppress(OSError):
                os.write(tell, _FAILED + said.encode()[:4000])
        finally:
            with suppress(Exception):
                logging.shutdown()
            os._exit(code)

    def _buried(self, process: _Process) -> str:
        """Takes a process that has ended off the list, and says how it ended."""
        _, status = os.waitpid(process.pid, 0)
        os.close(process.pipe)
        del self._running[process.number]
        code = os.waitstatus_to_exitcode(status)
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def _end_all(self) -> None:
        """Has every process end in order; those that do not in time, or at a second signal, are killed."""
        self._tell_all(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds
        signals = self._signals
        while self._running:
            left = deadline - time.monotonic()
            if left <= 0 or self._signals > max(signals, 1):
                self._tell_all(signal.SIGKILL)
                left = _STOP_SECONDS
            pipes = {process.pipe: process for process in self._running.values()}
            ready, _, _ = select.select([self._alarm, *pipes], [], [], left)
            if self._alarm in ready:
                os.read(self._alarm, 100)
            for pipe in ready:
                if pipe in pipes and not os.read(pipe, 4096):
                    self._buried(pipes[pipe])

    def _tell_all(self, name: signal.Signals) -> None:
        for process in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, name)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def hear(_signal: int, _frame: object) -> None:
            self._signals += 1
            os.write(self._ring, b".")

        former = {name: signal.signal(name, hear) for name in _TOLD}
        try:
            yield
        finally:
            for name, handler in former.items():
                signal.signal(name, handler)
            for end in (self._alarm, self._ring, self._life, self._lives):
                os.close(end)


def _end_with(life: int) -> None:
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _tell_ready(tell: int) -> None:
    os.write(tell, _READY)
