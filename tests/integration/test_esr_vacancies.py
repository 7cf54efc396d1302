"""Vacancies at ESR, through the front door."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from harness import Workspace

REFERENCE = "C9123-1001"


def vpd(workspace: Workspace) -> str:
    return str(workspace.world.organisations[0]["vpd"])


def active(workspace: Workspace) -> int:
    return int(workspace.world.vacancies[0]["positionId"])


def create(workspace: Workspace, reference: str = REFERENCE) -> str:
    wanted = {"supplierReference": reference, "positionId": active(workspace), "title": "Nurse"}
    answer = workspace.write("POST", "/vacancies", wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["vacancyReference"])


def test_the_references_are_made_of_the_partition_and_the_suppliers_own(
    workspace: Workspace,
) -> None:
    wanted = {
        "supplierReference": REFERENCE,
        "positionId": active(workspace),
        "title": "Staff Nurse",
        "openings": 2,
        "closingDate": "2026-04-30",
    }

    answer = workspace.write("POST", "/vacancies", wanted)

    assert answer.status_code == 201
    vacancy = answer.json()
    assert vacancy["vacancyReference"] == f"{vpd(workspace)}-C9123-1001"
    assert vacancy["requisitionReference"] == f"{vpd(workspace)}-REQ-C9123-1001"
    assert (vacancy["origin"], vacancy["status"]) == ("SUPPLIER", "01")
    assert wanted.items() <= vacancy.items()
    assert answer.headers["location"] == f"/esr/v1/vacancies/{vacancy['vacancyReference']}"
    assert workspace.esr.get(f"/vacancies/{vacancy['vacancyReference']}").json() == vacancy


def test_a_reference_is_used_once(workspace: Workspace) -> None:
    create(workspace)
    wanted = {"supplierReference": REFERENCE, "positionId": active(workspace), "title": "Other"}

    answer = workspace.write("POST", "/vacancies", wanted)

    assert (answer.status_code, answer.json()["code"]) == (409, "ALREADY_EXISTS")


def test_a_vacancy_needs_a_position_of_its_employer_that_is_there(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(organisations=2, positions=5)
    other = workspace.world.organisations[1]["odsCode"]
    [theirs, *_] = [p["positionId"] for p in workspace.world.positions if p["odsCode"] == other]
    deleted = active(workspace)
    workspace.control.post(f"/esr/positions/{deleted}/deletion").raise_for_status()

    def refused(position: int) -> tuple[int, str]:
        wanted = {"supplierReference": "A-1", "positionId": position, "title": "Nurse"}
        answer = workspace.write("POST", "/vacancies", wanted)
        return answer.status_code, answer.json()["code"]

    assert refused(1) == (422, "POSITION_UNKNOWN")
    assert refused(int(theirs)) == (422, "POSITION_UNKNOWN")
    assert refused(deleted) == (422, "POSITION_DELETED")


def test_vacancies_are_listed_by_status_page_by_page(workspace: Workspace) -> None:
    references = [create(workspace, f"N-{number}") for number in range(5)]
    for reference in references:
        workspace.write("PUT", f"/vacancies/{reference}/status", {"status": "03"})

    found, _ = workspace.walk("/vacancies", status="03", limit=2)

    assert [item["vacancyReference"] for item in found] == references


def test_a_status_that_it_has_already_changes_nothing(workspace: Workspace) -> None:
    reference = create(workspace)
    before = workspace.esr.get("/events").json()["next"]

    answer = workspace.write("PUT", f"/vacancies/{reference}/status", {"status": "01"})

    assert answer.status_code == 200
    assert workspace.esr.get("/events").json()["next"] == before


@pytest.mark.parametrize("ended", ["08", "09", "10"])
def test_a_vacancy_that_came_to_its_end_stays_there(workspace: Workspace, ended: str) -> None:
    reference = create(workspace)
    workspace.write("PUT", f"/vacancies/{reference}/status", {"status": ended}).raise_for_status()

    answer = workspace.write("PUT", f"/vacancies/{reference}/status", {"status": "01"})

    assert (answer.status_code, answer.json()["code"]) == (409, "STATE_FORBIDS")
    assert workspace.esr.get(f"/vacancies/{reference}").json()["status"] == ended


def test_a_vacancy_that_is_not_open_takes_no_applicant(workspace: Workspace) -> None:
    submission = workspace.submission()
    path = f"/vacancies/{submission['vacancyReference']}/status"
    workspace.write("PUT", path, {"status": "07"}).raise_for_status()

    answer = workspace.write("POST", "/applicants", submission)

    assert (answer.status_code, answer.json()["code"]) == (422, "APPLICANT_REFUSED")
    [message] = [
        m for m in answer.json()["confirmation"]["messages"] if m["messageType"] == "ERROR"
    ]
    assert (message["messageCode"], message["pointer"]) == ("VACANCY_NOT_OPEN", "/vacancyReference")


def test_esr_publishes_a_vacancy_of_its_own(workspace: Workspace) -> None:
    answer = workspace.control.post("/esr/vacancies", json={"positionId": active(workspace)})

    assert answer.status_code == 201
    vacancy = answer.json()
    assert vacancy["origin"] == "ESR"
    assert vacancy["vacancyReference"].startswith(f"{vpd(workspace)}-")
    [event] = workspace.esr.get("/events").json()["events"]
    assert (event["type"], event["data"]) == ("vacancy.published", vacancy)


@pytest.mark.parametrize("status", ["FROZEN", "PROPOSED", "ELIMINATED"])
def test_neither_side_begins_a_vacancy_for_a_position_into_which_nobody_is_hired(
    workspace: Workspace, status: str
) -> None:
    position = active(workspace)
    changed = workspace.control.post(
        f"/esr/positions/{position}/change", json={"hiringStatus": status}
    )
    assert changed.status_code == 200

    published = workspace.control.post("/esr/vacancies", json={"positionId": position})
    wanted = {"supplierReference": "A-1", "positionId": position, "title": "Nurse"}
    created = workspace.write("POST", "/vacancies", wanted)

    assert (published.status_code, published.json()["code"]) == (409, "STATE_FORBIDS")
    assert (created.status_code, created.json()["code"]) == (409, "STATE_FORBIDS")


def test_esr_publishes_no_vacancy_that_is_over_or_has_no_position(workspace: Workspace) -> None:
    wanted = {"positionId": active(workspace), "closingDate": "2020-01-01"}

    over = workspace.control.post("/esr/vacancies", json=wanted)
    unknown = workspace.control.post("/esr/vacancies", json={"positionId": 1})
    workspace.control.post(f"/esr/positions/{wanted['positionId']}/deletion").raise_for_status()
    deleted = workspace.control.post("/esr/vacancies", json={"positionId": wanted["positionId"]})

    assert (over.status_code, over.json()["code"]) == (422, "CLOSE_DATE_PAST")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "POSITION_UNKNOWN")
    assert (deleted.status_code, deleted.json()["code"]) == (422, "POSITION_DELETED")


def test_a_vacancy_may_begin_before_its_position_and_not_after_it(workspace: Workspace) -> None:
    position = active(workspace)
    change = f"/esr/positions/{position}/change"
    workspace.control.post(change, json={"effectiveFrom": "2999-01-01"}).raise_for_status()

    before = workspace.control.post("/esr/vacancies", json={"positionId": position})
    dates = {"effectiveFrom": "2020-01-01", "effectiveTo": "2020-12-31"}
    workspace.control.post(change, json=dates).raise_for_status()
    published = workspace.control.post("/esr/vacancies", json={"positionId": position})
    wanted = {"supplierReference": "A-1", "positionId": position, "title": "Nurse"}
    created = workspace.write("POST", "/vacancies", wanted)

    assert before.status_code == 201
    assert (published.status_code, published.json()["code"]) == (409, "STATE_FORBIDS")
    assert (created.status_code, created.json()["code"]) == (409, "STATE_FORBIDS")


def start(workspace: Workspace, origin: str, openings: int = 1) -> str:
    """A vacancy that began on the side `origin`."""
    if origin == "SUPPLIER":
        wanted = {"supplierReference": "N-1", "title": "Nurse"}
        terms = {"positionId": active(workspace), "openings": openings}
        answer = workspace.write("POST", "/vacancies", {**wanted, **terms})
    else:
        terms = {"positionId": active(workspace), "openings": openings}
        answer = workspace.control.post("/esr/vacancies", json=terms)
    assert answer.status_code == 201, answer.text
    assert answer.json()["origin"] == origin
    return str(answer.json()["vacancyReference"])


WAYS = (["03", "04", "06", "05", "04", "02", "01"], ["12", "11", "07", "10"])


@pytest.mark.parametrize(("origin", "way"), list(product(("SUPPLIER", "ESR"), WAYS)))
def test_a_vacancy_of_either_origin_goes_the_way_of_the_national_statuses(
    workspace: Workspace, origin: str, way: list[str]
) -> None:
    reference = start(workspace, origin)

    def put(status: str) -> Any:
        return workspace.write("PUT", f"/vacancies/{reference}/status", {"status": status})

    assert [put(status).status_code for status in way] == [200] * len(way)
    refused = put("05")
    assert (refused.status_code, refused.json()["code"]) == (409, "STATE_FORBIDS")
    told = [
        event["data"]["status"]
        for event in workspace.esr.get("/events").json()["events"]
        if event["type"] == "vacancy.status-changed"
    ]
    assert told == way


def hire(workspace: Workspace, reference: str) -> None:
    """Somebody who has accepted is sent for the vacancy and hired."""
    vacancy = workspace.esr.get(f"/vacancies/{reference}").json()
    position = workspace.esr.get(f"/positions/{vacancy['positionId']}").json()
    sent = workspace.submission(
        vacancyReference=reference,
        positionId=vacancy["positionId"],
        staffGroup=position["staffGroup"],
        jobRole=position["jobRole"],
    )
    sent["offerAcceptedDate"] = sent["offerDate"]
    answer = workspace.write("POST", "/applicants", sent)
    assert answer.status_code == 201, answer.text
    number = answer.json()["applicantNumber"]
    workspace.hire(number).raise_for_status()


@pytest.mark.parametrize("origin", ["SUPPLIER", "ESR"])
def test_hires_fill_the_openings_of_a_vacancy_which_then_takes_nobody(
    workspace: Workspace, origin: str
) -> None:
    reference = start(workspace, origin, openings=3)
    statuses = []

    for _ in range(3):
        hire(workspace, reference)
        statuses.append(workspace.esr.get(f"/vacancies/{reference}").json()["status"])
    late = workspace.write("POST", "/applicants", workspace.submission(vacancyReference=reference))

    assert statuses == ["12", "12", "09"]
    told = [
        (event["type"], event["data"]["status"])
        for event in workspace.esr.get("/events", params={"limit": 100}).json()["events"]
        if event["type"] in ("applicant.hired", "vacancy.status-changed")
    ]
    assert told == [
        ("applicant.hired", "HIRED"),
        ("vacancy.status-changed", "12"),
        ("applicant.hired", "HIRED"),
        ("applicant.hired", "HIRED"),
        ("vacancy.status-changed", "09"),
    ]
    messages = late.json()["confirmation"]["messages"]
    assert "VACANCY_NOT_OPEN" in [message["messageCode"] for message in messages]


def test_a_hire_does_not_take_a_vacancy_off_hold(workspace: Workspace) -> None:
    sent = workspace.submission()
    sent["offerAcceptedDate"] = sent["offerDate"]
    number = workspace.write("POST", "/applicants", sent).json()["applicantNumber"]
    reference = workspace.read(number)["vacancyReference"]
    workspace.write("PUT", f"/vacancies/{reference}/status", {"status": "03"}).raise_for_status()

    workspace.hire(number).raise_for_status()

    assert workspace.esr.get(f"/vacancies/{reference}").json()["status"] == "03"
