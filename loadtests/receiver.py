"""A receiver of events that only notes when each arrived: what a change needs to reach a supplier.

Run as a process of its own (`python -m loadtests.receiver FILE`), so that neither the sender nor the reader of ESR holds
its arrivals up. It prints its address, and ends when its standard input does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson

from loadtests.errors import TargetError


@contextmanager
def receiving(arrivals: Path) -> Iterator[str]:
    """A receiver that writes to `arrivals` until the block is left; gives the address for events. Raises `TargetError`."""
    root = str(Path(__file__).parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    child = subprocess.Popen(  # nosec B603  # noqa: S603 - our own interpreter with fixed arguments
        [sys.executable, "-m", "loadtests.receiver", str(arrivals)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        start_new_session=True,  # Ctrl-C is for the parent to hear
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        address = child.stdout.readline().decode().strip()
        if not address:
            raise TargetError("The receiver of events could not be started.")
        yield address
    finally:
        child.stdin.close()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def serve(arrivals: Path) -> None:
    """Receive until standard input ends."""
    file = os.open(arrivals, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for an answer

        def do_POST(self) -> None:
            now = time.time()
            event = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            data = event.get("data", {})
            seen = {
                "at": now,
                "id": event.get("id"),
                "applicant": data.get("applicantNumber"),
                "check": data.get("checkType"),
                "version": data.get("version"),
            }
            os.write(file, orjson.dumps(seen, option=orjson.OPT_APPEND_NEWLINE))
            self.send_response_only(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}/events\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
