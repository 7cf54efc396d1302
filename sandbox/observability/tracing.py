"""OpenTelemetry: spans for requests, units of work and deliveries, sent to where the OTEL_* variables say.

A trace that a caller began goes on here (W3C Trace Context). A delivery begins one of its own, so that nothing of one supplier's
traces reaches another; of it the header `traceparent` goes along, which says nothing but random numbers. No span has a path, a
query, a header or a body.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import __version__
from sandbox.observability.tracer import Tracer
from sandbox.web.call import Call
from sandbox.web.operations import CALL

_SERVICE = "esr-sandbox"
_SERVER_FAULT = 500
_LAST_SECONDS = 2.0
_PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetry(Tracer):
    """Traces for OpenTelemetry."""

    def __init__(
        self, routes: dict[tuple[str, str], str], exporter: SpanExporter | None = None
    ) -> None:
        """`routes`: by contract and operation, the path as the contract has it."""
        self._routes = routes
        resource = Resource.create({"service.version": __version__})
        if resource.attributes.get("service.name", "").startswith("unknown_service"):  # type: ignore[union-attr]
            resource = resource.merge(Resource({"service.name": _SERVICE}))
        self._provider = TracerProvider(resource=resource)
        self._exporter = exporter or OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("sandbox", __version__)

    def requests(self, app: ASGIApp) -> ASGIApp:
        """As `Tracer` says."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status = 0

            async def watch(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            with self._tracer.start_as_current_span(
                scope["method"],
                _begun_by_the_caller(scope),
                SpanKind.SERVER,
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    await app(scope, receive, watch)
                finally:
                    self._tell(span, scope, status)

        return traced

    def _tell(self, span: trace.Span, scope: Scope, status: int) -> None:
        call: Call | None = scope.get(CALL)
        span.set_attribute("http.request.method", scope["method"])
        if status:
            span.set_attribute("http.response.status_code", status)
        if status >= _SERVER_FAULT or not status:
            span.set_status(Status(StatusCode.ERROR))
        if call is None or not call.operation_id:
            return
        route = self._routes.get((call.system, call.operation_id))
        span.update_name(f"{scope['method']} {route}" if route else call.operation_id)
        if route:
            span.set_attribute("http.route", route)
        span.set_attribute("esr_sandbox.system", call.system)
        span.set_attribute("esr_sandbox.operation", call.operation_id)
        span.set_attribute("esr_sandbox.workspace", call.workspace)

    @contextmanager
    def unit(self) -> Iterator[None]:
        """As `Tracer` says."""
        with self._tracer.start_as_current_span("unit of work", record_exception=False):
            yield

    @contextmanager
    def sending(self, sender: str, kind: str) -> Iterator[dict[str, str]]:
        """As `Tracer` says."""
        with self._tracer.start_as_current_span(
            f"send {kind}", Context(), SpanKind.PRODUCER, record_exception=False
        ) as span:
            span.set_attribute("esr_sandbox.sender", sender)
            headers: dict[str, str] = {}
            _PROPAGATOR.inject(headers)
            yield {name: text for name, text in headers.items() if name == "traceparent"}

    def close(self) -> None:
        """As `Tracer` says. What cannot be sent in time is lost."""
        # A collector that does not answer is asked again and again; the sandbox ends all the same.
        enough = threading.Timer(_LAST_SECONDS, self._exporter.shutdown)
        enough.daemon = True
        enough.start()
        self._provider.shutdown()
        enough.cancel()


def _begun_by_the_caller(scope: Scope) -> Context:
    sent = [value for name, value in scope["headers"] if name == b"traceparent"]
    # One that stands there twice is none (section 3.2 of the recommendation asks for one).
    carrier = {"traceparent": sent[0].decode("latin-1")} if len(sent) == 1 else {}
    return _PROPAGATOR.extract(carrier, Context())
