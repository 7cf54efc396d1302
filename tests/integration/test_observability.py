"""What a sandbox tells its operators: counts, a line for each request, traces; and nothing of persons, tokens or bodies."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace
from in_process import served
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sandbox.server import launch, stop
from sandbox.settings import Level, Settings
from simulators.world import World

MARK = "Zzyzxmarkedname"
SECRET = "marked-secret-that-no-log-may-have"  # pragma: allowlist secret
TRACE = "0af7651916cd43dd8448eb211c80319c"
REQUEST_ID = str(uuid4())


@dataclass
class Told:
    """All that one sandbox told while it was used, and what was sent to it."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""
    metrics: str = ""
    spans: list[Any] = field(default_factory=list)
    traces: bytes = b""
    token: str = ""
    applicant_number: str = ""
    body: str = ""

    def requests(self, operation: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("operation") == operation]

    def value(self, name: str, **labels: str) -> float:
        """One value of a metric."""
        for line in self.metrics.splitlines():
            found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
                return float(found[2])
        raise AssertionError(f"{name} {labels} is not there:\n{self.metrics}")


class Collector:
    """An OpenTelemetry collector on loopback."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _use(workspace: Workspace, told: Told) -> None:
    """Sends marked people and secrets by every way in that there is."""
    submission = workspace.submission()
    submission["person"] |= {"lastName": MARK, "firstName": MARK}
    told.body = json.dumps(submission)
    headers = {"X-Request-ID": REQUEST_ID, "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    answer = workspace.write("POST", "/applicants", submission, headers=headers)
    assert answer.status_code == 201, answer.text
    told.applicant_number = answer.json()["applicantNumber"]
    workspace.write("POST", "/applicants", {"person": {"lastName": MARK, "more": SECRET}})
    workspace.write("POST", "/applicants", {}, headers={"X-Correlation-ID": MARK})
    workspace.esr.get("/applicants", params={"lastName": MARK, "token": SECRET})
    workspace.esr.get(f"/applicants/{MARK}")
    workspace.esr.get(f"/applicants/{told.applicant_number}")
    workspace.nhs_jobs.get(f"/{MARK}%0d%0a%1b[31m{SECRET}")
    with httpx.Client(base_url=workspace.url, trust_env=False) as other:
        other.get("/esr/v1/organisations", headers={"Authorization": f"Bearer {SECRET}"})
        other.get(f"/{MARK}", headers={"User-Agent": SECRET, "Cookie": SECRET, "Referer": MARK})
        other.get(
            "/esr/v1/organisations", headers={"X-Request-ID": "1980-01-01", "traceparent": MARK}
        )
        assertion = {"grant_type": "client_credentials", "client_assertion": SECRET}
        other.post("/oauth2/token", data=assertion)
    workspace.control.post(
        "/faults", json={"system": "esr", "kind": "STATUS", "status": 503, "times": 1}
    )
    workspace.esr.get("/organisations")
    workspace.hire(told.applicant_number).raise_for_status()
    workspace.settle()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Of one sandbox, which was used and has ended."""
    folder, told, collector = tmp_path_factory.mktemp("told"), Told(), Collector()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        process, ready = launch("--metrics", "--traces", "--log-format", "json", folder=folder)
    try:
        workspace = Workspace("default", ready.url, ready.token, World.make(1, 5, 40))
        _use(workspace, told)
        told.token = ready.token
        with httpx.Client(base_url=ready.url, trust_env=False) as client:
            told.metrics = client.get("/metrics").raise_for_status().text
    finally:
        stop(process)
        collector.close()
    told.log = (folder / "sandbox.log").read_text(encoding="utf-8")
    told.lines = [json.loads(line) for line in told.log.splitlines()]
    told.traces = b"".join(collector.bodies)
    for body in collector.bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            told.spans += [span for scope in resource.scope_spans for span in scope.spans]
    return told


def test_each_request_is_one_line_with_its_route_and_ids(told: Told) -> None:
    first, *others = told.requests("submit_applicant")

    assert {name: first[name] for name in ("method", "route", "status", "workspace", "client")} == {
        "method": "POST",
        "route": "/esr/v1/applicants",
        "status": 201,
        "workspace": "default",
        "client": "supplier",
    }
    assert (first["requestId"], first["traceId"]) == (REQUEST_ID, TRACE)
    assert first["durationMs"] > 0
    assert {line["code"] for line in others} == {"CONTRACT_VIOLATION"}
    assert [line["code"] for line in told.requests("list_organisations")] == [
        "TOKEN_INVALID",
        "TOKEN_MISSING",
        "SERVICE_UNAVAILABLE",
    ]


@pytest.mark.parametrize("where", ["log", "metrics", "traces"])
def test_nothing_tells_of_persons_tokens_or_bodies(told: Told, where: str) -> None:
    text = told.traces.decode("latin-1") if where == "traces" else str(getattr(told, where))
    person = json.loads(told.body)["person"]

    assert text
    for hidden in (
        MARK,
        SECRET,
        told.token,
        told.applicant_number,
        person["niNumber"],
        person["dateOfBirth"],
        "1980-01-01",
        "\\u001b",
        "Bearer",
    ):
        assert hidden not in text


def test_ids_that_are_none_are_not_told(told: Told) -> None:
    unmarked = told.requests("list_organisations")[1]

    assert "requestId" not in unmarked
    assert "traceId" not in unmarked
    assert all("correlationId" not in line for line in told.requests("submit_applicant")[2:])


def test_requests_writes_tokens_messages_and_faults_are_counted(told: Told) -> None:
    created = {"system": "esr", "operation": "submit_applicant"}

    assert told.value("esr_sandbox_requests_total", **created, status="2xx") == 1
    assert told.value("esr_sandbox_requests_total", **created, status="4xx") == 2
    assert told.value("esr_sandbox_request_seconds_count", **created) == 3
    assert told.value("esr_sandbox_refusals_total", code="TOKEN_INVALID") == 1
    assert told.value("esr_sandbox_faults_struck_total", kind="STATUS") == 1
    assert told.value("esr_sandbox_tokens_total", outcome="invalid_request") == 1
    assert told.value("esr_sandbox_messages_sent_total", sender="esr", outcome="ANSWERED") >= 1
    assert told.value("esr_sandbox_write_group_size_count") > 0
    assert told.value("esr_sandbox_write_groups_refused_total") == 0
    assert told.value("esr_sandbox_requests_in_flight") == 1  # that for the metrics
    assert told.value("esr_sandbox_outbox_messages", state="WAITING") == 0
    assert told.value("esr_sandbox_workspaces") == 1


def test_labels_name_no_workspace_client_or_id(told: Told) -> None:
    labels = {name for name, _ in re.findall(r'[{,](\w+)="([^"]*)"', told.metrics)}

    assert labels == {
        "system",
        "operation",
        "status",
        "code",
        "kind",
        "outcome",
        "sender",
        "state",
        "le",
    }


def test_a_callers_trace_goes_on_and_a_delivery_begins_its_own(told: Told) -> None:
    by_name: dict[str, list[Any]] = {}
    for span in told.spans:
        by_name.setdefault(span.name, []).append(span)
    [request] = [s for s in by_name["POST /esr/v1/applicants"] if s.trace_id.hex() == TRACE]
    units = [span for span in by_name["unit of work"] if span.parent_span_id == request.span_id]
    deliveries = by_name["send esr-event"]

    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert len(units) == 1
    assert deliveries
    assert all(span.trace_id.hex() != TRACE for span in deliveries)
    assert not any(span.parent_span_id for span in deliveries)


def test_a_delivery_carries_the_number_of_its_trace_and_nothing_else(told: Told) -> None:
    received = told.requests("receive_event")
    sent = {span.trace_id.hex() for span in told.spans if span.name == "send esr-event"}

    assert received
    assert {line["traceId"] for line in received} <= sent


def test_metrics_are_for_the_operator_at_level_platform() -> None:
    settings = Settings(port=0, level=Level.PLATFORM, metrics=True, operator_token=SECRET)
    with (
        served(settings) as runtime,
        httpx.Client(base_url=runtime.settings.own_url, trust_env=False) as client,
    ):
        without = client.get("/metrics")
        wrong = client.get("/metrics", headers={"Authorization": "Bearer no"})
        right = client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
        ready = client.get("/ready")

    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert right.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert SECRET not in ready.text + right.text


def test_a_sandbox_that_is_asked_for_nothing_tells_nothing(workspace: Workspace) -> None:
    with httpx.Client(base_url=workspace.url, trust_env=False) as client:
        assert client.get("/metrics").status_code == 404


def test_the_documentation_names_every_metric_and_no_other(told: Told) -> None:
    hosting = (Path(__file__).parents[2] / "docs/guides/host-for-many-suppliers.md").read_text(
        encoding="utf-8"
    )
    documented = set(re.findall(r"^\| `(esr_sandbox_\w+)` \| ([^|]*)\|", hosting, re.MULTILINE))
    there = set(re.findall(r"^# TYPE (esr_sandbox_\w+) ", told.metrics, re.MULTILINE))

    assert {name for name, _ in documented} == {
        name for name in there if not name.endswith("_created")
    }
    for name, labels in documented:
        used = {
            label
            for found in re.findall(rf"^{name}(?:_count)?\{{(.*)\}} ", told.metrics, re.MULTILINE)
            for label, _ in re.findall(r'(\w+)="([^"]*)"', found)
        }
        assert used == set(filter(None, labels.strip().split(", "))), name
