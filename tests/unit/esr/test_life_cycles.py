"""What may follow what: applicants, employment checks and vacancies, every pair, legal and illegal."""

from itertools import product
from typing import Any

import pytest

from sandbox.errors import Code, Refusal, status_of
from sandbox.esr.domain import applicant_life_cycle, employment_checks, vacancies
from sandbox.esr.domain.applicant_life_cycle import (
    EVENTS,
    LIFE_CYCLE,
    REFUSALS,
    Act,
    Status,
    act_of_amendment,
    after_identification,
    first_status,
)

# Written out here once more, so that a row that goes or comes in the code is seen: by status, act → the status that
# follows, or the code that refuses it.
MOVES = {
    "ACTIVE_APPLICATION": {
        "AMEND": "ACTIVE_APPLICATION",
        "CHANGE_START": "ACTIVE_APPLICATION",
        "ACCEPT": "ACTIVE_APPLICATION",
        "QUESTION": "ACTIVE_APPLICATION",
        "IDENTIFY": "OFFER",
        "WITHDRAW": "TERMINATED",
        "HIRE": Code.MATCH_NOT_SETTLED,
        "MOVE": Code.MATCH_NOT_SETTLED,
    },
    "OFFER": {
        "AMEND": "OFFER",
        "CHANGE_START": "OFFER",
        "ACCEPT": "ACCEPTED",
        "QUESTION": "ACTIVE_APPLICATION",
        "IDENTIFY": Code.STATE_FORBIDS,
        "WITHDRAW": "TERMINATED",
        "HIRE": Code.STATE_FORBIDS,
        "MOVE": Code.STATE_FORBIDS,
    },
    "ACCEPTED": {
        "AMEND": "ACCEPTED",
        "CHANGE_START": "ACCEPTED",
        "ACCEPT": Code.STATE_FORBIDS,
        "QUESTION": "ACTIVE_APPLICATION",
        "IDENTIFY": Code.STATE_FORBIDS,
        "WITHDRAW": "TERMINATED",
        "HIRE": "HIRED",
        "MOVE": "HIRED",
    },
    "HIRED": {
        "AMEND": Code.STATE_FORBIDS,
        "CHANGE_START": Code.START_CHANGE_AFTER_HIRE,
        "ACCEPT": Code.STATE_FORBIDS,
        "QUESTION": Code.STATE_FORBIDS,
        "IDENTIFY": Code.STATE_FORBIDS,
        "WITHDRAW": Code.WITHDRAWAL_AFTER_HIRE,
        "HIRE": Code.STATE_FORBIDS,
        "MOVE": Code.STATE_FORBIDS,
    },
    "TERMINATED": {
        "AMEND": Code.REINSTATEMENT_REFUSED,
        "CHANGE_START": Code.REINSTATEMENT_REFUSED,
        "ACCEPT": Code.REINSTATEMENT_REFUSED,
        "QUESTION": Code.STATE_FORBIDS,
        "IDENTIFY": Code.STATE_FORBIDS,
        "WITHDRAW": Code.STATE_FORBIDS,
        "HIRE": Code.STATE_FORBIDS,
        "MOVE": Code.STATE_FORBIDS,
    },
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


def outcome_of(status: Status, act: Act) -> str:
    """The status that follows, or the code that refuses."""
    try:
        return applicant_life_cycle.after(status, act)
    except Refusal as refusal:
        return refusal.code
    except KeyError:
        return "there is no row"


@pytest.mark.parametrize(("status", "act"), list(product(Status, Act)))
def test_an_applicant_moves_as_the_life_cycle_says(status: Status, act: Act) -> None:
    expected = MOVES[status][act.name]

    assert outcome_of(status, act) == expected


def test_a_row_of_the_applicants_life_cycle_that_is_taken_away_is_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    survivors = []
    for pair in list(LIFE_CYCLE):
        with monkeypatch.context() as without:
            without.delitem(LIFE_CYCLE, pair)
            if all(
                outcome_of(status, act) == MOVES[status][act.name]
                for status, act in product(Status, Act)
            ):
                survivors.append(pair)

    print(f"{len(LIFE_CYCLE)} rows taken away in turn, survivors: {len(survivors)}")
    assert set(LIFE_CYCLE) == set(product(Status, Act))
    assert survivors == []


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_act_is_a_conflict_with_a_sentence_a_basis_and_a_source(code: Code) -> None:
    sentence, basis, source = REFUSALS[code]

    assert status_of(code) == 409
    assert sentence.endswith(".")
    assert basis in ("public", "modelled", "assumed")
    assert source


def test_every_code_of_the_life_cycle_has_a_sentence_and_every_act_an_event() -> None:
    assert {row for row in LIFE_CYCLE.values() if isinstance(row, Code)} == set(REFUSALS)
    assert EVENTS == {
        Act.AMEND: "applicant.amended",
        Act.CHANGE_START: "applicant.amended",
        Act.ACCEPT: "applicant.accepted",
        Act.QUESTION: "applicant.amended",
        Act.IDENTIFY: "applicant.identified",
        Act.WITHDRAW: "applicant.withdrawn",
        Act.HIRE: "applicant.hired",
        Act.MOVE: "applicant.moved",
    }


@pytest.mark.parametrize(
    ("status", "known", "patch", "act"),
    [
        ("OFFER", {}, {"offerAcceptedDate": "2026-04-03"}, Act.ACCEPT),
        ("OFFER", {}, {"offerAcceptedDate": "2026-04-03", "startDate": "2026-06-08"}, Act.ACCEPT),
        ("ACTIVE_APPLICATION", {}, {"offerAcceptedDate": "2026-04-03"}, Act.ACCEPT),
        (
            "ACTIVE_APPLICATION",
            {"offerAcceptedDate": "2026-04-02"},
            {"offerAcceptedDate": "2026-04-03"},
            Act.AMEND,
        ),
        ("ACCEPTED", {}, {"offerAcceptedDate": "2026-04-03"}, Act.AMEND),
        ("HIRED", {}, {"startDate": "2026-06-08"}, Act.CHANGE_START),
        ("OFFER", {}, {"startDate": "2026-06-08", "dataSharingConsent": True}, Act.CHANGE_START),
        ("OFFER", {}, {"dataSharingConsent": True}, Act.AMEND),
    ],
)
def test_an_amendment_is_named_by_its_most_telling_part(
    status: str, known: dict[str, str], patch: dict[str, Any], act: Act
) -> None:
    assert act_of_amendment({"status": status, **known}, patch) == act


def test_an_applicant_starts_and_leaves_a_review_by_whether_the_offer_was_accepted() -> None:
    offered, accepted = {}, {"offerAcceptedDate": "2026-04-03"}

    assert first_status(offered, under_review=False) == "OFFER"
    assert first_status(accepted, under_review=False) == "ACCEPTED"
    assert first_status(accepted, under_review=True) == "ACTIVE_APPLICATION"
    waits = {"status": "ACTIVE_APPLICATION"}
    assert after_identification(waits) == "OFFER"
    assert after_identification({**waits, **accepted}) == "ACCEPTED"


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


@pytest.mark.parametrize(("present", "wanted"), list(product(ENDED, VACANCY_STATUSES)))
def test_a_vacancy_that_came_to_its_end_stays_there(present: str, wanted: str) -> None:
    if wanted == present:
        vacancies.check_status_change(present, wanted)
    else:
        with pytest.raises(Refusal) as refused:
            vacancies.check_status_change(present, wanted)
        assert refused.value.code == Code.STATE_FORBIDS


def test_a_vacancy_takes_applicants_in_four_of_the_twelve_statuses() -> None:
    assert {"01", "02", "11", "12"} == vacancies.OPEN_STATUSES


def test_a_reference_is_the_partition_and_the_suppliers_own() -> None:
    assert vacancies.vacancy_reference("123", "C9123-1001") == "123-C9123-1001"
    assert vacancies.requisition_reference("123", "C9123-1001") == "123-REQ-C9123-1001"
