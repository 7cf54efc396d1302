"""Files and API lead to the same ESR; the order of loading, and what the journal keeps."""

from collections.abc import Callable
from functools import partial
from typing import Any

from hub_office import Office

from sandbox.esr.files.supplier import inbound_file
from sandbox.esr.service.applicants import list_applicants, submit_applicant
from sandbox.esr.service.employment_checks import (
    list_employment_checks,
    record_employment_check,
)
from sandbox.esr.service.positions import delete_position
from sandbox.journal.store import broken_link, list_exchanges

MakeOffice = Callable[..., Office]


def test_the_same_moves_make_the_same_files(make_office: MakeOffice) -> None:
    made = []
    for name in ("one", "two"):
        office = make_office(name)
        office.send("APP", [("APA", office.submission()) for _ in range(3)])
        position_id = office.world.positions[1]["positionId"]
        office.do(partial(delete_position, position_id=position_id))
        office.hour()
        made.append(
            {
                name: (office.folder / "outbox" / name).read_bytes()
                for name in office.names("outbox")
            }
        )

    assert len(made[0]) == 4
    assert made[0] == made[1]


def test_applicants_come_before_checks_and_sequences_in_their_order(office: Office) -> None:
    first, second = office.submission(), office.submission()
    check = {"state": "IN_PROGRESS", "requestedDate": "2030-01-01", "checkType": "identity"}
    for submission, number in ((second, 2), (first, 1)):
        names = ("supplierReference", "vacancyReference")
        key = {name: submission[name] for name in names}
        row = {**check, "applicant": key}
        office.put(*inbound_file("CHK", office.vpd, number, office.now, [("ECA", row)]))
        office.put(*inbound_file("APP", office.vpd, number, office.now, [("APA", submission)]))

    office.hour()

    taken = [(file["fileType"], file["sequence"]) for file in office.files("IN")]
    assert taken == [("APP", 1), ("APP", 2), ("CHK", 1), ("CHK", 2)]
    assert [file["rowsFailed"] for file in office.files("IN")] == [0, 0, 0, 0]


def test_each_file_is_an_exchange_of_the_journal(office: Office) -> None:
    office.send("APP", [("APA", office.submission())])
    office.put("notes.txt", b"{}")
    office.hour()

    def journal(unit: Any) -> list[tuple[Any, ...]]:
        rows = list_exchanges(unit.connection, office.name, 0, 100)
        assert broken_link(unit.connection, office.name) is None
        # What a person's file holds is not repeated.
        assert all(row["request_body"].startswith("[not JSON") for row in rows[:2])
        return [(row["direction"], row["path"].rsplit("/", 2)[1:], row["status"]) for row in rows]

    paths = office.do(journal)
    kinds = [
        (way, box, name.split("_")[2] if "_" in name else name, status)
        for way, (box, name), status in paths
    ]
    assert kinds == [
        ("IN", "inbox", "APP", 200),
        ("OUT", "outbox", "APC", 200),
        ("OUT", "outbox", "POS", 200),
        ("OUT", "outbox", "VAC", 200),
        ("IN", "inbox", "notes.txt", 422),
    ]


IDENTITY = ("applicantNumber", "assignmentId", "personId", "submittedAt", "updatedAt", "version")


def state(office: Office) -> dict[str, Any]:
    """What ESR holds of each applicant, without what depends on the order of arrival."""

    def work(unit: Any) -> dict[str, Any]:
        found = {}
        for applicant in list_applicants(unit, 0, 1000)["applicants"]:
            checks = list_employment_checks(unit, applicant["applicantNumber"], None)
            found[applicant["supplierReference"]] = (
                without(applicant),
                [without(check) for check in checks["employmentChecks"]],
            )
        return found

    return dict(office.do(work))


def without(document: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in document.items() if name not in IDENTITY}
    if "match" in kept:
        kept["match"] = {
            name: kept["match"][name] for name in kept["match"] if name != "candidates"
        }
    return kept


def test_fifty_applicants_and_their_checks_are_the_same_through_both_doors(
    make_office: MakeOffice,
) -> None:
    files, api = make_office("files"), make_office("api")
    submissions = [files.submission() for _ in range(50)]
    updates = [
        (submission, step.check_type, step.update)
        for submission in submissions
        for step in files.steps(submission)
    ]
    names = ("supplierReference", "vacancyReference")
    half = len(submissions) // 2
    for part in (submissions[:half], submissions[half:]):
        files.send("APP", [("APA", submission) for submission in part])
    confirmation = files.send(
        "CHK",
        [
            ("ECA", {**update, "checkType": kind, "applicant": {n: person[n] for n in names}})
            for person, kind, update in updates
        ],
    )

    def by_api(unit: Any) -> None:
        for submission in submissions:
            submit_applicant(unit, api.ods_code, submission)
        numbers = {
            item["supplierReference"]: item["applicantNumber"]
            for item in list_applicants(unit, 0, 1000)["applicants"]
        }
        for person, kind, update in updates:
            number = numbers[person["supplierReference"]]
            record_employment_check(unit, number, kind, api.ods_code, update)

    api.do(by_api)

    refused = [o for o in confirmation.outcomes if o.columns["loadStatusCode"] != "SUCCESS"]
    assert refused == []
    found, expected = state(files), state(api)
    assert len(expected) == 50
    assert sum(len(checks) for _, checks in expected.values()) > 100
    assert found == expected
