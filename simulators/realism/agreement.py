"""Diagnostics of agreement: what one field says fits what another says."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from simulators import pools
from simulators.people import age, age_limits
from simulators.realism.case import Case
from simulators.realism.diagnostic import Diagnostic
from simulators.reference import nationalities
from simulators.registration import REGISTERS

Holds = Callable[[Case], bool | None]
_PART = "Agreement between fields"
_OURS = "ours"
_DOCTORS, _NHS = "01", "01"
_FIXED_TERM, _LOCUM = "02", "04"
_TITLES = {"1": {"Mr", "Dr"}, "2": {"Mrs", "Miss", "Ms", "Dr"}}
_ANY_GENDER = {"Mx", "Dr", None}
_HCPC_LETTERS = {each.type: each.number(0, 0).rstrip("0123456789") for each in REGISTERS.values()}


def _dates_in_order(case: Case) -> bool:
    offered = date.fromisoformat(case.applicant["offerDate"])
    accepted = case.day("offerAcceptedDate", offered)
    end = case.day("endDate", case.start)
    return case.born < offered <= accepted <= case.today < case.start <= end


def _sent_in_the_window(case: Case) -> bool:
    return timedelta(days=2) <= case.start - case.today <= timedelta(weeks=13)


def _old_enough(case: Case) -> bool:
    return age(case.born, case.start) >= 16


def _age_fits(case: Case) -> bool:
    youngest, oldest = age_limits(case.role)
    return youngest <= age(case.born, case.today) <= oldest


def _title_fits_gender(case: Case) -> bool:
    return case.person.get("title") in _TITLES.get(case.person["gender"], _ANY_GENDER)


def _doctor_is_doctor(case: Case) -> bool:
    doctor = case.role.staff_group == _DOCTORS and case.role.register != "dentist"
    return (case.person.get("title") == "Dr") == doctor


def _registration_where_needed(case: Case) -> bool:
    bodies = [item["body"] for item in case.registrations]
    needed = case.role.register
    return bodies == ([] if needed is None else [REGISTERS[needed].body])


def _registration_of_the_profession(case: Case) -> bool | None:
    if case.role.register is None or not case.registrations:
        return None
    part, held = REGISTERS[case.role.register], case.registrations[0]
    letters = _HCPC_LETTERS.get(part.type, "") if held["body"] == "08" else ""
    return held.get("type") == part.type and held["number"].startswith(letters)


def _registration_lasts(case: Case) -> bool | None:
    ends = [date.fromisoformat(item["expiryDate"]) for item in case.registrations]
    return all(each > case.today for each in ends) if ends else None


def _ni_number_after_acceptance(case: Case) -> bool:
    return "niNumber" not in case.person or "offerAcceptedDate" in case.applicant


def _route_fits_nationality(case: Case) -> bool | None:
    found = case.details("rightToWork")
    if not found:
        return None
    nationality = case.person["nationality"]
    home = nationality in nationalities.HOME
    return all(
        (item["route"] == "BRITISH_OR_IRISH") == home
        and (item["route"] != "EU_SETTLEMENT" or nationality in nationalities.EUROPEAN)
        for item in found
    )


def _permission_fits_route(case: Case) -> bool | None:
    found = case.details("rightToWork")
    if not found:
        return None
    return all(
        ("permissionExpiryDate" not in item) == (item["route"] in nationalities.WITHOUT_TIME_LIMIT)
        and date.fromisoformat(item.get("permissionExpiryDate", "9999-12-31")) > case.start
        and ("certificateOfSponsorship" in item) == (item["route"] in nationalities.SPONSORED)
        and ("shareCode" in item) == (item["documentType"] == "EVISA")
        for item in found
    )


def _previous_employer_fits_source(case: Case) -> bool:
    former = case.applicant.get("previousEmployer")
    if former is None:
        internal = case.applicant.get("internalCandidate", False)
        return bool(case.applicant["recruitmentSource"] != _NHS or internal)
    return bool(
        case.applicant["recruitmentSource"] == _NHS
        and former["odsCode"] != case.employer
        and former["endDate"] < case.applicant["startDate"]
    )


def _employee_is_the_same_person(case: Case) -> bool | None:
    employee = case.around.employees.get(case.person.get("niNumber", ""))
    if employee is None:
        return None
    held = employee["person"]
    return all(case.person[name] == held[name] for name in ("firstName", "lastName", "dateOfBirth"))


def _internal_candidate_works_here(case: Case) -> bool | None:
    if not case.applicant.get("internalCandidate"):
        return None
    employee = case.around.employees.get(case.person.get("niNumber", ""))
    return bool(employee and employee["odsCode"] == case.employer and "endDate" not in employee)


def _term_has_an_end(case: Case) -> bool:
    ends = case.applicant["contractType"] in (_FIXED_TERM, _LOCUM)
    return ("endDate" in case.applicant) == ends


def _one_place_one_district(case: Case) -> bool:
    address = case.person["address"]
    town = _towns().get(address["town"])
    return bool(
        town
        and address["postcode"].startswith(f"{town.district} ")
        and address.get("county", town.county) == town.county
    )


@cache
def _towns() -> dict[str, pools.Town]:
    return {town.name: town for town in pools.towns()}


def _row(name: str, holds: Holds, sentence: str, source: str = _OURS) -> Diagnostic:
    return Diagnostic(name, _PART, holds, sentence, source)


AGREEMENT = (
    _row(
        "dates in order",
        _dates_in_order,
        "Birth, offer, acceptance, the day of sending, start and end follow each other.",
    ),
    _row(
        "sent within the window",
        _sent_in_the_window,
        "Thirteen weeks to two days before the start.",
        "https://hee-tis.atlassian.net/wiki/pages/diffpages.action?originalId=1934229660&pageId=2160623636",
    ),
    _row("old enough to start", _old_enough, "Sixteen or older on the start date."),
    _row("age fits the role", _age_fits, "Within the ages at which people join in such a role."),
    _row(
        "title fits gender",
        _title_fits_gender,
        "Mr for men, Mrs, Miss and Ms for women, Mx for others.",
    ),
    _row(
        "only doctors are called so",
        _doctor_is_doctor,
        "Dr for every doctor and for nobody else.",
    ),
    _row(
        "job role in its staff group",
        lambda case: case.applicant["jobRole"][:2] == case.applicant["staffGroup"],
        "The first two digits of the job role are the staff group.",
        "National Workforce Data Set guidance",
    ),
    _row(
        "job role of the position",
        lambda case: case.applicant["jobRole"] == case.position["jobRole"],
        "The applicant's role is that of the position.",
        "https://faq-hrss.nhsbsa.nhs.uk/knowledgebase/article/KA-28994/en-us",
    ),
    _row(
        "pay band of the role",
        lambda case: case.position["payScale"] in case.role.bands,
        "A band that the role has; the medical scale for doctors and dentists alone.",
    ),
    _row(
        "no Band 1",
        lambda case: case.position["payScale"] != "BAND_1",
        "Band 1 has been closed to new starters since 1 December 2018.",
        "https://www.nhsemployers.org/tchandbook/part-2-pay/section-1-pay-structure-england",
    ),
    _row(
        "registration where the role needs one",
        _registration_where_needed,
        "One with the body of the role's register, and none where the role needs none.",
    ),
    _row(
        "registration of the profession",
        _registration_of_the_profession,
        "Type and, with the HCPC, the number's letters are the profession's.",
        "HCPC registrant snapshot, January 2025",
    ),
    _row("registration lasts", _registration_lasts, "It expires after the day of sending."),
    _row(
        "NI number after acceptance",
        _ni_number_after_acceptance,
        "Nobody has given an NI number who has not accepted the offer.",
        "https://nhsbsa-live.powerappsportals.com/knowledgebase/article/KA-25617/en-us",
    ),
    _row(
        "consent after acceptance",
        lambda case: (
            ("dataSharingConsent" in case.applicant) == ("offerAcceptedDate" in case.applicant)
        ),
        "The data-sharing question is answered on accepting.",
        "https://faq.nhsbsa.nhs.uk/knowledgebase/article/KA-28161/en-us",
    ),
    _row(
        "route fits nationality",
        _route_fits_nationality,
        "Exactly British and Irish citizens need no permission; settlement is for Europeans.",
    ),
    _row(
        "permission fits route",
        _permission_fits_route,
        "A permission with an end outlasts the start; a sponsored one has a certificate; an eVisa has a share code.",
    ),
    _row(
        "previous employer fits source",
        _previous_employer_fits_source,
        "Who comes from the NHS names another employer, left before the start; an internal candidate names none.",
    ),
    _row(
        "an employee is the same person",
        _employee_is_the_same_person,
        "An NI number of the staff comes with the same name and date of birth.",
    ),
    _row(
        "internal candidate works here",
        _internal_candidate_works_here,
        "Employed today by the employer that recruits.",
        "https://faq.nhsbsa.nhs.uk/knowledgebase/article/KA-23613/en-us",
    ),
    _row("a fixed term has an end", _term_has_an_end, "And no other contract has."),
    _row(
        "full time means standard hours",
        lambda case: (
            (case.applicant["assignmentType"] == "01") == (case.applicant["hoursPerWeek"] >= 37.5)
        ),
        "37.5 hours or more a week.",
        "National Workforce Data Set, staff group standard hours",
    ),
    _row(
        "previous name differs",
        lambda case: case.person.get("previousLastName") != case.person["lastName"],
        "A previous last name is not the present one.",
    ),
    _row(
        "address in one place",
        _one_place_one_district,
        "Town, county and postcode district belong together.",
    ),
)
