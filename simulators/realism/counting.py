"""How each figure is counted among the applicants: a table from the figure's id to what one applicant adds to it.

Of shares an applicant adds labels, of rates (label, value) pairs: 100 or 0 for what does or does not hold, or days.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from simulators.people import age
from simulators.realism.case import Case
from simulators.reference import nationalities

_DOCTORS, _NURSING, _SUPPORT, _CLERICAL, _ESTATES = "01", "03", "07", "08", "09"
_SCIENTIFIC = frozenset({"04", "05", "06"})
_MIDWIVES = frozenset({"03013", "03010"})
_AMBULANCE = frozenset({"04037", "04062"})
_MANAGERS = frozenset({"08007", "08009"})
# Support to doctors, nurses and midwives: staff group 07 on wards, in clinics and in mental health, and the
# clerical posts of the clinics.
_SUPPORT_AREAS = frozenset({"General Medicine", "Critical Care", "Care of the Elderly"})
_CLINIC_CLERKS = frozenset({"08002", "08005"})
_AGES = (
    (16, "16-24"),
    (25, "25-34"),
    (35, "35-44"),
    (45, "45-54"),
    (55, "55-64"),
    (65, "65 and over"),
)
_MINORITY = frozenset("DEFGHJKLMNPRS")
_NOT_STATED = frozenset({"Z", "99"})
_MEN, _WOMEN = "1", "2"
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_BODIES = {"09": "NMC", "03": "GMC", "08": "HCPC", "02": "GDC", "16": "GPhC"}
_EU = {
    "IE": "Irish",
    "PL": "Polish",
    "PT": "Portuguese",
    "IT": "Italian",
    "ES": "Spanish",
    "RO": "Romanian",
    "GR": "Greek",
    "DE": "German",
}
_ASIA_AND_AFRICA = {
    "IN": "Indian",
    "PH": "Filipino",
    "NG": "Nigerian",
    "ZW": "Zimbabwean",
    "PK": "Pakistani",
    "GH": "Ghanaian",
    "MY": "Malaysian",
}
_PROFESSIONS = {
    "PH": "Physiotherapists",
    "RA": "Radiographers",
    "OT": "Occupational therapists",
    "PA": "Paramedics",
    "PYL": "Practitioner psychologists",
    "BS": "Biomedical scientists",
    "SL": "Speech and language therapists",
    "ODP": "Operating department practitioners",
    "DT": "Dietitians",
    "CH": "Chiropodists, podiatrists",
    "CS": "Clinical scientists",
    "AS": "Arts therapists",
    "OR": "Orthoptists",
}
_RELIGIONS = {"C": "Christian", "M": "Not disclosed", "N": "Not disclosed"}
_DISABILITIES = {"01": "Yes", "02": "No"}
_HEALTH = {"FIT": "Fit", "FIT_WITH_ADJUSTMENTS": "Fit with adjustments", "UNFIT": "Unfit"}
_CONTRACTS = {"05": "Permanent", "02": "Fixed term", "01": "Bank"}
_LEVELS = {
    "ENHANCED": "Enhanced",
    "ENHANCED_BARRED": "Enhanced",
    "STANDARD": "Standard",
    "BASIC": "Basic",
}

Rate = tuple[str, float]


def _label(mapping: dict[str, str], code: str) -> list[str]:
    return [mapping[code]] if code in mapping else []


def _percent(label: str, holds: bool) -> Rate:
    return label, 100.0 if holds else 0.0


def _staff_group(case: Case) -> list[str]:
    group = case.applicant["staffGroup"]
    if group == _DOCTORS:
        return ["Doctors and dentists"]
    if group == _NURSING:
        return ["Nurses and midwives"]
    if group in _SCIENTIFIC:
        return ["Scientific, therapeutic, technical, ambulance"]
    return ["Support, administration, estates, managers"]


def _nurses_and_support(case: Case) -> list[str]:
    code = case.applicant["jobRole"]
    if case.role.staff_group == _NURSING and code not in _MIDWIVES:
        return ["Nurses and health visitors"]
    if code in _CLINIC_CLERKS or _supports_nurses(case):
        return ["Support to doctors, nurses and midwives"]
    return []


def _supports_nurses(case: Case) -> bool:
    return case.role.staff_group == _SUPPORT and bool(_SUPPORT_AREAS & set(case.role.areas))


def _age(case: Case) -> list[str]:
    years = age(case.born, case.today)
    return [next(label for youngest, label in reversed(_AGES) if years >= youngest)]


def _gender(case: Case) -> list[str]:
    return _label({_WOMEN: "Women", _MEN: "Men"}, case.person["gender"])


def _women_by_group(case: Case) -> list[Rate]:
    gender, code, group = case.person["gender"], case.applicant["jobRole"], case.role.staff_group
    if gender not in (_MEN, _WOMEN):
        return []
    if group == _NURSING:
        label = "Midwives" if code in _MIDWIVES else "Nurses and health visitors"
    elif group in _SCIENTIFIC:
        label = "Ambulance staff" if code in _AMBULANCE else "Scientific, therapeutic, technical"
    elif code in _MANAGERS:
        label = "Managers"
    elif group in (_DOCTORS, _SUPPORT) or code in _CLINIC_CLERKS:
        label = "Doctors and dentists" if group == _DOCTORS else "Support to clinical staff"
    else:
        return []
    return [_percent(label, gender == _WOMEN)]


def _profession(case: Case) -> list[str]:
    return [
        _PROFESSIONS[item["number"].rstrip("0123456789")]
        for item in case.registrations
        if item["body"] == "08"
    ]


def _women_by_profession(case: Case) -> list[Rate]:
    gender = case.person["gender"]
    if gender not in (_MEN, _WOMEN):
        return []
    return [_percent(profession, gender == _WOMEN) for profession in _profession(case)]


def _ethnicity(case: Case) -> list[str]:
    minority = case.person["ethnicOrigin"] in _MINORITY
    return ["Minority ethnic groups" if minority else "White, not stated or not known"]


def _nationality(case: Case) -> list[str]:
    code = case.person["nationality"]
    if code == "GB":
        return ["British"]
    for label, part in (
        ("of the EU", nationalities.EU),
        ("of Asia", nationalities.ASIAN),
        ("of Africa", nationalities.AFRICAN),
    ):
        if code in part:
            return [label]
    return ["of elsewhere"]


def _british_by_group(case: Case) -> list[Rate]:
    group, code = case.role.staff_group, case.applicant["jobRole"]
    labels = {
        _DOCTORS: "Doctors",
        _NURSING: "Midwives" if code in _MIDWIVES else "Nurses",
        _SUPPORT: "Clinical support",
        _CLERICAL: "Central functions",
        _ESTATES: "Hotel, property and estates",
    } | dict.fromkeys(_SCIENTIFIC, "Scientific, therapeutic, technical")
    return [_percent(labels[group], case.person["nationality"] == "GB")]


def _month(case: Case) -> str:
    return _MONTHS[case.start.month - 1]


def _month_of_nurses(case: Case) -> list[str]:
    nurse = case.role.staff_group == _NURSING and case.applicant["jobRole"] not in _MIDWIVES
    return [_month(case)] if nurse else []


def _month_of_support(case: Case) -> list[str]:
    return [_month(case)] if case.role.staff_group == _SUPPORT else []


def _disability(case: Case) -> list[str]:
    return [_DISABILITIES.get(case.person["disability"], "Not disclosed")]


def _religion(case: Case) -> list[str]:
    return [_RELIGIONS.get(case.person["religiousBelief"], "Other, or none")]


def _orientation(case: Case) -> list[Rate]:
    code = case.person["sexualOrientation"]
    return [
        _percent("Gay or lesbian", code == "2"),
        _percent("Bisexual", code == "3"),
        _percent("Prefer not to say", code == "Z"),
    ]


def _gaps(case: Case) -> list[Rate]:
    person = case.person
    return [
        _percent("Disability", person["disability"] not in _DISABILITIES),
        _percent("Religious belief", person["religiousBelief"] in ("M", "N")),
        _percent("Gender", person["gender"] not in (_MEN, _WOMEN)),
        _percent("Age", "dateOfBirth" not in person),
        _percent("Ethnicity", person["ethnicOrigin"] in _NOT_STATED),
        _percent("Nationality", "nationality" not in person),
    ]


def _dbs_days(case: Case) -> Iterator[tuple[str, int]]:
    for step in case.history:
        update = step.update
        if step.check_type == "dbs" and "completedDate" in update:
            asked, done = (
                date.fromisoformat(update[name]) for name in ("requestedDate", "completedDate")
            )
            yield _LEVELS[update["dbs"]["level"]], (done - asked).days


def _dbs_within(case: Case) -> list[Rate]:
    days = [days for level, days in _dbs_days(case) if level == "Enhanced"]
    return [_percent(f"Within {limit} days", each <= limit) for each in days for limit in (14, 17)]


def _dbs_level(case: Case) -> list[str]:
    levels = {_LEVELS[item["level"]] for item in case.details("dbs")} - {"Basic"}
    return sorted(levels)


def _update_service(case: Case) -> list[Rate]:
    return [
        _percent("Joined", item["updateService"])
        for item in case.details("dbs")
        if "updateService" in item
    ]


def _contract(case: Case) -> list[str]:
    training = case.role.staff_group == _DOCTORS and case.role.ages in ("foundation", "registrar")
    return [] if training else _label(_CONTRACTS, case.applicant["contractType"])


def _from_the_nhs(case: Case) -> list[Rate]:
    if case.applicant.get("internalCandidate"):
        return []
    source = case.applicant["recruitmentSource"]
    return [_percent("From another NHS employer", source == "01")]


def _bodies(case: Case) -> list[str]:
    return [label for item in case.registrations for label in _label(_BODIES, item["body"])]


def _named(mapping: dict[str, str]) -> Callable[[Case], list[str]]:
    return lambda case: _label(mapping, case.person["nationality"])


SHARES: dict[str, Callable[[Case], Iterable[str]]] = {
    "staff-group": _staff_group,
    "nurses-and-support": _nurses_and_support,
    "age": _age,
    "gender": _gender,
    "ethnicity": _ethnicity,
    "nationality": _nationality,
    "nationalities-of-the-eu": _named(_EU),
    "nationalities-of-asia-and-africa": _named(_ASIA_AND_AFRICA),
    "registration-body": _bodies,
    "hcpc-profession": _profession,
    "disability": _disability,
    "religion": _religion,
    "dbs-level": _dbs_level,
    "work-health": lambda case: [
        _HEALTH[item["result"]] for item in case.details("workHealth") if "result" in item
    ],
    "contract-type": _contract,
    # Without a published figure: counted for the assumption of the same name.
    "pay-band": lambda case: [case.position["payScale"].replace("_", " ").capitalize()],
    "ethnic-category": lambda case: [case.person["ethnicOrigin"]],
    "title": lambda case: [case.person.get("title", "none")],
    "marital-status": lambda case: [case.person["maritalStatus"]],
    "right-to-work-route": lambda case: list(
        dict.fromkeys(item["route"] for item in case.details("rightToWork"))
    ),
    "recruitment-source": lambda case: [case.applicant["recruitmentSource"]],
    "known-to-esr": lambda case: [_known(case)],
    "ni-number": lambda case: [_ni_number(case)],
    "consent": lambda case: (
        ["yes" if case.applicant["dataSharingConsent"] else "no"]
        if "dataSharingConsent" in case.applicant
        else []
    ),
    "hours": lambda case: [
        "full time" if case.applicant["assignmentType"] == "01" else "part time"
    ],
    "check-type": lambda case: [step.check_type for step in case.history],
    "check-outcome": lambda case: [
        step.update["outcome"] for step in case.history if "outcome" in step.update
    ],
    "notice": lambda case: [f"{(case.start - case.today).days // 7} weeks"],
}

OF_A_YEAR: dict[str, Callable[[Case], Iterable[str]]] = {
    "joiners-by-month-nurses": _month_of_nurses,
    "joiners-by-month-support": _month_of_support,
}
"""Counted among the applicants of a year, because all others are sent on one day."""

RATES: dict[str, Callable[[Case], Iterable[Rate]]] = {
    "women-by-group": _women_by_group,
    "women-by-profession": _women_by_profession,
    "british-by-group": _british_by_group,
    "sexual-orientation": _orientation,
    "disclosure-gaps": _gaps,
    "dbs-days": lambda case: [(level, float(days)) for level, days in _dbs_days(case)],
    "dbs-within": _dbs_within,
    "update-service": _update_service,
    "from-the-nhs": _from_the_nhs,
}


def _known(case: Case) -> str:
    if case.applicant.get("internalCandidate"):
        return "internal candidate"
    known = case.person.get("niNumber") in case.around.employees
    return "known from another employer" if known else "stranger"


def _ni_number(case: Case) -> str:
    if "offerAcceptedDate" not in case.applicant:
        return "not accepted yet"
    return "given" if "niNumber" in case.person else "accepted, and none"


def staff_gaps(person: dict[str, str]) -> list[Rate]:
    """What the record of one employee does not say."""
    return [
        _percent("Disability", person["disability"] == "99"),
        _percent("Religious belief", person["religiousBelief"] == "M"),
        _percent("Sexual orientation", person["sexualOrientation"] == "Z"),
    ]
