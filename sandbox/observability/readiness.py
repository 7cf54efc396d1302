"""Whether a sandbox can do its work: what a load balancer or an orchestrator asks before it sends requests."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import Refusal
from sandbox.observability.store import probe
from sandbox.runtime import Runtime

logger = logging.getLogger(__name__)

_PROBE_SECONDS = 5.0
_STUCK_SECONDS = 30.0
_KEPT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `detail` says what does not, and nothing that is secret."""

    name: str
    detail: str = ""

    @property
    def passes(self) -> bool:
        """Whether it holds."""
        return not self.detail


class Readiness:
    """Looks, at most once a second whoever asks how often."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._looking: asyncio.Task[list[Check]] | None = None
        self._looked_at = 0.0

    async def checks(self) -> list[Check]:
        """What must hold, each with what does not."""
        looking = self._looking
        if looking is None or (
            looking.done() and time.monotonic() > self._looked_at + _KEPT_SECONDS
        ):
            looking = self._looking = asyncio.create_task(self._look())
        if self._runtime.is_stopping:
            return [Check("process", "it is stopping")]
        # Whoever asked may go; the look is everybody's.
        return await asyncio.shield(looking)

    async def _look(self) -> list[Check]:
        runtime = self._runtime
        found = [
            Check("systems", "" if runtime.is_ready else "NHS Jobs does not hear from ESR yet"),
            Check("database", await self._database()),
            Check("outbox", self._loop_of("the outbox", lambda: runtime.dispatcher.looked_at)),
            Check("clocks", self._loop_of("the clocks", lambda: runtime.timekeeper.looked_at)),
        ]
        self._looked_at = time.monotonic()
        return found

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                is_ours = await self._runtime.database.written(probe)
        except TimeoutError:
            return "it did not take a write in time"
        except Refusal:
            return "it takes no writes"
        except Exception:
            logger.exception("the database could not be looked at")
            return "it cannot be used"
        return "" if is_ours else "its schema is of another version"

    @staticmethod
    def _loop_of(what: str, looked_at: Callable[[], float]) -> str:
        try:
            age = time.monotonic() - looked_at()
        except RuntimeError:
            return "the sandbox is starting"
        return (
            "" if age < _STUCK_SECONDS else f"{what} has not been looked at for {age:.0f} seconds"
        )
