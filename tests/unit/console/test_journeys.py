"""The fold of a journey: where steps stand that the journal has no exchange for, and what is told once."""

from dataclasses import replace
from typing import Any

from sandbox.console.journeys.beliefs import beliefs_of, told_to
from sandbox.console.journeys.facts import Application, Exchange, Facts, FileRow, Receiver, Sending
from sandbox.console.journeys.step import Lane, Result, Step
from sandbox.console.journeys.story import steps_of

NUMBER = "10000001"
URL = "http://127.0.0.1:9000/events"
NOON = "2030-01-01T12:00:00.000Z"
LATER = "2030-01-01T12:05:00.000Z"
APPLICANT: dict[str, Any] = {
    "applicantNumber": NUMBER,
    "personId": 7,
    "match": {"result": "NEW_PERSON"},
    "status": "HIRED",
    "offerDate": "2029-12-01",
    "startDate": "2030-02-01",
    "hiredDate": "2030-02-01",
    "supplierReference": "S-1",
    "vacancyReference": "V-1",
    "submittedAt": NOON,
    "version": 2,
}


def exchange(number: int, operation: str, status: int = 200, **more: Any) -> Exchange:
    held = Exchange(
        number, "esr", False, operation, f"/esr/v1/applicants/{NUMBER}", status, NOON, NOON
    )
    return replace(held, **more)


def event(sequence: int, kind: str, moment: str = NOON, **data: Any) -> dict[str, Any]:
    told = {"applicantNumber": NUMBER, "status": "HIRED", "startDate": "2030-02-01", **data}
    return {
        "id": f"e{sequence}",
        "type": kind,
        "time": moment,
        "sequence": f"{sequence:012d}",
        "data": told,
    }


def sending(reference: str, state: str, attempts: int = 0, digest: str = "") -> Sending:
    return Sending("esr-event", reference, "sub", URL, digest, {}, state, attempts, LATER, "503 no")


def facts(**more: Any) -> Facts:
    receivers = {"sub": Receiver(URL, is_nhs_jobs=False)}
    return Facts("nhs-jobs-default", applicant=APPLICANT, receivers=receivers, **more)


def delivery(number: int, status: int, **more: Any) -> Exchange:
    return replace(exchange(number, "", status), is_out=True, path=URL, **more)


def says(steps: list[Step]) -> list[str]:
    return [step.says for step in steps]


def place(steps: list[Step], part: str) -> int:
    [found] = [place for place, step in enumerate(steps) if part in step.says]
    return found


def test_what_is_announced_stands_after_what_caused_it_though_the_clock_stands_still() -> None:
    hire = exchange(
        5, "hire_applicant", system="control", path="/control/v1/esr/", answer={"version": 2}
    )
    later = exchange(6, "read_applicant")
    steps = steps_of(
        facts(
            exchanges=[exchange(1, "submit_applicant", 201), hire, later],
            events=[event(1, "applicant.hired", version=2)],
        )
    )

    found = [place(steps, part) for part in ("sent", "took", "was made", "ESR hired", "read")]
    assert found == sorted(found)


def test_an_event_without_a_cause_in_the_journal_stands_before_its_first_delivery() -> None:
    steps = steps_of(
        facts(
            exchanges=[
                exchange(1, "submit_applicant", 201),
                delivery(2, 202, request={"id": "e1"}, world=LATER),
                exchange(3, "read_applicant", world=LATER),
            ],
            events=[event(1, "applicant.withdrawn", LATER)],
        )
    )

    assert place(steps, "has ended") < place(steps, "ESR sent applicant.withdrawn")


def test_an_attempt_is_known_by_its_digest_where_the_journal_keeps_no_bodies() -> None:
    steps = steps_of(
        facts(
            exchanges=[delivery(2, 503, digest="d1"), delivery(4, 202, digest="d1")],
            events=[event(1, "applicant.hired")],
            sendings=[sending("e1", "DONE", 2, "d1")],
            keeps_bodies=False,
        )
    )

    attempts = [step for step in steps if "ESR sent applicant.hired" in step.says]
    assert [step.result for step in attempts] == [Result.FAILED, Result.DONE]


def test_what_waits_stands_at_the_end_and_what_was_given_up_where_it_was() -> None:
    steps = steps_of(
        facts(
            exchanges=[delivery(2, 503, request={"id": "e1"}), exchange(9, "read_applicant")],
            events=[event(1, "applicant.amended"), event(2, "applicant.hired")],
            sendings=[sending("e1", "DEAD", 10), sending("e2", "WAITING", 3)],
        )
    )

    assert "attempt 4" in steps[-1].says
    assert steps[-1].is_ahead
    assert place(steps, "gave applicant.amended") < place(steps, "read the applicant")


def test_a_call_of_nhs_jobs_is_told_once_though_it_stands_twice_in_the_journal() -> None:
    sent = {"request_id": "r1", "path": "http://127.0.0.1/esr/v1/applicants"}
    out = replace(exchange(2, "", 201, **sent), is_out=True, system="nhs-jobs")
    lost = replace(out, number=1, status=0)
    came = exchange(3, "submit_applicant", 201, request_id="r1", client="nhs-jobs-default")

    steps = steps_of(facts(exchanges=[lost, out, came]))

    told = [step for step in steps if "NHS Jobs sent the applicant" in step.says]
    assert [step.result for step in told] == [Result.FAILED, Result.DONE]


def test_reads_that_follow_on_each_other_are_one_step() -> None:
    reads = [exchange(number, "read_applicant") for number in range(2, 7)]

    steps = steps_of(facts(exchanges=[exchange(1, "submit_applicant", 201), *reads]))

    assert "The recruitment system read the applicant 5 times, the last time." in says(steps)


def test_a_row_of_a_file_is_told_with_what_esr_said_of_it() -> None:
    said = {"messageType": "ERROR", "messageCode": "CODE_UNKNOWN", "messageText": "No such code"}
    row = FileRow(
        "IN_1.DAT",
        NOON,
        {"ordinal": 3, "rowCode": "ECA", "loadStatusCode": "FAIL", "messages": [said]},
    )

    [step] = [each for each in steps_of(facts(rows=[row])) if "IN_1.DAT" in each.says]

    assert (step.lane, step.result) == (Lane.BETWEEN, Result.REFUSED)
    assert "an employment check in row 3" in step.says
    assert step.notes == ("Error CODE_UNKNOWN: No such code.",)


def test_the_sides_differ_until_the_event_is_there() -> None:
    application = Application(
        {"status": "SENT_TO_ESR", "esr": {"applicantNumber": NUMBER}},
        offer={"startDate": "2030-02-01"},
    )
    waiting = facts(
        application=application,
        events=[event(1, "applicant.hired")],
        sendings=[sending("e1", "WAITING", 1)],
    )
    waiting = replace(waiting, receivers={"sub": Receiver(URL, is_nhs_jobs=True)})

    [status, *others] = beliefs_of(waiting)
    assert (
        "applicant.hired has not arrived. Next attempt 1 January 2030, 12:05:00" in status.differs
    )
    assert [other.differs for other in others] == ["", "", ""]
    [told] = told_to(waiting)
    assert (told.receiver, told.delivered, told.events) == ("NHS Jobs", 0, 1)

    hired = Application({**application.document, "status": "HIRED"}, offer=application.offer)
    assert beliefs_of(replace(waiting, application=hired))[0].differs == ""


def test_a_supplier_knows_the_highest_version_that_it_was_told_of() -> None:
    old = exchange(3, "read_applicant", answer={"version": 1, "status": "ACCEPTED"})
    new = delivery(2, 202, request={"id": "e1", "data": {"version": 2, "status": "HIRED"}})

    status = beliefs_of(facts(exchanges=[new, old], events=[event(1, "applicant.hired")]))[0]

    assert (status.other, status.differs) == ("hired", "")
