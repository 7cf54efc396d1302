from datetime import date
from typing import Any

import pytest

from simulators.applicants import applicant
from simulators.known_people import INTERNAL, KNOWN_ELSEWHERE, known_person
from simulators.people import age, age_limits
from simulators.reference.job_roles import job_role
from simulators.world import World

FIRST = 5_000
"""Somewhat fewer applicants than those among whom each employee of the world is one."""
_ASKED_ANEW = {"disability", "religiousBelief", "sexualOrientation"}


@pytest.fixture(scope="module")
def known(world: World) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(applicant, employee) of those whom ESR knows."""
    found = []
    for index in range(FIRST):
        someone = known_person(5, index, world)
        if someone is not None:
            found.append((applicant(5, index, world), dict(someone.employee)))
    return found


def test_a_known_applicant_is_the_employee_to_the_letter(
    known: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    for submission, employee in known:
        for name in {*submission["person"], *employee["person"]} - _ASKED_ANEW:
            assert submission["person"].get(name) == employee["person"].get(name)
        assert submission.get("registrations") == employee.get("registrations")
        assert "offerAcceptedDate" in submission


def test_nobody_comes_twice(known: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    numbers = [employee["employeeNumber"] for _, employee in known]

    assert len(set(numbers)) == len(numbers) > 400


def test_as_many_are_known_as_is_assumed(
    world: World, known: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    spread = len(world.employees) / (KNOWN_ELSEWHERE + INTERNAL) * 100
    internal = sum("internalCandidate" in submission for submission, _ in known)

    assert len(known) / min(spread, FIRST) == pytest.approx(0.13, abs=0.02)
    assert internal / min(spread, FIRST) == pytest.approx(0.03, abs=0.01)


def test_an_internal_candidate_works_for_the_employer_and_gives_an_ni_number(
    world: World, known: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    employer = {each["vacancyReference"]: each["odsCode"] for each in world.vacancies}
    for submission, employee in known:
        internal = submission.get("internalCandidate", False)
        assert internal == (employee["odsCode"] == employer[submission["vacancyReference"]])
        if internal:
            assert "endDate" not in employee
            assert "niNumber" in submission["person"]
            assert "previousEmployer" not in submission
            assert submission["positionId"] != employee["positionId"]


def test_who_comes_from_another_employer_names_it(
    known: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    elsewhere = [pair for pair in known if "internalCandidate" not in pair[0]]

    for submission, employee in elsewhere:
        former = submission["previousEmployer"]
        assert submission["recruitmentSource"] == "01"
        assert former["odsCode"] == employee["odsCode"]
        assert former["endDate"] == employee.get("endDate", former["endDate"])
        assert former["endDate"] < submission["startDate"]
    assert any("endDate" in employee for _, employee in elsewhere)


def test_the_post_fits_the_person(
    world: World, known: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    for submission, _ in known:
        youngest, oldest = age_limits(job_role(submission["jobRole"]))
        born = date.fromisoformat(submission["person"]["dateOfBirth"])
        assert youngest <= age(born, world.today) <= oldest


def test_when_all_staff_have_come_the_others_are_strangers(world: World) -> None:
    numbers = {each["person"].get("niNumber") for each in world.employees} - {None}

    late = [applicant(5, index, world)["person"] for index in range(240_000, 240_300)]

    assert not numbers & {person.get("niNumber") for person in late}


def test_a_world_of_one_employer_has_internal_candidates_only() -> None:
    small = World.make(5, 1, 60)

    known = [known_person(5, index, small) for index in range(3_000)]

    assert {each.internal for each in known if each is not None} == {True}


def test_without_staff_everybody_is_a_stranger(world: World) -> None:
    empty = world.without_staff()

    assert all(known_person(5, index, empty) is None for index in range(1_000))
