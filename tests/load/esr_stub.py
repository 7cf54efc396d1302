"""A little ESR that keeps state, honours request ids and misbehaves on order: what a replay can be proved against.

It answers the operations that a replay uses as the contract has them, without holding anything against a schema. It has
no control API and takes every date, as an ESR does whose clock nobody can move. A fault is laid on one message by its
X-Request-ID.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Any

from aiohttp import web

from simulators.world import World

TOKEN = "stub-token"
_BOUND = 20.0
"""Seconds after which what should have happened in the stub is taken not to."""


class Fault(Enum):
    """What happens to one message."""

    DROP = auto()
    """Acknowledged and not kept."""
    DOUBLE = auto()
    """Kept twice."""
    ALTER = auto()
    """Kept with another content."""
    REFUSE = auto()
    """422, and not kept."""
    UNAVAILABLE_ONCE = auto()
    """503 with Retry-After on the first attempt."""
    LIMITED_ONCE = auto()
    """429 with Retry-After on the first attempt."""
    CUT_OFF_ONCE = auto()
    """Done, and the connection of the first attempt dropped without an answer."""
    UNHEARD = auto()
    """Done, and every attempt answered with 500."""
    WITHHELD = auto()
    """Done, and the first attempt never answered."""
    FORGET = auto()
    """Its request id is not remembered, so that sent again it is done again."""


class _Dropped(Exception):
    """The connection is to be broken off."""


@dataclass
class EsrStub:
    """Use as a context manager; `stop` and `start` take it away and bring it back on the same port,
    with its state."""

    world: World
    faults: dict[str, Fault] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    """Supplier references of applicants whose first reading is answered with 503."""
    attempts: Counter[str] = field(default_factory=Counter)
    arrivals: list[tuple[str, float]] = field(default_factory=list)
    """Request ids of writes as they came, with the wall time."""
    vacancies: list[dict[str, Any]] = field(default_factory=list)
    applicants: list[dict[str, Any]] = field(default_factory=list)
    checks: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    outcomes: dict[str, tuple[str, int, dict[str, Any]]] = field(default_factory=dict)
    """By request id: what the request was, and how it was answered."""
    stall_at: int | None = None
    """The count of writes at which everything stands still for `stall_seconds`."""
    stall_seconds: float = 0.0
    stalled: tuple[float, float] = (0.0, 0.0)
    """When it stood still, in wall seconds."""
    pause: float = 0.0
    """Seconds that every write takes; others go on meanwhile."""
    on_write: Callable[[int], None] = lambda _: None
    """Hears the count of writes before each is done, in the stub's own thread."""

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port: int = probe.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self._port}/esr/v1"
        self._numbers = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> EsrStub:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_BOUND)
        self._loop.close()

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_BOUND)

    def stop(self) -> None:
        """Take it away at once: whatever is under way gets no answer."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_BOUND)

    def take_away(self, back_after: float | None = None) -> None:
        """The same from the stub's own thread, where `on_write` is called: as soon as that returns; perhaps it comes back."""

        async def go() -> None:
            await self._stop()
            if back_after is not None:
                await asyncio.sleep(back_after)
                await self._start()

        self._away = self._loop.create_task(go())

    def versions(self, number: str) -> dict[str, int]:
        """The version of each check of an applicant."""
        return {check_type: check["version"] for check_type, check in self.checks[number].items()}

    async def _start(self) -> None:
        app = web.Application()
        applicant = "/esr/v1/applicants/{number}"
        app.add_routes(
            [
                web.get("/esr/v1/organisations", self._organisations),
                web.get("/esr/v1/positions", self._positions),
                web.get("/esr/v1/vacancies", partial(_list, "vacancies", self.vacancies)),
                web.get("/esr/v1/applicants", partial(_list, "applicants", self.applicants)),
                web.get(applicant, self._read),
                web.get(f"{applicant}/employment-checks", self._list_checks),
                web.post("/esr/v1/vacancies", partial(self._write, self._create_vacancy)),
                web.post("/esr/v1/applicants", partial(self._write, self._submit)),
                web.patch(applicant, partial(self._write, self._amend)),
                web.post(f"{applicant}/withdrawal", partial(self._write, self._withdraw)),
                web.put(
                    f"{applicant}/employment-checks/{{type}}", partial(self._write, self._record)
                ),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()

    async def _stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    # Reads.

    async def _organisations(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"organisations": [dict(each) for each in self.world.organisations], "more": False}
        )

    async def _positions(self, request: web.Request) -> web.Response:
        everything = [dict(each) for each in self.world.positions]
        page, more, following = _page(request, everything, "since")
        return web.json_response({"positions": page, "next": following, "more": more})

    async def _read(self, request: web.Request) -> web.Response:
        held = self._held(request)
        if held is None:
            return web.json_response({"code": "NOT_FOUND"}, status=404)
        if held["supplierReference"] in self.unreadable:
            self.unreadable.remove(held["supplierReference"])
            return _problem(503, "SERVICE_UNAVAILABLE", {"Retry-After": "0"})
        return web.json_response(held, headers={"ETag": _etag(held)})

    async def _list_checks(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        checks = list(self.checks.get(number, {}).values())
        return web.json_response({"applicantNumber": number, "employmentChecks": checks})

    def _held(self, request: web.Request) -> dict[str, Any] | None:
        number = request.match_info["number"]
        return next((each for each in self.applicants if each["applicantNumber"] == number), None)

    # Writes.

    async def _write(self, act: _Act, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return _problem(401, "TOKEN_INVALID")
        body = await request.read()
        identifier = request.headers["X-Request-ID"]
        self.attempts[identifier] += 1
        self.arrivals.append((identifier, time.time()))
        self.on_write(len(self.arrivals))
        if len(self.arrivals) == self.stall_at:
            began = time.time()
            threading.Event().wait(self.stall_seconds)  # blocks every connection, as a stall does
            self.stalled = began, time.time()
        if self.pause:
            await asyncio.sleep(self.pause)
        fault = self.faults.get(identifier)
        first = self.attempts[identifier] == 1
        if fault is Fault.REFUSE:
            return _problem(422, "RULE_REFUSES")
        if fault is Fault.UNAVAILABLE_ONCE and first:
            return _problem(503, "SERVICE_UNAVAILABLE", {"Retry-After": "0"})
        if fault is Fault.LIMITED_ONCE and first:
            return _problem(429, "TOO_MANY_REQUESTS", {"Retry-After": "0"})
        status, answer = self._outcome(act, request, identifier, body, fault)
        if fault is Fault.UNHEARD:
            return _problem(500, "INTERNAL_ERROR")
        if fault is Fault.WITHHELD and first:
            await asyncio.Event().wait()
        if fault is Fault.CUT_OFF_ONCE and first:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(answer, status=status)

    def _outcome(
        self,
        act: _Act,
        request: web.Request,
        identifier: str,
        body: bytes,
        fault: Fault | None,
    ) -> tuple[int, dict[str, Any]]:
        """What was answered before under this request id, or what comes of doing it."""
        headers = (request.headers.get(name, "") for name in (_EMPLOYER, "If-Match"))
        told = "\n".join([request.method, request.path, *headers, body.decode()])
        if identifier not in self.outcomes:
            done = act(request, json.loads(body), fault)
            if fault is Fault.FORGET:
                return done
            self.outcomes[identifier] = (told, *done)
        first, status, answer = self.outcomes[identifier]
        return (status, answer) if first == told else (422, {"code": "REQUEST_ID_REUSED"})

    def _create_vacancy(
        self, request: web.Request, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        employer = request.headers[_EMPLOYER]
        vpd = next(each["vpd"] for each in self.world.organisations if each["odsCode"] == employer)
        vacancy = {
            **body,
            "vacancyReference": f"{vpd}-{body['supplierReference']}",
            "odsCode": employer,
        }
        if fault is not Fault.DROP:
            self.vacancies.append(vacancy)
        return 201, vacancy

    def _submit(
        self, request: web.Request, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        applicant = {
            "internalCandidate": False,
            **body,
            "applicantNumber": self._next_number(),
            "assignmentId": 1,
            "odsCode": request.headers[_EMPLOYER],
            "status": "ACCEPTED" if "offerAcceptedDate" in body else "OFFER",
            "version": 1,
        }
        altered = {"person": {**body["person"], "lastName": "Someone-Else"}}
        if fault is not Fault.DROP:
            self.applicants.append({**applicant, **(altered if fault is Fault.ALTER else {})})
        if fault is Fault.DOUBLE:
            self.applicants.append({**applicant, "applicantNumber": self._next_number()})
        number = applicant["applicantNumber"]
        return 201, {"loadStatusCode": "SUCCESS", "applicantNumber": number, "messages": []}

    def _next_number(self) -> str:
        self._numbers += 1
        return f"{10_000_000 + self._numbers:08d}"

    def _amend(
        self, request: web.Request, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        held = self._held(request)
        if request.content_type != "application/merge-patch+json":
            return 415, {"code": "MEDIA_TYPE"}
        if held is not None and "If-Match" not in request.headers:
            return 428, {"code": "VERSION_MISSING"}
        if held is not None and request.headers["If-Match"] != _etag(held):
            return 412, {"code": "VERSION_STALE"}
        return self._change(held, body, {"startDate": "2001-01-01"}, fault)

    def _withdraw(
        self, request: web.Request, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        change = {"status": "TERMINATED", "withdrawal": body}
        altered = {"withdrawal": {**body, "reason": "OTHER-THAN-SENT"}}
        return self._change(self._held(request), change, altered, fault)

    def _change(
        self,
        held: dict[str, Any] | None,
        change: dict[str, Any],
        altered: dict[str, Any],
        fault: Fault | None,
    ) -> tuple[int, dict[str, Any]]:
        if held is None:
            return 404, {"code": "NOT_FOUND"}
        if held["status"] == "TERMINATED":
            return 409, {"code": "STATE_FORBIDS"}
        changed = {**held, **change, "version": held["version"] + 1}
        if fault is not Fault.DROP:
            held |= changed
        if fault is Fault.ALTER:
            held |= altered
        return 200, changed

    def _record(
        self, request: web.Request, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        number, check_type = request.match_info["number"], request.match_info["type"]
        held = self.checks.setdefault(number, {})
        before = held.get(check_type)
        check = {
            **body,
            "applicantNumber": number,
            "checkType": check_type,
            "startedBy": "SUPPLIER",
            "updatedBy": "SUPPLIER",
            "version": (before["version"] if before else 0) + (2 if fault is Fault.DOUBLE else 1),
        }
        altered = {"requestedDate": "2001-01-01"} if fault is Fault.ALTER else {}
        if fault is not Fault.DROP:
            held[check_type] = {**check, **altered}
        return (200 if before else 201), check


_EMPLOYER = "NHSD-End-User-Organisation-ODS"
_Act = Callable[[web.Request, dict[str, Any], Fault | None], tuple[int, dict[str, Any]]]


def _etag(applicant: dict[str, Any]) -> str:
    return f'"{applicant["version"]}"'


def _problem(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"code": code}, status=status, headers=headers)


def _page(
    request: web.Request, rows: list[dict[str, Any]], cursor: str
) -> tuple[list[dict[str, Any]], bool, str]:
    begin = int(request.query.get(cursor, "0"))
    end = min(len(rows), begin + int(request.query.get("limit", "25")))
    return rows[begin:end], end < len(rows), str(end)


async def _list(name: str, rows: list[dict[str, Any]], request: web.Request) -> web.Response:
    page, more, following = _page(request, rows, "cursor")
    return web.json_response({name: page, "more": more, **({"next": following} if more else {})})
