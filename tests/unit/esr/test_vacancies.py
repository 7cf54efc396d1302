"""The life of a vacancy in national statuses: every pair, and what a hire does."""

from itertools import product

import pytest

from sandbox.errors import Code, Refusal
from sandbox.esr.domain import vacancies
from sandbox.esr.domain.vacancies import MOVES, check_status_change, status_after_hire
from sandbox.esr.reference import current_codes

STATUSES = tuple(f"{number:02d}" for number in range(1, 13))
# Written out here once more, so that a row that goes or comes in the code is seen.
FOLLOWS = {
    "01": "02 03 07 08 09 10 11 12",
    "02": "01 03 06 07 08 09 10 12",
    "03": "01 02 04 07 08 10 11 12",
    "04": "02 03 05 06 08",
    "05": "04 08 10",
    "06": "02 04 05 08 10",
    "07": "01 02 03 08 10 11 12",
    "08": "",
    "09": "",
    "10": "",
    "11": "03 07 08 09 10 12",
    "12": "03 07 08 09 10 11",
}
PAIRS = {(status, to) for status, row in FOLLOWS.items() for to in row.split()}


def is_allowed(present: str, wanted: str) -> bool:
    try:
        check_status_change(present, wanted)
    except Refusal as refusal:
        return refusal.code != Code.STATE_FORBIDS
    return True


@pytest.mark.parametrize(("present", "wanted"), list(product(STATUSES, STATUSES)))
def test_a_vacancy_moves_as_the_table_says(present: str, wanted: str) -> None:
    assert is_allowed(present, wanted) is (present == wanted or (present, wanted) in PAIRS)


def test_a_move_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for move in MOVES:
        monkeypatch.setattr(vacancies, "MOVES", MOVES - {move})
        if all(is_allowed(*pair) for pair in PAIRS):
            survivors.append(move)

    print(f"{len(MOVES)} moves taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_the_statuses_are_those_of_the_national_list() -> None:
    assert current_codes("vacancy-status") == set(STATUSES)
    assert {status for move in MOVES for status in move} == set(STATUSES)


def test_what_refuses_a_move_names_the_moves_there_are() -> None:
    with pytest.raises(Refusal, match="04, 08, 10"):
        check_status_change("05", "01")


def test_every_status_that_takes_applicants_can_be_filled() -> None:
    assert {(status, "09") for status in vacancies.OPEN_STATUSES} <= MOVES
    assert {(status, "12") for status in vacancies.OPEN_STATUSES - {"12"}} <= MOVES


@pytest.mark.parametrize("present", STATUSES)
@pytest.mark.parametrize(
    ("openings", "hired", "follows"),
    [(1, 1, "09"), (2, 1, "12"), (2, 2, "09"), (2, 3, "09"), (999, 1, "12")],
)
def test_a_hire_fills_a_vacancy_that_takes_applicants(
    present: str, openings: int, hired: int, follows: str
) -> None:
    is_open = present in ("01", "02", "11", "12")

    assert status_after_hire(present, openings, hired) == (follows if is_open else present)
