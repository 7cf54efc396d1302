import dataclasses
import re
from collections import Counter
from datetime import date
from typing import Any

import pytest
from faker.providers.address.en_GB import Provider

from sandbox.cli.worlds import WORLDS, make_world
from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import compile_schema
from sandbox.esr.reference import code_lists, current_codes
from simulators.identifiers import ODS_CODES, ods_code, vpd
from simulators.pools import POSTCODE_AREAS, towns
from simulators.reference.job_roles import job_role, job_roles
from simulators.reference.nationalities import nationalities
from simulators.world import World


def faults(schema: str, values: list[Any]) -> list[str]:
    document = load_contract("esr").document
    validator = compile_schema(document["components"]["schemas"][schema], document)
    return [
        f"{e.instance_path} {e.message}" for each in values for e in validator.iter_errors(each)
    ]


def test_same_seed_gives_the_same_world(world: World) -> None:
    assert World.make(5, 5, 80) == world
    assert World.make(6, 5, 80) != world


def test_a_world_cannot_be_reassigned(world: World) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        world.seed = 6  # type: ignore[misc]


@pytest.mark.parametrize("schema", ["Organisation", "Position", "Vacancy", "CodeList"])
def test_a_world_keeps_the_contract(world: World, schema: str) -> None:
    values = {
        "Organisation": world.organisations,
        "Position": world.positions,
        "Vacancy": world.vacancies,
        "CodeList": list(code_lists().values()),
    }

    assert faults(schema, list(values[schema])) == []


def test_ids_of_the_largest_world_are_unique() -> None:
    codes = {ods_code(5, ordinal) for ordinal in range(ODS_CODES)}

    assert len(codes) == ODS_CODES
    assert all(re.fullmatch(r"X0[A-Z][0-9][A-Z]", code) for code in codes)
    assert {vpd(5, ordinal) for ordinal in range(100)} == {str(n) for n in range(900, 1000)}


def test_ids_within_a_world_are_unique(world: World) -> None:
    assert len({each["positionId"] for each in world.positions}) == 400
    assert len({each["positionNumber"] for each in world.positions}) == 400
    references = {each["vacancyReference"] for each in world.vacancies}
    assert len(references) == len(world.vacancies)
    assert len({each["name"] for each in world.organisations}) == 5


def test_another_seed_gives_other_ids() -> None:
    first, second = World.make(1, 3, 10), World.make(2, 3, 10)

    for key in ("positionId", "positionNumber"):
        ids = [{each[key] for each in world.positions} for world in (first, second)]
        assert not ids[0] & ids[1]


def test_vacancy_references_follow_the_published_rule(world: World) -> None:
    vpds = {each["odsCode"]: each["vpd"] for each in world.organisations}

    for each in world.vacancies:
        prefix, _, reference = each["vacancyReference"].partition("-")
        assert prefix == vpds[each["odsCode"]]
        assert each["requisitionReference"] == f"{prefix}-REQ-{reference}"
        assert each.get("supplierReference", reference) == reference
        assert ("supplierReference" in each) == (each["origin"] == "SUPPLIER")


def test_vacancies_are_for_positions_that_hire(world: World) -> None:
    for each in world.vacancies:
        position = world.position_by_id[each["positionId"]]
        assert position["hiringStatus"] == "ACTIVE"
        assert position["odsCode"] == each["odsCode"]
        assert position["shared"] or each["openings"] == 1


def test_position_details_agree_with_the_role(world: World) -> None:
    for each in world.positions:
        role = job_role(each["jobRole"])
        assert each["staffGroup"] == role.staff_group
        assert each["payScale"] in role.bands
        assert each["areaOfWork"] in role.areas


def test_an_area_of_work_has_one_cost_centre_per_employer(world: World) -> None:
    centres: dict[tuple[str, str], set[str]] = {}
    for each in world.positions:
        centres.setdefault((each["odsCode"], each["areaOfWork"]), set()).add(each["costCentre"])

    assert {len(found) for found in centres.values()} == {1}


def test_positions_follow_the_shares_of_roles(world: World) -> None:
    groups = Counter(each["staffGroup"] for each in world.positions)

    for group, count in groups.items():
        share = sum(role.weight for role in job_roles() if role.staff_group == group) / 1_000
        assert count / len(world.positions) == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize(("organisations", "positions"), [(0, 1), (101, 1), (1, 0), (1, 5_001)])
def test_sizes_beyond_the_contract_are_refused(organisations: int, positions: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        World.make(5, organisations, positions)


@pytest.mark.parametrize(("name", "employers"), [("small", 1), ("trust", 5), ("region", 40)])
def test_every_employer_of_a_named_world_has_staff_in_post_and_open_vacancies(
    name: str, employers: int
) -> None:
    made = make_world(1, *WORLDS[name])
    in_post = {item["odsCode"] for item in made["employees"] if "endDate" not in item}
    seeking = {item["odsCode"] for item in made["vacancies"] if item["status"] == "01"}

    assert len(made["organisations"]) == employers
    assert in_post == seeking == {item["odsCode"] for item in made["organisations"]}


def test_the_smallest_world_has_a_vacancy() -> None:
    assert all(World.make(seed, 1, 1).vacancies for seed in range(60))


def test_dates_follow_the_day_of_the_world() -> None:
    later = World.make(5, 1, 20, today=date(2027, 2, 28))

    assert all(each["updatedAt"] < "2027-02-28" for each in later.positions)
    assert all(each["closingDate"] > "2027-02-28" for each in later.vacancies)


def test_roles_are_national_codes_in_use() -> None:
    assert {role.code for role in job_roles()} <= current_codes("job-role")
    assert {role.staff_group for role in job_roles()} <= current_codes("staff-group")
    assert sum(role.weight for role in job_roles()) == 1_000
    assert len({role.code for role in job_roles()}) == len(job_roles()) > 60


def test_postcode_areas_are_not_allocated() -> None:
    assert not set(POSTCODE_AREAS) & set(Provider.POSTAL_ZONES)
    assert len({town.district for town in towns()}) == len(towns())


def test_most_people_are_british_as_published() -> None:
    table = nationalities("08")

    assert table.values[0] == "GB"
    assert table.bounds[0] / 2**32 == pytest.approx(0.91, abs=0.01)
