"""Live traffic: the exchanges of a workspace, and one in full."""

import re
import shlex
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from harness import Workspace
from recruiting import until

from sandbox.console.store import traffic as store
from sandbox.console.store.traffic import Wanted, newest

_ROW = re.compile(r'data-number="(\d+)"')
_NOBODY_LISTENS = "http://127.0.0.1:9/hook"


@pytest.fixture
def refused(workspace: Workspace) -> int:
    """The number of the exchange in which somebody is sent for a position that is not there."""
    answer = workspace.write("POST", "/applicants", workspace.submission(positionId=99))
    assert answer.status_code == 422
    return last_of(workspace, status=422)


def last_of(workspace: Workspace, many: int = 1, **filters: Any) -> int:
    """The number of the last exchange that is so, once there are `many`: what changes nothing is kept after it is answered."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = _numbers_of(workspace, filters)
        return len(found) >= many

    until(is_there)
    return found[-1]


def _numbers_of(workspace: Workspace, filters: dict[str, Any]) -> list[int]:
    numbers, cursor = [], None
    while True:
        asked = {**filters, "limit": 100, **({"cursor": cursor} if cursor else {})}
        found = workspace.control.get("/exchanges", params=asked).json()
        numbers += [item["exchangeId"] for item in found["exchanges"]]
        cursor = found["next"]
        if not found["more"]:
            return numbers


def page(workspace: Workspace, place: str = "", **query: Any) -> httpx.Response:
    url = f"{workspace.url}/console/w/{workspace.name}/traffic{place}"
    return httpx.get(url, params=query, trust_env=False, timeout=30)


def numbers(answer: httpx.Response) -> list[int]:
    return [int(number) for number in _ROW.findall(answer.text) if number]


def text_of(answer: httpx.Response) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", answer.text)))


def test_exchanges_are_listed_newest_first_a_page_at_a_time(workspace: Workspace) -> None:
    for _ in range(60):
        workspace.esr.get("/organisations")
    last = last_of(workspace, 60, operationId="list_organisations")

    first = page(workspace)

    assert numbers(first) == list(range(last, last - 50, -1))
    older = re.search(r'href="([^"]*)" rel="next"', first.text)
    assert older is not None
    second = httpx.get(f"{workspace.url}{unescape(older[1])}", trust_env=False)
    assert numbers(second) == list(range(last - 50, 0, -1))[:50]
    assert "data-stream" not in second.text


def test_the_filters_are_those_of_a_developer_who_looks_for_a_fault(
    workspace: Workspace, refused: int
) -> None:
    number = workspace.submit()
    taken = last_of(workspace, status=201, operationId="submit_applicant")
    request_id = "aaaaaaaa-0000-4000-8000-00000000000A"
    workspace.write("POST", "/applicants", {}, headers={"X-Request-ID": request_id})
    malformed = last_of(workspace, status=400)

    def found(**query: Any) -> list[int]:
        return numbers(page(workspace, **query))

    assert found(status="refused") == [malformed, refused]
    assert found(status="4xx", system="esr", operation="submit_applicant") == [malformed, refused]
    assert found(status="422") == [refused]
    assert found(applicant=number) == [taken]
    assert found(applicant=number, status="4xx") == []
    assert found(request=request_id.lower()) == [malformed]
    assert taken in found(status="2xx", system="both")
    assert taken not in found(system="control")


def test_what_cannot_be_looked_for_is_said_where_it_was_entered(workspace: Workspace) -> None:
    answer = page(workspace, status="banana", applicant="12")

    assert answer.status_code == 400
    assert 'href="#status"' in answer.text
    assert "An applicant number has eight digits" in text_of(answer)


def test_a_look_ends_after_so_many_exchanges_and_goes_on_from_there(
    workspace: Workspace,
    refused: int,
    sandbox_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(8):
        workspace.esr.get("/organisations")
    last = last_of(workspace, 8, operationId="list_organisations")
    monkeypatch.setattr(store, "LOOKED_AT", 5)
    wanted = Wanted(operation="submit_applicant")

    with sandbox_engine.connect() as connection:
        first = newest(connection, workspace.name, wanted, None, 50)
        second = newest(connection, workspace.name, wanted, first.before, 50)

    assert (first.rows, first.before, first.is_partial) == ([], last - 4, True)
    assert [row["exchange_id"] for row in second.rows] == [refused]


def test_a_refusal_tells_what_was_expected_what_came_and_whose_rule_it_is(
    workspace: Workspace, refused: int
) -> None:
    answer = page(workspace, f"/{refused}")

    told = text_of(answer)
    assert (
        "Expected: The recruitment system MUST send an applicant for a position of the employer that ESR has."
        in told
    )
    assert "Came: ESR did not load the applicant. POSITION_UNKNOWN" in told
    assert "body /positionId The employer has no such position. 99 POSITION_UNKNOWN" in told
    assert "ESR-POS-006 Broken" in told
    assert "What to do:" in told
    assert "The answer is as the contract describes it." in told
    assert f"Client supplier-{workspace.name} asked ESR." in told
    assert 'href="/esr/v1/ui/#/applicants/submit_applicant"' in answer.text
    assert f"/traffic/{refused - 1}" in answer.text


def test_a_breach_of_the_contract_is_told_place_by_place_and_without_what_is_personal(
    workspace: Workspace,
) -> None:
    submission = workspace.submission(surprise=1)
    submission["person"]["niNumber"] = "ZZ1"
    workspace.write("POST", "/applicants", submission)

    answer = page(workspace, f"/{last_of(workspace, status=400)}")

    told = text_of(answer)
    assert "ESR-REQ-020 Broken" in told
    assert "body /surprise" in told
    assert re.search(r'body /person/niNumber the value [^"]* "\[masked [0-9a-f]{12}\]"', told)
    assert submission["person"]["lastName"] not in answer.text


def test_what_came_is_told_of_the_rule_that_was_expected_to_hold(workspace: Workspace) -> None:
    submission = workspace.submission()
    workspace.write("POST", "/applicants", submission)
    # Two rules refuse it; the position is told of first.
    workspace.write("POST", "/applicants", {**submission, "positionId": 1})

    told = text_of(page(workspace, f"/{last_of(workspace, status=422)}"))

    assert re.search(
        r"Expected: [^.]* for a vacancy for which the person is a live applicant\. "
        r"Came: At body /person: This person is an applicant for this vacancy already",
        told,
    )


def test_the_command_sends_the_same_request_again(workspace: Workspace, refused: int) -> None:
    answer = page(workspace, f"/{refused}")
    shown = re.search(r'aria-label="Command"><code>(.*?)</code>', answer.text, re.DOTALL)
    assert shown is not None
    assert workspace.token not in answer.text

    words = shlex.split(unescape(shown[1]).replace("\\\n", ""))

    assert words[:4] == ["curl", "-i", "-X", "POST"]
    given = list(zip(words[5::2], words[6::2], strict=True))
    headers = dict(re.split(r":\s*", text, maxsplit=1) for flag, text in given if flag == "-H")
    [body] = [text for flag, text in given if flag == "--data-raw"]
    assert headers["x-request-id"] == "$(uuidgen)"
    headers |= {
        "Authorization": headers["Authorization"].replace("$TOKEN", workspace.token),
        "x-request-id": "bbbbbbbb-0000-4000-8000-000000000001",
    }
    again = httpx.post(words[4], content=body, headers=headers, trust_env=False)
    # What is masked breaks the contract; all else is as it was.
    assert again.status_code == 400
    assert {item["pointer"].split("/")[1] for item in again.json()["errors"]} == {"person"}
    assert "First put values of yours in place of what is masked" in text_of(answer)


def test_an_answer_that_breaks_the_contract_is_shown_as_such(workspace: Workspace) -> None:
    fault = {"system": "esr", "kind": "MISSING_PROPERTY", "operationId": "list_positions"}
    workspace.control.post("/faults", json={**fault, "property": "positionId"}).raise_for_status()
    workspace.esr.get("/positions")

    number = last_of(workspace, operationId="list_positions")
    told = text_of(page(workspace, f"/{number}"))

    assert "Expected: An answer as the contract describes it." in told
    assert '/positions/0: "positionId" is a required property (and 9 more).' in told


def test_a_delivery_names_its_applicant_and_tells_that_nobody_answered(
    workspace: Workspace,
) -> None:
    workspace.freeze()
    workspace.write("POST", "/event-subscriptions", {"url": _NOBODY_LISTENS})
    number = workspace.submit()
    workspace.hire(number).raise_for_status()
    workspace.settle()

    listed = page(workspace, applicant=number, status="none")

    [tried] = numbers(listed)
    assert "ESR → receiver at 127.0.0.1:9" in text_of(listed)
    told = text_of(page(workspace, f"/{tried}"))
    assert "Delivery of an event: applicant.hired" in told
    assert "Expected: The receiver answers 2xx. Came: No answer" in told
    assert f"The journey of applicant {number}" in told


def test_an_exchange_that_is_not_there_is_said_to_be_missing(workspace: Workspace) -> None:
    answer = page(workspace, "/999999")

    assert answer.status_code == 404
    assert "There is no exchange 999999" in text_of(answer)
