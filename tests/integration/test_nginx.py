"""The example configuration of nginx, started as it stands in docs/nginx.conf but for ports and the places of files."""

import logging
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from in_process import served
from tls_files import NAME, write_pair

from sandbox.cli.worlds import fill_default
from sandbox.identity.store import new_token
from sandbox.settings import LogFormat, Settings
from simulators.world import World

pytestmark = pytest.mark.prove

EXAMPLE = Path(__file__).parents[2] / "docs" / "nginx.conf"
NOT_TESTED = "nginx is not installed on this machine: docs/nginx.conf was not tested."
CALLER = "127.0.0.2"
WAIT = 30


@dataclass
class Proxied:
    """A sandbox behind nginx."""

    plain_port: int
    port: int
    token: str
    context: ssl.SSLContext
    told: list[dict[str, Any]]

    def client(self, **headers: str) -> httpx.Client:
        """A client of nginx, at CALLER."""
        return httpx.Client(
            base_url=f"https://localhost:{self.port}",
            transport=httpx.HTTPTransport(local_address=CALLER, verify=self.context),
            headers={"Authorization": f"Bearer {self.token}", **headers},
            timeout=WAIT,
            trust_env=False,
        )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _configured(folder: Path, sandbox_port: int, plain_port: int, port: int) -> Path:
    certificate, key = write_pair(folder)
    text = EXAMPLE.read_text(encoding="utf-8")
    for told, here in (
        ("/etc/ssl/esr-sandbox/certificate.pem", str(certificate)),
        ("/etc/ssl/esr-sandbox/key.pem", str(key)),
        ("/var/log/nginx/esr-sandbox.log", str(folder / "access.log")),
        ("127.0.0.1:8080;", f"127.0.0.1:{sandbox_port};"),
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("server_name sandbox.example.nhs.uk;", f"server_name localhost {NAME};"),
    ):
        assert told in text, f"the example has no {told} any more"
        text = text.replace(told, here)
    # What Debian's own nginx.conf has around the files of conf.d.
    whole = folder / "nginx.conf"
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Its workers would be somebody else, to whom the test's folder is closed.
    user = "user root;\n" if os.geteuid() == 0 else ""
    whole.write_text(
        f"{user}pid {folder}/nginx.pid;\ndaemon off;\nerror_log stderr warn;\nevents {{}}\nhttp {{\n{paths}{text}\n}}\n",
        encoding="utf-8",
    )
    return whole


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip(NOT_TESTED)
    folder, token, told = tmp_path_factory.mktemp("nginx"), new_token(), list[dict[str, Any]]()

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.told)  # type: ignore[attr-defined]

    logger, handler = logging.getLogger("esr_sandbox.requests"), Told()
    logger.addHandler(handler)
    settings = Settings(
        port=0,
        token=token,
        proxies=(ip_network("127.0.0.1"),),
        public_url="https://sandbox.example.nhs.uk",
        log_format=LogFormat.JSON,
        metrics=True,
    )
    with served(settings) as runtime:
        fill_default(runtime, "small")
        plain_port, port = _free_port(), _free_port()
        whole = _configured(folder, runtime.settings.port, plain_port, port)
        process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(whole)], stderr=subprocess.PIPE
        )
        try:
            _wait_for(port, process)
            context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
            yield Proxied(plain_port, port, token, context, told)
        finally:
            process.terminate()
            process.communicate(timeout=WAIT)
            logger.removeHandler(handler)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
    process.kill()
    raise AssertionError(f"nginx does not listen: {process.communicate()[1].decode()}")


def test_a_caller_is_told_by_its_address_whatever_it_says_itself(proxied: Proxied) -> None:
    number = str(uuid4())
    forged = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example.org",
        "Forwarded": "for=203.0.113.9",
        "X-Forwarded-Proto": "gopher",
    }
    with proxied.client(**forged) as client:
        answer = client.get("/esr/v1/organisations", headers={"X-Request-ID": number})
        client.get("/health")

    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == number
    assert [line["caller"] for line in proxied.told if line.get("requestId") == number] == [CALLER]


def test_a_write_goes_through_and_is_acknowledged_once(proxied: Proxied) -> None:
    world = World.make(1, 1, 60)
    wanted = {
        "X-Request-ID": str(uuid4()),
        "NHSD-End-User-Organisation-ODS": world.organisations[0]["odsCode"],
    }
    with proxied.client() as client:
        answers = [
            client.post(
                "/esr/v1/event-subscriptions",
                json={"url": "http://127.0.0.1:9009/"},
                headers=wanted,
            )
            for _ in range(2)
        ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_plain_http_is_redirected_and_not_served(proxied: Proxied) -> None:
    answer = httpx.get(
        f"http://localhost:{proxied.plain_port}/esr/v1/organisations", trust_env=False
    )

    assert answer.status_code == 301
    assert answer.headers["location"] == "https://sandbox.example.nhs.uk/esr/v1/organisations"


def test_a_body_that_is_too_large_is_refused_by_the_sandbox_and_a_huge_one_before_it(
    proxied: Proxied,
) -> None:
    headers = {"Content-Type": "application/json", "X-Request-ID": str(uuid4())}
    with proxied.client(**headers) as client:
        large = client.post("/esr/v1/applicants", content=b"x" * 1_050_000)
        huge = client.post("/esr/v1/applicants", content=b"x" * 2_000_000)

    assert large.status_code == 413, large.text
    assert (large.status_code, large.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert (huge.status_code, huge.headers["content-type"]) == (413, "text/html")


def test_what_is_for_the_operators_is_not_for_the_world(proxied: Proxied) -> None:
    with proxied.client() as client:
        statuses = [client.get(path).status_code for path in ("/metrics", "/ready", "/health")]

    assert statuses == [404, 404, 200]


def test_a_request_that_can_be_read_in_two_ways_reaches_no_sandbox(proxied: Proxied) -> None:
    before = len(proxied.told)
    request = (
        b"POST /esr/v1/applicants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", proxied.port), WAIT) as plain,
        proxied.context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(request)
        answered = secure.recv(1000)

    assert answered.startswith(b"HTTP/1.1 400")
    assert len(proxied.told) == before
