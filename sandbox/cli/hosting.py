"""The options of a sandbox that others reach: addresses, TLS, proxies, what it may call, and what it tells its operators."""

import errno
import os
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from sandbox.cli import Stop
from sandbox.settings import LogFormat, Network

F = TypeVar("F", bound=Callable[..., Any])


class _NetworkType(click.ParamType[Network]):
    name = "network"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Network:
        """A network in CIDR form, or one address."""
        try:
            return ip_network(value)
        except ValueError as problem:
            self.fail(f"{problem}. Write for instance 10.20.0.0/16 or 127.0.0.1.", param, ctx)


_OPTIONS = (
    click.option(
        "--public-url",
        envvar="ESR_SANDBOX_PUBLIC_URL",
        help="The address under which others reach the sandbox, for instance https://sandbox.example.nhs.uk; the one it "
        "listens on when left out.",
    ),
    click.option(
        "--tls-certificate",
        envvar="ESR_SANDBOX_TLS_CERTIFICATE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Serve HTTPS with this certificate (PEM, with those that signed it). A renewed file is used without a restart.",
    ),
    click.option(
        "--tls-key",
        envvar="ESR_SANDBOX_TLS_KEY",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The certificate's private key (PEM).",
    ),
    click.option(
        "--behind-proxy",
        "proxies",
        envvar="ESR_SANDBOX_BEHIND_PROXY",
        type=_NetworkType(),
        multiple=True,
        help="An address or network of a proxy whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are. "
        "May be repeated.",
    ),
    click.option(
        "--allow-network",
        "allowed_networks",
        envvar="ESR_SANDBOX_ALLOW_NETWORK",
        type=_NetworkType(),
        multiple=True,
        help="A network to which events may be delivered, and whence key sets are fetched, although it is not public. "
        "May be repeated.",
    ),
    click.option(
        "--console-folder",
        envvar="ESR_SANDBOX_CONSOLE_FOLDER",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where the console keeps its key and the runs that are started there; beside the database file when left out.",
    ),
    click.option(
        "--console-key",
        envvar="ESR_SANDBOX_CONSOLE_KEY",
        help="What the console signs its sessions and links with; one is made and kept in its folder when left out.",
    ),
    click.option(
        "--register",
        envvar="ESR_SANDBOX_REGISTER",
        type=click.Path(file_okay=False, path_type=Path),
        help="The folder of the register of certificates, which the ESR team then keeps in the console too.",
    ),
    click.option(
        "--register-key",
        envvar="ESR_SANDBOX_REGISTER_KEY",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The ESR team's private key (PEM), with which the console signs certificates; it gives none when left out.",
    ),
    click.option(
        "--trusted-keys",
        envvar="ESR_SANDBOX_TRUSTED_KEYS",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        help="The folder of the public keys that count when the console verifies: suppliers/*.pem below it, and hosts, "
        "witnesses and reviewers.",
    ),
    click.option(
        "--log-format",
        envvar="ESR_SANDBOX_LOG_FORMAT",
        type=click.Choice([each.value for each in LogFormat]),
        default=LogFormat.TEXT.value,
        show_default=True,
        help="text tells of trouble only; json tells of every request too, one JSON object a line, without personal data.",
    ),
    click.option(
        "--metrics",
        envvar="ESR_SANDBOX_METRICS",
        is_flag=True,
        help="Serve Prometheus metrics at /metrics, at level platform to the operator's token only.",
    ),
    click.option(
        "--traces",
        envvar="ESR_SANDBOX_TRACES",
        is_flag=True,
        help="Send OpenTelemetry traces to where the OTEL_EXPORTER_OTLP_* variables say.",
    ),
    click.option(
        "--drain-seconds",
        envvar="ESR_SANDBOX_DRAIN_SECONDS",
        type=click.FloatRange(0, 300),
        default=0.0,
        show_default=True,
        help="How long requests are still taken after SIGTERM, while /ready answers 503, so that a load balancer sees it.",
    ),
)


def hosting_options(command: F) -> F:
    """Adds the options to a command, which takes them as keywords and hands them to `hosting_settings`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def hosting_settings(
    public_url: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    proxies: tuple[Network, ...],
    allowed_networks: tuple[Network, ...],
    console_folder: Path | None,
    console_key: str | None,
    register: Path | None,
    register_key: Path | None,
    trusted_keys: Path | None,
    log_format: str,
    metrics: bool,
    traces: bool,
    drain_seconds: float,
) -> dict[str, Any]:
    """The fields of `Settings` that the options give. Raises Stop."""
    if (tls_certificate is None) != (tls_key is None):
        raise Stop(
            "TLS needs a certificate and its key: name both --tls-certificate and --tls-key."
        )
    if console_folder is not None:
        _make_console_folder(console_folder)
    return {
        "public_url": _checked(public_url) if public_url else "",
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
        "proxies": proxies,
        "allowed_networks": allowed_networks or None,
        "console_folder": console_folder,
        "console_key": console_key or "",
        "register": register.resolve() if register else None,
        "register_key": _usable(register_key) if register_key else None,
        "trusted_keys": trusted_keys.resolve() if trusted_keys else None,
        "log_format": LogFormat(log_format),
        "metrics": metrics,
        "traces": traces,
        "drain_seconds": drain_seconds,
    }


def _usable(key: Path) -> Path:
    # Imported when it is asked for: hardly any sandbox has a register.
    from sandbox.conformance.evidence.keys import KeyUnusable, read_private_key

    try:
        read_private_key(key)
    except KeyUnusable as problem:
        raise Stop(f"--register-key: {problem}") from problem
    return key.resolve()


def _make_console_folder(folder: Path) -> None:
    """Raises Stop now, and not when somebody first looks."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as problem:
        raise Stop(
            f"{folder} cannot be used for what the console keeps ({problem.strerror}). Name another folder with "
            "--console-folder."
        ) from problem


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        is_bare = url == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    except ValueError:
        is_origin = is_bare = False
    if not (is_origin and is_bare):
        raise Stop(
            f"--public-url {url} is not the address of a server. Write scheme, host and port only, "
            "for instance https://sandbox.example.nhs.uk."
        )
    return url
