"""The journal: every exchange is kept, in a chain, without credentials and personal data."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from harness import Workspace

from sandbox.journal.masking import is_mask
from sandbox.journal.store import broken_link

pytestmark = pytest.mark.any_database


def exchanges(workspace: Workspace, **filters: Any) -> list[dict[str, Any]]:
    """The journal of the workspace, and of it what the filters ask for."""
    # A refusal that changes nothing is kept without being waited for; a write comes behind it, and is waited for.
    workspace.freeze()
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = workspace.control.get("/exchanges", params={"limit": 100, **filters, **cursor})
        document = page.raise_for_status().json()
        found += document["exchanges"]
        if not document["more"]:
            return found
        cursor = {"cursor": document["next"]}


def whole(workspace: Workspace, exchange: dict[str, Any]) -> dict[str, Any]:
    answer = workspace.control.get(f"/exchanges/{exchange['exchangeId']}")
    return dict(answer.raise_for_status().json())


def broken(workspace: Workspace, engine: sa.Engine) -> int | None:
    """What a look into the database says of the workspace's chain."""
    with engine.connect() as connection:
        return broken_link(connection, workspace.name)


def test_every_exchange_is_kept_without_a_gap_and_the_chain_holds(
    workspace: Workspace, sandbox_engine: sa.Engine
) -> None:
    before = len(exchanges(workspace))
    prefix = f"{workspace.url}/w/{workspace.name}/esr/v1"
    headers = {"Authorization": f"Bearer {workspace.token}"}
    with httpx.Client(base_url=prefix, headers=headers, trust_env=False) as esr:
        expected = [
            ("list_organisations", esr.get("/organisations").status_code),
            ("read_applicant", esr.get("/applicants/99999999").status_code),
            ("list_applicants", esr.get("/applicants?limit=0").status_code),
            ("submit_applicant", esr.post("/applicants", content=b"{").status_code),
            ("list_events", esr.get("/events", headers={"Authorization": "Bearer x"}).status_code),
            (None, esr.put("/applicants").status_code),
            (None, esr.get("/nothing").status_code),
        ]
    submitted = workspace.write("POST", "/applicants", workspace.submission())
    expected.append(("submit_applicant", submitted.status_code))

    kept = exchanges(workspace)

    assert [status for _, status in expected] == [200, 404, 400, 400, 401, 405, 404, 201]
    ours = [item for item in kept[before:] if item["system"] == "esr"]
    assert [(item.get("operationId"), item["status"]) for item in ours] == expected
    assert [item["exchangeId"] for item in kept] == list(range(1, len(kept) + 1))
    assert len({item["chain"] for item in kept}) == len(kept)
    assert broken(workspace, sandbox_engine) is None


def test_an_exchange_is_found_by_what_it_is_about(workspace: Workspace) -> None:
    identifier = str(uuid4())
    answer = workspace.write(
        "POST",
        "/applicants",
        workspace.submission(),
        headers={"X-Request-ID": identifier, "X-Correlation-ID": "Case-1"},
    )
    number = answer.json()["applicantNumber"]
    workspace.read(number)
    workspace.submit()

    [submission] = exchanges(workspace, requestId=identifier.upper())
    about = exchanges(workspace, applicantNumber=number)

    assert (submission["requestId"], submission["correlationId"]) == (identifier, "Case-1")
    assert submission["client"] == f"supplier-{workspace.name}"
    assert [item["operationId"] for item in about] == ["submit_applicant", "read_applicant"]
    assert len(exchanges(workspace, operationId="submit_applicant", status=201)) == 2
    assert exchanges(workspace, operationId="submit_applicant", status=422) == []
    assert {item["system"] for item in exchanges(workspace, system="control")} == {"control"}
    assert workspace.control.get("/exchanges/999999").status_code == 404


def test_reading_the_journal_is_not_kept(workspace: Workspace) -> None:
    kept = exchanges(workspace)
    whole(workspace, kept[0])

    again = exchanges(workspace)

    assert [item["operationId"] for item in again[len(kept) :]] == ["set_clock"]


def test_no_token_and_no_personal_data_is_in_the_journal(workspace: Workspace) -> None:
    submission = workspace.submission()
    submission["person"] |= {"niNumber": "PZ900001A", "middleNames": "Wilhelmina"}
    number = workspace.write("POST", "/applicants", submission).json()["applicantNumber"]
    workspace.read(number)
    wrong = {**submission, "person": {**submission["person"], "niNumber": "QQ123456C"}}
    workspace.write("POST", "/applicants", wrong)
    update = {"state": "IN_PROGRESS", "requestedDate": "2026-04-02", "checkedBy": "Jo Blogworthy"}
    workspace.write("PUT", f"/applicants/{number}/employment-checks/dbs", update)
    workspace.esr.post(
        "/applicants",
        content=b"<niNumber>PZ900001A</niNumber>",
        headers={"Content-Type": "application/xml"},
    )
    person = submission["person"]
    secrets = [
        *(person[name] for name in ("niNumber", "middleNames", "dateOfBirth", "emailAddress")),
        *(person["address"][name] for name in ("line1", "postcode")),
        *(item["number"] for item in submission.get("registrations", [])),
        *("QQ123456C", "Blogworthy", workspace.token),
    ]

    kept = [json.dumps(whole(workspace, item)) for item in exchanges(workspace)]

    assert len(kept) >= 5
    assert [secret for secret in secrets for text in kept if secret in text] == []
    [submitted] = exchanges(workspace, operationId="submit_applicant", status=201)
    exchange = whole(workspace, submitted)
    assert is_mask(exchange["requestHeaders"]["authorization"])
    body = json.loads(exchange["requestBody"])
    assert body["supplierReference"] == submission["supplierReference"]
    assert all(is_mask(value) for value in body["person"].values() if isinstance(value, str))


def test_the_detail_ledger_leaves_headers_and_bodies_out(
    workspace: Workspace, sandbox_engine: sa.Engine
) -> None:
    wanted = {"journalDetail": "LEDGER", "searchOddities": False}
    workspace.control.put("/settings", json=wanted).raise_for_status()
    workspace.submit()
    [ledger] = exchanges(workspace, operationId="submit_applicant")
    workspace.control.put("/settings", json={**wanted, "journalDetail": "FULL"}).raise_for_status()
    workspace.submit()
    full = exchanges(workspace, operationId="submit_applicant")[1]

    left_out = {"requestHeaders", "requestBody", "responseHeaders", "responseBody"}
    assert left_out.isdisjoint(whole(workspace, ledger))
    assert left_out <= whole(workspace, full).keys()
    assert ledger["requestDigest"] != full["requestDigest"]
    assert broken(workspace, sandbox_engine) is None


def test_each_workspace_has_a_journal_of_its_own_that_outlives_its_world(
    make_workspace: Callable[..., Workspace],
) -> None:
    one, two = make_workspace(), make_workspace()
    number = one.submit()

    one.control.post("/reset").raise_for_status()

    assert [item["operationId"] for item in exchanges(one, applicantNumber=number)] == [
        "submit_applicant"
    ]
    assert exchanges(two, applicantNumber=number) == []
    assert {item["workspace"] for item in exchanges(two)} == {two.name}
