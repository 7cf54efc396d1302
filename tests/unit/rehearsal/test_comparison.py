"""The comparison of two states: every field counts but those of the table, and no personal value leaves it."""

import copy
from typing import Any

import pytest

from sandbox.rehearsal import comparison
from sandbox.rehearsal.answers import Answers, compare_answers
from sandbox.rehearsal.comparison import ABSENT, LEFT_OUT, Held, State, compare, flat
from sandbox.rehearsal.messages import Answer, Kind, Message
from simulators.applicants import applicant
from simulators.world import World

WORLD = World.make(1, 1, 10)

# Written out again: what may differ, in which record, and whether only where the regulator spoke last.
EXPECTED = {
    ("applicant", "/applicantNumber", None),
    ("applicant", "/assignmentId", None),
    ("applicant", "/personId", None),
    ("applicant", "/match/candidates/[0-9]+/personId", None),
    ("applicant", "/version", None),
    ("applicant", "/submittedAt", None),
    ("applicant", "/updatedAt", None),
    ("check", "/applicantNumber", None),
    ("check", "/version", None),
    ("check", "/updatedAt", None),
    ("check", "/completedDate", "REGULATOR"),
    ("check", "/registration/expiryDate", "REGULATOR"),
    ("transfer", "/applicantNumber", None),
    ("transfer", "/(requested|released|updated)At", None),
}


def held(number: int = 17) -> Held:
    """An applicant and a check as one door leaves them; another number gives what the other door does."""
    moment = f"2030-03-04T09:00:{number:02d}.000Z"
    document = {
        **applicant(1, 0, WORLD),
        "applicantNumber": f"{number:08d}",
        "assignmentId": number,
        "personId": number,
        "match": {"result": "UNDER_REVIEW", "candidates": [{"personId": number, "grade": "EXACT"}]},
        "version": number,
        "submittedAt": moment,
        "updatedAt": moment,
    }
    check = {
        "applicantNumber": f"{number:08d}",
        "checkType": "registration-and-qualifications",
        "state": "COMPLETE",
        "requestedDate": "2030-03-04",
        "completedDate": f"2030-03-{number:02d}",
        "registration": {"body": "09", "number": "12A3456E", "expiryDate": f"2031-03-{number:02d}"},
        "startedBy": "SUPPLIER",
        "updatedBy": "REGULATOR",
        "version": number,
        "updatedAt": moment,
    }
    transfer = {
        "applicantNumber": f"{number:08d}",
        "status": "RELEASED",
        "releasedAt": moment,
        "portableData": {"personalDetails": {"lastName": "Adeyemi"}},
        "updatedAt": moment,
    }
    return Held(document, [check], transfer)


def test_what_esr_numbers_and_when_it_is_done_may_differ() -> None:
    found = compare([held(17)], [held(18)])

    assert found.differences == ()
    assert (found.applicants, found.checks, found.transfers) == (1, 1, 1)
    assert found.fields > 20


def test_the_table_of_what_is_left_out_is_as_written_here() -> None:
    assert {(row.record, row.pointer, row.updated_by) for row in LEFT_OUT} == EXPECTED
    assert all(row.reason for row in LEFT_OUT)


def test_each_row_of_the_table_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for row in LEFT_OUT:
        others = tuple(each for each in LEFT_OUT if each is not row)
        with monkeypatch.context() as patch:
            patch.setattr(comparison, "LEFT_OUT", others)
            if not compare([held(17)], [held(18)]).differences:
                survivors.append(row)

    print(f"{len(LEFT_OUT)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_any_other_field_that_differs_is_found() -> None:
    document, [check], transfer = held()
    for record, pointer in [
        *(("applicant", pointer) for pointer in flat(document)),
        *(("check", pointer) for pointer in flat(check)),
        *(("transfer", pointer) for pointer in flat(transfer or {})),
    ]:
        if comparison.is_left_out(record, pointer, "REGULATOR"):
            continue
        changed = copy.deepcopy(held())
        places = {"applicant": changed[0], "check": changed[1][0], "transfer": changed[2]}
        _put(places[record] or {}, pointer, "other")

        found = compare([held()], [changed]).differences

        if pointer in ("/supplierReference", "/checkType"):
            assert len(found) > 1  # Another record altogether.
        else:
            assert [difference.pointer for difference in found] == [pointer]


def test_what_the_regulator_dates_counts_where_the_supplier_spoke_last() -> None:
    def spoken_by_the_supplier(number: int) -> State:
        document, [check], _ = held(number)
        return [Held(document, [{**check, "updatedBy": "SUPPLIER"}])]

    found = compare(spoken_by_the_supplier(17), spoken_by_the_supplier(18)).differences

    assert {item.pointer for item in found} == {"/completedDate", "/registration/expiryDate"}


def test_personal_values_are_masked_and_equal_ones_have_equal_masks() -> None:
    one, other = held(), copy.deepcopy(held())
    one[0]["person"] |= {"lastName": "Okonkwo", "firstName": "Ama", "ethnicOrigin": "A"}
    other[0]["person"] |= {"lastName": "Ama", "firstName": "Okonkwo", "ethnicOrigin": "B"}

    found = {item.pointer: item for item in compare([one], [other]).differences}

    assert set(found) == {"/person/lastName", "/person/firstName", "/person/ethnicOrigin"}
    assert "Okonkwo" not in repr(found)
    assert all(item.files.startswith("[masked ") for item in found.values())
    assert found["/person/lastName"].files == found["/person/firstName"].api


def test_a_record_that_one_side_lacks_is_one_difference() -> None:
    document, checks, _ = held()

    [difference] = compare([Held(document, checks)], [Held(document, [])]).differences

    assert (difference.record, difference.api) == ("check registration-and-qualifications", ABSENT)
    assert len(compare([held()], []).differences) == 3


def test_a_property_that_one_side_lacks_is_a_difference() -> None:
    one, other = held(), copy.deepcopy(held())
    other[0]["dataSharingConsent"] = True
    one[0].pop("dataSharingConsent", None)

    [difference] = compare([one], [other]).differences

    assert (difference.pointer, difference.files, difference.api) == (
        "/dataSharingConsent",
        ABSENT,
        "True",
    )


def test_a_reference_that_came_twice_is_told_apart() -> None:
    found = compare([held(17), held(18)], [held(17)]).differences

    assert {item.record for item in found} == {
        "applicant 2",
        "check registration-and-qualifications 2",
        "transfer 2",
    }


def test_answers_agree_whatever_their_order_and_differ_by_code() -> None:
    files, api = Answers(), Answers()
    told = Message(Kind.CHECK, None, "X0A1B", "APP-1", "V", 1, {}, "dbs")  # type: ignore[arg-type]
    taken, refused = Answer(True), Answer(False, ("STATE_FORBIDS",))
    for answers, order in ((files, (taken, refused)), (api, (refused, taken))):
        for answer in order:
            answers.note(told, answer)
    assert compare_answers(files, api) == ()

    files.note(told, taken)
    api.note(told, refused)

    [difference] = compare_answers(files, api)
    assert difference.files == ("check dbs: SUCCESS",)
    assert difference.api == ("check dbs: FAIL STATE_FORBIDS",)
    assert files.by_code == {"SUCCESS": 2, "FAIL STATE_FORBIDS": 1}
    assert files.count == 3


def _put(document: dict[str, Any], pointer: str, value: Any) -> None:
    holder: Any = document
    *steps, last = pointer[1:].split("/")
    for step in steps:
        holder = holder[int(step) if isinstance(holder, list) else step]
    holder[int(last) if isinstance(holder, list) else last] = value
