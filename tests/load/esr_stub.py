"""A little ESR that keeps state, honours request ids and misbehaves on order: what a replay can be proved against.

It answers the operations that a replay uses, without validation. A fault is laid on one message by
its X-Request-ID.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from simulators.world import World

TOKEN = "stub-token"


class Fault(Enum):
    """What happens to one message."""

    DROP = auto()
    """Acknowledged and not kept."""
    DOUBLE = auto()
    """Kept twice."""
    ALTER = auto()
    """Kept with another content."""
    UNAVAILABLE_ONCE = auto()
    """503 with Retry-After on the first attempt."""
    UNHEARD = auto()
    """Kept, and every attempt is answered with 500."""
    REFUSE = auto()
    """422, and not kept."""


@dataclass
class EsrStub:
    """Use as a context manager; `stop` and `start` take it away and bring it back on the same port,
    with its state."""

    world: World
    faults: dict[str, Fault] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    vacancies: list[dict[str, Any]] = field(default_factory=list)
    applicants: list[dict[str, Any]] = field(default_factory=list)
    checks: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    outcomes: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    stall_at: int | None = None
    """The count of writes at which everything stands still for `stall_seconds`."""
    stall_seconds: float = 0.0

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port: int = probe.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self._port}/esr/v1"
        self._writes = 0
        self._open = asyncio.Event()

    def __enter__(self) -> EsrStub:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        routes = [
            Route("/organisations", self._organisations),
            Route("/positions", self._positions),
            Route("/vacancies", self._list_vacancies, methods=["GET"]),
            Route("/vacancies", self._write, methods=["POST"]),
            Route("/applicants", self._list_applicants, methods=["GET"]),
            Route("/applicants", self._write, methods=["POST"]),
            Route("/applicants/{number}/employment-checks", self._list_checks),
            Route("/applicants/{number}/employment-checks/{type}", self._write, methods=["PUT"]),
        ]
        app = Starlette(routes=[Mount("/esr/v1", routes=routes)])
        config = uvicorn.Config(
            app, "127.0.0.1", self._port, log_level="critical", timeout_graceful_shutdown=0
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        waiting = threading.Event()
        for _ in range(500):
            if self._server.started:
                return
            waiting.wait(0.01)
        raise RuntimeError("the stub did not start")

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    async def _organisations(self, request: Request) -> Response:
        return JSONResponse(
            {"organisations": [dict(each) for each in self.world.organisations], "more": False}
        )

    async def _positions(self, request: Request) -> Response:
        everything = [dict(each) for each in self.world.positions]
        page, more, following = _page(request, everything, "since")
        return JSONResponse({"positions": page, "next": following, "more": more})

    async def _list_vacancies(self, request: Request) -> Response:
        return _listed(request, "vacancies", self.vacancies)

    async def _list_applicants(self, request: Request) -> Response:
        return _listed(request, "applicants", self.applicants)

    async def _list_checks(self, request: Request) -> Response:
        number = request.path_params["number"]
        checks = list(self.checks.get(number, {}).values())
        return JSONResponse({"applicantNumber": number, "employmentChecks": checks})

    async def _write(self, request: Request) -> Response:
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            return JSONResponse({"code": "TOKEN_INVALID"}, 401)
        self._writes += 1
        if self._writes == self.stall_at:
            threading.Event().wait(self.stall_seconds)  # blocks every connection, as a stall does
        identifier = request.headers["x-request-id"]
        self.attempts[identifier] += 1
        fault = self.faults.get(identifier)
        if fault is Fault.UNAVAILABLE_ONCE and self.attempts[identifier] == 1:
            return JSONResponse({"code": "SERVICE_UNAVAILABLE"}, 503, {"Retry-After": "0"})
        if fault is Fault.REFUSE:
            return JSONResponse({"code": "RULE_REFUSES", "detail": "no"}, 422)
        body = json.loads(await request.body())
        if identifier not in self.outcomes:
            self.outcomes[identifier] = self._apply(request, body, fault)
        if fault is Fault.UNHEARD:
            return JSONResponse({"code": "INTERNAL_ERROR"}, 500)
        status, answer = self.outcomes[identifier]
        return JSONResponse(answer, status)

    def _apply(
        self, request: Request, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        employer = request.headers["nhsd-end-user-organisation-ods"]
        if "number" in request.path_params:
            return self._apply_check(
                request.path_params["number"], request.path_params["type"], body, fault
            )
        if request.url.path.endswith("/vacancies"):
            vpd = next(
                each["vpd"] for each in self.world.organisations if each["odsCode"] == employer
            )
            vacancy = {
                **body,
                "vacancyReference": f"{vpd}-{body['supplierReference']}",
                "odsCode": employer,
            }
            return 201, self._keep(self.vacancies, vacancy, fault, {"title": "Another"})
        number = f"{10_000_000 + len(self.outcomes):08d}"
        applicant = {
            "internalCandidate": False,
            **body,
            "applicantNumber": number,
            "assignmentId": 1,
            "odsCode": employer,
            "status": "ACCEPTED" if "offerAcceptedDate" in body else "OFFER",
            "version": 1,
        }
        person = {**body["person"], "lastName": "Someone-Else"}
        self._keep(self.applicants, applicant, fault, {"person": person})
        if fault is Fault.DOUBLE:
            self.applicants[-1] = {
                **applicant,
                "applicantNumber": f"{90_000_000 + len(self.outcomes):08d}",
            }
        return 201, {"loadStatusCode": "SUCCESS", "applicantNumber": number, "messages": []}

    def _keep(
        self,
        table: list[dict[str, Any]],
        row: dict[str, Any],
        fault: Fault | None,
        change: dict[str, Any],
    ) -> dict[str, Any]:
        copies = {Fault.DROP: 0, Fault.DOUBLE: 2}.get(fault, 1) if fault else 1
        table.extend([{**row, **change} if fault is Fault.ALTER else row] * copies)
        return row

    def _apply_check(
        self, number: str, check_type: str, body: dict[str, Any], fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        held = self.checks.setdefault(number, {})
        before = held.get(check_type)
        version = (before["version"] if before else 0) + (2 if fault is Fault.DOUBLE else 1)
        check = {
            **body,
            "applicantNumber": number,
            "checkType": check_type,
            "startedBy": "SUPPLIER",
            "updatedBy": "SUPPLIER",
            "version": version,
        }
        if fault is not Fault.DROP:
            held[check_type] = (
                {**check, "requestedDate": "2001-01-01"} if fault is Fault.ALTER else check
            )
        return (200 if before else 201), check


def _page(
    request: Request, rows: list[dict[str, Any]], cursor: str
) -> tuple[list[dict[str, Any]], bool, str]:
    begin = int(request.query_params.get(cursor, "0"))
    end = min(len(rows), begin + int(request.query_params.get("limit", "25")))
    return rows[begin:end], end < len(rows), str(end)


def _listed(request: Request, name: str, rows: list[dict[str, Any]]) -> Response:
    page, more, following = _page(request, rows, "cursor")
    return JSONResponse({name: page, "more": more, **({"next": following} if more else {})})
