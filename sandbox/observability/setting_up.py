"""Puts in place what the settings ask for: metrics, a line for each request, traces. What nobody asks for is not imported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from sandbox.contracts import Contract
from sandbox.observability.logs import request_log
from sandbox.observability.meter import FOLDER
from sandbox.observability.watching import Tell, Watched
from sandbox.runtime import Runtime
from sandbox.settings import LogFormat, Settings

if TYPE_CHECKING:
    from sandbox.observability.tracing import OpenTelemetry

_METHODS = ("get", "put", "post", "delete", "patch")


def observed(app: ASGIApp, runtime: Runtime, contracts: list[Contract]) -> ASGIApp:
    """The application `app`, watched as the settings of its runtime ask for. Raises TracesUnusable."""
    settings, tells = runtime.settings, list[Tell]()
    if settings.metrics:
        from sandbox.observability.metrics import Prometheus

        runtime.meter = runtime.database.meter = Prometheus(runtime.database)
    if settings.log_format is LogFormat.JSON:
        tells.append(request_log(routes_of(contracts)))
    if settings.traces:
        runtime.tracer = _tracer(contracts)
    if settings.metrics or tells:
        app = Watched(app, runtime.meter, tuple(tells))
    return runtime.tracer.requests(app)


@contextmanager
def shared_metrics(settings: Settings) -> Iterator[None]:
    """A folder in which the processes that are started meanwhile keep their counts, where metrics are wanted."""
    if not settings.metrics:
        yield
        return
    with TemporaryDirectory(prefix="esr-sandbox-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


class TracesUnusable(Exception):
    """Traces were asked for and cannot be sent; the message says what to do."""


def _tracer(contracts: list[Contract]) -> "OpenTelemetry":
    try:
        from sandbox.observability.tracing import OpenTelemetry
    except ImportError as problem:
        raise TracesUnusable(
            f"--traces needs the OpenTelemetry SDK, which is not installed ({problem.name}). "
            "Install esr-sandbox[telemetry], or leave --traces out."
        ) from problem
    return OpenTelemetry(routes_of(contracts))


def routes_of(contracts: list[Contract]) -> dict[tuple[str, str], str]:
    """By contract and operation: the path as the contract has it."""
    return {
        (contract.name, item[method]["operationId"]): f"{contract.base_path}{path}"
        for contract in contracts
        for path, item in contract.document["paths"].items()
        for method in _METHODS
        if method in item
    }
