"""A recruitment system's endpoint for events, as a test has one: keeps each request as it came, answers as it is told."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import Any

import httpx
import orjson
from harness import Workspace

_PATIENCE = 30.0


@dataclass(frozen=True)
class Delivery:
    """One request as it came. Header names are in lower case; `url` is the address as the sender knows it."""

    url: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"

    @property
    def event(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body))


Answer = Callable[[Delivery], int]
"""The status to answer with; 0 breaks the connection off."""


def in_turn(*statuses: int) -> Answer:
    """Answers with these statuses in turn, then well."""
    left = list(statuses)
    return lambda _: left.pop(0) if left else 202


@dataclass
class Receiver:
    """Listens on loopback until it is closed, and again on the same port when it is opened again."""

    answer: Answer = lambda _: 202
    deliveries: list[tuple[Delivery, int]] = field(default_factory=list)
    """What came, with its answer, in the order of the answers."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: set[Any] = set()
        self._port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/events"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that came, as often as it came."""
        return [delivery.event for delivery, _ in self.deliveries]

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """The events that were answered well, in their order."""
        return [delivery.event for delivery, status in self.deliveries if 200 <= status < 300]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def open(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise an answer waits for the acknowledgement of its first half.
            disable_nagle_algorithm = True
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                receiver._connections.add(self.connection)

            def finish(self) -> None:
                receiver._connections.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                delivery = Delivery(f"http://{headers['host']}{self.path}", headers, body)
                status = receiver._take(delivery)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True

            def handle_error(self, *arguments: Any) -> None:
                """Says nothing: a connection may be cut at any moment."""

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._serving.start()

    def close(self) -> None:
        """Gives the port back: who connects is refused, and who is connected is cut off."""
        self._server.shutdown()
        self._serving.join(_PATIENCE)
        for connection in list(self._connections):
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                continue
        self._server.server_close()

    def _take(self, delivery: Delivery) -> int:
        status = self.answer(delivery)
        with self._lock:
            self.deliveries.append((delivery, status))
        return status

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Waits until the condition holds; fails when it never does."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it never came"
            threading.Event().wait(0.01)


def subscribe(workspace: Workspace, url: str, **more: Any) -> str:
    """Has ESR deliver its events; answers the id of the subscription."""
    answer = workspace.write("POST", "/event-subscriptions", {"url": url, **more})
    assert answer.status_code == 201, answer.text
    identifier = str(answer.json()["subscriptionId"])
    assert answer.headers["location"] == f"/esr/v1/event-subscriptions/{identifier}"
    return identifier


def change_position(workspace: Workspace, place: int = 0, **changes: Any) -> None:
    """Causes an event."""
    position = workspace.world.positions[place]["positionId"]
    workspace.control.post(
        f"/esr/positions/{position}/change", json=changes or {"shared": True}
    ).raise_for_status()


def read_keys(workspace: Workspace) -> dict[str, Any]:
    """ESR's key set, as one reads it who has no token."""
    address = f"{workspace.url}/w/{workspace.name}/esr/v1/event-signing-keys"
    return dict(httpx.get(address, trust_env=False).raise_for_status().json())
