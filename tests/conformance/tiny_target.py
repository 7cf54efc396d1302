"""A very small API with its contract: a target that is right, and the same with one deviation each."""

import contextlib
import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

TOKEN = "tiny-token"
_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_NAME = "^[A-Za-z]{1,10}$"
_ID = "^[0-9]{1,6}$"


def contract() -> dict[str, Any]:
    """The contract of the good target."""
    problem = {
        "description": "Refused.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    thing = {
        "description": "The thing.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
    }
    location = {"required": True, "schema": {"type": "string", "pattern": "^/tiny/"}}
    created = {**thing, "headers": {"Location": location}}
    request_id = {"$ref": "#/components/parameters/RequestId"}
    thing_id = {
        "name": "thingId",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": _ID, "maxLength": 6},
    }
    refused = {"400": problem, "401": problem}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Tiny", "version": "1.0.0"},
        "servers": [{"url": "/tiny/v1"}],
        "security": [{"bearerAuth": []}],
        "paths": {
            "/things": {
                "post": {
                    "operationId": "create_thing",
                    "parameters": [request_id],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/NewThing"}
                            }
                        },
                    },
                    "responses": {"201": created, "415": problem, "422": problem, **refused},
                }
            },
            "/things/{thingId}": {
                "get": {
                    "operationId": "read_thing",
                    "parameters": [thing_id],
                    "responses": {"200": thing, "404": problem, **refused},
                },
                "delete": {
                    "operationId": "delete_thing",
                    "parameters": [thing_id, request_id],
                    "responses": {"204": {"description": "Gone."}, "404": problem, **refused},
                },
            },
        },
        "components": {
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
            "parameters": {
                "RequestId": {
                    "name": "X-Request-ID",
                    "in": "header",
                    "required": True,
                    "example": "60E0B220-8136-4CA5-AE46-1D97EF59D068",
                    "schema": {
                        "type": "string",
                        "pattern": _UUID,
                        "minLength": 36,
                        "maxLength": 36,
                    },
                }
            },
            "schemas": {
                "NewThing": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name", "size"],
                    "properties": {
                        "name": {"type": "string", "pattern": _NAME, "maxLength": 10},
                        "size": {"type": "integer", "minimum": 1, "maximum": 10},
                    },
                },
                "Thing": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["thingId", "name", "size"],
                    "properties": {
                        "thingId": {"type": "string", "pattern": _ID},
                        "name": {"type": "string", "maxLength": 10},
                        "size": {"type": "integer"},
                    },
                },
                "Problem": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["status", "code"],
                    "properties": {"status": {"type": "integer"}, "code": {"type": "string"}},
                },
            },
        },
    }


@dataclass
class TinyTarget:
    """`deviation` names what it does wrong; empty for nothing."""

    deviation: str = ""
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, tuple[bytes, Response]] = field(default_factory=dict)
    next_id: int = 1000
    paths: list[str] = field(default_factory=list)

    def app(self) -> ASGIApp:
        if self.deviation == "nothing there":
            return problem(404, "UNKNOWN")
        routes: list[BaseRoute] = [
            Route("/tiny/v1/things", self.create, methods=["POST"]),
            Route("/tiny/v1/things/{thing_id}", self.one, methods=["GET", "DELETE"]),
        ]
        match self.deviation:
            case "any method will do":
                routes.append(
                    Route("/tiny/v1/things", self.anything, methods=["PUT", "PATCH", "GET"])
                )
            case "allows too little":
                routes.insert(0, Route("/tiny/v1/things", self.misled, methods=["OPTIONS"]))
        return Starlette(routes=routes)

    async def anything(self, request: Request) -> Response:
        return JSONResponse({})

    async def misled(self, request: Request) -> Response:
        return Response(status_code=405, headers={"Allow": "GET"})

    def refused(self, request: Request, *, writes: bool) -> Response | None:
        self.paths.append(request.url.path)
        if (
            request.headers.get("authorization") != f"Bearer {TOKEN}"
            and self.deviation != "no token needed"
        ):
            return problem(401, "TOKEN")
        request_id = request.headers.get("x-request-id", "")
        optional = self.deviation == "no request id needed" and not request_id
        if writes and not optional and not re.fullmatch(_UUID, request_id):
            return problem(400, "REQUEST_ID")
        if "thing_id" in request.path_params and not re.fullmatch(
            _ID, request.path_params["thing_id"]
        ):
            return problem(400, "PATH")
        return None

    async def create(self, request: Request) -> Response:  # noqa: PLR0911
        refusal = self.refused(request, writes=True)
        if refusal is not None:
            return refusal
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return problem(415, "MEDIA_TYPE")
        text = await request.body()
        try:
            body = json.loads(text)
        except ValueError:
            return problem(400, "JSON")
        if self.deviation == "refuses long names" and len(str(body)) > 30:
            return problem(400, "TOO_LONG")
        if not self.sound(body):
            return problem(500 if self.deviation == "breaks on odd input" else 400, "BODY")
        earlier = self.outcomes.get(request.headers.get("x-request-id", "").lower())
        if earlier is not None:
            return earlier[1] if earlier[0] == text else problem(422, "REQUEST_ID_REUSED")
        if self.deviation == "undocumented status" and body["size"] == 10:
            return problem(418, "TEAPOT")
        self.next_id += 1
        thing = {"thingId": str(self.next_id), "name": body["name"], "size": body["size"]}
        self.things[thing["thingId"]] = thing
        if self.deviation == "number as text":
            thing = {**thing, "size": str(thing["size"])}
        if self.deviation == "forgets what is created":
            del self.things[thing["thingId"]]
        answer = JSONResponse(thing, status_code=201)
        if self.deviation != "no location":
            answer.headers["Location"] = f"/tiny/v1/things/{thing['thingId']}"
        if self.deviation == "wrong media type":
            answer.headers["Content-Type"] = "text/html"
        self.outcomes[request.headers.get("x-request-id", str(uuid.uuid4())).lower()] = (
            text,
            answer,
        )
        return answer

    def sound(self, body: Any) -> bool:
        if not isinstance(body, dict):
            return False
        if self.deviation == "unknown property accepted":
            body = {name: body[name] for name in ("name", "size") if name in body}
        return (
            set(body) == {"name", "size"}
            and isinstance(body["name"], str)
            and re.fullmatch(_NAME, body["name"]) is not None
            and isinstance(body["size"], int | float)
            and not isinstance(body["size"], bool)
            and body["size"] == int(body["size"])
            and 1 <= body["size"] <= 10
        )

    async def one(self, request: Request) -> Response:
        return await (self.delete(request) if request.method == "DELETE" else self.read(request))

    async def read(self, request: Request) -> Response:
        refusal = self.refused(request, writes=False)
        if refusal is not None:
            return refusal
        thing = self.things.get(request.path_params["thing_id"])
        return problem(404, "UNKNOWN") if thing is None else JSONResponse(thing)

    async def delete(self, request: Request) -> Response:
        refusal = self.refused(request, writes=True)
        if refusal is not None:
            return refusal
        thing_id = request.path_params["thing_id"]
        if thing_id not in self.things:
            return problem(404, "UNKNOWN")
        if self.deviation != "keeps what is deleted":
            del self.things[thing_id]
        return Response(status_code=204)


def problem(status: int, code: str) -> Response:
    return JSONResponse(
        {"status": status, "code": code}, status_code=status, media_type="application/problem+json"
    )


@contextlib.contextmanager
def serving(target: TinyTarget) -> Iterator[str]:
    """The base URL of `target` on a free port, for as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            target.app(), host="127.0.0.1", port=port, lifespan="off", log_level="critical"
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the tiny target did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/tiny/v1"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
