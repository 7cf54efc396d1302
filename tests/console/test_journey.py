"""The journey of one applicant tells the whole story in words: nobody has to open JSON."""

import html
import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import journeying
import pytest
from console_walk import signed_in
from harness import Workspace
from receiving import Receiver

from sandbox.runtime import Runtime
from simulators.world import World


@pytest.fixture(name="receiver")
def _receiver() -> Receiver:  # type: ignore[misc]
    receiver = Receiver()
    yield receiver  # type: ignore[misc]
    receiver.close()


def look(workspace: Workspace, path: str, **parameters: str) -> httpx.Response:
    address = f"{workspace.url}/console/w/{workspace.name}/journey{path}"
    with httpx.Client(timeout=30, trust_env=False, follow_redirects=True) as client:
        return client.get(address, params=parameters)


def words(text: str) -> str:
    """What a page says, without its markup and what is there for narrow screens."""
    text = re.sub(r'<span class="nhsuk-table-responsive__heading".*?</span>', "", text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def steps(text: str) -> list[str]:
    """The steps of the timeline, each with its lane, moments, sentence, notes and result, in their order."""
    return [words(item) for item in re.findall(r'(?s)<li class="console-step.*?</p>\s*</li>', text)]


def order(found: list[str], *parts: str) -> list[int]:
    """The place of the first step that says each part."""
    return [next(place for place, step in enumerate(found) if part in step) for part in parts]


def test_the_journey_from_advert_to_hire_with_two_failed_deliveries(
    workspace: Workspace, receiver: Receiver
) -> None:
    life = journeying.begin(workspace)
    journeying.hire_with_two_failures(life, receiver)

    page = look(workspace, f"/{life.number}")

    assert page.status_code == 200
    said = words(page.text)
    assert "The two sides agree on all 6 facts." in said
    assert "NHS Jobs 3 of 3" in said
    # Before the clock moves: one attempt has failed, and the page says when the next one is due.
    assert f"{receiver.url} 2 of 3 applicant.hired, next attempt" in said

    workspace.advance(by="PT10M")
    workspace.settle()
    page = look(workspace, f"/{life.number}")

    told = steps(page.text)
    whole = order(
        told,
        "Staff nurse, was pushed by a supplier",
        "had ESR make a vacancy",
        "The candidate applied",
        "A recruiter offered the post",
        "The candidate accepted the offer",
        "NHS Jobs sent the applicant. ESR answered 201",
        f"ESR took the applicant as number {life.number}",
        "A recruiter recorded the DBS check in NHS Jobs as requested",
        "NHS Jobs sent the DBS check as requested. ESR answered 201",
        "The DBS check is begun by the recruitment system: requested (version 1)",
        "Occupational health was made to answer: fit",
        "The work health assessment check is begun by an ESR user: complete, clear",
        "NHS Jobs takes over the work health assessment check: complete, clear",
        "ESR was made to hire the applicant",
        "ESR hired the applicant, with effect from",
        "NHS Jobs marks the application as hired",
    )
    assert whole == sorted(whole)
    hire = [step for step in told if f"applicant.hired to {receiver.url}" in step]
    assert [re.search(r"attempt \d\. The receiver answered \d+", step)[0] for step in hire] == [  # type: ignore[index]
        "attempt 1. The receiver answered 500",
        "attempt 2. The receiver answered 503",
        "attempt 3. The receiver answered 202",
    ]
    assert ["Failed" in step for step in hire] == [True, True, False]
    assert "The next attempt was at" in hire[0]
    assert f"{receiver.url} 3 of 3 none none" in words(page.text)
    assert all("Exchange" in step for step in hire)


def test_where_the_sides_differ_it_says_why(workspace: Workspace) -> None:
    life = journeying.begin(workspace)
    fault = {"system": "receiver", "kind": "UNSIGNED"}
    answer = workspace.control.post("/faults", json=fault)
    assert answer.status_code == 201, answer.text
    life.act(f"/esr/applicants/{life.number}/hire")

    said = words(look(workspace, f"/{life.number}").text)

    assert "The two sides differ in 1 of" in said
    assert (
        "Status Hired Taken by ESR Different They differ: applicant.hired has not arrived. Next attempt"
        in said
    )
    assert "Due" in said


def test_an_applicant_of_a_supplier_is_told_by_what_it_sent_and_was_told(
    workspace: Workspace,
) -> None:
    workspace.freeze()
    sent = workspace.submission()
    in_vain = workspace.write("POST", "/applicants", {**sent, "positionId": 1})
    assert in_vain.status_code == 422
    number = workspace.submit(**sent)
    refused = workspace.amend(number, {"startDate": "2001-01-01"})
    assert refused.status_code == 422
    workspace.hire(number).raise_for_status()

    page = look(workspace, f"/{number}")

    told = steps(page.text)
    whole = order(
        told,
        "The recruitment system sent the applicant. ESR answered 422",
        "The recruitment system sent the applicant. ESR answered 201",
        "ESR hired the",
    )
    assert whole == sorted(whole)
    [change] = [step for step in told if "changed the applicant (start date)" in step]
    assert "ESR answered 422" in change
    assert "Refused" in change
    assert "Different They differ: applicant.hired is in the feed of events" in words(page.text)

    feed = workspace.esr.get("/events")
    assert feed.status_code == 200
    # A read is kept without being waited for; a write comes behind it, and is waited for.
    workspace.freeze()
    page = look(workspace, f"/{number}")
    assert "read the feed of events, and was told of this applicant" in words(page.text)
    assert "The two sides agree" in words(page.text)


FINDERS: dict[str, Callable[[dict[str, str]], str]] = {
    "number": lambda known: known["number"],
    "supplier's reference": lambda known: known["reference"],
    "request id in capitals": lambda known: known["request"].upper(),
}


@pytest.mark.parametrize("by", FINDERS)
def test_an_applicant_is_found_by(workspace: Workspace, by: str) -> None:
    sent, request_id = workspace.submission(), str(uuid4())
    answer = workspace.write("POST", "/applicants", sent, headers={"X-Request-ID": request_id})
    known = {
        "number": answer.json()["applicantNumber"],
        "reference": sent["supplierReference"],
        "request": request_id,
    }

    page = look(workspace, "", q=FINDERS[by](known))

    assert page.url.path.endswith(f"/journey/{known['number']}")


def test_people_are_found_by_the_beginning_of_the_name(workspace: Workspace) -> None:
    sent = workspace.submission()
    number = workspace.submit(**sent)
    person = sent["person"]

    for typed in (
        person["lastName"][:4].upper(),
        f"{person['firstName']} {person['lastName']}",
        f"{person['lastName']}, {person['firstName']}",
    ):
        assert f"/journey/{number}" in look(workspace, "", q=typed).text, typed
    assert "Nobody is found" in words(look(workspace, "", q="Nobodyatall").text)


def test_who_was_refused_is_found_by_reference_and_by_request_id(workspace: Workspace) -> None:
    request_id = str(uuid4())
    sent = workspace.submission(supplierReference="REFUSED-1", positionId=1)
    refused = workspace.write("POST", "/applicants", sent, headers={"X-Request-ID": request_id})
    assert refused.status_code == 422, refused.text

    for wanted in ("REFUSED-1", request_id):
        page = look(workspace, "", q=wanted)
        assert page.url.path.endswith("/journey/refused")
        [step] = [each for each in steps(page.text) if "sent the applicant" in each]
        assert "ESR answered 422" in step
        assert "Error POSITION_UNKNOWN:" in step
    assert "REFUSED-1" in look(workspace, "").text


def test_nobody_is_told_of_with_what_to_do(workspace: Workspace) -> None:
    for path, parameters in (
        ("/19999999", {}),
        ("/application/8199999", {}),
        ("/refused", {"reference": "no"}),
    ):
        page = look(workspace, path, **parameters)
        assert page.status_code == 404
        assert "Find an applicant" in words(page.text)


def test_an_application_that_esr_has_not_taken_has_a_journey(workspace: Workspace) -> None:
    life = journeying.begin(workspace)
    second = life.act(
        f"/nhs-jobs/adverts/{advert_of(workspace, life)}/applications", life.tenant.candidate(1)
    )

    page = look(workspace, "", q=str(second["applicationId"]))

    said = words(page.text)
    assert "Status No such applicant Applied none" in said
    assert "The candidate applied" in said
    taken = look(workspace, f"/application/{life.application_id}")
    assert taken.url.path.endswith(f"/journey/{life.number}")


def advert_of(workspace: Workspace, life: journeying.Life) -> int:
    found = workspace.nhs_jobs.get(f"/applications/{life.application_id}").json()
    return int(found["advertId"])


def test_lists_page_by_number(workspace: Workspace) -> None:
    numbers = [workspace.submit() for _ in range(27)]

    first = look(workspace, "").text
    shown = re.findall(r"/journey/(\d{8})\"", first)
    [more] = re.findall(r"before=(\d{8})", first)
    rest = re.findall(r"/journey/(\d{8})\"", look(workspace, "", before=more).text)

    assert [*shown, *rest] == sorted(numbers, reverse=True)


def test_at_level_platform_names_are_shown_to_the_supplier_alone(
    platform: Runtime, supplier_of: Callable[[str], str]
) -> None:
    token, url = supplier_of("journeys"), platform.settings.public_url
    body = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 10}
    operator = {"Authorization": f"Bearer {platform.settings.operator_token}"}
    with httpx.Client(base_url=url, headers=operator, timeout=30, trust_env=False) as team:
        team.post("/w/journeys/control/v1/seed", json=body).raise_for_status()
    workspace = Workspace("journeys", url, token, World.make(1, 1, 10))
    sent = workspace.submission()
    number = workspace.submit(**sent)

    seen = {}
    for who in (token, str(platform.settings.operator_token)):
        with signed_in(url, who) as client:
            seen[who] = client.get(f"/console/w/journeys/journey/{number}").text

    last_name = str(sent["person"]["lastName"])
    assert [last_name in page for page in seen.values()] == [True, False]
    assert ["[masked]" in page for page in seen.values()] == [False, True]
