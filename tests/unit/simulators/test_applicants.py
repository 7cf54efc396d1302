import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import compile_schema
from sandbox.esr.reference import current_codes
from simulators.applicants import applicant
from simulators.reference.job_roles import job_role
from simulators.registration import REGISTERS
from simulators.world import World

Applicants = list[dict[str, Any]]

REGISTRATION_FORMS = {
    "02": r"[5-9]\d{5}",
    "03": r"9\d{6}",
    "08": r"(PH|RA|OT|PA|PYL|BS|SL|ODP|DT|CH|CS|AS|OR)[5-9]\d{5}",
    "09": r"\d{2}[M-Z]\d{4}[A-Z]",
    "16": r"[25]\d{6}",
    "18": r"SW9\d{6}",
}


def test_an_applicant_alone_equals_the_one_in_a_stream(world: World, crowd: Applicants) -> None:
    for index in (0, 7, 1_234, 19_999):
        assert applicant(5, index, world) == crowd[index]


def test_an_applicant_is_the_same_in_a_world_made_again(crowd: Applicants) -> None:
    assert applicant(5, 173, World.make(5, 5, 80)) == crowd[173]


def test_applicants_keep_the_contract(crowd: Applicants) -> None:
    document = load_contract("esr").document
    schema = document["components"]["schemas"]["ApplicantSubmission"]
    validator = compile_schema(schema, document)

    assert [e.message for each in crowd for e in validator.iter_errors(each)] == []


def test_national_insurance_numbers_are_valid_and_administrative(crowd: Applicants) -> None:
    numbers = [each["person"]["niNumber"] for each in crowd if "niNumber" in each["person"]]

    assert all(re.fullmatch(r"(CR|MW|NC|PP)[0-9]{6}[A-D]", number) for number in numbers)
    assert len(set(numbers)) == len(numbers) > 14_000


def test_references_and_addresses_are_unique(crowd: Applicants) -> None:
    assert len({each["supplierReference"] for each in crowd}) == len(crowd)
    assert len({each["person"]["emailAddress"] for each in crowd}) == len(crowd)


def test_contact_details_belong_to_nobody(crowd: Applicants) -> None:
    for each in crowd:
        person = each["person"]
        assert re.search(r"@example\.(org|net|com)$", person["emailAddress"])
        assert re.fullmatch(r"07700 900\d{3}", person["mobileNumber"])
        assert re.fullmatch(r"01632 960\d{3}", person.get("homeNumber", "01632 960000"))
        postcode = r"(EA|FA|JA|NA|YA)\d{1,2} \d[ABD-HJLNP-UW-Z]{2}"
        assert re.fullmatch(postcode, person["address"]["postcode"])


def test_the_role_is_the_one_of_the_vacancy(world: World, crowd: Applicants) -> None:
    vacancies = {each["vacancyReference"]: each for each in world.vacancies}
    for each in crowd:
        position = world.position_by_id[each["positionId"]]
        assert vacancies[each["vacancyReference"]]["positionId"] == each["positionId"]
        assert each["jobRole"] == position["jobRole"]
        assert each["staffGroup"] == position["staffGroup"] == each["jobRole"][:2]


def test_exactly_those_who_need_a_registration_have_one(crowd: Applicants) -> None:
    for each in crowd:
        register = job_role(each["jobRole"]).register
        held = each.get("registrations", [])
        assert [item["body"] for item in held] == ([REGISTERS[register].body] if register else [])


def test_registration_numbers_have_the_form_of_their_body(crowd: Applicants) -> None:
    held = [item for each in crowd for item in each.get("registrations", [])]

    for item in held:
        assert re.fullmatch(REGISTRATION_FORMS[item["body"]], item["number"])
        assert item["expiryDate"] > "2026-04-01"
    assert len({(item["body"], item["number"]) for item in held}) == len(held)
    assert {item["body"] for item in held} == set(REGISTRATION_FORMS)


def test_registers_use_national_codes_in_use() -> None:
    assert {each.body for each in REGISTERS.values()} <= current_codes("registration-body")
    types = {each.type for each in REGISTERS.values() if each.type}
    assert types <= current_codes("registration-type")


@pytest.mark.parametrize(
    ("key", "code_list"),
    [
        ("gender", "gender"),
        ("ethnicOrigin", "ethnic-category"),
        ("maritalStatus", "marital-status"),
        ("disability", "disability"),
        ("religiousBelief", "religious-belief"),
        ("sexualOrientation", "sexual-orientation"),
    ],
)
def test_personal_codes_are_in_use(crowd: Applicants, key: str, code_list: str) -> None:
    assert {each["person"][key] for each in crowd} <= current_codes(code_list)


@pytest.mark.parametrize(
    ("key", "code_list"),
    [
        ("contractType", "contract-type"),
        ("assignmentType", "assignment-type"),
        ("recruitmentSource", "recruitment-source"),
    ],
)
def test_terms_are_codes_in_use(crowd: Applicants, key: str, code_list: str) -> None:
    assert {each[key] for each in crowd} <= current_codes(code_list)


@pytest.mark.parametrize("today", [date(2026, 4, 1), date(2028, 2, 29), date(2026, 12, 26)])
def test_dates_are_in_order(today: date) -> None:
    world = World.make(5, 2, 40, today=today)
    for index in range(2_000):
        each = applicant(5, index, world)
        born = date.fromisoformat(each["person"]["dateOfBirth"])
        offered, start = (date.fromisoformat(each[key]) for key in ("offerDate", "startDate"))
        accepted = date.fromisoformat(each.get("offerAcceptedDate", each["offerDate"]))
        end = date.fromisoformat(each.get("endDate", each["startDate"]))

        assert born < offered <= accepted <= today < start <= end
        assert 2 <= (start - today).days <= 91
        assert start.weekday() == 0
        assert (start.year - 16, start.month, start.day) >= (born.year, born.month, born.day)


def test_only_an_acceptance_brings_ni_number_and_consent(crowd: Applicants) -> None:
    for each in crowd:
        accepted = "offerAcceptedDate" in each
        assert accepted or "niNumber" not in each["person"]
        assert accepted == ("dataSharingConsent" in each)


def test_only_contracts_with_an_end_have_an_end_date(crowd: Applicants) -> None:
    assert all(("endDate" in each) == (each["contractType"] in ("02", "04")) for each in crowd)


def test_full_time_means_standard_hours(crowd: Applicants) -> None:
    assert all((each["assignmentType"] == "01") == (each["hoursPerWeek"] >= 37.5) for each in crowd)


def test_who_comes_from_the_nhs_names_another_employer(world: World, crowd: Applicants) -> None:
    here = {each["vacancyReference"]: each["odsCode"] for each in world.vacancies}
    for each in crowd:
        former = each.get("previousEmployer")
        internal = "internalCandidate" in each
        assert (former is not None or internal) == (each["recruitmentSource"] == "01")
        if former is not None:
            assert former["odsCode"] != here[each["vacancyReference"]]
            assert former["endDate"] < each["startDate"]


def test_title_and_gender_agree(crowd: Applicants) -> None:
    titles = {"1": {"Mr", "Dr"}, "2": {"Mrs", "Miss", "Ms", "Dr"}}
    for each in crowd:
        person = each["person"]
        assert person.get("title") in titles.get(person["gender"], {"Mx", "Dr", None})


def test_the_population_is_near_the_published_one(crowd: Applicants) -> None:
    women = Counter(each["person"]["gender"] for each in crowd)["2"] / len(crowd)
    british = Counter(each["person"]["nationality"] for each in crowd)["GB"] / len(crowd)

    assert women == pytest.approx(0.77, abs=0.05)
    assert british == pytest.approx(0.81, abs=0.03)


def test_any_applicant_can_be_made_alone_by_number(world: World) -> None:
    assert applicant(5, 173_204, world)["supplierReference"].endswith("0173204")
