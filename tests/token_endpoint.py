"""A token endpoint for tests: it keeps what it is sent, and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Endpoint:
    """A token endpoint: answers as it is told, and then with a token."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    first: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    """What is answered before anything else: status, headers, body."""
    lifetime: Any = "599"

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        self.asked.append(form)
        if self.first:
            return self.first.pop(0)
        number = len(self.asked)
        return 200, {}, {"access_token": f"t{number}", "expires_in": self.lifetime}


@contextmanager
def serving() -> Iterator[Endpoint]:
    """The endpoint, until the block ends."""
    held = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(content).items()}
            form["content-type"] = self.headers["Content-Type"]
            status, headers, body = held.answer(form)
            written = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(written))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_address[1]}/oauth2/token"
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
