"""What may follow what: applicants, employment checks and vacancies, every pair, legal and illegal."""

from itertools import product

import pytest

from sandbox.errors import Code, Refusal
from sandbox.esr.domain import applicants, employment_checks, vacancies
from sandbox.esr.domain.applicants import LIFE_CYCLE, Act, Status

# Written out here once more, so that a row that goes or comes in the code is seen.
MOVES = {
    ("OFFER", "amended"): "OFFER",
    ("OFFER", "accepted"): "ACCEPTED",
    ("OFFER", "withdrawn"): "TERMINATED",
    ("ACCEPTED", "amended"): "ACCEPTED",
    ("ACCEPTED", "withdrawn"): "TERMINATED",
    ("ACCEPTED", "hired"): "HIRED",
}

CHECK_STATES = ("REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER", "COMPLETE", "CANCELLED")
CHECK_MOVES = {
    (None, "REQUESTED"),
    (None, "IN_PROGRESS"),
    (None, "AWAITING_ANSWER"),
    (None, "COMPLETE"),
    ("REQUESTED", "IN_PROGRESS"),
    ("REQUESTED", "AWAITING_ANSWER"),
    ("REQUESTED", "COMPLETE"),
    ("REQUESTED", "CANCELLED"),
    ("IN_PROGRESS", "IN_PROGRESS"),
    ("IN_PROGRESS", "AWAITING_ANSWER"),
    ("IN_PROGRESS", "COMPLETE"),
    ("IN_PROGRESS", "CANCELLED"),
    ("AWAITING_ANSWER", "IN_PROGRESS"),
    ("AWAITING_ANSWER", "AWAITING_ANSWER"),
    ("AWAITING_ANSWER", "COMPLETE"),
    ("AWAITING_ANSWER", "CANCELLED"),
    ("COMPLETE", "COMPLETE"),
    ("CANCELLED", "REQUESTED"),
}

VACANCY_STATUSES = tuple(f"{number:02d}" for number in range(1, 13))
ENDED = ("08", "09", "10")


@pytest.mark.parametrize(("status", "act"), list(product(Status, Act)))
def test_an_applicant_moves_as_the_life_cycle_says(status: Status, act: Act) -> None:
    expected = MOVES.get((status, act))

    if expected is None:
        with pytest.raises(Refusal) as refused:
            applicants.after(status, act)
        assert refused.value.code == Code.STATE_FORBIDS
        assert refused.value.status == 409
    else:
        assert applicants.after(status, act) == expected


@pytest.mark.parametrize("move", sorted(MOVES))
def test_a_row_of_the_life_cycle_that_is_taken_away_is_missed(
    move: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, act = Status(move[0]), Act(move[1])
    monkeypatch.delitem(LIFE_CYCLE, (status, act))

    with pytest.raises(Refusal):
        applicants.after(status, act)


@pytest.mark.parametrize(
    ("present", "wanted"), list(product((None, *CHECK_STATES), CHECK_STATES)), ids=str
)
@pytest.mark.parametrize("check_type", employment_checks.DETAILS)
def test_a_check_moves_as_its_states_say(check_type: str, present: str | None, wanted: str) -> None:
    if (present, wanted) in CHECK_MOVES:
        employment_checks.check_move(check_type, present, wanted)
    else:
        with pytest.raises(Refusal) as refused:
            employment_checks.check_move(check_type, present, wanted)
        assert refused.value.code == Code.STATE_FORBIDS


@pytest.mark.parametrize(("present", "wanted"), list(product(VACANCY_STATUSES, VACANCY_STATUSES)))
def test_a_vacancy_that_came_to_its_end_stays_there(present: str, wanted: str) -> None:
    if present in ENDED and wanted != present:
        with pytest.raises(Refusal) as refused:
            vacancies.check_status_change(present, wanted)
        assert refused.value.code == Code.STATE_FORBIDS
    else:
        vacancies.check_status_change(present, wanted)


def test_a_vacancy_takes_applicants_in_four_of_the_twelve_statuses() -> None:
    assert {"01", "02", "11", "12"} == vacancies.OPEN_STATUSES


def test_a_reference_is_the_partition_and_the_suppliers_own() -> None:
    assert vacancies.vacancy_reference("123", "C9123-1001") == "123-C9123-1001"
    assert vacancies.requisition_reference("123", "C9123-1001") == "123-REQ-C9123-1001"
