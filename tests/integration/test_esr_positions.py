"""Positions over time, what an employer carries, and values in codes, through the front door."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from harness import Workspace

BEGIN = "2030-04-01T09:30:00.000Z"


def submission(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """An applicant who has accepted, for a position that is not shared, eight weeks after the world's first day."""
    single = next(
        item
        for item in workspace.world.vacancies
        if not workspace.world.position_by_id[item["positionId"]]["shared"]
    )
    position = workspace.world.position_by_id[single["positionId"]]
    found = workspace.submission(
        vacancyReference=single["vacancyReference"],
        positionId=single["positionId"],
        staffGroup=position["staffGroup"],
        jobRole=position["jobRole"],
        startDate="2030-05-27",
    )
    found.pop("endDate", None)
    return {**found, "offerAcceptedDate": found["offerDate"], **changes}


def send(workspace: Workspace, wanted: dict[str, Any]) -> httpx.Response:
    return workspace.write("POST", "/applicants", wanted)


def messages(answer: httpx.Response) -> dict[str, str]:
    """What ESR said, by code: where."""
    document = answer.json().get("confirmation", answer.json())
    return {item["messageCode"]: item.get("pointer", "") for item in document["messages"]}


def change_position(workspace: Workspace, position_id: int, **changes: Any) -> httpx.Response:
    return workspace.control.post(f"/esr/positions/{position_id}/change", json=changes)


def position_events(workspace: Workspace) -> list[tuple[str, int, str]]:
    """(type, position, time) of every event about a position."""
    return [
        (event["type"], event["data"]["positionId"], event["time"])
        for event in workspace.esr.get("/events", params={"limit": 100}).json()["events"]
        if event["type"].startswith("position.")
    ]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"hiringStatus": "PROPOSED"}, "POSITION_NOT_HIRING", "/positionId"),
        ({"hiringStatus": "FROZEN"}, "POSITION_NOT_HIRING", "/positionId"),
        ({"hiringStatus": "ELIMINATED"}, "POSITION_NOT_HIRING", "/positionId"),
        ({"effectiveFrom": "2030-05-28"}, "POSITION_NOT_EFFECTIVE_YET", "/startDate"),
        ({"effectiveTo": "2030-05-26"}, "POSITION_ENDED", "/startDate"),
    ],
)
def test_an_applicant_is_taken_only_for_a_position_that_is_open_on_the_start_date(
    workspace: Workspace, changes: dict[str, str], code: str, pointer: str
) -> None:
    wanted = submission(workspace)
    change_position(workspace, wanted["positionId"], **changes).raise_for_status()

    answer = send(workspace, wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "APPLICANT_REFUSED")
    assert messages(answer)[code] == pointer
    assert answer.json()["confirmation"]["loadStatusCode"] == "FAIL"


def test_the_first_and_the_last_day_belong_to_a_position(workspace: Workspace) -> None:
    wanted = submission(workspace)
    day = {"effectiveFrom": wanted["startDate"], "effectiveTo": wanted["startDate"]}
    change_position(workspace, wanted["positionId"], **day).raise_for_status()

    assert send(workspace, wanted).status_code == 201


def test_an_applicant_for_a_deleted_position_is_told_that_and_nothing_else(
    workspace: Workspace,
) -> None:
    wanted = submission(workspace)
    change_position(workspace, wanted["positionId"], effectiveTo="2030-05-26").raise_for_status()
    path = f"/esr/positions/{wanted['positionId']}/deletion"
    workspace.control.post(path).raise_for_status()

    assert set(messages(send(workspace, wanted))) == {"POSITION_DELETED"}


def test_a_new_start_date_lies_within_the_position(workspace: Workspace) -> None:
    wanted = submission(workspace)
    number = send(workspace, wanted).json()["applicantNumber"]
    change_position(workspace, wanted["positionId"], effectiveTo="2030-06-30").raise_for_status()

    late = workspace.amend(number, {"startDate": "2030-07-01"})
    well = workspace.amend(number, {"startDate": "2030-06-30"})
    change_position(workspace, wanted["positionId"], hiringStatus="FROZEN").raise_for_status()
    frozen = workspace.amend(number, {"startDate": "2030-06-29"})
    other = workspace.amend(number, {"dataSharingConsent": True})

    assert (late.status_code, messages(late)) == (422, {"POSITION_ENDED": "/startDate"})
    assert (well.status_code, well.json()["startDate"]) == (200, "2030-06-30")
    assert (frozen.status_code, messages(frozen)) == (422, {"POSITION_NOT_HIRING": "/positionId"})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hiringStatus": "FROZEN"}, "POSITION_NOT_HIRING"),
        ({"effectiveTo": "2030-05-26"}, "POSITION_ENDED"),
        ({"effectiveFrom": "2030-05-28"}, "POSITION_NOT_EFFECTIVE_YET"),
    ],
)
def test_nobody_is_hired_into_a_position_that_is_not_open_on_the_day(
    workspace: Workspace, changes: dict[str, str], code: str
) -> None:
    wanted = submission(workspace)
    number = send(workspace, wanted).json()["applicantNumber"]
    change_position(workspace, wanted["positionId"], **changes).raise_for_status()

    answer = workspace.hire(number)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert workspace.read(number)["status"] == "ACCEPTED"


def test_a_position_that_is_taken_warns_or_refuses_as_the_profile_says(
    workspace: Workspace,
) -> None:
    first = send(workspace, submission(workspace))
    second = send(workspace, submission(workspace))
    workspace.carry(occupancy="single-1")
    third = send(workspace, submission(workspace))
    position = submission(workspace)["positionId"]
    change_position(workspace, position, shared=True).raise_for_status()
    shared = send(workspace, submission(workspace))

    assert "POSITION_HELD" not in messages(first)
    assert (second.status_code, messages(second)["POSITION_HELD"]) == (201, "/positionId")
    assert (third.status_code, messages(third)["POSITION_FULL"]) == (422, "/positionId")
    assert (shared.status_code, "POSITION_FULL" in messages(shared)) == (201, False)


def test_an_employee_in_the_position_takes_it_until_the_last_day(workspace: Workspace) -> None:
    workspace.carry(occupancy="single-1")
    leaver = send(workspace, submission(workspace, endDate="2030-08-31"))
    number = leaver.json()["applicantNumber"]
    hired = workspace.hire(number)
    vacancy = hired.json()["vacancyReference"]

    def reopened() -> str:
        wanted = {"positionId": submission(workspace)["positionId"]}
        answer = workspace.control.post("/esr/vacancies", json=wanted)
        return str(answer.raise_for_status().json()["vacancyReference"])

    reference = reopened()
    during = submission(workspace, startDate="2030-08-31", vacancyReference=reference)
    after = submission(workspace, startDate="2030-09-01", vacancyReference=reference)

    assert hired.status_code == 200
    assert workspace.esr.get(f"/vacancies/{vacancy}").json()["status"] == "09"
    assert "POSITION_FULL" in messages(send(workspace, during))
    assert send(workspace, after).status_code == 201


@pytest.mark.parametrize(
    ("profile", "days", "code"),
    [
        ("open-1", 0, None),
        ("open-1", 200, None),
        ("dit-13w-1", 92, "SENT_TOO_EARLY"),
        ("dit-13w-1", 91, None),
        ("dit-13w-1", 2, None),
        ("dit-13w-1", 1, "SENT_TOO_LATE"),
        ("dit-12w-1", 85, "SENT_TOO_EARLY"),
        ("dit-12w-1", 84, None),
        ("dit-12w-1", 2, None),
        ("dit-12w-1", 1, "SENT_TOO_LATE"),
    ],
)
def test_an_applicant_is_sent_within_the_window_of_the_worlds_dates(
    workspace: Workspace, profile: str, days: int, code: str | None
) -> None:
    workspace.freeze(BEGIN)
    workspace.carry(sendWindow=profile)
    start = (date(2030, 4, 1) + timedelta(days=days)).isoformat()
    wanted = submission(workspace, startDate=start)

    answer = send(workspace, wanted)

    if code is None:
        assert answer.status_code == 201, answer.text
        number = answer.json()["applicantNumber"]
        assert workspace.amend(number, {"startDate": "2027-03-01"}).status_code == 200
    else:
        assert (answer.status_code, messages(answer)[code]) == (422, "/startDate")


def test_what_was_too_early_is_taken_once_its_day_has_come(workspace: Workspace) -> None:
    workspace.freeze(BEGIN)
    workspace.carry(sendWindow="dit-13w-1")
    wanted = submission(workspace, startDate="2030-07-02")

    early = send(workspace, wanted)
    workspace.advance(to="2030-04-02T00:00:00.000Z")
    later = send(workspace, wanted)

    assert (early.status_code, later.status_code) == (422, 201)


def test_after_a_full_load_the_delta_has_what_changed_went_and_came_and_nothing_else(
    workspace: Workspace,
) -> None:
    workspace.freeze(BEGIN)
    workspace.carry(newPosition="nhsbt-1")
    loaded, cursor = workspace.walk("/positions", limit=4)
    [first, second, third, *_] = [item["positionId"] for item in loaded]

    change_position(workspace, first, areaOfWork="Surgery").raise_for_status()
    workspace.control.post(f"/esr/positions/{second}/deletion").raise_for_status()
    made = change_position(workspace, third, payScale="VSM", shared=True).json()

    delta, cursor = workspace.walk("/positions", cursor, limit=4)
    assert [(item["positionId"], item["changeDeleteIndicator"]) for item in delta] == [
        (first, "C"),
        (second, "D"),
        (third, "C"),
        (made["positionId"], "C"),
    ]
    before = next(item for item in loaded if item["positionId"] == third)
    assert delta[2] == {
        **before,
        "hiringStatus": "ELIMINATED",
        "effectiveTo": "2030-03-31",
        "updatedAt": BEGIN,
    }
    assert delta[3] == made
    assert made == {
        **before,
        "positionId": made["positionId"],
        "positionNumber": made["positionNumber"],
        "payScale": "VSM",
        "shared": True,
        "effectiveFrom": "2030-04-01",
        "replacesPositionId": third,
        "updatedAt": BEGIN,
    }
    assert made["positionId"] not in {item["positionId"] for item in loaded}
    assert workspace.walk("/positions", cursor, limit=4) == ([], cursor)
    assert position_events(workspace) == [
        ("position.changed", first, BEGIN),
        ("position.deleted", second, BEGIN),
        ("position.changed", third, BEGIN),
        ("position.changed", made["positionId"], BEGIN),
    ]
    there = {
        item["positionId"]
        for item in workspace.walk("/positions", limit=4)[0]
        if item["hiringStatus"] != "DELETED"
    }
    assert there == {item["positionId"] for item in loaded} - {second} | {made["positionId"]}


def test_an_applicant_goes_to_the_position_that_replaced_the_old_one(workspace: Workspace) -> None:
    workspace.freeze(BEGIN)
    workspace.carry(newPosition="nhsbt-1")
    wanted = submission(workspace)
    made = change_position(workspace, wanted["positionId"], costCentre="A10456").json()

    old = send(workspace, wanted)
    published = workspace.control.post("/esr/vacancies", json={"positionId": made["positionId"]})
    reference = published.json()["vacancyReference"]
    new = send(
        workspace,
        {**wanted, "positionId": made["positionId"], "vacancyReference": reference},
    )

    assert {"POSITION_NOT_HIRING", "POSITION_ENDED"} <= set(messages(old))
    assert new.status_code == 201, new.text


def test_other_changes_and_the_other_profile_leave_the_position_what_it_is(
    workspace: Workspace,
) -> None:
    position = workspace.world.positions[0]["positionId"]

    in_place = change_position(workspace, position, payScale="VSM").json()
    workspace.carry(newPosition="nhsbt-1")
    same = change_position(workspace, position, payScale="VSM", hiringStatus="FROZEN").json()

    assert [item["positionId"] for item in (in_place, same)] == [position, position]
    assert (same["payScale"], same["hiringStatus"]) == ("VSM", "FROZEN")


def test_a_new_position_begins_on_the_day_of_the_change(workspace: Workspace) -> None:
    workspace.carry(newPosition="nhsbt-1")
    position = workspace.world.positions[0]["positionId"]

    begins = change_position(workspace, position, payScale="VSM", effectiveFrom="2030-06-01")
    ends = change_position(workspace, position, payScale="VSM", effectiveTo="2020-01-01")

    assert (begins.status_code, begins.json()["code"]) == (422, "SETTING_INVALID")
    assert (ends.status_code, ends.json()["code"]) == (422, "END_BEFORE_START")
    assert position_events(workspace) == []


def test_changes_for_days_to_come_are_made_in_their_order(workspace: Workspace) -> None:
    workspace.freeze(BEGIN)
    workspace.carry(newPosition="nhsbt-1")
    [one, two, *_] = [item["positionId"] for item in workspace.world.positions]

    later = change_position(workspace, one, hiringStatus="FROZEN", effectiveOn="2030-04-20")
    sooner = change_position(workspace, two, payScale="VSM", effectiveOn="2030-04-10")
    assert (later.json()["hiringStatus"], sooner.json()["positionId"]) == ("ACTIVE", two)
    assert position_events(workspace) == []
    workspace.advance(to="2030-04-09T23:59:59Z")
    assert position_events(workspace) == []
    workspace.advance(to="2030-05-01T00:00:00.000Z")

    [old, new, frozen] = position_events(workspace)
    assert old == ("position.changed", two, "2030-04-10T00:00:00.000Z")
    assert new[2] == "2030-04-10T00:00:00.000Z"
    assert frozen == ("position.changed", one, "2030-04-20T00:00:00.000Z")
    assert workspace.esr.get(f"/positions/{two}").json()["effectiveTo"] == "2030-04-09"
    made = workspace.esr.get(f"/positions/{new[1]}").json()
    assert (made["effectiveFrom"], made["replacesPositionId"]) == ("2030-04-10", two)
    assert workspace.esr.get(f"/positions/{one}").json()["hiringStatus"] == "FROZEN"


def test_a_change_to_come_lapses_with_the_position(workspace: Workspace) -> None:
    workspace.freeze(BEGIN)
    [gone, ended, *_] = [item["positionId"] for item in workspace.world.positions]
    change_position(workspace, gone, shared=True, effectiveOn="2030-04-10").raise_for_status()
    day = {"effectiveFrom": "2030-05-01", "effectiveOn": "2030-04-11"}
    change_position(workspace, ended, **day).raise_for_status()

    workspace.control.post(f"/esr/positions/{gone}/deletion").raise_for_status()
    change_position(workspace, ended, effectiveTo="2030-04-30").raise_for_status()
    workspace.advance(to="2030-04-20T00:00:00.000Z")

    assert [kind for kind, _, _ in position_events(workspace)] == [
        "position.deleted",
        "position.changed",
    ]
    assert workspace.esr.get(f"/positions/{gone}").json()["changeDeleteIndicator"] == "D"


def test_a_change_of_today_is_made_at_once(workspace: Workspace) -> None:
    workspace.freeze(BEGIN)
    position = workspace.world.positions[0]["positionId"]

    answer = change_position(workspace, position, shared=True, effectiveOn="2030-04-01")

    assert (answer.json()["shared"], answer.json()["updatedAt"]) == (True, BEGIN)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"shared": True, "effectiveOn": "2030-03-31"}, 422, "SETTING_INVALID"),
        ({"effectiveOn": "2030-05-01"}, 422, "SETTING_INVALID"),
        ({"effectiveTo": "1999-01-01", "effectiveOn": "2030-05-01"}, 422, "END_BEFORE_START"),
        ({"shared": True, "effectiveOn": "tomorrow"}, 400, "CONTRACT_VIOLATION"),
        ({}, 400, "CONTRACT_VIOLATION"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_nothing_is_set(
    workspace: Workspace, changes: dict[str, Any], status: int, code: str
) -> None:
    workspace.freeze(BEGIN)
    position = workspace.world.positions[0]["positionId"]

    answer = change_position(workspace, position, **changes)
    workspace.advance(to="2030-06-01T00:00:00.000Z")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert position_events(workspace) == []


def test_esr_switches_what_is_named_and_leaves_the_rest(workspace: Workspace) -> None:
    path = f"/esr/organisations/{workspace.employer}/change"
    before = workspace.esr.get(f"/organisations/{workspace.employer}").json()

    changes = {
        "interfaces": {"events": False, "files": False},
        "autoIat": not before["autoIat"],
        "ruleProfiles": {"matching": "strict-1", "codedValues": "lenient-1"},
    }
    answer = workspace.control.post(path, json=changes)

    expected = {
        **before,
        "autoIat": not before["autoIat"],
        "interfaces": {**before["interfaces"], "events": False, "files": False},
        "ruleProfiles": {
            **before["ruleProfiles"],
            "matching": "strict-1",
            "codedValues": "lenient-1",
        },
    }
    assert (answer.status_code, answer.json()) == (200, expected)
    assert workspace.esr.get(f"/organisations/{workspace.employer}").json() == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ruleProfiles": {}},
        {"ruleProfiles": {"matching": "review-2"}},
        {"ruleProfiles": {"matching": "strict-1", "luck": "good-1"}},
        {"interfaces": {"fax": True}},
        {"interfaces": {"events": "off"}},
        {"autoIat": None},
        {"name": "Another"},
    ],
)
def test_an_unknown_profile_or_property_is_refused_and_nothing_changes(
    workspace: Workspace, changes: dict[str, Any]
) -> None:
    before = workspace.esr.get("/organisations").json()

    answer = workspace.control.post(f"/esr/organisations/{workspace.employer}/change", json=changes)

    assert (answer.status_code, answer.json()["code"]) == (400, "CONTRACT_VIOLATION")
    assert workspace.esr.get("/organisations").json() == before


def test_an_employer_who_is_unknown_has_nothing_to_be_switched(workspace: Workspace) -> None:
    answer = workspace.control.post("/esr/organisations/ZZZ99/change", json={"autoIat": True})

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


# What is sent → where, the code of the strict profile, that of the lenient one, and what that one stores.
CODED: list[tuple[dict[str, Any], str, str, str, str | None]] = [
    ({"gender": "M"}, "/person/gender", "CODE_MISMAPPED", "VALUE_REPLACED", "1"),
    ({"gender": "Q"}, "/person/gender", "CODE_UNKNOWN", "VALUE_REPLACED", "X"),
    ({"ethnicOrigin": "03"}, "/person/ethnicOrigin", "CODE_MISMAPPED", "VALUE_REPLACED", "C"),
    ({"maritalStatus": "1"}, "/person/maritalStatus", "CODE_RETIRED", "CODE_RETIRED_KEPT", "1"),
    ({"disability": "10"}, "/person/disability", "CODE_MISMAPPED", "VALUE_REPLACED", "01"),
    (
        {"religiousBelief": "Christianity"},
        "/person/religiousBelief",
        *("CODE_MISMAPPED", "VALUE_REPLACED", "C"),
    ),
    (
        {"sexualOrientation": "No answer"},
        "/person/sexualOrientation",
        *("CODE_UNKNOWN", "VALUE_REPLACED", "9"),
    ),
    ({"contractType": "PERM"}, "/contractType", "CODE_MISMAPPED", "VALUE_REPLACED", "05"),
    ({"contractType": "42"}, "/contractType", "CODE_UNKNOWN", "CODE_UNKNOWN", None),
    ({"recruitmentSource": "NHS"}, "/recruitmentSource", "CODE_MISMAPPED", "VALUE_REPLACED", "01"),
    ({"assignmentType": "03"}, "/assignmentType", "CODE_UNKNOWN", "CODE_UNKNOWN", None),
]


@pytest.mark.parametrize("profile", ["strict-1", "lenient-1"])
@pytest.mark.parametrize(("changes", "pointer", "strict", "lenient", "stored"), CODED)
def test_a_wrong_code_is_answered_as_the_profile_says(
    workspace: Workspace,
    profile: str,
    changes: dict[str, str],
    pointer: str,
    strict: str,
    lenient: str,
    stored: str | None,
) -> None:
    workspace.carry(codedValues=profile)
    wanted = submission(workspace)
    [(name, value)] = changes.items()
    holder = wanted["person"] if pointer.startswith("/person") else wanted
    holder[name] = value
    refused = profile == "strict-1" or stored is None

    answer = send(workspace, wanted)

    assert answer.status_code == (422 if refused else 201), answer.text
    assert messages(answer)[strict if profile == "strict-1" else lenient] == pointer
    if not refused:
        applicant = workspace.read(answer.json()["applicantNumber"])
        found = applicant["person"] if pointer.startswith("/person") else applicant
        assert found[name] == stored


@pytest.mark.parametrize(
    ("registration", "code"),
    [
        ({"body": "06", "number": "1"}, "CODE_RETIRED"),
        ({"body": "99", "number": "1"}, "CODE_UNKNOWN"),
        ({"body": "GOC", "number": "1"}, "CODE_MISMAPPED"),
        ({"body": "04", "number": "1", "type": "01"}, "CODE_RETIRED"),
        ({"body": "04", "number": "1", "type": "99"}, "CODE_UNKNOWN"),
    ],
)
def test_a_registration_with_a_wrong_code_is_refused_at_its_place(
    workspace: Workspace, registration: dict[str, str], code: str
) -> None:
    last = "type" if "type" in registration else "body"
    well = {"body": "04", "number": "2"}

    answer = send(workspace, submission(workspace, registrations=[well, registration]))

    assert (answer.status_code, messages(answer)[code]) == (422, f"/registrations/1/{last}")


def test_an_amendment_is_held_against_the_codes_as_well(workspace: Workspace) -> None:
    number = send(workspace, submission(workspace)).json()["applicantNumber"]

    refused = workspace.amend(number, {"person": {"gender": "F"}})
    workspace.carry(codedValues="lenient-1")
    taken = workspace.amend(number, {"person": {"gender": "F", "maritalStatus": "NK"}})

    assert (refused.status_code, messages(refused)) == (422, {"CODE_MISMAPPED": "/person/gender"})
    assert taken.status_code == 200
    person = taken.json()["person"]
    assert (person["gender"], person["maritalStatus"]) == ("2", "9")


def test_a_retired_job_role_is_refused_like_any_other_code(workspace: Workspace) -> None:
    answer = send(workspace, submission(workspace, staffGroup="03", jobRole="03012"))

    assert messages(answer)["CODE_RETIRED"] == "/jobRole"


def test_a_code_list_gives_the_interface_codes_and_what_they_rest_on(workspace: Workspace) -> None:
    codes = workspace.esr.get("/code-lists/gender").json()["codes"]

    shown = {item["code"]: (item["interfaceCode"], item["interfaceBasis"]) for item in codes}

    assert shown == {
        "1": ("M", "public"),
        "2": ("F", "public"),
        "9": ("I", "modelled"),
        "X": ("U", "modelled"),
    }


def test_an_amendment_is_not_held_against_the_send_window(workspace: Workspace) -> None:
    workspace.control.put("/clock", json={"mode": "FROZEN", "at": "2030-01-07T08:00:00Z"})
    dates = {"offerDate": "2030-01-07", "startDate": "2030-03-04"}
    dates |= {"offerAcceptedDate": "2030-01-07"}
    wanted = {**workspace.submission(), **dates}
    wanted.pop("endDate", None)
    number = str(send(workspace, wanted).json()["applicantNumber"])
    window = {"ruleProfiles": {"sendWindow": "dit-13w-1"}}
    path = f"/esr/organisations/{workspace.employer}/change"
    workspace.control.post(path, json=window).raise_for_status()

    later = workspace.amend(number, {"startDate": "2030-12-02"})

    assert later.status_code == 200, later.text
    assert later.json()["startDate"] == "2030-12-02"
