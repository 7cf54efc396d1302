"""Regulators that answer by themselves within their time of the world's clock, through the front door."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from harness import Workspace

from sandbox.timestamps import from_text, to_text

pytestmark = pytest.mark.any_database

BEGIN = "2030-04-01T09:30:00.000Z"
REGISTRATION = "registration-and-qualifications"
NUMBERS = {"02": "199901", "03": "7999901", "08": "PH199901", "09": "99Z0001Z", "16": "2999901"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(workspace: Workspace) -> Workspace:
    """A workspace whose clock stands."""
    workspace.freeze(BEGIN)
    return workspace


def record(world: Workspace, number: str, state: str, body: str, **changes: Any) -> httpx.Response:
    """The supplier's record of the check."""
    registration = {"body": body, "number": NUMBERS.get(body, "1")}
    update = {
        "state": state,
        "requestedDate": "2030-04-01",
        "registration": registration,
        **changes,
    }
    path = f"/applicants/{number}/employment-checks/{REGISTRATION}"
    answer = world.write("PUT", path, update)
    assert answer.status_code in (200, 201), answer.text
    return answer


def ask(world: Workspace, body: str = "09", state: str = "REQUESTED", **submission: Any) -> str:
    """An applicant whose registration check waits; answers the applicant number."""
    number = world.submit(**submission)
    record(world, number, state, body)
    return number


def set_entry(world: Workspace, body: str = "09", number: str | None = None, **answer: Any) -> Any:
    return world.control.put(f"/esr/registers/{body}/{number or NUMBERS[body]}", json=answer)


def advance(world: Workspace, by: timedelta) -> None:
    """Moves the clock to `by` after the beginning."""
    moment = to_text(from_text(BEGIN) + by)
    world.advance(to=moment)


def read(world: Workspace, number: str) -> dict[str, Any]:
    path = f"/applicants/{number}/employment-checks/{REGISTRATION}"
    return dict(world.esr.get(path).raise_for_status().json())


def answers(world: Workspace) -> list[dict[str, Any]]:
    """The events that tell of a regulator's answer, in order."""
    page = world.esr.get("/events", params={"limit": 100}).raise_for_status().json()
    return [event for event in page["events"] if event["data"].get("updatedBy") == "REGULATOR"]


def taken(event: dict[str, Any]) -> timedelta:
    """From the world's first moment to the event."""
    return from_text(event["time"]) - from_text(BEGIN)


@pytest.mark.parametrize("state", ["REQUESTED", "AWAITING_ANSWER"])
@pytest.mark.parametrize("body", NUMBERS)
def test_a_regulator_answers_once_within_its_time(world: Workspace, body: str, state: str) -> None:
    set_entry(world, body, answer="LAPSED").raise_for_status()
    number = ask(world, body, state)
    most = 7 * DAY if body == "08" else DAY

    advance(world, HOUR - timedelta(seconds=1))
    before = (read(world, number)["state"], answers(world))
    advance(world, most)
    advance(world, 30 * DAY)

    assert before == (state, [])
    [event] = answers(world)
    check = read(world, number)
    assert event["type"] == "employment-check.updated"
    assert HOUR <= taken(event) <= most
    assert event["time"] == check["updatedAt"]
    day = from_text(event["time"]).date()
    assert (check["state"], check["outcome"], check["version"]) == ("COMPLETE", "NOT_CLEAR", 2)
    assert (check["startedBy"], check["updatedBy"]) == ("SUPPLIER", "REGULATOR")
    assert check["completedDate"] == day.isoformat()
    assert check["registration"] == {
        "body": body,
        "number": NUMBERS[body],
        "status": "02",
        "expiryDate": (day - DAY).isoformat(),
    }


def test_the_answer_comes_at_its_moment_and_not_before(world: Workspace) -> None:
    number = ask(world, "08")
    advance(world, 7 * DAY)
    due = taken(answers(world)[0])
    world.control.post("/reset").raise_for_status()
    seed = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 10}
    world.control.post("/seed", json=seed).raise_for_status()
    world.freeze(BEGIN)
    again = world.write("POST", "/applicants", world.submission()).json()["applicantNumber"]
    record(world, again, "REQUESTED", "08")

    advance(world, due - timedelta(seconds=1))
    early = answers(world)
    advance(world, due)

    assert again == number
    assert early == []
    assert [taken(event) for event in answers(world)] == [due]


def test_two_regulators_answer_in_the_order_in_which_they_are_due(world: Workspace) -> None:
    numbers = [ask(world, body) for body in ("08", "09", "03", "16", "08")]

    advance(world, 7 * DAY)

    found = answers(world)
    assert [event["time"] for event in found] == sorted(event["time"] for event in found)
    assert sorted(event["data"]["applicantNumber"] for event in found) == numbers
    assert [taken(event) <= DAY for event in found][:3] == [True] * 3


def test_the_length_of_the_moves_makes_no_difference(make_workspace: Any) -> None:
    told = []
    for step in (DAY, timedelta(hours=5)):
        world = make_workspace()
        world.freeze(BEGIN)
        for body in NUMBERS:
            ask(world, body)
        moment = step
        while moment < 7 * DAY + step:
            advance(world, moment)
            moment += step
        told.append([(event["time"], event["data"]) for event in answers(world)])

    assert len(told[0]) == len(NUMBERS)
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("answer", "outcome", "status", "expires"),
    [
        ("FOUND", "CLEAR", "03", True),
        ("ALREADY_RECORDED", "CLEAR", "03", True),
        ("LAPSED", "NOT_CLEAR", "02", True),
        ("NOT_FOUND", "NOT_CLEAR", None, False),
        ("NAME_DIFFERS", "CONSIDER", "03", False),
    ],
)
def test_a_regulator_answers_what_the_register_entry_says(
    world: Workspace, answer: str, outcome: str, status: str | None, expires: bool
) -> None:
    set_entry(world, answer="FOUND").raise_for_status()
    wanted = {"answer": answer, **({"expiryDate": "2033-01-31"} if expires else {})}
    number = ask(world)

    put = set_entry(world, **wanted)
    advance(world, DAY)

    check = read(world, number)
    assert put.json() == {"body": "09", "number": NUMBERS["09"], **wanted}
    assert (check["outcome"], check["registration"].get("status")) == (outcome, status)
    assert check["registration"].get("expiryDate") == wanted.get("expiryDate")


def test_without_an_entry_the_person_is_found(world: Workspace) -> None:
    set_entry(world, "09", "99Z0002Z", answer="LAPSED").raise_for_status()
    number = ask(world)

    advance(world, DAY)

    check = read(world, number)
    assert (check["outcome"], check["registration"]["status"]) == ("CLEAR", "03")


def test_a_registration_of_another_body_is_asked_after_by_hand(world: Workspace) -> None:
    number = ask(world, "04", "AWAITING_ANSWER")

    advance(world, 60 * DAY)
    waiting = read(world, number)["state"]
    path = f"/esr/applicants/{number}/registration-answer"
    answer = world.control.post(path, json={"answer": "FOUND"})

    assert waiting == "AWAITING_ANSWER"
    assert (answer.status_code, answer.json()["outcome"]) == (200, "CLEAR")


@pytest.mark.parametrize(
    ("body", "number", "answer", "code"),
    [
        ("04", "1", {"answer": "FOUND"}, "SETTING_INVALID"),
        ("77", "1", {"answer": "FOUND"}, "SETTING_INVALID"),
        ("03", "99Z0001Z", {"answer": "FOUND"}, "REGISTRATION_NUMBER_INVALID"),
        (
            "09",
            "99Z0001Z",
            {"answer": "NOT_FOUND", "expiryDate": "2033-01-31"},
            "SETTING_INVALID",
        ),
    ],
)
def test_an_entry_that_no_question_could_meet_is_refused(
    world: Workspace, body: str, number: str, answer: dict[str, str], code: str
) -> None:
    refused = set_entry(world, body, number, **answer)

    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_check_that_is_recorded_again_asks_once_and_is_not_put_off(world: Workspace) -> None:
    number = ask(world)
    for hours in range(1, 24):
        if answers(world):
            break
        record(world, number, "AWAITING_ANSWER", "09")
        advance(world, hours * HOUR)

    advance(world, 3 * DAY)

    [event] = answers(world)
    assert taken(event) <= DAY
    assert read(world, number)["version"] == event["data"]["version"]


def test_work_on_the_check_does_not_stop_the_answer(world: Workspace) -> None:
    number = ask(world)
    record(world, number, "IN_PROGRESS", "09")

    advance(world, DAY)

    assert read(world, number)["state"] == "COMPLETE"


def test_a_registration_that_changes_is_asked_after_anew_and_the_old_answer_counts_no_more(
    world: Workspace,
) -> None:
    set_entry(world, "08", answer="LAPSED").raise_for_status()
    number = ask(world, "08")
    record(world, number, "AWAITING_ANSWER", "09")

    advance(world, 8 * DAY)

    [event] = answers(world)
    assert event["data"]["registration"]["body"] == "09"
    assert event["data"]["outcome"] == "CLEAR"
    assert taken(event) <= DAY


def test_a_check_that_is_done_otherwise_gets_no_answer(world: Workspace) -> None:
    complete, cancelled, by_hand = (ask(world, state="AWAITING_ANSWER") for _ in range(3))
    done = {"outcome": "CONSIDER", "completedDate": "2030-04-01"}
    record(world, complete, "COMPLETE", "09", **done)
    record(world, cancelled, "CANCELLED", "09")
    path = f"/esr/applicants/{by_hand}/registration-answer"
    world.control.post(path, json={"answer": "NOT_FOUND"}).raise_for_status()

    advance(world, 8 * DAY)

    assert len(answers(world)) == 1
    outcomes = [read(world, number).get("outcome") for number in (complete, cancelled, by_hand)]
    assert outcomes == ["CONSIDER", None, "NOT_CLEAR"]


def test_a_check_that_is_requested_again_after_it_was_given_up_is_answered(
    world: Workspace,
) -> None:
    number = ask(world)
    record(world, number, "CANCELLED", "09")
    advance(world, 2 * DAY)

    record(world, number, "REQUESTED", "09")
    advance(world, 3 * DAY)

    [event] = answers(world)
    assert 2 * DAY + HOUR <= taken(event) <= 3 * DAY
    assert read(world, number)["outcome"] == "CLEAR"


def test_an_applicant_who_has_ended_gets_no_answer(world: Workspace) -> None:
    number = ask(world)
    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2030-04-01"}
    world.write("POST", f"/applicants/{number}/withdrawal", withdrawal).raise_for_status()

    advance(world, 2 * DAY)

    assert answers(world) == []
    assert read(world, number)["state"] == "REQUESTED"


def test_a_check_that_esr_records_asks_too(world: Workspace) -> None:
    number = world.submit()
    update = {
        "state": "AWAITING_ANSWER",
        "requestedDate": "2030-04-01",
        "registration": {"body": "03", "number": NUMBERS["03"]},
    }
    path = f"/esr/applicants/{number}/employment-checks/{REGISTRATION}"
    world.control.post(path, json=update).raise_for_status()

    advance(world, DAY)

    check = read(world, number)
    assert (check["startedBy"], check["updatedBy"]) == ("ESR", "REGULATOR")


def test_entries_and_questions_are_kept_in_a_snapshot_and_go_with_a_reset(
    world: Workspace,
) -> None:
    set_entry(world, answer="LAPSED").raise_for_status()
    number = ask(world)
    kept = world.control.post("/snapshots", json={"name": "waiting"}).json()["snapshotId"]
    advance(world, DAY)
    first = answers(world)
    world.control.post("/reset").raise_for_status()

    world.control.post(f"/snapshots/{kept}/restore").raise_for_status()
    waiting = read(world, number)["state"]
    advance(world, DAY)

    assert waiting == "REQUESTED"
    assert [(event["time"], event["data"]) for event in answers(world)] == [
        (event["time"], event["data"]) for event in first
    ]
