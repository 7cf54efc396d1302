"""Whoever the simulators send is taken by ESR as every seeded employer is set up, those it knows already among them."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from harness import Workspace

from simulators.applicants import applicant
from simulators.known_people import known_person
from simulators.year import Event, Kind, Year

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


def sent_to_esr(workspace: Workspace, event: Event, numbers: dict[int, str], employer: str) -> Any:
    """The answer to one event of a year."""
    kind, body = event.kind, dict(event.body)
    if kind is Kind.APPLICANT or (kind is Kind.RESEND and event.check_type is None):
        return workspace.write("POST", "/applicants", body, employer=employer)
    path = f"/applicants/{numbers[event.applicant]}"
    if kind is Kind.START_DATE_CHANGE:
        return workspace.amend(numbers[event.applicant], body)
    if kind is Kind.WITHDRAWAL:
        return workspace.write("POST", f"{path}/withdrawal", body, employer=employer)
    return workspace.write(
        "PUT", f"{path}/employment-checks/{event.check_type}", body, employer=employer
    )


@pytest.mark.prove
def test_esr_takes_everything_of_a_year_on_its_day(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(seed=3, organisations=5, positions=60)
    employer = {each["vacancyReference"]: each["odsCode"] for each in workspace.world.vacancies}
    # A year that lies ahead of any clock on a wall for long; its world stands on an earlier day.
    year = Year(3, workspace.world, applicants=80, first_day=date(2090, 4, 1))
    workspace.freeze("2090-04-01T00:00:00Z")
    numbers: dict[int, str] = {}
    answers: Counter[tuple[Kind, int]] = Counter()

    for event in year.events():
        moment = datetime.fromtimestamp(event.at // 1_000_000, tz=UTC)
        workspace.advance(to=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        answer = sent_to_esr(workspace, event, numbers, employer[event.vacancy])
        answers[event.kind, answer.status_code] += 1
        assert answer.is_success or event.kind is Kind.RESEND, (event, answer.text)
        if event.kind is Kind.APPLICANT:
            numbers[event.applicant] = answer.json()["applicantNumber"]

    kinds = {kind for kind, _ in answers}
    assert answers[Kind.APPLICANT, 201] == 80
    assert kinds == set(Kind)
    # Nobody is made twice by what is sent again.
    assert answers[Kind.RESEND, 201] == 0
    assert len(workspace.walk("/applicants")[0]) == 80
