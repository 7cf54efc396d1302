"""What ESR tells in files: everything first, then what is new."""

from collections.abc import Callable
from typing import Any

from hub_office import Office

from sandbox.esr.files.rows import SEPARATOR
from sandbox.esr.reference import interface_code
from sandbox.esr.service.applicants import submit_applicant
from sandbox.esr.service.employment_checks import (
    clear_occupational_health,
    record_employment_check,
)
from sandbox.esr.service.positions import change_position, delete_position
from sandbox.esr.service.vacancies import (
    change_vacancy_status,
    create_vacancy,
    publish_esr_vacancy,
)

MakeOffice = Callable[..., Office]


def test_positions_go_out_whole_first_and_then_as_they_change(office: Office) -> None:
    ids = [item["positionId"] for item in office.world.positions]
    office.do(lambda unit: delete_position(unit, ids[0]))
    office.hour()
    office.hour()
    office.do(lambda unit: change_position(unit, ids[2], {"positionTitle": "Ward~Sister"}))
    office.do(lambda unit: delete_position(unit, ids[1]))
    office.hour()
    office.hour()

    full, delta = office.outbox("POS")

    assert [(code, row["positionId"]) for code, row in full] == [("POA", id_) for id_ in ids[1:]]
    assert [(code, row["positionId"]) for code, row in delta] == [("POA", ids[2]), ("POD", ids[1])]
    # A tilde has no place in a file.
    assert delta[0][1]["positionTitle"] == "Ward Sister"


def test_a_position_says_in_a_file_what_it_says_at_the_api(office: Office) -> None:
    office.hour()

    _, row = office.outbox("POS")[0][0]

    position = {**office.world.positions[0], "updatedAt": "2030-01-01T08:10:00.000Z"}
    position["staffGroup"] = interface_code("staff-group", position["staffGroup"])
    del position["changeDeleteIndicator"]
    assert row == position


def test_each_employer_hears_of_its_own(make_office: MakeOffice) -> None:
    office = make_office(organisations=2)
    office.hour()
    other = office.world.organisations[1]["odsCode"]

    mine = office.outbox("POS")[0]

    assert {row["odsCode"] for _, row in mine} == {office.ods_code}
    assert sorted(path.name for path in (office.folder.parent / other).iterdir()) == [
        "archive",
        "inbox",
        "outbox",
        "quarantine",
    ]


def test_vacancies_go_out_from_either_side_new_ones_and_changed_ones(office: Office) -> None:
    office.hour()
    seeded = [item["vacancyReference"] for item in office.world.vacancies]
    position = office.world.vacancies[0]["positionId"]

    def act(unit: Any) -> list[str]:
        wanted = {"supplierReference": "NEW-1", "positionId": position, "title": "Nurse"}
        created = create_vacancy(unit, office.ods_code, wanted)["vacancyReference"]
        change_vacancy_status(unit, seeded[1], office.ods_code, "03")
        published = publish_esr_vacancy(unit, {"positionId": position})["vacancyReference"]
        change_vacancy_status(unit, created, office.ods_code, "03")
        return [created, published, seeded[1]]

    expected = office.do(act)
    office.hour()
    office.hour()

    full, delta = office.outbox("VAC")

    assert [row["vacancyReference"] for _, row in full] == seeded
    assert [row["vacancyReference"] for _, row in delta] == expected
    assert [row["status"] for _, row in delta] == ["03", "01", "03"]
    assert [row["origin"] for _, row in delta[:2]] == ["SUPPLIER", "ESR"]


def test_the_checks_that_esr_moved_go_out_and_the_suppliers_own_do_not(office: Office) -> None:
    submission = office.submission()

    def act(unit: Any) -> str:
        number = str(submit_applicant(unit, office.ods_code, submission)["applicantNumber"])
        update = {"state": "IN_PROGRESS", "requestedDate": "2030-01-01"}
        record_employment_check(unit, number, "identity", office.ods_code, update)
        return number

    number = office.do(act)
    office.hour()
    assert office.outbox("ECO") == []
    office.do(lambda unit: clear_occupational_health(unit, number, {"result": "FIT"}))
    office.hour()
    office.hour()

    [[(code, row)]] = office.outbox("ECO")

    assert code == "ECO"
    assert row["applicant"] == {
        "applicantNumber": number,
        "supplierReference": submission["supplierReference"],
        "vacancyReference": submission["vacancyReference"],
    }
    assert (row["checkType"], row["outcome"], row["updatedBy"]) == (
        "work-health-assessment",
        "CLEAR",
        "ESR",
    )
    assert row["workHealth"] == {"result": "FIT"}


def test_the_header_says_from_when_to_when_a_file_tells(office: Office) -> None:
    office.hour()
    ids = [item["positionId"] for item in office.world.positions]
    office.do(lambda unit: delete_position(unit, ids[1]))
    office.hour()

    first, second = [name for name in office.names("outbox") if "_POS_" in name]

    head = (office.folder / "outbox" / second).read_text().splitlines()[0].split(SEPARATOR)
    assert head == [
        "HDR",
        second,
        "20300101 100000",
        office.vpd,
        "20300101 090000",
        "20300101 100000",
        "01",
    ]
    assert first == f"ER_{office.vpd}_POS_20300101_00000001.DAT"
    assert second == f"ER_{office.vpd}_POS_20300101_00000002.DAT"
