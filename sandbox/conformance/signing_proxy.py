"""Signs what the fuzzer sends to a receiver: the bytes are known only once they are sent.

The fuzzer puts the example of the contract where a sound signature belongs; whatever it broke on purpose goes on as it is.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from sandbox.conformance.plain import plain_client

_LONGEST_BODY = 2_097_152
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "host", "keep-alive"})

Sign = Callable[[str, bytes], Mapping[str, str]]
"""(address, body) → the three headers of a sound signature."""


@contextmanager
def signing_proxy(target: str, sign: Sign, sound: Mapping[str, str]) -> Iterator[str]:
    """An address on loopback that passes everything on to `target`; `sound` are the header values that stand for sound ones."""
    client = plain_client(timeout=15)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True
        wbufsize = -1

        def _pass_on(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY))
            address = f"{target}{self.path}"
            headers = [
                (name, value)
                for name, value in self.headers.items()
                if name.lower() not in _HOP_BY_HOP
            ]
            signed = {name.lower(): value for name, value in sign(address, body).items()}
            headers = [
                (name, signed[name.lower()] if sound.get(name.lower()) == value else value)
                for name, value in headers
            ]
            try:
                answer = client.request(self.command, address, headers=headers, content=body)
            except httpx.HTTPError:
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in (*_HOP_BY_HOP, "content-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.content)

        def __getattr__(self, name: str) -> Any:
            # Whatever the method: the subject answers, not we.
            if name.startswith("do_"):
                return self._pass_on
            raise AttributeError(name)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Says nothing: a connection may be cut at any moment."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
        client.close()
