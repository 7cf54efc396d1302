"""Diagnostics of form: every identifier has the form that its giver gives it, and belongs to nobody."""

import re
from collections.abc import Iterable

from simulators.realism.case import Case
from simulators.realism.diagnostic import Diagnostic

_FORMS = "Forms of identifiers"
_UNREAL = "Identifiers that nobody owns"

_NI_NUMBER = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", re.ASCII
)
_ADMINISTRATIVE = ("CR", "MW", "NC", "PP")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}", re.ASCII)
_UNALLOCATED = ("EA", "FA", "JA", "NA", "YA")
_ODS_CODE = re.compile(r"[A-Z\d]{3,5}", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z\d][A-Za-z\d-]{0,29}", re.ASCII)
_VACANCY = re.compile(r"\d{3}-[A-Za-z\d][A-Za-z\d-]{0,29}", re.ASCII)
_EMAIL = re.compile(r"[a-z]+\.[a-z]+\.s?\d+@example\.(org|net|com)", re.ASCII)
_MOBILE = re.compile(r"07700 900\d{3}", re.ASCII)
_HOME = re.compile(r"01632 960\d{3}", re.ASCII)
_CERTIFICATE = re.compile(r"\d{12}", re.ASCII)
_SHARE_CODE = re.compile(r"W[A-Z\d]{8}", re.ASCII)
_SPONSORSHIP = re.compile(r"C[A-Z\d]{10}", re.ASCII)
_NUMBERS = {
    "02": re.compile(r"\d{1,6}", re.ASCII),
    "03": re.compile(r"\d{7}", re.ASCII),
    "08": re.compile(r"[A-Z]{2,3}\d{1,6}", re.ASCII),
    "09": re.compile(r"\d{2}[A-Z]\d{4}[A-Z]", re.ASCII),
    "16": re.compile(r"[25]\d{6}", re.ASCII),
    "18": re.compile(r"SW\d{1,7}", re.ASCII),
}


def _all(form: re.Pattern[str], texts: Iterable[str]) -> bool | None:
    found = list(texts)
    return all(form.fullmatch(text) for text in found) if found else None


def _ni_number(case: Case) -> list[str]:
    return [case.person["niNumber"]] if "niNumber" in case.person else []


def _number_of_body(case: Case) -> bool | None:
    held = [(item["body"], item["number"]) for item in case.registrations]
    return (
        all(body in _NUMBERS and _NUMBERS[body].fullmatch(number) for body, number in held)
        if held
        else None
    )


def _organisations(case: Case) -> list[str]:
    former = case.applicant.get("previousEmployer")
    return [case.employer, former["odsCode"]] if former else [case.employer]


def _of(case: Case, detail: str, name: str) -> list[str]:
    return [item[name] for item in case.details(detail) if name in item]


FORMS = (
    Diagnostic(
        "NI number",
        _FORMS,
        lambda case: _all(_NI_NUMBER, _ni_number(case)),
        "Two letters that HMRC uses, six digits, a letter A to D.",
        "HMRC National Insurance Manual NIM39110",
    ),
    Diagnostic(
        "NI number of nobody",
        _UNREAL,
        lambda case: _ni_number(case)[0].startswith(_ADMINISTRATIVE) if _ni_number(case) else None,
        "The prefix is one that HMRC keeps for administrative references.",
        "HMRC National Insurance Manual NIM39110",
    ),
    Diagnostic(
        "postcode",
        _FORMS,
        lambda case: _all(_POSTCODE, [case.person["address"]["postcode"]]),
        "The form of a British postcode, without the letters that the inward half never has.",
        "https://www.gov.uk/government/publications/bulk-data-transfer-for-sponsors-xml-schema",
    ),
    Diagnostic(
        "postcode of nobody",
        _UNREAL,
        lambda case: case.person["address"]["postcode"].startswith(_UNALLOCATED),
        "The area is one that Royal Mail has not allocated.",
        "simulators/pools.py, compared with the allocated areas by a test",
    ),
    Diagnostic(
        "ODS code",
        _FORMS,
        lambda case: _all(_ODS_CODE, _organisations(case)),
        "Three to five letters and digits, for the employer and the previous one.",
        "NHS Data Model and Dictionary, organisation identifier",
    ),
    Diagnostic(
        "supplier's reference",
        _FORMS,
        lambda case: _all(_REFERENCE, [case.applicant["supplierReference"]]),
        "Up to 30 letters, digits and hyphens.",
        "the contract (ours)",
    ),
    Diagnostic(
        "vacancy reference",
        _FORMS,
        lambda case: _all(_VACANCY, [case.applicant["vacancyReference"]]),
        "The VPD, a hyphen and a reference.",
        "NHSBSA KA-28135",
    ),
    Diagnostic(
        "position id",
        _FORMS,
        lambda case: 0 < case.applicant["positionId"] < 10**15,
        "Up to 15 digits.",
        "https://hee-tis.atlassian.net/wiki/spaces/NTCS/pages/1374257187/Position",
    ),
    Diagnostic(
        "e-mail address of nobody",
        _UNREAL,
        lambda case: _all(_EMAIL, [case.person["emailAddress"]]),
        "At a domain that is reserved for examples.",
        "RFC 2606",
    ),
    Diagnostic(
        "telephone numbers of nobody",
        _UNREAL,
        lambda case: bool(
            _MOBILE.fullmatch(case.person["mobileNumber"])
            and _HOME.fullmatch(case.person.get("homeNumber", "01632 960000"))
        ),
        "In the ranges that Ofcom keeps for drama.",
        "Ofcom, telephone numbers for drama use",
    ),
    Diagnostic(
        "registration number",
        _FORMS,
        _number_of_body,
        "The form that the body gives out.",
        "NHS Data Model and Dictionary; UK Core practitioner identifiers; HCPC registrant snapshot",
    ),
    Diagnostic(
        "DBS certificate number",
        _FORMS,
        lambda case: _all(_CERTIFICATE, _of(case, "dbs", "certificateNumber")),
        "Twelve digits.",
        "assumed: indirect public evidence only",
    ),
    Diagnostic(
        "share code",
        _FORMS,
        lambda case: _all(_SHARE_CODE, _of(case, "rightToWork", "shareCode")),
        "Nine letters and digits, W for work in front.",
        "nine characters: https://lawbite.co.uk; the W in front: assumed",
    ),
    Diagnostic(
        "certificate of sponsorship",
        _FORMS,
        lambda case: _all(_SPONSORSHIP, _of(case, "rightToWork", "certificateOfSponsorship")),
        "Eleven letters and digits, C in front.",
        "assumed",
    ),
    Diagnostic(
        "applicant keeps the contract",
        _FORMS,
        lambda case: not case.around.submission_faults(case.applicant),
        "The submission keeps the schema ApplicantSubmission.",
        "the contract (ours)",
    ),
    Diagnostic(
        "checks keep the contract",
        _FORMS,
        lambda case: not any(case.around.check_faults(step.update) for step in case.history),
        "Each update keeps the schema EmploymentCheckUpdate.",
        "the contract (ours)",
    ),
)
