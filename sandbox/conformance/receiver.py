"""The suite's own receiver of events: keeps each delivery as it came, and answers as the case says."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LONGEST_BODY = 1_048_576
_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Arrived:
    """One delivery, and how it was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    at: float
    """Wall time, in seconds since the epoch."""


@dataclass(slots=True)
class _Mailbox:
    arrived: list[Arrived] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)


class EventReceiver:
    """Listens on loopback until it is closed. Each case has a mailbox of its own: the path `/events/<mailbox>`."""

    def __init__(self) -> None:
        self._boxes: dict[str, _Mailbox] = {}
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY)
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._take(self, self.path, headers, body)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Says nothing: a connection may be cut at any moment."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def address(self, mailbox: str) -> str:
        """Where to subscribe for a mailbox."""
        return f"http://127.0.0.1:{self._server.server_port}/events/{mailbox}"

    def answer(self, mailbox: str, answers: Iterable[Any]) -> None:
        """How the next deliveries are answered: a status, 0 to break off, or {status, retryAfter, delay, always}.

        What is answered `always` is answered until something else is said.
        """
        with self._changed:
            self._box(mailbox).answers = list(answers)

    def arrived(self, mailbox: str) -> list[Arrived]:
        """What came so far."""
        with self._changed:
            return list(self._box(mailbox).arrived)

    def wait_for(
        self, mailbox: str, condition: Callable[[list[Arrived]], bool], seconds: float
    ) -> bool:
        """Waits until what came meets the condition; answers whether it does."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition(list(self._box(mailbox).arrived)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 1.0))
            return True

    def close(self) -> None:
        """Gives the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _box(self, mailbox: str) -> _Mailbox:
        return self._boxes.setdefault(mailbox, _Mailbox())

    def _take(
        self, handler: BaseHTTPRequestHandler, path: str, headers: dict[str, str], body: bytes
    ) -> None:
        mailbox = path.rpartition("/")[2]
        with self._changed:
            box = self._box(mailbox)
            wanted = box.answers[0] if box.answers else 202
            told = wanted if isinstance(wanted, dict) else {"status": wanted}
            if box.answers and not told.get("always"):
                box.answers.pop(0)
        if told.get("delay"):
            time.sleep(float(told["delay"]))
        status = int(told.get("status", 202))
        with self._changed:
            box.arrived.append(Arrived(path, headers, body, status, time.time()))
            self._changed.notify_all()
        if status == 0:
            handler.close_connection = True
            return
        handler.send_response(status)
        if "retryAfter" in told:
            handler.send_header("Retry-After", str(told["retryAfter"]))
        handler.send_header("Content-Length", "0")
        handler.end_headers()
