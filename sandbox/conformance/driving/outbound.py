"""The outbound driver: a queue that the suite serves, for subjects behind a firewall. Their adapter polls it for orders."""

import hmac
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import orjson

from sandbox.conformance.driving.driver import NO_ANSWER, Outcome
from sandbox.conformance.driving.reading import RUNNING, outcome_of

_LARGEST_BODY = 262_144
_PATIENCE_SECONDS = 30.0
_LONGEST_POLL_SECONDS = 30.0
BASE = "/driver/v1"


@dataclass(slots=True)
class _Order:
    action: dict[str, Any]
    outcome: Outcome | None = None


@dataclass(slots=True)
class OutboundDriver:
    """A subject that fetches its orders. One order at a time: it is given again until its outcome is reported."""

    token: str
    url: str = ""
    """The base of the driver contract here."""
    patience: float = _PATIENCE_SECONDS
    _order: _Order | None = None
    _given: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    @contextmanager
    def serving(cls, token: str, address: str = "") -> Iterator[Self]:
        """Serves the queue on loopback, on the port of `address` where one is given."""
        driver = cls(token)
        port = urlsplit(address).port or 0 if address else 0
        server = _server(driver, port)
        driver.url = f"http://127.0.0.1:{server.server_port}{BASE}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield driver
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)

    def perform(self, hook: str, arguments: Mapping[str, Any], say: str = "") -> Outcome:  # noqa: ARG002
        """Queues the order and waits until its outcome is reported, or for the time to be up."""
        action_id = str(uuid4())
        action = {"actionId": action_id, "hook": hook, "arguments": dict(arguments)}
        deadline = time.monotonic() + self.patience
        with self._changed:
            order = self._order = _Order(action)
            self._given.add(action_id)
            self._changed.notify_all()
            while order.outcome is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._order = None
                    return Outcome(
                        NO_ANSWER, reason=f"nobody reported on {hook} within {self.patience:g} s"
                    )
                self._changed.wait(left)
            self._order = None
            return order.outcome

    def next_action(self, wait_seconds: float) -> dict[str, Any] | None:
        """The order that waits; None where there is none within the time."""
        deadline = time.monotonic() + min(wait_seconds, _LONGEST_POLL_SECONDS)
        with self._changed:
            while self._order is None or self._order.outcome is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
            return self._order.action

    def report(self, action_id: str, content: bytes) -> int:
        """Takes what came of an order; answers the status: 204, or 404 for one that was never given.

        What is reported again changes nothing.
        """
        outcome = outcome_of(content)
        with self._changed:
            order = self._order
            if action_id not in self._given:
                return 404
            waits = order is not None and order.action["actionId"] == action_id
            if order is not None and waits and order.outcome is None and outcome.state != RUNNING:
                order.outcome = outcome
                self._changed.notify_all()
            return 204


def _server(driver: OutboundDriver, port: int) -> ThreadingHTTPServer:
    expected = f"Bearer {driver.token}".encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if not self._may():
                self._answer(401, _problem(401, "TOKEN_INVALID", "The token is not good."))
            elif parts.path != f"{BASE}/queue/next":
                self._answer(404, _problem(404, "NOT_FOUND", "There is nothing here."))
            else:
                asked = parse_qs(parts.query).get("waitSeconds", ["0"])[0]
                action = driver.next_action(float(asked) if asked.isdecimal() else 0.0)
                self._answer(204 if action is None else 200, action)

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or "0"
            size = int(length) if length.isdecimal() else 0
            body = self.rfile.read(min(size, _LARGEST_BODY))
            if self._may():
                self._answer(*_reported(driver, urlsplit(self.path).path.split("/"), body))
            else:
                self._answer(401, _problem(401, "TOKEN_INVALID", "The token is not good."))

        def _may(self) -> bool:
            told = (self.headers.get("Authorization") or "").encode("latin-1", "replace")
            return hmac.compare_digest(told, expected)

        def _answer(self, status: int, document: dict[str, Any] | None) -> None:
            content = b"" if document is None else orjson.dumps(document)
            self.send_response(status)
            if content:
                media = "application/problem+json" if status >= 400 else "application/json"
                self.send_header("Content-Type", media)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Says nothing: a connection may be cut at any moment."""

    return Server(("127.0.0.1", port), Handler)


def _reported(
    driver: OutboundDriver, place: list[str], body: bytes
) -> tuple[int, dict[str, Any] | None]:
    if len(place) != 6 or place[3] != "queue" or place[5] != "outcome":
        return 404, _problem(404, "NOT_FOUND", "There is nothing here.")
    if driver.report(place[4], body) == 404:
        return 404, _problem(404, "NOT_FOUND", "No such order was given.")
    return 204, None


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
