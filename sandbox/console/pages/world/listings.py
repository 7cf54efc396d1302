"""How each kind of record is listed: columns, what a list may be narrowed by, and where a row leads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from sandbox.console.records import told
from sandbox.esr.domain.employment_checks import DETAILS, STATES
from sandbox.esr.reference import code_lists

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """How one kind of record is listed."""

    title: str
    hint: str
    """What the text that is looked for may be."""
    head: tuple[str, ...]
    row: Callable[[Record], tuple[str, ...]]
    href: Callable[[Record], str]
    """The page of a record; its first cell leads there."""
    filters: Mapping[str, tuple[str, Mapping[str, str]]]
    """Parameter → (label, value → words) of what a list may be narrowed by; employers are added where there are any."""


def _of(*values: str) -> dict[str, str]:
    return {value: value.replace("_", " ").capitalize() for value in values}


def _vacancy_statuses() -> dict[str, str]:
    return {
        item["code"]: f"{item['code']} {item['label']}"
        for item in code_lists()["vacancy-status"]["codes"]
    }


def _name(person: Record) -> str:
    return f"{person['lastName']}, {person['firstName']}"


def listings() -> dict[str, Listing]:
    """By noun, in the order of the menu."""
    return {
        "employers": Listing(
            "Employers",
            "ODS code, VPD or part of the name.",
            ("ODS code", "Name", "VPD"),
            lambda it: (it["odsCode"], it["name"], it["vpd"]),
            lambda it: url_for("world.employer", ods_code=it["odsCode"]),
            {},
        ),
        "positions": Listing(
            "Positions",
            "Position ID, or words of the title, the area of work or the cost centre.",
            ("Position ID", "Title", "Employer", "Hiring status"),
            lambda it: (
                str(it["positionId"]),
                it["positionTitle"],
                it["odsCode"],
                it["hiringStatus"],
            ),
            lambda it: url_for("world.position", position_id=it["positionId"]),
            {
                "hiringStatus": (
                    "Hiring status",
                    _of("PROPOSED", "ACTIVE", "FROZEN", "ELIMINATED", "DELETED"),
                )
            },
        ),
        "vacancies": Listing(
            "Vacancies",
            "Vacancy reference, or words of the title.",
            ("Vacancy reference", "Title", "Employer", "Status", "Closing date"),
            lambda it: (
                it["vacancyReference"],
                it["title"],
                it["odsCode"],
                told("vacancyStatus", it["status"]),
                told("", it.get("closingDate", "")),
            ),
            lambda it: url_for("world.vacancy", reference=it["vacancyReference"]),
            {"status": ("Status", _vacancy_statuses())},
        ),
        "applicants": Listing(
            "Applicants",
            "Applicant number, your reference, vacancy reference, the beginning of a last name, or words of the record.",
            ("Applicant number", "Name", "Status", "Start date", "Employer", "Your reference"),
            lambda it: (
                it["applicantNumber"],
                _name(it["person"]),
                it["status"],
                told("", it["startDate"]),
                it["odsCode"],
                it["supplierReference"],
            ),
            lambda it: url_for("world.applicant", number=it["applicantNumber"]),
            {
                "status": (
                    "Status",
                    _of("ACTIVE_APPLICATION", "OFFER", "ACCEPTED", "HIRED", "TERMINATED"),
                )
            },
        ),
        "checks": Listing(
            "Employment checks",
            "Applicant number, or words of the record.",
            ("Applicant number", "Check", "State", "Outcome", "Requested", "Last updated by"),
            lambda it: (
                it["applicantNumber"],
                it["checkType"],
                it["state"],
                it.get("outcome", ""),
                told("", it["requestedDate"]),
                it["updatedBy"],
            ),
            lambda it: url_for(
                "world.check", number=it["applicantNumber"], check_type=it["checkType"]
            ),
            {
                "check_type": ("Check", {name: name for name in DETAILS}),
                "state": ("State", _of(*(name for name in STATES if name))),
                "outcome": ("Outcome", _of("CLEAR", "CONSIDER", "NOT_CLEAR")),
            },
        ),
        "adverts": Listing(
            "Adverts of NHS Jobs",
            "Advert number or reference, vacancy reference, or words of the advert.",
            ("Advert number", "Title", "Status", "Employer", "Closes", "Vacancy"),
            lambda it: (
                str(it["advertId"]),
                it.get("title", ""),
                it["status"],
                it["odsCode"],
                told("", it.get("closeDate", "")),
                it.get("vacancyReference", ""),
            ),
            lambda it: url_for("world.advert", advert_id=it["advertId"]),
            {"status": ("Status", _of("DRAFT", "RECEIVED_FROM_ESR", "PUBLISHED", "CLOSED"))},
        ),
        "applications": Listing(
            "Applications at NHS Jobs",
            "Application number or reference, ESR's applicant number, or words of the application.",
            ("Application number", "Candidate", "Status", "Employer", "Advert", "ESR applicant"),
            lambda it: (
                str(it["applicationId"]),
                _name(it["candidate"]),
                it["status"],
                it["odsCode"],
                str(it["advertId"]),
                (it.get("esr") or {}).get("applicantNumber", ""),
            ),
            lambda it: url_for("world.application", application_id=it["applicationId"]),
            {
                "status": (
                    "Status",
                    _of(
                        *("APPLIED", "OFFERED", "OFFER_ACCEPTED", "OFFER_DECLINED", "SENT_TO_ESR"),
                        *("ESR_REJECTED", "HIRED", "WITHDRAWN"),
                    ),
                )
            },
        ),
    }
