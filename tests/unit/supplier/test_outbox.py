"""What the example supplier has to tell ESR: in order, the same at each try, and ended by a definite answer alone."""

import sqlite3
from pathlib import Path

import pytest

from simulators.supplier import Policies, messages
from simulators.supplier.answers import Answer
from simulators.supplier.messages import AMEND, CHECK, READ, SUBMIT, Problem, enqueue, next_of_each
from simulators.supplier.storage import Storage
from tests.unit.supplier.conftest import NUMBER, REFERENCE, SETTINGS, Records

LOADED = Answer(201, {}, {"applicantNumber": NUMBER})
REFUSED = Answer(
    422,
    {},
    {
        "code": "APPLICANT_REFUSED",
        "detail": "No.",
        "confirmation": {"messages": [{"messageCode": "TOO_YOUNG_TO_START"}]},
    },
)


def put(records: Records, *kinds: str) -> None:
    with records.storage.transaction() as database:
        for number, kind in enumerate(kinds):
            enqueue(database, kind, REFERENCE, f"more-{number}", {"startDate": "2026-07-13"})


def first(records: Records) -> messages.Message:
    [message] = next_of_each(records.storage.connection)
    return message


def test_the_messages_of_an_application_wait_for_the_first(records: Records) -> None:
    put(records, AMEND, CHECK)

    assert records.waiting == [SUBMIT]
    records.outcomes.settle(first(records), LOADED)
    assert records.waiting == [AMEND]
    assert messages.count_unsent(records.storage.connection, REFERENCE) == 2


def test_a_try_without_an_answer_leaves_the_message_as_it_was(records: Records) -> None:
    before = first(records)

    with records.storage.transaction() as database:
        messages.note_try(database, before)
        messages.postpone(database, before, 5.0)

    after = first(records)
    assert (after.request_id, after.body) == (before.request_id, before.body)
    assert (after.tries, after.failures, after.due_at) == (1, 1, 5.0)


def test_a_refused_applicant_ends_all_that_waits_for_it(records: Records) -> None:
    put(records, AMEND, CHECK)

    records.outcomes.settle(first(records), REFUSED)

    assert records.waiting == []
    problem = messages.last_problem(records.storage.connection, REFERENCE)
    assert problem == Problem("APPLICANT_REFUSED", "No.")
    assert records.application.message_codes == ["TOO_YOUNG_TO_START"]


def test_a_stale_version_makes_another_message_of_an_amendment(records: Records) -> None:
    put(records, AMEND)
    records.outcomes.settle(first(records), LOADED)
    before = first(records)

    records.outcomes.settle(before, Answer(412, {}, {"code": "VERSION_STALE"}))

    after = first(records)
    assert after.body == before.body
    assert after.request_id != before.request_id
    assert (after.if_match, after.tries) == (None, 0)


def test_a_conflict_has_the_applicant_read_again(records: Records) -> None:
    put(records, AMEND)
    records.outcomes.settle(first(records), LOADED)

    records.outcomes.settle(first(records), Answer(409, {}, {"code": "START_CHANGE_AFTER_HIRE"}))

    assert records.waiting == [READ]
    assert messages.count_unsent(records.storage.connection, REFERENCE) == 0


def test_an_answer_that_is_older_than_an_event_changes_nothing(records: Records) -> None:
    put(records, AMEND)
    records.outcomes.settle(first(records), LOADED)
    message = first(records)

    records.outcomes.settle(message, Answer(200, {}, {"status": "HIRED", "version": 5}))
    records.outcomes.take_over(message, {"status": "OFFER", "version": 1})

    assert records.application.status == "HIRED"


@pytest.mark.parametrize("document", [{}, {"applicantNumber": None}, {"applicantNumber": 7}])
def test_an_applicant_without_a_number_is_left_to_people(
    records: Records, document: dict[str, object]
) -> None:
    records.outcomes.settle(first(records), Answer(201, {}, document))

    problem = messages.last_problem(records.storage.connection, REFERENCE)
    assert problem is not None
    assert problem.code == "ANSWER_INCOMPLETE"


def test_what_was_committed_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = str(tmp_path / "supplier.db")
    storage = Storage(path)
    storage.keep_note("feed", "MTI")
    with pytest.raises(sqlite3.Error), storage.transaction() as database:
        database.executemany("INSERT INTO notes VALUES (?, ?)", [("lost", "1"), ("feed", None)])
    storage.close()

    again = Storage(path)

    assert (again.note("feed"), again.note("lost")) == ("MTI", None)
    again.close()


def test_a_request_id_is_new_for_each_message_and_stays() -> None:
    policies = Policies(SETTINGS)

    assert policies.new_request_id() != policies.new_request_id()
