"""X-Request-ID removes duplicates, X-Correlation-ID comes back."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from harness import Workspace

pytestmark = pytest.mark.any_database


def applicants(workspace: Workspace) -> int:
    return len(workspace.esr.get("/applicants").json()["applicants"])


def test_a_refusal_by_a_rule_is_an_outcome_that_is_repeated(workspace: Workspace) -> None:
    submission, headers = workspace.submission(), {"X-Request-ID": str(uuid4())}
    path = f"/vacancies/{submission['vacancyReference']}/status"
    workspace.write("PUT", path, {"status": "07"}).raise_for_status()
    first = workspace.write("POST", "/applicants", submission, headers=headers)
    workspace.write("PUT", path, {"status": "01"}).raise_for_status()

    again = workspace.write("POST", "/applicants", submission, headers=headers)
    anew = workspace.write("POST", "/applicants", submission)

    assert first.status_code == again.status_code == 422
    assert first.json() == again.json()
    assert anew.status_code == 201


def test_a_request_that_breaks_the_contract_does_not_use_its_id_up(workspace: Workspace) -> None:
    submission, headers = workspace.submission(), {"X-Request-ID": str(uuid4())}

    broken = workspace.write("POST", "/applicants", {**submission, "x": 1}, headers=headers)
    mended = workspace.write("POST", "/applicants", submission, headers=headers)

    assert (broken.status_code, mended.status_code) == (400, 201)


def test_a_fault_of_the_sandbox_does_not_use_the_id_up(workspace: Workspace) -> None:
    submission, headers = workspace.submission(), {"X-Request-ID": str(uuid4())}
    fault = {"system": "esr", "kind": "STATUS", "status": 503, "times": 1}
    workspace.control.post("/faults", json=fault).raise_for_status()

    failed = workspace.write("POST", "/applicants", submission, headers=headers)
    retried = workspace.write("POST", "/applicants", submission, headers=headers)

    assert (failed.status_code, retried.status_code) == (503, 201)


def test_an_id_with_letters_in_the_other_case_is_the_same(workspace: Workspace) -> None:
    submission, identifier = workspace.submission(), str(uuid4())

    first = workspace.write(
        "POST", "/applicants", submission, headers={"X-Request-ID": identifier.lower()}
    )
    second = workspace.write(
        "POST", "/applicants", submission, headers={"X-Request-ID": identifier.upper()}
    )

    assert first.json() == second.json()
    assert applicants(workspace) == 1


def test_an_id_belongs_to_one_operation(workspace: Workspace) -> None:
    headers = {"X-Request-ID": str(uuid4())}
    submission = workspace.submission()
    wanted = {"supplierReference": "N-1", "positionId": submission["positionId"], "title": "Nurse"}

    applicant = workspace.write("POST", "/applicants", submission, headers=headers)
    vacancy = workspace.write("POST", "/vacancies", wanted, headers=headers)

    assert (applicant.status_code, vacancy.status_code) == (201, 201)


def test_an_id_belongs_to_one_client(make_workspace: Callable[..., Workspace]) -> None:
    one, two = make_workspace(), make_workspace()
    headers, submission = {"X-Request-ID": str(uuid4())}, one.submission()

    first = one.write("POST", "/applicants", submission, headers=headers)
    second = two.write("POST", "/applicants", submission, headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert (applicants(one), applicants(two)) == (1, 1)


def taken_for(workspace: Workspace, employer: str) -> str:
    """The number of an applicant of the employer."""
    vacancies = {
        item["vacancyReference"]
        for item in workspace.world.vacancies
        if item["odsCode"] == employer
    }
    while (submission := workspace.submission())["vacancyReference"] not in vacancies:
        pass
    return str(workspace.write("POST", "/applicants", submission).json()["applicantNumber"])


@pytest.mark.parametrize("what", ["path", "employer", "If-Match"])
def test_the_same_id_with_another_place_employer_or_version_is_refused(
    make_workspace: Callable[..., Workspace], what: str
) -> None:
    workspace = make_workspace(organisations=2, positions=5)
    mine = workspace.employer
    [other] = {item["odsCode"] for item in workspace.world.organisations} - {mine}
    first, second = (taken_for(workspace, mine) for _ in range(2))
    patch = {"person": {"firstName": "Zoë"}}
    headers = {
        "X-Request-ID": str(uuid4()),
        "If-Match": '"1"',
        "Content-Type": "application/merge-patch+json",
    }
    workspace.write("PATCH", f"/applicants/{first}", patch, headers=headers)

    answer = workspace.write(
        "PATCH",
        f"/applicants/{second if what == 'path' else first}",
        patch,
        employer=other if what == "employer" else None,
        headers={**headers, "If-Match": '"2"'} if what == "If-Match" else headers,
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_ID_REUSED")


def test_a_repeated_outcome_has_the_headers_of_the_first(workspace: Workspace) -> None:
    number = workspace.submit()
    headers = {
        "X-Request-ID": str(uuid4()),
        "If-Match": '"1"',
        "Content-Type": "application/merge-patch+json",
    }
    patch = {"person": {"firstName": "Zoë"}}

    first = workspace.write("PATCH", f"/applicants/{number}", patch, headers=headers)
    workspace.amend(number, {"person": {"firstName": "Zora"}}).raise_for_status()
    again = workspace.write("PATCH", f"/applicants/{number}", patch, headers=headers)

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["etag"] == first.headers["etag"] == '"2"'
    assert workspace.read(number)["person"]["firstName"] == "Zora"


def test_the_ids_come_back_with_every_answer(workspace: Workspace) -> None:
    headers = {"X-Request-ID": str(uuid4()), "X-Correlation-ID": "Case-1"}

    answers = [
        workspace.write("POST", "/applicants", workspace.submission(), headers=headers),
        workspace.write("POST", "/applicants", {}, headers=headers),
        workspace.esr.get("/applicants/99999999", headers={"X-Correlation-ID": "Case-1"}),
        workspace.esr.get("/organisations", headers={"X-Correlation-ID": "Case-1"}),
    ]

    assert [answer.status_code for answer in answers] == [201, 400, 404, 200]
    assert {answer.headers["x-correlation-id"] for answer in answers} == {"Case-1"}
    assert {answer.headers["x-request-id"] for answer in answers[:2]} == {headers["X-Request-ID"]}
    assert "x-request-id" not in answers[2].headers


@pytest.mark.parametrize("identifier", ["", "1", "not-a-uuid", "60e0b22081364ca5ae461d97ef59d068"])
def test_a_request_id_is_a_uuid(workspace: Workspace, identifier: str) -> None:
    answer = workspace.write(
        "POST", "/applicants", workspace.submission(), headers={"X-Request-ID": identifier}
    )

    assert answer.status_code == 400
    assert {(e["location"], e["pointer"]) for e in answer.json()["errors"]} == {
        ("header", "X-Request-ID")
    }


def test_control_removes_duplicates_where_a_request_has_an_id(workspace: Workspace) -> None:
    workspace.control.put("/clock", json={"mode": "FROZEN"})
    headers = {"X-Request-ID": str(uuid4())}
    move = {"by": "P1D"}

    first = workspace.control.post("/clock/advance", json=move, headers=headers)
    again = workspace.control.post("/clock/advance", json=move, headers=headers)
    without = workspace.control.post("/clock/advance", json=move)
    other = workspace.control.post("/clock/advance", json={"by": "P2D"}, headers=headers)

    assert first.json() == again.json() != without.json()
    assert (other.status_code, other.json()["code"]) == (422, "REQUEST_ID_REUSED")
