from collections import Counter
from datetime import date
from typing import Any

import pytest

from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import compile_schema
from simulators.people import age
from simulators.reference.job_roles import job_role
from simulators.staff import MOST_STAFF
from simulators.world import TODAY, World


def of_position(world: World, wanted: Any) -> Counter[int]:
    held = Counter(each["positionId"] for each in world.employees)
    return Counter(held[each["positionId"]] for each in world.positions if wanted(each))


def test_staff_are_the_same_in_a_world_made_again(world: World) -> None:
    assert World.make(5, 5, 80).employees == world.employees
    assert World.make(6, 5, 80).employees != world.employees


def test_a_person_of_the_staff_keeps_the_contract(world: World) -> None:
    document = load_contract("esr").document
    validator = compile_schema(document["components"]["schemas"]["Person"], document)

    faults = [e.message for each in world.employees for e in validator.iter_errors(each["person"])]

    assert faults == []


def test_numbers_and_addresses_of_staff_are_unique(world: World) -> None:
    people = [each["person"] for each in world.employees]
    numbers = [person["niNumber"] for person in people if "niNumber" in person]

    assert len({each["employeeNumber"] for each in world.employees}) == len(world.employees)
    assert all(each["employeeNumber"][0] == "4" for each in world.employees)
    assert len(set(numbers)) == len(numbers)
    assert 0.95 < len(numbers) / len(people) < 1
    assert len({person["emailAddress"] for person in people}) == len(people)


def test_a_position_for_one_that_hires_is_free(world: World) -> None:
    held = of_position(world, lambda each: not each["shared"] and each["hiringStatus"] == "ACTIVE")

    assert set(held) == {0}


def test_a_shared_position_has_two_to_four_holders_unless_it_is_new(world: World) -> None:
    held = of_position(world, lambda each: each["shared"])

    assert set(held) == {0, 2, 3, 4}
    assert held[0] < sum(held.values()) / 4


def test_a_position_for_one_that_takes_nobody_has_one_holder() -> None:
    large = World.make(5, 20, 80)
    held = of_position(large, lambda each: not each["shared"] and each["hiringStatus"] != "ACTIVE")

    assert set(held) == {0, 1}
    assert held[1] > held[0]


def test_employments_are_in_order(world: World) -> None:
    for each in world.employees:
        position = world.position_by_id[each["positionId"]]
        start = date.fromisoformat(each["startDate"])
        assert each["odsCode"] == position["odsCode"]
        assert position["effectiveFrom"] <= each["startDate"] < "2025-04-01"
        assert each["startDate"] < each.get("endDate", "2025-06-01") < TODAY.isoformat()
        assert age(date.fromisoformat(each["person"]["dateOfBirth"]), start) >= 16


def test_about_one_in_five_has_left(world: World) -> None:
    left = sum("endDate" in each for each in world.employees) / len(world.employees)

    assert left == pytest.approx(0.2, abs=0.05)


def test_staff_hold_the_registration_that_the_role_asks_for(world: World) -> None:
    for each in world.employees:
        role = job_role(world.position_by_id[each["positionId"]]["jobRole"])
        assert ("registrations" in each) == (role.register is not None)


def test_the_largest_employer_has_no_more_staff_than_is_said() -> None:
    held = Counter(each["odsCode"] for each in World.make(5, 2, 600).employees)

    assert set(held.values()) == {MOST_STAFF}


def test_a_world_without_staff_is_the_same_world_otherwise(world: World) -> None:
    empty = world.without_staff()

    assert empty.employees == ()
    assert (empty.positions, empty.vacancies) == (world.positions, world.vacancies)
