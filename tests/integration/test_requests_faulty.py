"""Requests that are not what a contract describes, and callers who are not who they should be: problems, every one."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace

from sandbox.contracts import load_contract
from sandbox.errors import Code, status_of

_METHODS = ("get", "put", "post", "delete", "patch")


def problem(answer: httpx.Response, code: str) -> dict[str, Any]:
    """The problem that an answer is, which has the code and says nothing of our own program."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = dict(answer.json())
    assert document["code"] == code, answer.text
    assert document["status"] == answer.status_code == status_of(Code(code))
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in answer.text
    return document


def places(answer: httpx.Response) -> set[tuple[str, str]]:
    found = problem(answer, "CONTRACT_VIOLATION")["errors"]
    return {(error["location"], error["pointer"]) for error in found}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "TOKEN_MISSING"),
        ("Bearer", "TOKEN_INVALID"),
        ("Bearer nobody-was-given-this", "TOKEN_INVALID"),
        ("Basic dXNlcjpwYXNz", "TOKEN_INVALID"),
    ],
)
def test_a_caller_without_a_known_token_is_told_so(
    workspace: Workspace, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = httpx.get(f"{workspace.url}/esr/v1/organisations", headers=headers, trust_env=False)

    problem(answer, code)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_opens_its_own_workspace_alone(make_workspace: Callable[..., Workspace]) -> None:
    mine, theirs = make_workspace(seed=1), make_workspace(seed=2)
    number = theirs.submit()
    headers = {"Authorization": f"Bearer {mine.token}"}

    def read(path: str) -> httpx.Response:
        return httpx.get(f"{mine.url}{path}", headers=headers, trust_env=False)

    problem(read(f"/w/{theirs.name}/esr/v1/applicants/{number}"), "NOT_FOUND")
    problem(read(f"/esr/v1/applicants/{number}"), "NOT_FOUND")
    problem(read("/w/no-such-workspace/esr/v1/organisations"), "NOT_FOUND")
    assert read(f"/w/{mine.name}/esr/v1/organisations").status_code == 200


def test_another_employers_things_are_not_told_from_unknown_ones(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(organisations=2, positions=5)
    submission = workspace.submission()
    [mine] = [
        vacancy["odsCode"]
        for vacancy in workspace.world.vacancies
        if vacancy["vacancyReference"] == submission["vacancyReference"]
    ]
    [other] = {item["odsCode"] for item in workspace.world.organisations} - {mine}
    taken = workspace.write("POST", "/applicants", submission, employer=mine)
    number = taken.json()["applicantNumber"]
    header = {"NHSD-End-User-Organisation-ODS": other}
    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
    update = {"state": "REQUESTED", "requestedDate": "2026-04-02"}
    vacancy = f"/vacancies/{submission['vacancyReference']}"

    for path in (
        f"/applicants/{number}",
        f"/applicants/{number}/employment-checks",
        f"/applicants/{number}/inter-authority-transfer",
        vacancy,
        f"/positions/{submission['positionId']}",
    ):
        problem(workspace.esr.get(path, headers=header), "NOT_FOUND")
    for method, path, body in (
        ("POST", f"/applicants/{number}/withdrawal", withdrawal),
        ("PUT", f"/applicants/{number}/employment-checks/dbs", update),
        ("PUT", f"{vacancy}/status", {"status": "02"}),
    ):
        problem(workspace.write(method, path, body, employer=other), "NOT_FOUND")
    assert workspace.esr.get("/applicants", headers=header).json()["applicants"] == []
    assert workspace.read(number)["version"] == 1


def test_an_employer_whom_nobody_knows_is_refused(workspace: Workspace) -> None:
    wanted = {"supplierReference": "N-1", "positionId": 1, "title": "Nurse"}

    vacancy = workspace.write("POST", "/vacancies", wanted, employer="ZZZ99")
    applicant = workspace.write("POST", "/applicants", workspace.submission(), employer="ZZZ99")

    problem(vacancy, "EMPLOYER_UNKNOWN")
    confirmation = problem(applicant, "APPLICANT_REFUSED")["confirmation"]
    assert "EMPLOYER_UNKNOWN" in [message["messageCode"] for message in confirmation["messages"]]


def test_every_fault_of_a_body_is_named_by_its_pointer(workspace: Workspace) -> None:
    submission = workspace.submission(unknown=1, startDate="2026-02-30", contractType="permanent")
    del submission["offerDate"]
    submission["person"] |= {"niNumber": "QQ123456C", "firstName": "Tab\u0009", "a/b~c": True}
    submission["registrations"] = [{"body": "09", "number": "99Z0001Z"}, {"body": "09"}]

    answer = workspace.write("POST", "/applicants", submission)

    assert places(answer) == {
        ("body", "/unknown"),
        ("body", "/startDate"),
        ("body", "/contractType"),
        ("body", "/offerDate"),
        ("body", "/person/niNumber"),
        ("body", "/person/firstName"),
        ("body", "/person/a~1b~0c"),
        ("body", "/registrations/1/number"),
    }
    assert workspace.esr.get("/applicants").json()["applicants"] == []


def test_a_fault_does_not_repeat_what_it_found(workspace: Workspace) -> None:
    submission = workspace.submission()
    submission["person"] |= {"niNumber": "QQ123456C", "dateOfBirth": "17/05/1994"}

    answer = workspace.write("POST", "/applicants", submission)

    assert places(answer) == {("body", "/person/niNumber"), ("body", "/person/dateOfBirth")}
    assert "QQ123456C" not in answer.text
    assert "17/05/1994" not in answer.text


def test_faults_of_parameters_are_named_by_place_and_name(workspace: Workspace) -> None:
    answer = workspace.esr.get(
        "/applicants?limit=0&status=NEW&colour=red&cursor=a&cursor=b",
        headers={"NHSD-End-User-Organisation-ODS": "x", "X-Correlation-ID": "a b"},
    )

    assert places(answer) == {
        ("query", "limit"),
        ("query", "status"),
        ("query", "colour"),
        ("query", "cursor"),
        ("header", "NHSD-End-User-Organisation-ODS"),
        ("header", "X-Correlation-ID"),
    }
    assert places(workspace.esr.get("/applicants/123")) == {("path", "applicantNumber")}
    assert places(workspace.esr.post("/applicants", json=workspace.submission())) == {
        ("header", "X-Request-ID"),
        ("header", "NHSD-End-User-Organisation-ODS"),
    }


@pytest.mark.parametrize(
    ("body", "media_type", "code"),
    [
        (b'{"supplierReference": ', "application/json", "BODY_MALFORMED"),
        (b"\xff\xfe{}", "application/json", "BODY_MALFORMED"),
        (b'{"startDate": NaN}', "application/json", "BODY_MALFORMED"),
        (b"{} {}", "application/json", "BODY_MALFORMED"),
        (b"[" * 5000, "application/json", "BODY_MALFORMED"),
        (b"", "application/json", "CONTRACT_VIOLATION"),
        (b"[]", "application/json", "CONTRACT_VIOLATION"),
        (b"null", "application/json; charset=utf-8", "CONTRACT_VIOLATION"),
        (b"<applicant/>", "application/xml", "MEDIA_TYPE_UNSUPPORTED"),
        (b"{}", "text/plain", "MEDIA_TYPE_UNSUPPORTED"),
        (b"{}", "application/merge-patch+json", "MEDIA_TYPE_UNSUPPORTED"),
        (b"{}", "", "MEDIA_TYPE_UNSUPPORTED"),
        (b'{"note": "' + b"x" * 1_048_576 + b'"}', "application/json", "BODY_TOO_LARGE"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_a_body_that_is_not_what_it_should_be_is_refused(
    workspace: Workspace, body: bytes, media_type: str, code: str
) -> None:
    headers = {
        "X-Request-ID": str(uuid4()),
        "NHSD-End-User-Organisation-ODS": workspace.employer,
        **({"Content-Type": media_type} if media_type else {}),
    }

    problem(workspace.esr.post("/applicants", content=body, headers=headers), code)

    assert workspace.esr.get("/organisations").status_code == 200


@pytest.mark.parametrize("name", ["esr", "control", "nhs-jobs", "receiver"])
def test_a_method_that_a_path_does_not_take_is_answered_with_all_that_it_takes(
    workspace: Workspace, name: str
) -> None:
    contract = load_contract(name)
    for path, item in contract.document["paths"].items():
        taken = {method.upper() for method in _METHODS if method in item}
        for method in {method.upper() for method in _METHODS} - taken:
            place = contract.base_path + re.sub(r"\{[^}]*\}", "1", path)
            answer = workspace.esr.request(method, f"{workspace.url}{place}")

            problem(answer, "METHOD_NOT_ALLOWED")
            assert set(answer.headers["allow"].split(", ")) == taken, path


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/applicants/10000001/nothing", "/applicants/", "/%2e%2e/secret", "//"],
)
def test_a_path_that_no_contract_has_is_not_found(workspace: Workspace, path: str) -> None:
    problem(workspace.esr.get(f"{workspace.url}/esr/v1{path}"), "NOT_FOUND")
