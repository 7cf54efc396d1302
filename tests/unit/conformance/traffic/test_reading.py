"""Recordings from files: HAR and NDJSON, masked while they are read; whatever is wrong with one is told with its place."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import harfile
import orjson
import pytest
from traffic_recordings import ODS, Recording, request_id

from sandbox.cli import run
from sandbox.conformance.results import Result
from sandbox.conformance.traffic import (
    RecordingError,
    TrafficFacts,
    judge_traffic,
    read_har,
    read_recording,
)

BASE = "https://esr.example/trust/esr/v1"
BEGIN = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
BODY = {"supplierReference": "A-1", "person": {"lastName": "Okafor"}, "startDate": "2030-03-01"}
TAKEN = {"loadStatusCode": "SUCCESS", "applicantNumber": "10000017", "messages": []}


def write_har(path: Path, *calls: dict[str, Any]) -> Path:
    """A HAR file as a tool writes it: each call a second after the one before."""
    with harfile.HarFile.open(str(path)) as har:
        for place, call in enumerate(calls):
            headers = {"Authorization": "Bearer secret-token", **call.get("headers", {})}
            body, answer = call.get("body"), call.get("answer")
            har.add_entry(
                startedDateTime=BEGIN + timedelta(seconds=call.get("at", place)),
                time=12.5,
                request=harfile.Request(
                    method=call.get("method", "GET"),
                    url=call.get("url", BASE + call.get("path", "/organisations")),
                    httpVersion="HTTP/2",
                    headers=[
                        harfile.Record(name=name, value=text) for name, text in headers.items()
                    ],
                    postData=harfile.PostData(mimeType="application/json", text=json.dumps(body))
                    if body is not None
                    else None,
                ),
                response=harfile.Response(
                    status=call.get("status", 200),
                    statusText="",
                    httpVersion="HTTP/2",
                    headers=[
                        harfile.Record(name=name, value=text)
                        for name, text in call.get("answered", {}).items()
                    ],
                    content=harfile.Content(text=json.dumps(answer) if answer is not None else ""),
                ),
                timings=harfile.Timings(send=1, wait=10, receive=1),
            )
    return path


def submission(number: int, status: int, **more: Any) -> dict[str, Any]:
    headers = {"X-Request-ID": request_id(number), "NHSD-End-User-Organisation-ODS": ODS}
    sent = {"method": "POST", "path": "/applicants", "headers": headers, "body": BODY}
    return {**sent, "status": status, **more}


def test_a_har_file_becomes_exchanges(tmp_path: Path) -> None:
    path = write_har(
        tmp_path / "calls.har",
        submission(1, 201, answer=TAKEN),
        {"path": "/applicants/10000017", "answered": {"ETag": '"1"'}},
        {"path": "/applicants/10000017", "status": 0},
        {"path": "/nowhere", "status": 404},
        {"url": "https://elsewhere.example/login"},
    )

    exchanges = read_har(path)

    assert [item.get("operationId") for item in exchanges] == [
        "submit_applicant",
        "read_applicant",
        "read_applicant",
        None,
    ]
    first = exchanges[0]
    assert first["path"] == "/esr/v1/applicants"
    assert first["requestId"] == request_id(1)
    assert (first["applicantNumber"], first["startedAt"]) == (
        "10000017",
        "2030-01-07T08:00:00.000Z",
    )
    assert [item["status"] for item in exchanges] == [201, 200, 0, 404]


def test_credentials_and_people_are_masked_while_a_file_is_read(tmp_path: Path) -> None:
    path = write_har(
        tmp_path / "calls.har",
        submission(1, 201, answer=TAKEN),
        submission(2, 201, answer=TAKEN),
        {"path": "/applicants?lastName=Okafor"},
    )

    exchanges = read_har(path)

    assert b"Okafor" not in orjson.dumps(exchanges)
    assert b"secret-token" not in orjson.dumps(exchanges)
    assert exchanges[0]["requestBody"] == exchanges[1]["requestBody"]
    results = {item.requirement: item for item in judge_traffic(exchanges, TrafficFacts())}
    assert results["ESR-REQ-039"].result is Result.FAIL
    assert results["ESR-REQ-001"].result is Result.PASS


def test_the_rules_run_over_a_har_file(tmp_path: Path) -> None:
    wait = {"retry-after": "5"}
    path = write_har(
        tmp_path / "calls.har", submission(1, 429, answered=wait), submission(1, 201, at=2)
    )

    results = {item.requirement: item for item in judge_traffic(read_har(path), TrafficFacts())}

    assert results["ESR-REQ-002"].result is Result.PASS
    assert results["ESR-REQ-030"].result is Result.FAIL


@pytest.mark.parametrize("base", ["https://a.example", "http://b.example:8080/x/y", BASE])
def test_the_base_is_found_wherever_it_is(tmp_path: Path, base: str) -> None:
    calls = [
        {"url": f"{base}/applicants/10000017"},
        {"url": f"{base}/vacancies?limit=1"},
        {"url": "https://other.example/search?q=1"},
    ]

    exchanges = read_har(write_har(tmp_path / "calls.har", *calls))

    assert [item.get("operationId") for item in exchanges] == ["read_applicant", "list_vacancies"]


def test_the_base_may_be_told(tmp_path: Path) -> None:
    path = write_har(tmp_path / "calls.har", {"url": "https://a.example/organisations"}, {})

    assert [item["exchangeId"] for item in read_har(path, f"{BASE}/")] == [2]
    with pytest.raises(RecordingError, match=r"none of its 2 calls goes to https://c\.example"):
        read_har(path, "https://c.example")


def entry(**changes: Any) -> dict[str, Any]:
    request = {"method": "GET", "url": f"{BASE}/organisations", "headers": []}
    whole = {"startedDateTime": "2030-01-07T08:00:00Z", "time": 5, "request": request}
    return {**whole, "response": {"status": 200, "headers": []}, **changes}


def har_of(*entries: Any) -> bytes:
    return orjson.dumps({"log": {"version": "1.2", "entries": list(entries)}})


def test_a_byte_order_mark_is_ignored_and_a_base64_body_is_read(tmp_path: Path) -> None:
    text = base64.b64encode(b'{"more": false}').decode()
    content = {"text": text, "encoding": "base64", "mimeType": "application/json"}
    path = tmp_path / "calls.har"
    path.write_bytes(b"\xef\xbb\xbf" + har_of(entry(response={"status": 200, "content": content})))

    [exchange] = read_har(path)

    assert exchange["responseBody"] == '{"more":false}'


REQUEST = entry()["request"]
EXCHANGE = {
    "system": "esr",
    "direction": "IN",
    "method": "GET",
    "path": "/esr/v1/organisations",
    "status": 200,
    "startedAt": "2030-01-07T08:00:00Z",
}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<xml/>", "is no JSON: .* at line 1, column 1"),
        (b'{"log": {"entries": [', "is no JSON"),
        (b"[]", "the whole is not what HAR 1.2 has there"),
        (b"{}", "the whole is not what HAR 1.2 has there"),
        (har_of(entry(time="long")), "/log/entries/0/time is not what HAR"),
        (har_of(entry(), entry(request={**REQUEST, "method": 7})), "/log/entries/1/request/method"),
        (har_of(entry(startedDateTime="yesterday")), "entry 1: startedDateTime is no moment"),
        (har_of(entry(startedDateTime="2030-01-07T08:00:00")), "entry 1: startedDateTime"),
        (har_of(entry(response={"status": 1000})), "entry 1: /status"),
        (
            har_of(entry(response={"status": 200, "content": {"text": "?", "encoding": "base64"}})),
            "entry 1: the body of the answer says that it is base64",
        ),
        (har_of(), "no call goes to a path of the contracts"),
        (har_of(entry(request={**REQUEST, "url": "https://a.example/x"})), "no call goes to"),
    ],
)
def test_a_broken_har_file_is_told_with_its_place(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "broken.har"
    path.write_bytes(content)

    with pytest.raises(RecordingError, match=told) as raised:
        read_har(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "line 2 is no JSON: .* at column"),
        (b"[]", "line 2: the exchange is not"),
        (b"{}", "line 2: the exchange is not"),
        (b'{"status": "ok"}', "line 2"),
        (orjson.dumps({**EXCHANGE, "startedAt": "soon"}), "line 2: /startedAt is no moment"),
        (orjson.dumps({**EXCHANGE, "worldTime": "soon"}), "line 2: /worldTime is no moment"),
        (
            orjson.dumps({**EXCHANGE, "startedAt": "0001-01-01T00:00:00+14:00"}),
            "line 2: /startedAt",
        ),
    ],
)
def test_a_broken_line_is_told_with_its_number(tmp_path: Path, line: bytes, told: str) -> None:
    recording = Recording()
    recording.call("read_applicant")
    path = tmp_path / "traffic.ndjson"
    path.write_bytes(orjson.dumps(recording.exchanges[0]) + b"\n" + line + b"\n")

    with pytest.raises(RecordingError, match=told):
        read_recording(path)


def test_a_file_that_is_missing_or_too_large_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "traffic.ndjson"
    with pytest.raises(RecordingError, match="cannot be read: No such file"):
        read_recording(path)
    path.write_bytes(b"{}" * 100)
    monkeypatch.setattr("sandbox.conformance.traffic.reading.LARGEST", 100)
    with pytest.raises(RecordingError, match="holds 200 bytes; 100 are the most"):
        read_recording(path)


def ndjson(path: Path, recording: Recording) -> Path:
    path.write_bytes(b"".join(orjson.dumps(item) + b"\n" for item in recording.exchanges))
    return path


def test_the_command_tells_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = Recording(), Recording()
    good.call("submit_applicant", 201, body=BODY)
    bad.call("submit_applicant", 201, body=BODY, headers={"x-request-id": ""})
    kept, broken = ndjson(tmp_path / "a.ndjson", good), ndjson(tmp_path / "b.ndjson", bad)
    one = ("--only", "ESR-REQ-001")

    assert run(["traffic", "check", str(kept), *one]) == 0
    assert run(["traffic", "check", str(kept)]) == 3
    assert "Never exercised, so nothing is concluded" in capsys.readouterr().out
    assert run(["traffic", "check", str(broken)]) == 1
    assert "ESR-REQ-001" in capsys.readouterr().out
    assert run(["traffic", "check", str(kept), "--client", "nobody", *one]) == 3
    assert run(["traffic", "check", str(kept), "--enabled", "X9Z9Z", "--only", "ESR-REQ-013"]) == 1


def test_the_command_answers_scripts_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_har(tmp_path / "calls.har", submission(1, 201, answer=TAKEN))

    code = run(
        ["traffic", "check", str(path), "--esr-url", BASE, "--only", "ESR-REQ-001", "--json"]
    )

    told = json.loads(capsys.readouterr().out)
    assert (code, told["result"], told["exchanges"]) == (0, "pass", 1)
    [requirement] = told["requirements"]
    assert (requirement["requirement"], requirement["exercised"]) == ("ESR-REQ-001", 1)


@pytest.mark.parametrize(
    "arguments", [["missing.har"], ["broken.har"], ["good.ndjson", "--only", "ESR-XXX"]]
)
def test_the_command_is_misused_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    recording = Recording()
    recording.call("read_applicant")
    ndjson(tmp_path / "good.ndjson", recording)
    (tmp_path / "broken.har").write_text("{")

    assert run(["traffic", "check", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
