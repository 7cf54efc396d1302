"""What goes wrong, kind by kind: what was done, what came over the wire, and what the journal has of it."""

import hashlib
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fault_requests import fault, hits, kept, raw_answer
from harness import Workspace

from sandbox.control.service.faults import kinds_of

SERVED_AND_SPOILED = ("MALFORMED", "EMPTY_BODY", "WRONG_MEDIA_TYPE", "MISSING_PROPERTY")


@pytest.mark.parametrize("kind", SERVED_AND_SPOILED)
def test_a_write_whose_answer_is_spoiled_is_done_once_and_the_retry_learns_of_it(
    workspace: Workspace, kind: str
) -> None:
    fault(workspace, kind=kind, operationId="submit_applicant", times=1)
    submission = workspace.submission()
    headers = {"X-Request-ID": str(uuid4())}

    spoiled = workspace.write("POST", "/applicants", submission, headers=headers)
    retried = workspace.write("POST", "/applicants", submission, headers=headers)

    assert (spoiled.status_code, retried.status_code) == (201, 201)
    assert spoiled.content != retried.content or kind == "WRONG_MEDIA_TYPE"
    [applicant] = workspace.esr.get("/applicants").json()["applicants"]
    assert applicant["applicantNumber"] == retried.json()["applicantNumber"]
    first, second = kept(workspace, "submit_applicant")
    assert first["status"] == second["status"] == 201
    assert first.get("responseDigest", digest(b"")) == digest(spoiled.content)


WAITS = {"DELAY", "DELAY_ANSWER", "SLOW_BODY"}
PARTICULARS: dict[str, dict[str, Any]] = {
    "STATUS": {"status": 503},
    "CLOSED": {"until": "2099-01-01T00:00:00Z"},
    "NEW_ENUM_VALUE": {"property": "name"},
    **{kind: {"delaySeconds": 0.05} for kind in WAITS},
}


@pytest.mark.parametrize("system", ["esr", "nhs-jobs"])
def test_every_kind_strikes_either_system_once_and_leaves_the_next_request_alone(
    workspace: Workspace, system: str
) -> None:
    client, path = {
        "esr": (workspace.esr, "/organisations"),
        "nhs-jobs": (workspace.nhs_jobs, "/applications"),
    }[system]
    operation_id = {"esr": "list_organisations", "nhs-jobs": "list_applications"}[system]
    usual = whole(client, path)
    for kind in sorted(kinds_of(system)):
        wanted = {"system": system, "operationId": operation_id, **PARTICULARS.get(kind, {})}
        fault(workspace, **{**wanted, "kind": kind, "times": 1})

        struck = whole(client, path)

        leaves_it = kind in WAITS or (kind == "NEW_ENUM_VALUE" and system == "nhs-jobs")
        assert (struck == usual) == leaves_it, kind
        assert whole(client, path) == usual, kind
    assert hits(workspace) == [1] * len(kinds_of(system))


def whole(client: httpx.Client, path: str) -> tuple[int, str, bytes] | None:
    """Status, type and body of an answer, or None where none comes whole.

    On a connection of its own: a client that keeps one may find in it what a fault left there, which is its own affair.
    """
    try:
        answer = client.get(path, headers={"Connection": "close"})
    except httpx.TransportError:
        return None
    return answer.status_code, answer.headers["content-type"], answer.content


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_a_malformed_answer_arrives_whole(workspace: Workspace) -> None:
    whole = workspace.esr.get("/organisations").content
    fault(workspace, kind="MALFORMED")

    answer = workspace.esr.get("/organisations")

    assert answer.content == whole[: len(whole) // 2]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/json"


def test_an_empty_answer_has_its_status_and_its_type(workspace: Workspace) -> None:
    fault(workspace, kind="EMPTY_BODY")

    answer = workspace.esr.get("/organisations")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"
    assert answer.headers["content-type"] == "application/json"


def test_an_answer_of_the_wrong_type_is_right_but_for_it(workspace: Workspace) -> None:
    usual = workspace.esr.get("/organisations")
    fault(workspace, kind="WRONG_MEDIA_TYPE")

    answer = workspace.esr.get("/organisations")

    assert answer.content == usual.content
    assert answer.headers["content-type"] == "text/html"


def test_an_answer_may_lack_a_property_everywhere_or_its_first(workspace: Workspace) -> None:
    usual = workspace.esr.get("/organisations").json()
    fault(workspace, kind="MISSING_PROPERTY", property="name", times=1)
    fault(workspace, kind="MISSING_PROPERTY", times=1)

    without_names = workspace.esr.get("/organisations").json()
    without_first = workspace.esr.get("/organisations").json()

    assert all("name" in item for item in usual["organisations"])
    for item in usual["organisations"]:
        del item["name"]
    assert without_names == usual
    first = next(iter(usual))
    assert without_first == {name: item for name, item in usual.items() if name != first}


def test_more_comes_than_was_announced(workspace: Workspace) -> None:
    whole = workspace.esr.get("/organisations").content
    fault(workspace, kind="WRONG_LENGTH", operationId="list_organisations", times=1)

    head, _, body = raw_answer(workspace, "/organisations").partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"content-length: {len(whole) // 2}\r\n".encode() in head + b"\r\n"
    assert body == whole


@pytest.mark.parametrize("kind", ["TRUNCATE", "WRONG_LENGTH", "MALFORMED"])
def test_where_there_is_no_body_to_cut_the_connection_is_reset(
    workspace: Workspace, kind: str
) -> None:
    subscription = workspace.write(
        "POST", "/event-subscriptions", {"url": "http://127.0.0.1:9/events"}
    ).json()["subscriptionId"]
    fault(workspace, kind=kind, operationId="delete_event_subscription")

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        workspace.write("DELETE", f"/event-subscriptions/{subscription}")

    assert workspace.esr.get("/event-subscriptions").json()["eventSubscriptions"] == []


@pytest.mark.parametrize(
    ("status", "was_done"), [(None, False), (502, False), (503, False), (504, True)]
)
def test_a_proxy_answers_in_its_own_words(
    workspace: Workspace, status: int | None, was_done: bool
) -> None:
    wanted = {} if status is None else {"status": status}
    fault(workspace, kind="PROXY_ERROR", operationId="submit_applicant", times=1, **wanted)

    answer = workspace.write("POST", "/applicants", workspace.submission())

    assert answer.status_code == (status or 502)
    assert answer.headers["content-type"] == "text/html"
    assert answer.text.startswith("<html>")
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == was_done
    [exchange] = kept(workspace, "submit_applicant")
    assert exchange["status"] == (status or 502)
    assert exchange["responseDigest"] == digest(answer.content)


def test_an_answer_that_is_held_back_was_done_before_it_comes(workspace: Workspace) -> None:
    fault(workspace, kind="DELAY_ANSWER", delaySeconds=120, operationId="submit_applicant", times=1)
    submission = workspace.submission()
    headers = {"X-Request-ID": str(uuid4())}
    with httpx.Client(base_url=workspace.esr.base_url, timeout=0.5, trust_env=False) as hasty:
        hasty.headers.update(workspace.esr.headers)
        with pytest.raises(httpx.ReadTimeout):
            workspace.write("POST", "/applicants", submission, headers=headers, client=hasty)

    [applicant] = workspace.esr.get("/applicants").json()["applicants"]
    retried = workspace.write("POST", "/applicants", submission, headers=headers)
    assert retried.json()["applicantNumber"] == applicant["applicantNumber"]


def test_an_answer_that_is_held_back_comes_in_the_end(workspace: Workspace) -> None:
    fault(workspace, kind="DELAY_ANSWER", delaySeconds=0.3, times=1)
    began = time.monotonic()

    answer = workspace.esr.get("/organisations")

    assert answer.status_code == 200
    assert time.monotonic() - began >= 0.3


def test_a_body_comes_in_pieces_and_is_whole_in_the_end(workspace: Workspace) -> None:
    whole = workspace.esr.get("/positions").content
    fault(workspace, kind="SLOW_BODY", delaySeconds=0.4, times=1)
    began = time.monotonic()

    with workspace.esr.stream("GET", "/positions") as answer:
        pieces = list(answer.iter_raw())

    assert b"".join(pieces) == whole
    assert len(pieces) > 10
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("kind", ["ADD_PROPERTY", "MISSING_PROPERTY", "NEW_ENUM_VALUE"])
def test_what_is_no_json_is_left_as_it_is(workspace: Workspace, kind: str) -> None:
    usual = workspace.nhs_jobs.get("/search_xml")
    document: dict[str, Any] = {"system": "nhs-jobs", "kind": kind}
    fault(workspace, **document)

    answer = workspace.nhs_jobs.get("/search_xml")

    assert (answer.content, answer.headers["content-type"]) == (
        usual.content,
        usual.headers["content-type"],
    )
