"""Who an applicant is, through the front door: submit_applicant, amend_applicant, decide_match."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from harness import Workspace
from known_people import (
    GRADES,
    KINDS,
    NAMELESS_NUMBER,
    PERSON,
    applicant,
    decide,
    employee_elsewhere,
    events,
    ex_applicant,
    messages,
    number_of,
    reviewed,
    send,
    vacancy,
)


@pytest.fixture
def world(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A world of two employers."""
    return make_workspace(organisations=2)


SAID: dict[tuple[str, str], tuple[str, str]] = {
    ("EXACT", "EMPLOYEE"): ("WARNING", "MATCHED_EMPLOYEE"),
    ("EXACT", "EMPLOYEE_ELSEWHERE"): ("INFO", "MATCHED_EMPLOYEE_ELSEWHERE"),
    ("EXACT", "EX_EMPLOYEE"): ("INFO", "MATCHED_EX_EMPLOYEE"),
    ("EXACT", "APPLICANT"): ("INFO", "MATCHED_APPLICANT"),
    ("EXACT", "EX_APPLICANT"): ("INFO", "MATCHED_EX_APPLICANT"),
    ("NI_ONLY", "EMPLOYEE"): ("ERROR", "PERSON_CONFLICTS"),
    **{("FORMER_NAME", kind): ("WARNING", "MATCHED_FORMER_NAME") for kind in KINDS},
}
UNDER_REVIEW = ("WARNING", "MATCH_UNDER_REVIEW")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grade", GRADES)
def test_a_known_person_is_linked_put_under_review_or_refused(
    world: Workspace, grade: str, kind: str
) -> None:
    known = world.read(KINDS[kind](world))
    expected = SAID.get((grade, kind), UNDER_REVIEW)

    answer = send(world, vacancy(world, 1), GRADES[grade])

    assert messages(answer) == [expected]
    if expected[0] == "ERROR":
        assert (answer.status_code, answer.json()["code"]) == (422, "APPLICANT_REFUSED")
        return
    held = world.read(number_of(answer))
    found = {"personKind": kind, "grade": grade}
    if expected == UNDER_REVIEW:
        assert held["status"] == "ACTIVE_APPLICATION"
        assert held["personId"] != known["personId"]
        candidate = {"personId": known["personId"], **found}
        assert held["match"] == {"result": "UNDER_REVIEW", "candidates": [candidate]}
    else:
        assert held["status"] == "ACCEPTED"
        assert held["personId"] == known["personId"]
        assert held["match"] == {"result": "LINKED", **found}


@pytest.mark.parametrize(
    ("grade", "code"), [("NI_ONLY", "PERSON_CONFLICTS"), ("NAME_AND_BIRTH", "PERSON_UNCERTAIN")]
)
def test_a_strict_employer_refuses_whoever_is_not_certain(
    world: Workspace, grade: str, code: str
) -> None:
    ex_applicant(world)
    world.carry(matching="strict-1")

    answer = send(world, vacancy(world, 1), GRADES[grade])

    assert (answer.status_code, messages(answer)) == (422, [("ERROR", code)])


def test_staff_in_post_are_known(world: Workspace) -> None:
    staff = next(
        item
        for item in world.world.employees
        if item["odsCode"] == world.employer
        and "endDate" not in item
        and "niNumber" in item["person"]
    )

    answer = send(world, vacancy(world, 1), staff["person"])

    assert messages(answer) == [("WARNING", "MATCHED_EMPLOYEE")]


def test_a_person_whom_nobody_knows_is_new(world: Workspace) -> None:
    applicant(world)

    answer = send(world, vacancy(world, 1), {**PERSON, "niNumber": "PZ900002A"})

    held = world.read(number_of(answer))
    assert messages(answer) == []
    assert (held["status"], held["match"]) == ("ACCEPTED", {"result": "NEW_PERSON"})


def two_of_one_name(world: Workspace) -> list[int]:
    """Two people of the same name and date of birth, told apart by their numbers."""
    numbers = [
        number_of(send(world, vacancy(world, ordinal), {**PERSON, "niNumber": number}))
        for ordinal, number in enumerate(("PZ900001A", "PZ900002A"))
    ]
    return [world.read(number)["personId"] for number in numbers]


def test_of_several_people_an_esr_user_chooses_one(world: Workspace) -> None:
    first, second = two_of_one_name(world)

    answer = send(world, vacancy(world, 2), NAMELESS_NUMBER)
    number = number_of(answer)
    unsaid = decide(world, number, "LINK")
    nobody = decide(world, number, "LINK", personId=999999)
    chosen = decide(world, number, "LINK", personId=second)

    assert messages(answer) == [("WARNING", "MATCH_AMBIGUOUS")]
    for refused in (unsaid, nobody):
        assert (refused.status_code, refused.json()["code"]) == (422, "SETTING_INVALID")
        assert str(first) in refused.json()["detail"]
    assert chosen.status_code == 200, chosen.text
    assert chosen.json()["personId"] == second


def test_a_strict_employer_refuses_one_of_several(world: Workspace) -> None:
    two_of_one_name(world)
    world.carry(matching="strict-1")

    answer = send(world, vacancy(world, 2), NAMELESS_NUMBER)

    assert (answer.status_code, messages(answer)) == (422, [("ERROR", "PERSON_AMBIGUOUS")])


def test_of_several_people_the_exact_one_counts_alone(world: Workspace) -> None:
    without = number_of(send(world, vacancy(world, 0), NAMELESS_NUMBER))
    exact = number_of(send(world, vacancy(world, 1), PERSON))
    decide(world, exact, "NEW_PERSON").raise_for_status()

    answer = send(world, vacancy(world, 2), PERSON)

    assert messages(answer) == [("INFO", "MATCHED_APPLICANT")]
    held = world.read(number_of(answer))
    assert held["personId"] == world.read(exact)["personId"] != world.read(without)["personId"]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("decision", ["LINK", "NEW_PERSON"])
def test_a_review_ends_when_it_is_said_who_the_person_is(
    world: Workspace, decision: str, accepted: bool
) -> None:
    number, known = reviewed(world, **({} if accepted else {"offerAcceptedDate": None}))

    answer = decide(world, number, decision)

    assert answer.status_code == 200, answer.text
    held = world.read(number)
    assert held == answer.json()
    status = "ACCEPTED" if accepted else "OFFER"
    assert (held["status"], held["version"]) == (status, 2)
    assert (held["personId"] == known) is (decision == "LINK")
    assert held["match"]["result"] == ("LINKED" if decision == "LINK" else "NEW_PERSON")
    assert "candidates" not in held["match"]
    assert events(world)[-1] == ("applicant.identified", status)
    again = decide(world, number, decision)
    assert (again.status_code, again.json()["code"]) == (409, "STATE_FORBIDS")


def test_a_rejected_applicant_is_terminated_as_sent_in_error(world: Workspace) -> None:
    number, _ = reviewed(world)

    answer = decide(world, number, "REJECT")

    assert answer.status_code == 200, answer.text
    held = answer.json()
    assert (held["status"], held["withdrawal"]["reason"]) == ("TERMINATED", "SENT_IN_ERROR")
    assert held["withdrawal"]["note"]
    assert events(world)[-1] == ("applicant.withdrawn", "TERMINATED")


def test_a_person_goes_with_a_link_alone(world: Workspace) -> None:
    number, known = reviewed(world)

    answers = [decide(world, number, act, personId=known) for act in ("NEW_PERSON", "REJECT")]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (422, "SETTING_INVALID")
    }
    assert world.read(number)["status"] == "ACTIVE_APPLICATION"


def test_nobody_is_hired_under_review_and_the_acceptance_is_kept_for_later(
    world: Workspace,
) -> None:
    number, _ = reviewed(world, offerAcceptedDate=None)

    hired = world.hire(number)
    accepted = world.amend(number, {"offerAcceptedDate": world.read(number)["offerDate"]})
    decided = decide(world, number, "LINK")

    assert (hired.status_code, hired.json()["code"]) == (409, "MATCH_NOT_SETTLED")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "ACTIVE_APPLICATION")
    assert decided.json()["status"] == "ACCEPTED"


def test_a_number_that_another_person_has_makes_no_new_person(world: Workspace) -> None:
    employee_elsewhere(world)
    number = number_of(send(world, vacancy(world, 1), GRADES["NI_ONLY"]))

    refused = decide(world, number, "NEW_PERSON")
    amended = world.amend(number, {"person": {"niNumber": "PZ900002A"}})

    assert (refused.status_code, refused.json()["code"]) == (409, "STATE_FORBIDS")
    assert amended.status_code == 200, amended.text
    assert (amended.json()["status"], amended.json()["match"]) == (
        "ACCEPTED",
        {"result": "NEW_PERSON"},
    )
    assert events(world)[-1] == ("applicant.identified", "ACCEPTED")


def test_a_linked_person_is_known_by_the_number_that_was_sent(world: Workspace) -> None:
    first = number_of(send(world, vacancy(world, 0), NAMELESS_NUMBER))
    second = number_of(send(world, vacancy(world, 1), PERSON))
    decide(world, second, "LINK").raise_for_status()

    third = send(world, vacancy(world, 2), PERSON)

    assert messages(third) == [("INFO", "MATCHED_APPLICANT")]
    people = {world.read(number)["personId"] for number in (first, second, number_of(third))}
    assert len(people) == 1


@pytest.mark.parametrize("grade", GRADES)
def test_a_person_is_an_applicant_for_a_vacancy_once_whatever_the_grade(
    world: Workspace, grade: str
) -> None:
    applicant(world)

    answer = send(world, vacancy(world, 0), GRADES[grade])

    assert (answer.status_code, answer.json()["code"]) == (409, "APPLICANT_EXISTS")
    assert messages(answer) == [("ERROR", "APPLICANT_EXISTS")]


def test_somebody_under_review_is_not_taken_again_for_the_vacancy(world: Workspace) -> None:
    reviewed(world)

    answers = [
        send(world, vacancy(world, 1), person)
        for person in (NAMELESS_NUMBER, {**NAMELESS_NUMBER, "niNumber": "PZ900003A"})
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (409, "APPLICANT_EXISTS")
    }


def test_two_applicants_under_review_do_not_become_one_person_for_a_vacancy(
    world: Workspace,
) -> None:
    employee_elsewhere(world)
    by_name = number_of(send(world, vacancy(world, 1), NAMELESS_NUMBER))
    by_number = number_of(
        send(world, vacancy(world, 1), {**PERSON, "lastName": "Reed", "firstName": "Zoë"})
    )
    decide(world, by_name, "LINK").raise_for_status()

    answer = decide(world, by_number, "LINK")

    assert (answer.status_code, answer.json()["code"]) == (409, "APPLICANT_EXISTS")
    assert by_name in answer.json()["detail"]
    assert world.read(by_number)["status"] == "ACTIVE_APPLICATION"


@pytest.mark.parametrize(
    "person",
    [
        {**PERSON, "niNumber": "PZ900002A"},
        {**NAMELESS_NUMBER, "firstName": "Zoë"},
        {**NAMELESS_NUMBER, "dateOfBirth": "1990-01-01"},
        {**PERSON, "niNumber": "PZ900002A", "lastName": "Reed"},
    ],
)
def test_an_amendment_makes_no_second_applicant_of_a_person(
    world: Workspace, person: dict[str, Any]
) -> None:
    applicant(world)
    number = number_of(send(world, vacancy(world, 0), person))
    before = world.read(number)

    answer = world.amend(number, {"person": {**PERSON, "previousLastName": "Stone"}})

    assert (answer.status_code, answer.json()["code"]) == (409, "APPLICANT_EXISTS")
    assert answer.json()["confirmation"]["loadStatusCode"] == "FAIL"
    assert world.read(number) == before


def test_a_person_sent_many_times_at_once_becomes_one_applicant(world: Workspace) -> None:
    people = [PERSON, GRADES["EXACT"], GRADES["FORMER_NAME"], GRADES["NI_ONLY"]]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda person: send(world, vacancy(world, 0), person), people * 4))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, *([409] * 15)]
    assert len(world.esr.get("/applicants").json()["applicants"]) == 1


def test_an_amended_applicant_may_turn_out_to_be_somebody_whom_esr_knows(
    world: Workspace,
) -> None:
    known = world.read(employee_elsewhere(world))["personId"]
    number = number_of(send(world, vacancy(world, 1), {**PERSON, "niNumber": "PZ900002A"}))

    linked = world.amend(number, {"person": {"niNumber": "PZ900001A"}})
    parted = world.amend(number, {"person": {"niNumber": "PZ900003A"}})

    assert linked.json()["personId"] == known
    assert linked.json()["match"] == {
        "result": "LINKED",
        "personKind": "EMPLOYEE_ELSEWHERE",
        "grade": "EXACT",
    }
    assert parted.json()["personId"] != known
    assert parted.json()["match"] == {"result": "NEW_PERSON"}
    again = send(world, vacancy(world, 2), PERSON)
    assert world.read(number_of(again))["personId"] == known


def test_an_amendment_can_put_an_applicant_under_review_or_be_refused(world: Workspace) -> None:
    employee_elsewhere(world)
    number = number_of(send(world, vacancy(world, 1), {**PERSON, "niNumber": "PZ900002A"}))
    unlike = {"dateOfBirth": "1994-05-18", "niNumber": "PZ900001A"}

    questioned = world.amend(number, {"person": unlike})
    world.carry(matching="strict-1")
    refused = world.amend(number, {"person": {"dateOfBirth": "1994-05-19"}})

    assert (questioned.status_code, questioned.json()["status"]) == (200, "ACTIVE_APPLICATION")
    assert questioned.json()["match"]["result"] == "UNDER_REVIEW"
    assert events(world)[-1] == ("applicant.amended", "ACTIVE_APPLICATION")
    assert (refused.status_code, messages(refused)) == (422, [("ERROR", "PERSON_CONFLICTS")])


def test_an_amendment_never_changes_whom_an_employment_is_about(world: Workspace) -> None:
    employee_elsewhere(world)
    number = number_of(send(world, vacancy(world, 1), PERSON))

    renamed = world.amend(number, {"person": {"lastName": "Reed", "previousLastName": "Fielding"}})
    again = send(world, vacancy(world, 2), PERSON)

    assert renamed.json()["match"]["grade"] == "FORMER_NAME"
    assert world.read(number_of(again))["match"]["grade"] == "EXACT"


def test_an_amendment_of_other_details_asks_nobody_who_the_person_is(world: Workspace) -> None:
    number, _ = reviewed(world)
    before = world.read(number)

    after = world.amend(number, {"person": {"emailAddress": "a.fielding@example.org"}}).json()

    assert (after["status"], after["match"]) == ("ACTIVE_APPLICATION", before["match"])
