"""HTTPS by certificate files: what is served, what is refused, and how the sandbox knows itself."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from harness import Workspace
from in_process import served
from tls_files import NAME, write_pair

from sandbox.cli.up import command
from sandbox.server import CannotStart, launch, stop
from sandbox.settings import Settings
from sandbox.tls import Certificate, CertificateUnusable
from sandbox.web import serving
from sandbox.web.bounds import Bounds
from simulators.world import World

WAIT = 30


def _client_context(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def _presented(port: int) -> bytes:
    """The certificate that a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), WAIT) as plain,
        context.wrap_socket(plain) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
        assert shown is not None
        return shown


def test_a_sandbox_serves_https_and_its_two_systems_reach_each_other(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    process, ready = launch(
        "--tls-certificate", str(certificate), "--tls-key", str(key), folder=tmp_path
    )
    try:
        url = httpx.URL(ready.url)
        context = _client_context(certificate)
        workspace = Workspace("default", ready.url, ready.token, World.make(1, 5, 40))
        for name in ("esr", "control"):
            old: httpx.Client = getattr(workspace, name)
            new = httpx.Client(
                base_url=old.base_url, headers=old.headers, verify=context, timeout=WAIT
            )
            setattr(workspace, name, new)
        number = workspace.submit()
        workspace.hire(number).raise_for_status()
        workspace.settle()
        exchanges = workspace.control.get("/exchanges", params={"limit": 100}).json()["exchanges"]
        with socket.create_connection((url.host, url.port or 0), WAIT) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            in_the_clear = plain.recv(100)
    finally:
        stop(process)

    assert url.scheme == "https"
    delivered = [item for item in exchanges if item["direction"] == "OUT"]
    assert delivered
    assert {item["status"] for item in delivered} <= {200, 202, 204}
    assert not in_the_clear.startswith(b"HTTP")
    assert (tmp_path / "sandbox.log").read_text(encoding="utf-8") == ""


def test_a_renewed_certificate_is_served_without_a_restart(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    settings = Settings(port=0, tls_certificate=certificate, tls_key=key)
    with served(settings) as runtime:
        port = runtime.settings.port
        before = _presented(port)
        (tmp_path / "key.pem").write_bytes(b"half a key")
        assert runtime.certificate is not None
        assert not runtime.certificate.renew()
        while_half_written = _presented(port)
        write_pair(tmp_path)
        runtime.certificate.renew()
        after = _presented(port)
        with httpx.Client(
            base_url=f"https://localhost:{port}", verify=_client_context(certificate)
        ) as client:
            is_served = client.get("/health").status_code == 200

    assert while_half_written == before
    assert after == ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
    assert after != before
    assert is_served


def test_who_stalls_while_tls_is_agreed_upon_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = write_pair(tmp_path)
    monkeypatch.setattr(serving.server_of, "__defaults__", (Bounds(head_seconds=0.2),))
    settings = Settings(port=0, tls_certificate=certificate, tls_key=key)
    with served(settings) as runtime:
        address = ("127.0.0.1", runtime.settings.port)
        with (
            socket.create_connection(address, WAIT) as stalled,
            contextlib.suppress(ConnectionResetError),
        ):
            assert stalled.recv(1) == b""


def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    certificate = Certificate(*write_pair(tmp_path))

    assert certificate.context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_the_sandbox_trusts_its_own_certificate_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    own, other = Certificate(*write_pair(tmp_path)), Certificate(*write_pair(tmp_path / "other"))

    assert _shake_hands(own.context, own.own_context) == ""
    assert "certificate verify failed" in _shake_hands(other.context, own.own_context)


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """What is against a connection between the two; nothing where there is one."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=NAME),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as problem:
                return str(problem)
    return ""


def _missing(folder: Path) -> None:
    (folder / "key.pem").unlink()


def _not_pem(folder: Path) -> None:
    (folder / "certificate.pem").write_text("hello", encoding="ascii")


def _not_a_key(folder: Path) -> None:
    (folder / "key.pem").write_text("hello", encoding="ascii")


def _of_another(folder: Path) -> None:
    certificate = (folder / "certificate.pem").read_bytes()
    write_pair(folder)
    (folder / "certificate.pem").write_bytes(certificate)


def _encrypted(folder: Path) -> None:
    write_pair(folder, password=b"secret")


def _is_a_folder(folder: Path) -> None:
    (folder / "certificate.pem").unlink()
    (folder / "certificate.pem").mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            _missing,
            "key.pem cannot be read (No such file or directory). Name another file with --tls-key",
        ),
        (_is_a_folder, "cannot be read (Is a directory). Name another file with --tls-certificate"),
        (_not_pem, "certificate.pem is not a certificate in PEM form"),
        (_not_a_key, "key.pem is not a private key in PEM form"),
        (_of_another, "is not the one of the certificate"),
        (_encrypted, "is encrypted. Keep it unencrypted"),
    ],
)
def test_files_that_cannot_be_used_are_explained(
    spoil: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    files = write_pair(tmp_path)
    spoil(tmp_path)

    with pytest.raises(CertificateUnusable) as refused:
        Certificate(*files)

    assert said in str(refused.value)


def test_the_command_says_what_is_wrong_with_the_files_in_one_line(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    _of_another(tmp_path)

    with pytest.raises(CannotStart, match="is not the one of the certificate") as refused:
        launch("--tls-certificate", str(certificate), "--tls-key", str(key), folder=tmp_path)

    assert str(refused.value) == (tmp_path / "sandbox.log").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tls-certificate", "c.pem"], "name both --tls-certificate and --tls-key"),
        (["--public-url", "https://sandbox.example.org/path"], "Write scheme, host and port only"),
        (["--public-url", "https://user@sandbox.example.org"], "Write scheme, host and port only"),
        (["--public-url", "sandbox.example.org"], "Write scheme, host and port only"),
        (["--behind-proxy", "nginx"], "Write for instance 10.20.0.0/16 or 127.0.0.1"),
        (["--allow-network", "10.20.0.1/16"], "has host bits set"),
    ],
)
def test_options_that_make_no_sense_are_explained(arguments: list[str], said: str) -> None:
    ended = CliRunner().invoke(command, ["--port", "0", "--database", ":memory:", *arguments])

    assert ended.exit_code != 0
    assert said in " ".join(f"{ended.exception} {ended.output}".split())
