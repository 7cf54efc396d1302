"""The applicant: the rules for taking and amending one, and what ESR answers."""

from datetime import date
from typing import Any

from sandbox.errors import Code
from sandbox.esr.domain.doors import door_is_open
from sandbox.esr.domain.facts import Facts
from sandbox.esr.domain.identifiers import is_ni_number, is_postcode, is_registration_number
from sandbox.esr.domain.positions import POSITION_RULES, SEND_WINDOW_RULES
from sandbox.esr.domain.vacancies import OPEN_STATUSES
from sandbox.rules import INFO, WARNING, Finding, Rule, findings

MINIMUM_AGE = 16
"""Years on the start date: the earliest school-leaving age in England and Wales."""

_OURS = "ours: architecture of the sandbox's contract"
_NWD = "NHS Data Model and Dictionary, National Workforce Data Set"
_VACANCY_STATUSES = "ours, which statuses take applicants; the statuses are those of the National Workforce Data Set"
_POSITIONS = (
    "https://digital.nhs.uk/data-and-information/areas-of-interest/workforce/"
    "national-workforce-data-set-nwd-guidance-documents"
)


def _in_order(facts: Facts, earlier: str, later: str) -> bool:
    first, second = facts.day(earlier), facts.day(later)
    return first is None or second is None or first <= second


def _old_enough(facts: Facts) -> bool:
    start = facts.day("startDate")
    assert start is not None
    born = facts.birth
    birthday_passed = (start.month, start.day) >= (born.month, born.day)
    return start.year - born.year - (not birthday_passed) >= MINIMUM_AGE


def _registrations(facts: Facts) -> list[dict[str, Any]]:
    return list(facts.submission.get("registrations", []))


DATE_RULES: tuple[Rule[Facts], ...] = (
    Rule(
        Code.BIRTH_NOT_BEFORE_OFFER,
        "/person/dateOfBirth",
        lambda facts: facts.birth < (facts.day("offerDate") or date.max),
        "The date of birth is not before the offer date.",
        _OURS,
    ),
    Rule(
        Code.OFFER_AFTER_ACCEPTANCE,
        "/offerAcceptedDate",
        lambda facts: _in_order(facts, "offerDate", "offerAcceptedDate"),
        "The offer was accepted before it was made.",
        _OURS,
    ),
    Rule(
        Code.OFFER_AFTER_START,
        "/startDate",
        lambda facts: _in_order(facts, "offerDate", "startDate"),
        "The start date is before the offer date.",
        _OURS,
    ),
    Rule(
        Code.ACCEPTANCE_AFTER_START,
        "/offerAcceptedDate",
        lambda facts: _in_order(facts, "offerAcceptedDate", "startDate"),
        "The start date is before the offer was accepted.",
        _OURS,
        needs=(Code.OFFER_AFTER_START,),
    ),
    Rule(
        Code.END_BEFORE_START,
        "/endDate",
        lambda facts: _in_order(facts, "startDate", "endDate"),
        "The end date is before the start date.",
        _OURS,
    ),
    Rule(
        Code.TOO_YOUNG_TO_START,
        "/person/dateOfBirth",
        _old_enough,
        f"The applicant is younger than {MINIMUM_AGE} on the start date.",
        _OURS,
        needs=(Code.BIRTH_NOT_BEFORE_OFFER,),
    ),
)
"""Rules that `amend_applicant` has to keep too."""

PERSON_RULES: tuple[Rule[Facts], ...] = (
    Rule(
        Code.NI_NUMBER_INVALID,
        "/person/niNumber",
        lambda facts: (
            "niNumber" not in facts.submission["person"]
            or is_ni_number(facts.submission["person"]["niNumber"])
        ),
        "The National Insurance number has a form that HMRC does not give out.",
        "HMRC National Insurance Manual NIM39110",
    ),
    Rule(
        Code.NI_NUMBER_ABSENT,
        "/person/niNumber",
        lambda facts: "niNumber" in facts.submission["person"],
        "There is no National Insurance number, so no transfer from a previous NHS employer can be run.",
        "https://faq-hrss.nhsbsa.nhs.uk/knowledgebase/article/KA-23608/en-us",
        kind=WARNING,
    ),
    Rule(
        Code.POSTCODE_INVALID,
        "/person/address/postcode",
        lambda facts: (
            facts.submission["person"]["address"]["country"] != "GB"
            or is_postcode(facts.submission["person"]["address"]["postcode"])
        ),
        "The postcode does not have the form of a British one.",
        "https://www.gov.uk/government/publications/bulk-data-transfer-for-sponsors-xml-schema",
    ),
)

DUPLICATE_RULES: tuple[Rule[Facts], ...] = (
    Rule(
        Code.APPLICANT_EXISTS,
        "/person",
        lambda facts: facts.live_applicant is None,
        "This person is an applicant for this vacancy already.",
        "https://hee-tis.atlassian.net/wiki/spaces/NTCS/pages/1928200193",
        needs=(Code.VACANCY_UNKNOWN,),
    ),
)
"""Never two live applicants of one person for one vacancy, neither by a submission nor by an amendment."""

SUBMISSION_RULES: tuple[Rule[Facts], ...] = (
    Rule(
        Code.EMPLOYER_UNKNOWN,
        "",
        lambda facts: facts.organisation is not None,
        "The employer named in NHSD-End-User-Organisation-ODS is not known to ESR.",
        _OURS,
    ),
    Rule(
        Code.INTERFACE_NOT_ENABLED,
        "",
        lambda facts: bool(
            facts.organisation
            and facts.organisation["interfaces"]["applicants"]
            and door_is_open(facts.organisation, facts.door)
        ),
        "The employer has not switched this interface on; ask for it at the ESR service desk.",
        "https://faq.patchwork.health/esr-integration",
        needs=(Code.EMPLOYER_UNKNOWN,),
    ),
    Rule(
        Code.VACANCY_UNKNOWN,
        "/vacancyReference",
        lambda facts: facts.vacancy is not None and facts.vacancy["odsCode"] == facts.ods_code,
        "The employer has no such vacancy.",
        _OURS,
        needs=(Code.EMPLOYER_UNKNOWN,),
    ),
    Rule(
        Code.VACANCY_NOT_OPEN,
        "/vacancyReference",
        lambda facts: bool(facts.vacancy and facts.vacancy["status"] in OPEN_STATUSES),
        "The vacancy takes no applicants in its present status.",
        _VACANCY_STATUSES,
        needs=(Code.VACANCY_UNKNOWN,),
    ),
    Rule(
        Code.POSITION_UNKNOWN,
        "/positionId",
        lambda facts: facts.position is not None and facts.position["odsCode"] == facts.ods_code,
        "The employer has no such position.",
        _POSITIONS,
        needs=(Code.EMPLOYER_UNKNOWN,),
    ),
    Rule(
        Code.POSITION_DELETED,
        "/positionId",
        lambda facts: bool(facts.position and facts.position["changeDeleteIndicator"] != "D"),
        "The position was deleted; no applicant can be attached to it.",
        "https://hee-tis.atlassian.net/wiki/spaces/NTCS/pages/1929838714",
        needs=(Code.POSITION_UNKNOWN,),
    ),
    Rule(
        Code.POSITION_NOT_OF_VACANCY,
        "/positionId",
        lambda facts: bool(
            facts.vacancy and facts.vacancy["positionId"] == facts.submission["positionId"]
        ),
        "The vacancy is for another position.",
        _OURS,
        needs=(Code.VACANCY_UNKNOWN, Code.POSITION_UNKNOWN),
    ),
    Rule(
        Code.JOB_ROLE_UNKNOWN,
        "/jobRole",
        lambda facts: facts.is_known("job-role", facts.submission["jobRole"]),
        "The job role is not in the national list.",
        _NWD,
    ),
    Rule(
        Code.JOB_ROLE_NOT_IN_STAFF_GROUP,
        "/jobRole",
        lambda facts: facts.submission["jobRole"][:2] == facts.submission["staffGroup"],
        "The job role does not belong to the staff group.",
        _POSITIONS,
        needs=(Code.JOB_ROLE_UNKNOWN,),
    ),
    Rule(
        Code.REGISTRATION_NUMBER_INVALID,
        "/registrations",
        lambda facts: all(
            is_registration_number(item["body"], item["number"]) for item in _registrations(facts)
        ),
        "A registration number does not have the form that its body gives out.",
        "NHS Data Model and Dictionary; UK Core practitioner identifiers",
    ),
    *PERSON_RULES,
    *DATE_RULES,
    Rule(
        Code.JOB_ROLE_DIFFERS_FROM_POSITION,
        "/jobRole",
        lambda facts: bool(
            facts.position and facts.position["jobRole"] == facts.submission["jobRole"]
        ),
        "The job role is not that of the position; settle it before the appointment.",
        "https://faq-hrss.nhsbsa.nhs.uk/knowledgebase/article/KA-28994/en-us",
        kind=WARNING,
        needs=(Code.POSITION_UNKNOWN, Code.JOB_ROLE_UNKNOWN),
    ),
    *DUPLICATE_RULES,
    Rule(
        Code.SUPPLIER_REFERENCE_TAKEN,
        "/supplierReference",
        lambda facts: facts.reference_taken_by is None,
        "Another live applicant of the employer has this supplier reference.",
        _OURS,
        needs=(Code.APPLICANT_EXISTS,),
    ),
)
"""What `submit_applicant` asks of an applicant who is sent to ESR, beside what the position and the send window ask."""

_ASKED = (*SUBMISSION_RULES, *POSITION_RULES, *SEND_WINDOW_RULES)

AMENDMENT_RULES: tuple[Rule[Facts], ...] = (*PERSON_RULES, *DATE_RULES, *DUPLICATE_RULES)
"""Everything that `amend_applicant` asks of the applicant as it would stand."""

_MATCH_NEEDS = frozenset({Code.EMPLOYER_UNKNOWN, Code.APPLICANT_EXISTS})


def submission_findings(facts: Facts) -> list[Finding]:
    """What ESR has to say about a submission: errors refuse it, warnings and information do not."""
    return _with_match(findings(_ASKED, facts), facts)


def amendment_findings(facts: Facts) -> list[Finding]:
    """What ESR has to say about an applicant as it would stand after an amendment."""
    return _with_match(findings(AMENDMENT_RULES, facts), facts)


def _with_match(found: list[Finding], facts: Facts) -> list[Finding]:
    """Adds what the match says: of an employer whom ESR knows, and of nobody who is an applicant for the vacancy already."""
    said = facts.match.finding() if facts.match else None
    if said is None or {finding.code for finding in found} & _MATCH_NEEDS:
        return found
    return [*found, said]


def is_refused(found: list[Finding]) -> bool:
    """Whether any finding is an error."""
    return any(finding.kind not in (WARNING, INFO) for finding in found)


def confirmation(
    submission: dict[str, Any],
    found: list[Finding],
    applicant_number: str | None = None,
    assignment_id: int | None = None,
) -> dict[str, Any]:
    """The `Confirmation` of the contract: SUCCESS with the numbers that ESR gave, or FAIL."""
    result: dict[str, Any] = {
        "loadStatusCode": "FAIL" if applicant_number is None else "SUCCESS",
        "supplierReference": submission["supplierReference"],
        "vacancyReference": submission["vacancyReference"],
        "positionId": submission["positionId"],
        "messages": [finding.message() for finding in found],
    }
    if applicant_number is not None:
        result["applicantNumber"] = applicant_number
        result["assignmentId"] = assignment_id
    return result


def merged(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The document after a JSON merge patch (RFC 7396)."""
    result = dict(document)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            present = result.get(name)
            result[name] = merged(present if isinstance(present, dict) else {}, value)
        else:
            result[name] = value
    return result
