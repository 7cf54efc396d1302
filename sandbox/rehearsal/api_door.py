"""The supplier at the door of the API: an open model, so that a slow answer spares ESR no message.

Messages are due at a rate that answers do not slow down. Messages for one position go in their order, each after the
answer to the one before, and what a message waits for that counts as time that ESR took.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from functools import partial
from typing import Any, Self
from uuid import UUID, uuid5

import orjson

from sandbox.rehearsal.comparison import Held, State
from sandbox.rehearsal.connections import ConnectionBroken, Connections
from sandbox.rehearsal.messages import Answer, Kind, Message
from simulators.credentials import Access, TokenRefused, authorization, is_at_hand

_NAMESPACE = UUID("5f7c1b1e-6a0d-5b43-9d0e-2a8c4f1e7b90")
_EMPLOYER = "NHSD-End-User-Organisation-ODS"
_CONNECTIONS = 32
_TRIES = 4
_PAGE = 100
_AGAIN = frozenset({429, 502, 503, 504})
_NEVER_SENT = "NOT_SENT"


class NoAnswer(Exception):
    """ESR does not answer; the message says to what."""


class ApiDoor:
    """ESR's API in one workspace."""

    def __init__(self, url: str, access: Access, run: str) -> None:
        """`run` makes the request ids of one run differ from those of every other."""
        self._run = run
        self._access = access
        self._connections = Connections(url, _CONNECTIONS)
        self._sent = 0
        self.numbers: dict[str, str] = {}
        """The applicant numbers that ESR gave, by the supplier's reference."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._connections.__aexit__()

    async def send(
        self, message: Message, *, request: str | None = None, version_before: bool = False
    ) -> Answer:
        """Sends a message and answers what came back; `request` names it where it may be sent again.

        With `version_before` an amendment says that it was made on the version before the present one. Raises NoAnswer.
        """
        self._sent += 1
        headers = {
            "X-Request-ID": str(uuid5(_NAMESPACE, f"{self._run}/{request or self._sent}")),
            _EMPLOYER: message.ods_code,
        }
        if message.kind is Kind.SUBMISSION:
            return await self._ask("POST", "/applicants", message, headers)
        number = self.numbers.get(message.reference)
        if number is None:
            return Answer(False, (_NEVER_SENT,))
        path = f"/applicants/{number}"
        if message.kind is Kind.CHECK:
            path = f"{path}/employment-checks/{message.check_type}"
            return await self._ask("PUT", path, message, headers)
        if message.kind is Kind.WITHDRAWAL:
            return await self._ask("POST", f"{path}/withdrawal", message, headers)
        version = (await self._read(path))["version"] - version_before
        headers |= {
            "If-Match": f'"{version}"',
            "Content-Type": "application/merge-patch+json",
        }
        return await self._ask("PATCH", path, message, headers)

    async def send_all(
        self,
        messages: Iterable[Message],
        rate: float,
        answered: Callable[[Message, Answer], None],
    ) -> None:
        """Sends messages at `rate` a second, whatever the answers do. Raises NoAnswer."""
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def due(place: int, message: Message) -> None:
            wanted = began + place / rate
            answer = await self.send(message)
            seconds = loop.time() - wanted
            answered(message, Answer(answer.taken, answer.codes, answer.applicant_number, seconds))

        lanes = Lanes()
        for place, message in enumerate(messages):
            early = began + place / rate - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            lanes.add(message.position, partial(due, place, message))
        await lanes.done()

    async def read_state(
        self, progress: Callable[[int], None], *, with_transfers: bool = False
    ) -> State:
        """Every applicant that ESR holds, with the checks and, if wanted, the transfer. Raises NoAnswer."""
        applicants: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"limit": _PAGE}
        while True:
            page = await self._read("/applicants", query)
            applicants += page["applicants"]
            if not page["more"]:
                break
            query["cursor"] = page["next"]
        found: State = []
        for first in range(0, len(applicants), _PAGE):
            some = applicants[first : first + _PAGE]
            found += await asyncio.gather(*(self._held(item, with_transfers) for item in some))
            progress(len(found))
        return found

    async def _held(self, applicant: dict[str, Any], with_transfer: bool) -> Held:
        path = f"/applicants/{applicant['applicantNumber']}"
        checks = (await self._read(f"{path}/employment-checks"))["employmentChecks"]
        transfer = await self._read(f"{path}/inter-authority-transfer") if with_transfer else None
        return Held(applicant, checks, transfer)

    async def _read(self, path: str, query: dict[str, str | int] | None = None) -> Any:
        status, content = await self._request("GET", path, None, {}, query)
        if status != 200:
            raise NoAnswer(f"GET {path} was answered {status}: {_shown(content)}")
        return orjson.loads(content)

    async def _ask(
        self, method: str, path: str, message: Message, headers: dict[str, str]
    ) -> Answer:
        kind = {"Content-Type": "application/json"}
        body = orjson.dumps(message.body)
        status, content = await self._request(method, path, body, kind | headers, None)
        if status >= 500:
            raise NoAnswer(f"The {message.what} was answered {status}: {_shown(content)}")
        document = orjson.loads(content)
        taken = status < 300
        confirmation = document.get("confirmation", document if taken else {})
        codes = [item["messageCode"] for item in confirmation.get("messages", ())]
        if not taken and not codes:
            codes = [document["code"]]
        number = document.get("applicantNumber") if taken else None
        if number is not None:
            self.numbers[message.reference] = number
        return Answer(taken, tuple(sorted(codes)), number)

    async def _authorization(self) -> str:
        if is_at_hand(self._access):
            return authorization(self._access)
        return await asyncio.to_thread(authorization, self._access)

    async def _request(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: dict[str, str],
        query: dict[str, str | int] | None,
    ) -> tuple[int, bytes]:
        wait = 0.1
        for left in reversed(range(_TRIES)):
            try:
                shown = {"Authorization": await self._authorization()}
                answer = await self._connections.request(
                    method, f"/esr/v1{path}", shown | headers, query, content
                )
            except TokenRefused as problem:
                raise NoAnswer(str(problem)) from problem
            except ConnectionBroken as problem:
                if left == 0:
                    raise NoAnswer(f"{method} {path} was not answered ({problem}).") from problem
            else:
                if answer[0] not in _AGAIN or left == 0:
                    return answer
            await asyncio.sleep(wait)
            wait *= 2
        raise AssertionError("unreachable")


def _shown(content: bytes) -> str:
    return content[:200].decode(errors="replace")


class Lanes:
    """Work that goes on at once, but in order within each lane."""

    def __init__(self) -> None:
        self._last: dict[Hashable, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def add(self, lane: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Starts work once what was last added to its lane has ended."""
        before = self._last.get(lane)

        async def run() -> None:
            if before is not None:
                await before
            await work()

        task = asyncio.create_task(run())
        self._last[lane] = task
        self._running.add(task)

    async def done(self) -> None:
        """Waits for everything; raises what the first failure raised."""
        try:
            await asyncio.gather(*self._running)
        finally:
            for task in self._running:
                task.cancel()
