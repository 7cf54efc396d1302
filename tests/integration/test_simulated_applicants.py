"""Whoever the simulators send is taken by ESR as every seeded employer is set up, those it knows already among them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from harness import Workspace

from simulators.applicants import applicant
from simulators.known_people import known_person

COUNT = 200


@pytest.fixture(scope="module")
def sent(
    make_workspace: Callable[..., Workspace],
) -> tuple[Workspace, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """A workspace, and (submission, answer) of the first applicants for it."""
    workspace = make_workspace(seed=3, organisations=5, positions=60)
    employer = {each["vacancyReference"]: each["odsCode"] for each in workspace.world.vacancies}
    found = []
    for index in range(COUNT):
        submission = applicant(3, index, workspace.world)
        answer = workspace.write(
            "POST",
            "/applicants",
            submission,
            employer=employer[submission["vacancyReference"]],
        )
        assert answer.status_code == 201, (index, answer.text)
        found.append((submission, answer.json()))
    return workspace, found


def known(workspace: Workspace, index: int) -> Any:
    return known_person(3, index, workspace.world)


def test_the_seed_tells_how_many_employees_there_are(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(seed=8, organisations=2, positions=20)
    workspace.control.post("/reset").raise_for_status()

    seeded = workspace.control.post(
        "/seed", json={"seed": 8, "organisations": 2, "positionsPerOrganisation": 20}
    )

    assert seeded.json()["employees"] == len(workspace.world.employees) > 0


def test_every_applicant_is_loaded(sent: Any) -> None:
    _, answers = sent

    assert Counter(answer["loadStatusCode"] for _, answer in answers) == {"SUCCESS": COUNT}


def test_those_whom_esr_knows_are_linked_and_the_others_are_new(sent: Any) -> None:
    workspace, answers = sent
    results: Counter[tuple[str, str]] = Counter()
    for index, (submission, answer) in enumerate(answers):
        held = workspace.read(answer["applicantNumber"])
        someone = known(workspace, index)
        if someone is None:
            kind = "stranger"
        elif "niNumber" not in submission["person"]:
            kind = "without an NI number"
        else:
            kind = "internal" if someone.internal else "elsewhere"
        results[kind, held["match"]["result"]] += 1

    assert {pair for pair in results if pair[0] != "without an NI number"} == {
        ("stranger", "NEW_PERSON"),
        ("elsewhere", "LINKED"),
        ("internal", "LINKED"),
    }
    assert results["elsewhere", "LINKED"] + results["internal", "LINKED"] > COUNT / 20


def test_an_internal_candidate_is_moved_and_nobody_new_is_hired(sent: Any) -> None:
    workspace, answers = sent
    number = next(
        answer["applicantNumber"]
        for submission, answer in answers
        if submission.get("internalCandidate")
    )

    hired = workspace.hire(number)

    assert hired.status_code == 200, hired.text
    assert hired.json()["status"] == "HIRED"


def test_an_employee_without_an_ni_number_comes_under_review(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(seed=3, organisations=5, positions=60)
    employer = {each["vacancyReference"]: each["odsCode"] for each in workspace.world.vacancies}
    index = next(
        index
        for index in range(5_000)
        if (someone := known(workspace, index)) and "niNumber" not in someone.employee["person"]
    )
    submission = applicant(3, index, workspace.world)

    answer = workspace.write(
        "POST", "/applicants", submission, employer=employer[submission["vacancyReference"]]
    )

    held = workspace.read(answer.json()["applicantNumber"])
    assert (answer.status_code, held["status"]) == (201, "ACTIVE_APPLICATION")
    assert [each["grade"] for each in held["match"]["candidates"]] == ["NAME_AND_BIRTH"]
