"""What holds for every request to NHS Jobs: request ids, employers, tokens, forms, lists."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace

pytestmark = pytest.mark.any_database


@pytest.fixture
def world(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A world of two employers."""
    return make_workspace(organisations=2)


def advert(**changes: Any) -> dict[str, Any]:
    sent = {
        "supplierReference": f"REQ-{uuid4().hex[:12]}",
        "title": "Staff Nurse",
        "description": "You will plan, give and review care.",
        "staffGroup": "03",
        "payBand": "BAND_5",
        "contractType": "Permanent",
        "workingPattern": ["full-time"],
        "salary": {"text": "Depends on experience"},
        "locations": [{"town": "Northmere", "postcode": "XN1 2AB"}],
        "closeDate": "2099-04-30",
        **changes,
    }
    return {name: value for name, value in sent.items() if value is not None}


def push(
    world: Workspace, sent: dict[str, Any], headers: dict[str, Any] | None = None
) -> httpx.Response:
    return world.write("POST", "/adverts", sent, headers=headers, client=world.nhs_jobs)


def test_a_message_that_comes_twice_is_taken_once(world: Workspace) -> None:
    sent, headers = advert(), {"X-Request-ID": str(uuid4())}

    first, again = push(world, sent, headers), push(world, sent, headers)
    other = push(world, advert(), headers)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "REQUEST_ID_REUSED")
    assert len(world.nhs_jobs.get("/adverts").json()["adverts"]) == 1


@pytest.mark.parametrize("name", ["X-Request-ID", "NHSD-End-User-Organisation-ODS"])
def test_a_write_without_a_header_that_it_needs_is_refused(world: Workspace, name: str) -> None:
    headers = {"X-Request-ID": str(uuid4()), "NHSD-End-User-Organisation-ODS": world.employer}
    del headers[name]

    answer = world.nhs_jobs.post("/adverts", json=advert(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "CONTRACT_VIOLATION")
    assert answer.json()["errors"][0]["pointer"] == name


@pytest.mark.parametrize(
    ("header", "code"), [("", "TOKEN_MISSING"), ("Bearer nobody-was-given-this", "TOKEN_INVALID")]
)
def test_all_but_the_search_takes_a_token(world: Workspace, header: str, code: str) -> None:
    headers = {"Authorization": header} if header else {}
    base = f"{world.url}/w/{world.name}/nhs-jobs/v1"

    answer = httpx.get(f"{base}/adverts", headers=headers, trust_env=False)
    search = httpx.get(f"{base}/search", headers=headers, trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert search.status_code == 200


def test_another_employers_advert_is_not_told_from_an_unknown_one(world: Workspace) -> None:
    number = push(world, advert()).json()["advertId"]
    other = {"NHSD-End-User-Organisation-ODS": world.world.organisations[1]["odsCode"]}

    answer = world.nhs_jobs.get(f"/adverts/{number}", headers=other)
    listed = world.nhs_jobs.get("/adverts", headers=other)

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert listed.json()["adverts"] == []


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        ('{"colour": "blue"}', "application/json", 400, "CONTRACT_VIOLATION"),
        ('{"title": ', "application/json", 400, "BODY_MALFORMED"),
        ("<advert/>", "application/xml", 415, "MEDIA_TYPE_UNSUPPORTED"),
    ],
)
def test_what_the_contract_does_not_describe_is_refused(
    world: Workspace, content: str, media_type: str, status: int, code: str
) -> None:
    headers = {
        "X-Request-ID": str(uuid4()),
        "NHSD-End-User-Organisation-ODS": world.employer,
        "Content-Type": media_type,
    }

    answer = world.nhs_jobs.post("/adverts", content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_ids_come_back(world: Workspace) -> None:
    headers = {"X-Request-ID": str(uuid4()), "X-Correlation-ID": "Case-1"}

    answers = [push(world, advert(), headers), push(world, {}, headers)]

    assert [answer.status_code for answer in answers] == [201, 400]
    assert {answer.headers["x-request-id"] for answer in answers} == {headers["X-Request-ID"]}
    assert {answer.headers["x-correlation-id"] for answer in answers} == {"Case-1"}


def test_adverts_are_listed_in_order_page_by_page(world: Workspace) -> None:
    made = [push(world, advert()).json()["advertId"] for _ in range(3)]

    first = world.nhs_jobs.get("/adverts", params={"limit": 2}).json()
    second = world.nhs_jobs.get("/adverts", params={"limit": 2, "cursor": first["next"]}).json()

    listed = [item["advertId"] for item in (*first["adverts"], *second["adverts"])]
    assert (listed, first["more"], second["more"]) == (made, True, False)
