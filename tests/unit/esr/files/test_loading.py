"""What the rows of a file do in ESR, and what the confirmation says of each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hub_office import HOUR, Office

from sandbox.esr.files.envelope import Period, compose, name_of
from sandbox.esr.files.rows import SEPARATOR, write_row
from sandbox.esr.files.supplier import Confirmation
from sandbox.esr.service.applicants import amend_applicant, list_applicants, withdraw_applicant
from sandbox.esr.service.employment_checks import list_employment_checks, record_employment_check
from sandbox.esr.service.events import list_events
from sandbox.esr.service.organisations import change_organisation

CHECK = {"state": "IN_PROGRESS", "requestedDate": "2030-01-01"}


def codes(outcome: Any) -> list[str]:
    return [message["messageCode"] for message in outcome.messages]


def errors(outcome: Any) -> list[tuple[str, str]]:
    """(code, pointer) of each error."""
    return [
        (message["messageCode"], message.get("pointer", ""))
        for message in outcome.messages
        if message["messageType"] == "ERROR"
    ]


def events(office: Office) -> list[str]:
    page = office.do(lambda unit: list_events(unit, 0, 1000, None))
    return [event["type"] for event in page["events"]]


def checks(office: Office, number: str) -> list[dict[str, Any]]:
    found = office.do(lambda unit: list_employment_checks(unit, number, office.ods_code))
    return list(found["employmentChecks"])


def sent(office: Office, **changes: Any) -> tuple[dict[str, Any], str]:
    """An applicant whom a file has brought, with the applicant number."""
    submission = office.submission(**changes)
    outcome = office.send("APP", [("APA", submission)]).of(1)
    assert outcome.columns["loadStatusCode"] == "SUCCESS", outcome
    return submission, outcome.columns["applicantNumber"]


def send_lines(office: Office, file_type: str, lines: list[str]) -> Confirmation:
    """Sends a file whose rows are written by hand."""
    name = name_of(office.vpd, file_type, office.now, office.sequences[file_type] + 1)
    office.put(str(name), compose(name, Period(office.now, office.now), lines))
    office.hour()
    office.sequences[file_type] += 1
    return office.confirmation(str(name))


def test_an_applicant_of_a_file_is_an_applicant_of_esr(office: Office) -> None:
    submission = office.submission()
    name, content = office.file("APP", [("APA", submission)])
    office.put(name, content)

    hour = office.hour()

    [applicant] = office.applicants()
    assert {key: applicant[key] for key in submission} == submission
    assert applicant["submittedAt"] == hour.isoformat().replace("+00:00", ".000Z")
    confirmation = office.confirmation(name)
    assert (confirmation.result, confirmation.messages) == ("LOADED", [])
    assert confirmation.of(1).columns == {
        "rowCode": "APA",
        "loadStatusCode": "SUCCESS",
        **{key: submission[key] for key in ("supplierReference", "vacancyReference", "positionId")},
        "applicantNumber": applicant["applicantNumber"],
        "assignmentId": applicant["assignmentId"],
    }
    assert office.names("inbox") == []
    assert office.names("archive") == [name]


def test_registrations_belong_to_the_applicant_before_them(office: Office) -> None:
    several = [
        {"body": "09", "number": "12A3456B", "type": "33"},
        {"body": "03", "number": "1234567", "expiryDate": "2031-01-01"},
    ]
    rows = [
        office.submission(registrations=several),
        office.submission(registrations=[]),
        {key: value for key, value in office.submission().items() if key != "registrations"},
    ]

    confirmation = office.send("APP", [("APA", row) for row in rows])

    assert [outcome.ordinal for outcome in confirmation.outcomes] == [1, 4, 5]
    found = {item["supplierReference"]: item for item in office.applicants()}
    stored = [found[row["supplierReference"]] for row in rows]
    assert stored[0]["registrations"] == several
    assert stored[1]["registrations"] == []
    assert "registrations" not in stored[2]


def test_a_row_that_is_refused_leaves_the_others_alone(office: Office) -> None:
    good, bad, last = office.submission(), office.submission(), office.submission()
    bad = {**bad, "endDate": "2000-01-01", "person": {**bad["person"], "niNumber": "QQ123456A"}}

    confirmation = office.send("APP", [("APA", good), ("APA", bad), ("APA", last)])

    assert [o.columns["loadStatusCode"] for o in confirmation.outcomes] == [
        "SUCCESS",
        "FAIL",
        "SUCCESS",
    ]
    refused = next(o for o in confirmation.outcomes if o.columns["loadStatusCode"] == "FAIL")
    assert errors(refused) == [("CONTRACT_VIOLATION", "/person/niNumber")]
    assert not {"applicantNumber", "assignmentId"} & refused.columns.keys()
    assert refused.columns["supplierReference"] == bad["supplierReference"]
    assert len(office.applicants()) == 2
    [file] = office.files("IN")
    assert (file["rowsFailed"], file["state"]) == (1, "CONFIRMED")


def test_the_findings_of_the_service_are_the_messages_of_the_row(office: Office) -> None:
    submission = office.submission()
    again = {**submission, "supplierReference": "AGAIN-1"}
    early = {**office.submission(), "endDate": "2000-01-01"}

    confirmation = office.send("APP", [("APA", submission), ("APA", again), ("APA", early)])

    *_, second, third = confirmation.outcomes
    assert errors(second) == [("APPLICANT_EXISTS", "/person")]
    assert errors(third) == [("END_BEFORE_START", "/endDate")]


BAD_ROWS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "an unknown code": (lambda fields: ["XXX", *fields[1:]], ""),
    "a code of another file": (lambda fields: ["ECA", *fields[1:]], ""),
    "no code": (lambda fields: ["", *fields[1:]], ""),
    "a column too few": (lambda fields: fields[:-1], ""),
    "a column too many": (lambda fields: [*fields, ""], ""),
    "no reference": (lambda fields: [fields[0], "", *fields[2:]], "supplierReference"),
    "a date that is none": (lambda fields: [*fields[:-1], "20300230"], "previousEmployer.endDate"),
    "a registration that is announced and not there": (
        lambda fields: [*fields[:27], "1", *fields[28:]],
        "registrations",
    ),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_row_that_cannot_be_understood_is_refused_alone(office: Office, kind: str) -> None:
    spoil, column = BAD_ROWS[kind]
    plain = {key: value for key, value in office.submission().items() if key != "registrations"}
    fields = write_row("APA", plain).split(SEPARATOR)
    other = {key: value for key, value in office.submission().items() if key != "registrations"}

    confirmation = send_lines(
        office, "APP", [SEPARATOR.join(spoil(fields)), write_row("APA", other)]
    )

    assert errors(confirmation.of(1)) == [("FILE_ROW_INVALID", column)]
    assert confirmation.of(2).columns["loadStatusCode"] == "SUCCESS"
    assert len(office.applicants()) == 1


def test_a_registration_without_an_applicant_is_refused(office: Office) -> None:
    lone = write_row("REA", {"body": "03", "number": "1234567"})

    confirmation = send_lines(office, "APP", [lone])

    assert errors(confirmation.of(1)) == [("FILE_ROW_INVALID", "")]


def test_a_bad_registration_refuses_its_applicant(office: Office) -> None:
    submission = office.submission(registrations=[{"body": "03", "number": "1234567"}])
    row = write_row("REA", {"body": "03", "number": "1234567", "expiryDate": "2030-02-30"})

    confirmation = send_lines(office, "APP", [write_row("APA", submission), row])

    assert errors(confirmation.of(1)) == [("FILE_ROW_INVALID", "registrations.0.expiryDate")]


def test_a_code_of_the_national_list_is_mismapped_in_a_file(office: Office) -> None:
    submission = office.submission(registrations=[])
    line = write_row("APA", submission).split(SEPARATOR)
    gender = line.index("M" if submission["person"]["gender"] == "1" else "F")
    line[gender] = submission["person"]["gender"]

    confirmation = send_lines(office, "APP", [SEPARATOR.join(line)])

    assert errors(confirmation.of(1)) == [("CODE_MISMAPPED", "/person/gender")]


def test_an_amendment_changes_what_it_names_and_takes_away_what_it_strikes(office: Office) -> None:
    submission, number = sent(office, endDate="2040-01-01", dataSharingConsent=False)
    patch = {
        "supplierReference": submission["supplierReference"],
        "endDate": None,
        "dataSharingConsent": True,
        "person": {"title": "Dame", "ethnicOrigin": "B", "address": {"town": "Ny-Ålesund"}},
    }

    outcome = office.send("APP", [("APU", patch)]).of(1)

    assert outcome.columns["loadStatusCode"] == "SUCCESS", outcome
    assert outcome.columns["applicantNumber"] == number
    [applicant] = office.applicants()
    person = submission["person"]
    assert applicant["person"] == {
        **person,
        "title": "Dame",
        "ethnicOrigin": "B",
        "address": {**person["address"], "town": "Ny-Ålesund"},
    }
    assert "endDate" not in applicant
    assert applicant["dataSharingConsent"] is True
    assert applicant["startDate"] == submission["startDate"]


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({}, ("CONTRACT_VIOLATION", "")),
        ({"startDate": None}, ("CONTRACT_VIOLATION", "/startDate")),
        ({"person": {"gender": None}}, ("CONTRACT_VIOLATION", "/person/gender")),
    ],
)
def test_an_amendment_keeps_to_the_contract(
    office: Office, patch: dict[str, Any], expected: tuple[str, str]
) -> None:
    submission, _ = sent(office)
    row = {"supplierReference": submission["supplierReference"], **patch}

    assert errors(office.send("APP", [("APU", row)]).of(1)) == [expected]


def test_an_applicant_is_withdrawn_by_a_file_and_may_come_again(office: Office) -> None:
    submission, number = sent(office)
    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2030-01-01", "note": "Moved."}
    row = {"supplierReference": submission["supplierReference"], **withdrawal}

    confirmation = office.send(
        "APP",
        [
            ("APD", row),
            ("APA", submission),
            (
                "APU",
                {
                    "supplierReference": submission["supplierReference"],
                    "dataSharingConsent": True,
                },
            ),
        ],
    )

    assert [o.columns["loadStatusCode"] for o in confirmation.outcomes] == ["SUCCESS"] * 3
    first, second = office.applicants()
    assert (first["applicantNumber"], first["status"]) == (number, "TERMINATED")
    assert first["withdrawal"] == withdrawal
    assert second["dataSharingConsent"] is True


def test_an_applicant_whom_nobody_knows_cannot_be_changed(office: Office) -> None:
    rows = [
        ("APU", {"supplierReference": "NOBODY", "dataSharingConsent": True}),
        (
            "APD",
            {"supplierReference": "NOBODY", "reason": "OTHER", "withdrawnDate": "2030-01-01"},
        ),
    ]

    confirmation = office.send("APP", rows)

    assert [errors(outcome) for outcome in confirmation.outcomes] == [[("NOT_FOUND", "")]] * 2


@pytest.mark.parametrize("by_number", [True, False])
def test_a_check_of_a_file_is_a_check_of_esr(office: Office, by_number: bool) -> None:
    submission, number = sent(office)
    names = ("supplierReference", "vacancyReference")
    references = {name: submission[name] for name in names}
    key = {"applicantNumber": number} if by_number else references
    update = {
        "state": "COMPLETE",
        "outcome": "CLEAR",
        "requestedDate": "2030-01-01",
        "completedDate": "2030-01-02",
        "checkedBy": "Zoë",
        "supplierReference": "CHECK-1",
        "identity": {"photoDocuments": 1, "addressDocuments": 2, "digital": False},
    }

    outcome = office.send("CHK", [("ECA", {**update, "checkType": "identity", "applicant": key})])

    assert outcome.of(1).columns["applicantNumber"] == number
    [check] = checks(office, number)
    assert {name: check[name] for name in update} == update
    assert (check["startedBy"], check["updatedBy"]) == ("SUPPLIER", "SUPPLIER")


def test_a_check_whose_body_is_named_by_the_interfaces_code_is_stored_by_the_national_one(
    office: Office,
) -> None:
    _, number = sent(office)
    update = {**CHECK, "registration": {"body": "03", "number": "1234567", "type": "15"}}
    row = {**update, "checkType": "registration-and-qualifications"}
    line = write_row("ECA", {**row, "applicant": {"applicantNumber": number}})
    assert "~03~" not in line

    outcome = send_lines(office, "CHK", [line]).of(1)

    assert outcome.columns["loadStatusCode"] == "SUCCESS", outcome
    assert checks(office, number)[0]["registration"] == update["registration"]


def test_a_check_with_a_code_that_nobody_knows_is_refused(office: Office) -> None:
    _, number = sent(office)
    update = {**CHECK, "registration": {"body": "ZZZ", "number": "1234567"}}
    row = {**update, "checkType": "registration-and-qualifications"}

    outcome = office.send("CHK", [("ECA", {**row, "applicant": {"applicantNumber": number}})])

    assert errors(outcome.of(1)) == [("CODE_UNKNOWN", "/registration/body")]
    assert checks(office, number) == []


@pytest.mark.parametrize(
    ("key", "row", "expected"),
    [
        ({}, {}, ("FILE_ROW_INVALID", "applicant.applicantNumber")),
        ({"supplierReference": "A"}, {}, ("FILE_ROW_INVALID", "applicant.applicantNumber")),
        ({"applicantNumber": "99999999"}, {}, ("NOT_FOUND", "")),
        (None, {"checkType": "horoscope"}, ("CONTRACT_VIOLATION", "/checkType")),
        (None, {"state": "DREAMT"}, ("CONTRACT_VIOLATION", "/state")),
        (None, {"state": "COMPLETE"}, ("CHECK_OUTCOME_MISSING", "/outcome")),
    ],
)
def test_a_check_that_is_refused_says_why(
    office: Office, key: dict[str, Any] | None, row: dict[str, Any], expected: tuple[str, str]
) -> None:
    _, number = sent(office)
    wanted = {**CHECK, "checkType": "identity", **row}
    applicant = {"applicantNumber": number} if key is None else key

    outcome = office.send("CHK", [("ECA", {**wanted, "applicant": applicant})])

    assert errors(outcome.of(1)) == [expected]
    assert checks(office, number) == []


def test_a_number_and_references_of_two_people_are_refused(office: Office) -> None:
    _, number = sent(office)
    other, _ = sent(office)
    key = {"applicantNumber": number, "supplierReference": other["supplierReference"]}

    outcome = office.send("CHK", [("ECA", {**CHECK, "checkType": "identity", "applicant": key})])

    assert errors(outcome.of(1)) == [("FILE_ROW_INVALID", "applicant.applicantNumber")]


def test_a_check_that_is_held_already_changes_nothing(office: Office) -> None:
    _, number = sent(office)
    row = {**CHECK, "checkType": "identity", "applicant": {"applicantNumber": number}}
    office.send("CHK", [("ECA", row)])
    before = checks(office, number), events(office)

    # Made long before the check was recorded; it says the same all the same.
    outcome = office.send("CHK", [("ECA", row)], created=office.now - 2 * HOUR)

    assert (outcome.of(1).columns["loadStatusCode"], codes(outcome.of(1))) == (
        "SUCCESS",
        ["CHECK_UNCHANGED"],
    )
    assert (checks(office, number), events(office)) == before


def change_by_the_api(office: Office, number: str) -> None:
    def work(unit: Any) -> None:
        version = f'"{held_one(unit, office, number)["version"]}"'
        amend_applicant(unit, number, office.ods_code, version, {"dataSharingConsent": False})
        record_employment_check(unit, number, "identity", office.ods_code, CHECK)

    office.do(work)


def held_one(unit: Any, office: Office, number: str) -> dict[str, Any]:
    page = list_applicants(unit, 0, 1000, ods_code=office.ods_code)
    return next(item for item in page["applicants"] if item["applicantNumber"] == number)


def test_a_row_that_was_written_before_somebody_else_changed_the_record_is_stale(
    office: Office,
) -> None:
    submission, number = sent(office)
    before = office.now + timedelta(minutes=10)
    office.stand(before + timedelta(minutes=10))
    change_by_the_api(office, number)
    reference = {"supplierReference": submission["supplierReference"]}
    update = {**CHECK, "state": "AWAITING_ANSWER", "checkType": "identity"}
    rows = [
        ("APU", {**reference, "dataSharingConsent": True}),
        ("APD", {**reference, "reason": "OTHER", "withdrawnDate": "2030-01-01"}),
    ]
    check = ("ECA", {**update, "applicant": {"applicantNumber": number}})
    stood = office.applicants(), checks(office, number)

    stale = [*office.send("APP", rows, created=before).outcomes]
    stale += office.send("CHK", [check], created=before).outcomes

    assert [errors(outcome) for outcome in stale] == [[("FILE_ROW_STALE", "")]] * 3
    assert (office.applicants(), checks(office, number)) == stood

    fresh = [*office.send("APP", rows).outcomes]

    assert [outcome.columns["loadStatusCode"] for outcome in fresh] == ["SUCCESS"] * 2


def test_what_a_file_has_changed_does_not_make_the_next_file_stale(office: Office) -> None:
    submission = office.submission()
    reference = {"supplierReference": submission["supplierReference"]}
    created = office.now
    for number, rows in enumerate(
        (
            [("APA", submission), ("APU", {**reference, "dataSharingConsent": True})],
            [("APU", {**reference, "dataSharingConsent": False})],
        ),
        start=1,
    ):
        office.sequences["APP"] = number - 1
        office.put(*office.file("APP", rows, created))

    office.hour()

    assert [o.columns["loadStatusCode"] for c in office.confirmations() for o in c.outcomes] == [
        "SUCCESS"
    ] * 3
    assert office.applicants()[0]["dataSharingConsent"] is False


def test_an_employer_whose_api_is_off_still_loads_files(office: Office) -> None:
    off = {"interfaces": {"api": False}}
    office.do(lambda unit: change_organisation(unit, office.ods_code, off))
    submission, number = sent(office)

    def withdraw(unit: Any) -> None:
        with pytest.raises(Exception, match="INTERFACE_NOT_ENABLED"):
            withdraw_applicant(unit, number, office.ods_code, {"reason": "OTHER"})

    office.do(withdraw)
    assert submission["supplierReference"] == office.applicants()[0]["supplierReference"]
