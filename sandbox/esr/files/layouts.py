"""The layouts: which rows a file of each type holds, and the columns of each row in their order.

A column is named by the path of its property in the API's model, so that both doors mean the same thing. One reader and
one writer work for every row (`rows.py`); what a row does is said elsewhere.

Modelled on ESR's generic outbound files (header, footer, row codes, dates) and on the files for doctors in training
(applicants and their confirmation). The real e-Recruitment format is not public.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

IN, OUT = "IN", "OUT"


class Kind(StrEnum):
    """How a value is written."""

    TEXT = "text"
    DATE = "date"
    """YYYYMMDD."""
    MOMENT = "moment"
    """YYYYMMDD HHMMSS in the world's time, UTC."""
    NUMBER = "number"
    """Digits, with a decimal point where there is a fraction."""
    FLAG = "flag"
    """Y or N."""
    CODE = "code"
    """A code of a list, as interfaces write it."""
    COUNT = "count"
    """How many rows that belong to this one follow; empty where the property is left out."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a row."""

    name: str
    kind: Kind = Kind.TEXT
    longest: int = 0
    """Characters at most."""
    required: bool = False
    code_list: str = ""
    """The code list of a CODE."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of row: its code, its columns, and what it is for."""

    code: str
    title: str
    columns: tuple[Column, ...]
    removes: bool = False
    """Whether REMOVED in a column says that the property is taken away."""


@dataclass(frozen=True, slots=True)
class FileType:
    """One type of file: the way it goes, and the rows that it may hold."""

    code: str
    title: str
    direction: str
    rows: tuple[str, ...]
    confirmed_by: str = ""


REMOVED = "-"


def _text(name: str, longest: int, *, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, longest, required)


def _date(name: str, *, required: bool = False) -> Column:
    return Column(name, Kind.DATE, 8, required)


def _moment(name: str) -> Column:
    return Column(name, Kind.MOMENT, 15, required=True)


def _number(name: str, longest: int = 15, *, required: bool = False) -> Column:
    return Column(name, Kind.NUMBER, longest, required)


def _flag(name: str, *, required: bool = False) -> Column:
    return Column(name, Kind.FLAG, 1, required)


def _code(name: str, code_list: str, *, required: bool = False) -> Column:
    return Column(name, Kind.CODE, 60, required, code_list)


def _person(*, required: bool) -> tuple[Column, ...]:
    return (
        _text("person.title", 35),
        _text("person.firstName", 35, required=required),
        _text("person.middleNames", 35),
        _text("person.lastName", 35, required=required),
        _text("person.previousLastName", 35),
        _date("person.dateOfBirth", required=required),
        _code("person.gender", "gender", required=required),
        _text("person.niNumber", 9),
        _text("person.nationality", 2, required=required),
        _code("person.ethnicOrigin", "ethnic-category"),
        _code("person.maritalStatus", "marital-status"),
        _code("person.disability", "disability"),
        _code("person.religiousBelief", "religious-belief"),
        _code("person.sexualOrientation", "sexual-orientation"),
        _text("person.emailAddress", 254, required=required),
        _text("person.mobileNumber", 20),
        _text("person.homeNumber", 20),
        _text("person.address.line1", 60, required=required),
        _text("person.address.line2", 60),
        _text("person.address.town", 60, required=required),
        _text("person.address.county", 60),
        _text("person.address.postcode", 8, required=required),
        _text("person.address.country", 2, required=required),
    )


_CHECK = (
    _text("applicant.applicantNumber", 8),
    _text("applicant.supplierReference", 30),
    _text("applicant.vacancyReference", 34),
    _text("checkType", 40, required=True),
    _text("state", 20, required=True),
    _text("outcome", 20),
    _date("requestedDate", required=True),
    _date("completedDate"),
    _date("expiryDate"),
    _date("followUpDate"),
    _text("checkedBy", 70),
    _text("supplierReference", 30),
    _text("identity.evidenceProfile", 4),
    _number("identity.photoDocuments", 1),
    _number("identity.addressDocuments", 1),
    _flag("identity.digital"),
    _text("rightToWork.route", 40),
    _text("rightToWork.documentType", 40),
    _text("rightToWork.shareCode", 9),
    _date("rightToWork.permissionExpiryDate"),
    _text("rightToWork.certificateOfSponsorship", 20),
    _code("registration.body", "registration-body"),
    _text("registration.number", 32),
    _code("registration.type", "registration-type"),
    _text("registration.status", 2),
    _date("registration.expiryDate"),
    _number("employmentHistory.yearsCovered", 2),
    _number("employmentHistory.references", 2),
    _flag("employmentHistory.gapsExplained"),
    _text("dbs.level", 20),
    _text("dbs.workforce", 20),
    _flag("dbs.childBarredList"),
    _flag("dbs.adultBarredList"),
    _text("dbs.certificateNumber", 12),
    _date("dbs.issueDate"),
    _flag("dbs.updateService"),
    _text("workHealth.result", 30),
    _text("workHealth.adjustments", 500),
    _flag("alertNotice.noticeFound"),
    _date("alertNotice.reviewedDate"),
)

_CONFIRMED = (
    _number("ordinal", 7, required=True),
    _text("rowCode", 3, required=True),
    _text("loadStatusCode", 7, required=True),
    _text("supplierReference", 30),
    _text("vacancyReference", 34),
    _number("positionId"),
    _text("applicantNumber", 8),
    _number("assignmentId"),
)

LAYOUTS: Mapping[str, Layout] = {
    layout.code: layout
    for layout in (
        Layout(
            "APA",
            "An applicant at offer stage; the registrations follow as REA rows",
            (
                _text("supplierReference", 30, required=True),
                _text("vacancyReference", 34, required=True),
                _number("positionId", required=True),
                *_person(required=True),
                Column("registrations", Kind.COUNT, 1),
                _code("staffGroup", "staff-group", required=True),
                _text("jobRole", 5, required=True),
                _code("contractType", "contract-type", required=True),
                _code("assignmentType", "assignment-type", required=True),
                _number("hoursPerWeek", 9),
                _code("recruitmentSource", "recruitment-source"),
                _date("offerDate", required=True),
                _date("offerAcceptedDate"),
                _date("startDate", required=True),
                _date("endDate"),
                _flag("dataSharingConsent"),
                _flag("internalCandidate"),
                _text("previousEmployer.name", 100),
                _text("previousEmployer.odsCode", 5),
                _date("previousEmployer.endDate"),
            ),
        ),
        Layout(
            "REA",
            "A professional registration of the applicant in the APA row before",
            (
                _code("body", "registration-body", required=True),
                _text("number", 32, required=True),
                _code("type", "registration-type"),
                _date("expiryDate"),
            ),
        ),
        Layout(
            "APU",
            "An amendment: an empty column leaves the property as it is, a hyphen takes it away",
            (
                _text("supplierReference", 30, required=True),
                _date("startDate"),
                _date("endDate"),
                _date("offerAcceptedDate"),
                _flag("dataSharingConsent"),
                *_person(required=False),
            ),
            removes=True,
        ),
        Layout(
            "APD",
            "A withdrawal before hire",
            (
                _text("supplierReference", 30, required=True),
                _text("reason", 30, required=True),
                _date("withdrawnDate", required=True),
                _text("note", 200),
            ),
        ),
        Layout(
            "ECA",
            "An employment check as it is now, whole; the applicant by number, or by both references",
            _CHECK,
        ),
        Layout(
            "ECO",
            "An employment check that ESR or a regulator has started or updated",
            (
                *_CHECK,
                _text("startedBy", 20, required=True),
                _text("updatedBy", 20, required=True),
                _moment("updatedAt"),
            ),
        ),
        Layout(
            "POA",
            "A position, new or changed",
            (
                _number("positionId", required=True),
                _number("positionNumber", 10, required=True),
                _text("positionTitle", 60, required=True),
                _text("odsCode", 5, required=True),
                _text("costCentre", 15, required=True),
                _code("staffGroup", "staff-group", required=True),
                _text("jobRole", 5, required=True),
                _text("areaOfWork", 75, required=True),
                _text("occupationCode", 3, required=True),
                _text("payScale", 20, required=True),
                _number("contractedHours", 9, required=True),
                _flag("shared", required=True),
                _text("hiringStatus", 20, required=True),
                _date("effectiveFrom", required=True),
                _date("effectiveTo"),
                _number("replacesPositionId"),
                _moment("updatedAt"),
            ),
        ),
        Layout("POD", "A position that was deleted", (_number("positionId", required=True),)),
        Layout(
            "VAA",
            "A vacancy, new or changed, from either side",
            (
                _text("vacancyReference", 34, required=True),
                _text("requisitionReference", 38, required=True),
                _text("supplierReference", 30),
                _text("origin", 20, required=True),
                _text("odsCode", 5, required=True),
                _number("positionId", required=True),
                _text("title", 100, required=True),
                _code("status", "vacancy-status", required=True),
                _number("openings", 3, required=True),
                _date("closingDate"),
                _moment("createdAt"),
                _moment("updatedAt"),
            ),
        ),
        Layout(
            "FIL",
            "Which file is answered, and whether its rows were looked at",
            (_text("name", 60, required=True), _text("result", 10, required=True)),
        ),
        Layout("APC", "What became of a row of an applicant file", _CONFIRMED),
        Layout("CKC", "What became of a row of a check file", _CONFIRMED),
        Layout(
            "MSG",
            "A message about the row with this ordinal; 0 is the file as a whole",
            (
                _number("ordinal", 7, required=True),
                _text("messageType", 7, required=True),
                _text("messageCode", 60, required=True),
                _text("messageText", 200, required=True),
                _text("pointer", 200),
            ),
        ),
    )
}
"""Every row, by its code."""

FILE_TYPES: Mapping[str, FileType] = {
    item.code: item
    for item in (
        FileType("APP", "Applicants", IN, ("APA", "REA", "APU", "APD"), "APC"),
        FileType("CHK", "Employment checks", IN, ("ECA",), "CKC"),
        FileType("POS", "Positions", OUT, ("POA", "POD")),
        FileType("VAC", "Vacancies", OUT, ("VAA",)),
        FileType("ECO", "Employment checks of ESR and of regulators", OUT, ("ECO",)),
        FileType("APC", "Confirmation of applicants", OUT, ("FIL", "APC", "MSG")),
        FileType("CKC", "Confirmation of employment checks", OUT, ("FIL", "CKC", "MSG")),
    )
}
"""Every type of file, by its code. Those that come in are loaded in this order."""
