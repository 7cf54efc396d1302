"""Vacancies at ESR, through the front door."""

from collections.abc import Callable

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
        workspace.write("PUT", f"/vacancies/{reference}/status", {"status": "04"})

    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = workspace.esr.get("/vacancies", params={"status": "04", "limit": 2, **cursor}).json()
        found += [item["vacancyReference"] for item in page["vacancies"]]
        if not page["more"]:
            break
        cursor = {"cursor": page["next"]}

    assert found == references


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
    workspace.write("PUT", path, {"status": "05"}).raise_for_status()

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

    assert (over.status_code, over.json()["code"]) == (422, "CLOSE_DATE_PAST")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "POSITION_UNKNOWN")
