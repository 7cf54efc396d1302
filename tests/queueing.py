"""A suite's queue of orders, as small as can be: what an outbound driver polls."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

_PATIENCE = 30.0


class Queue:
    """Serves `/queue/next` and `/queue/{actionId}/outcome` of the driver contract on loopback."""

    def __init__(self, token: str, lose: int = 0) -> None:
        """The first `lose` reports are answered 503."""
        self.orders: list[dict[str, Any]] = []
        self.outcomes: dict[str, dict[str, Any]] = {}
        self.reports = 0
        self._lose = lose
        self._changed = threading.Condition()
        queue = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self._is_admitted():
                    order = queue._next()
                    self._answer(200 if order else 204, order)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self._is_admitted():
                    assert self.path.startswith("/driver/v1/queue/")
                    self._answer(queue._take(json.loads(body)))

            def _is_admitted(self) -> bool:
                if self.headers["Authorization"] == f"Bearer {token}":
                    return True
                self._answer(401)
                return False

            def _answer(self, status: int, document: Any = None) -> None:
                content = json.dumps(document).encode() if document else b""
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/driver/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def put(self, hook: str, arguments: Mapping[str, Any]) -> str:
        """Puts an order at the end; answers its id."""
        action_id = str(uuid4())
        with self._changed:
            self.orders.append({"actionId": action_id, "hook": hook, "arguments": dict(arguments)})
            self._changed.notify_all()
        return action_id

    def outcome(self, action_id: str) -> dict[str, Any]:
        """The outcome that was reported; waits for it."""
        with self._changed:
            assert self._changed.wait_for(lambda: action_id in self.outcomes, _PATIENCE)
            return self.outcomes[action_id]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next(self) -> dict[str, Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._open()), 0.5)
            return next(iter(self._open()), None)

    def _open(self) -> list[dict[str, Any]]:
        return [order for order in self.orders if order["actionId"] not in self.outcomes]

    def _take(self, outcome: dict[str, Any]) -> int:
        with self._changed:
            self.reports += 1
            if self.reports <= self._lose:
                return 503
            self.outcomes.setdefault(outcome["actionId"], outcome)
            self._changed.notify_all()
        return 204
