"""What starts a transfer, what rules it out, who releases the data: every row, both ways, and its life."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from itertools import product
from typing import Any

import pytest

from sandbox.errors import Code, Refusal
from sandbox.esr.domain import transfers as domain
from sandbox.esr.domain.portable_data import PARTS, TRAINING, parts, portable_data
from sandbox.esr.domain.transfers import LIFE_CYCLE, Act, Status, TransferFacts

ABSENT = "(absent)"
EARLIER, LATER = "2026-04-08T10:00:00.000Z", "2026-04-09T10:00:00.000Z"
PERSON = {
    "firstName": "Amara",
    "lastName": "Fielding",
    "dateOfBirth": "1994-05-17",
    "niNumber": "PZ900001A",
}
APPLICANT: dict[str, Any] = {
    "applicantNumber": "10000001",
    "status": "ACCEPTED",
    "dataSharingConsent": True,
    "internalCandidate": False,
    "person": PERSON,
    "updatedAt": EARLIER,
}
HELD: dict[str, Any] = {
    "previous_employer": "X0B2C",
    "is_started": True,
    "has_opted_in": True,
    "record": {**PERSON, "lastName": "FIELDING"},
}
DECLINED = "The applicant does not agree that data are shared."
ENDED = "The application ended before the data were released."
INTERNAL = "An internal candidate stays with the employer, who has the record already."
NO_NUMBER = "There is no National Insurance number, without which no transfer can be run."
NOWHERE = "No previous employer on ESR is known."
BY_HAND = "The employer is not on Auto-IAT; somebody there must start the transfer."
NOT_OPTED_IN = "The previous employer has not opted in to automated transfers."
NOBODY = "The previous employer has no employment that is known to be this person's."
NI, BIRTH, NAME = "record.niNumber", "record.dateOfBirth", "record.lastName"

# What is changed of facts that release the data by themselves → status, mode, reason.
DECIDED: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    ({}, "RELEASED", "AUTOMATIC", None),
    ({"status": "HIRED"}, "RELEASED", "AUTOMATIC", None),
    ({"dataSharingConsent": ABSENT}, "NOT_REQUESTED", None, None),
    ({"dataSharingConsent": ABSENT, "status": "TERMINATED"}, "NOT_REQUESTED", None, None),
    ({"dataSharingConsent": ABSENT, "internalCandidate": True}, "NOT_REQUESTED", None, None),
    ({"dataSharingConsent": False}, "NOT_RUN", None, DECLINED),
    ({"dataSharingConsent": False, "status": "OFFER"}, "NOT_RUN", None, DECLINED),
    ({"dataSharingConsent": False, "status": "TERMINATED"}, "NOT_RUN", None, DECLINED),
    ({"dataSharingConsent": False, "held.is_started": False}, "NOT_RUN", None, DECLINED),
    ({"status": "TERMINATED"}, "NOT_RUN", None, ENDED),
    ({"status": "TERMINATED", "held.record": None}, "NOT_RUN", None, ENDED),
    ({"status": "OFFER"}, "NOT_REQUESTED", None, None),
    ({"status": "ACTIVE_APPLICATION"}, "NOT_REQUESTED", None, None),
    ({"status": "OFFER", "held.previous_employer": None}, "NOT_REQUESTED", None, None),
    ({"internalCandidate": True}, "NOT_RUN", None, INTERNAL),
    ({"internalCandidate": True, "held.is_started": False}, "NOT_RUN", None, INTERNAL),
    ({"person.niNumber": ABSENT}, "NOT_RUN", None, NO_NUMBER),
    ({"person.niNumber": ABSENT, "held.is_started": False}, "NOT_RUN", None, NO_NUMBER),
    ({"held.previous_employer": None}, "NOT_RUN", None, NOWHERE),
    ({"held.previous_employer": None, "held.is_started": False}, "NOT_RUN", None, NOWHERE),
    ({"held.is_started": False}, "NOT_REQUESTED", None, BY_HAND),
    ({"held.is_started": False, "held.has_opted_in": False}, "NOT_REQUESTED", None, BY_HAND),
    ({"held.has_opted_in": False}, "REQUESTED", "APPROVER", NOT_OPTED_IN),
    ({"held.record": None}, "REQUESTED", "APPROVER", NOBODY),
    (
        {f"held.{NI}": "PZ900002A"},
        "REQUESTED",
        "APPROVER",
        "Not the same there: National Insurance number.",
    ),
    (
        {f"held.{NI}": ABSENT},
        "REQUESTED",
        "APPROVER",
        "Not the same there: National Insurance number.",
    ),
    (
        {f"held.{BIRTH}": "1994-05-18"},
        "REQUESTED",
        "APPROVER",
        "Not the same there: date of birth.",
    ),
    ({f"held.{NAME}": "Ashdown"}, "REQUESTED", "APPROVER", "Not the same there: last name."),
    (
        {"held.has_opted_in": False, f"held.{BIRTH}": "1994-05-18", f"held.{NAME}": "Ashdown"},
        "REQUESTED",
        "APPROVER",
        f"{NOT_OPTED_IN} Not the same there: date of birth, last name.",
    ),
]

# Written out here once more, so that a row that goes or comes in the code is seen. In the order of the acts.
ACTS = (
    Act.REST,
    Act.RULE_OUT,
    Act.ASK,
    Act.MATCH,
    Act.START,
    Act.RELEASE,
    Act.REFUSE,
)
MOVES: dict[str, tuple[str | None, ...]] = {
    "NOT_REQUESTED": (
        *("NOT_REQUESTED", "NOT_RUN", "REQUESTED", "RELEASED"),
        *("NOT_REQUESTED", None, None),
    ),
    "NOT_RUN": (
        *("NOT_REQUESTED", "NOT_RUN", "REQUESTED", "RELEASED"),
        *("NOT_REQUESTED", None, None),
    ),
    "REQUESTED": (
        *("NOT_REQUESTED", "NOT_RUN", "REQUESTED", "RELEASED"),
        *(None, "RELEASED", "REFUSED"),
    ),
    "RELEASED": (*["RELEASED"] * 4, None, None, None),
    "REFUSED": (*("REFUSED", "NOT_RUN", "REFUSED", "REFUSED"), "NOT_REQUESTED", None, None),
}


def facts(changes: dict[str, Any]) -> TransferFacts:
    """Facts that release the data by themselves, but for the changes: by path into the applicant, or into what ESR holds."""
    applicant, held = deepcopy(APPLICANT), deepcopy(HELD)
    for path, value in changes.items():
        target = held if path.startswith("held.") else applicant
        *way, last = path.removeprefix("held.").split(".")
        for step in way:
            target = target[step]
        if value is ABSENT:
            del target[last]
        else:
            target[last] = value
    return TransferFacts(applicant, **held)


def decided(changes: dict[str, Any]) -> tuple[str, str | None, str | None]:
    untouched = {"applicantNumber": "10000001", "status": "NOT_REQUESTED", "updatedAt": EARLIER}
    transfer = domain.reconsidered(untouched, facts(changes), LATER)
    return transfer["status"], transfer.get("mode"), transfer.get("reason")


def in_status(status: str) -> dict[str, Any]:
    """A transfer that came to `status`."""
    changes = {
        "NOT_RUN": {"status": "TERMINATED"},
        "NOT_REQUESTED": {"status": "OFFER"},
        "REQUESTED": {"held.has_opted_in": False},
        "REFUSED": {"held.has_opted_in": False},
        "RELEASED": {},
    }[status]
    start = {"applicantNumber": "10000001", "status": "NOT_REQUESTED", "updatedAt": EARLIER}
    transfer = domain.reconsidered(start, facts(changes), EARLIER)
    if status == "REFUSED":
        transfer = domain.refused(transfer, "Not known here.", EARLIER)
    assert transfer["status"] == status
    return transfer


@pytest.mark.parametrize(("changes", "status", "mode", "reason"), DECIDED, ids=str)
def test_the_first_row_that_applies_decides(
    changes: dict[str, Any], status: str, mode: str | None, reason: str | None
) -> None:
    assert decided(changes) == (status, mode, reason)


@pytest.mark.parametrize("table", ["DECISIONS", "APPROVER_REASONS", "MATCHED"])
def test_a_row_that_is_taken_away_is_missed_by_its_case(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: Any = getattr(domain, table)
    names = list(rows) if isinstance(rows, dict) else range(len(rows))
    survivors = []
    for name in names:
        rest: Any = (
            {key: rows[key] for key in rows if key != name}
            if isinstance(rows, dict)
            else (*rows[:name], *rows[name + 1 :])
        )
        monkeypatch.setattr(domain, table, rest)
        if all(_still(changes, *expected) for changes, *expected in DECIDED):
            survivors.append(name)

    print(f"{table}: {len(rows)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def _still(changes: dict[str, Any], *expected: Any) -> bool:
    try:
        return decided(changes) == expected
    except StopIteration:
        return False


@pytest.mark.parametrize("row", [*domain.DECISIONS, *domain.APPROVER_REASONS])
def test_a_row_names_its_basis_and_its_source(row: Any) -> None:
    assert row.basis in ("public", "modelled", "assumed")
    assert row.source.startswith(("https://", "ours: "))


@pytest.mark.parametrize(("changes", "status", "mode", "reason"), DECIDED, ids=str)
def test_a_reason_is_what_the_contract_can_carry(
    changes: dict[str, Any], status: str, mode: str | None, reason: str | None
) -> None:
    assert reason is None or 0 < len(reason) <= 300


def test_the_longest_reason_is_what_the_contract_can_carry() -> None:
    everything = {
        "held.has_opted_in": False,
        f"held.{NI}": ABSENT,
        f"held.{BIRTH}": "1990-01-01",
        f"held.{NAME}": "Ashdown",
    }

    _, _, reason = decided(everything)

    assert reason is not None
    assert len(reason) + len(NOBODY) <= 300


@pytest.mark.parametrize(("status", "act"), list(product(Status, Act)))
def test_a_transfer_moves_as_the_life_cycle_says(status: Status, act: Act) -> None:
    expected = MOVES[status][ACTS.index(act)]

    if expected is None:
        with pytest.raises(Refusal) as refused:
            domain.after(status, act)
        assert refused.value.code == Code.STATE_FORBIDS
    else:
        assert domain.after(status, act) == expected


def test_every_row_of_the_life_cycle_that_is_taken_away_is_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    survivors = []
    for status, act in list(LIFE_CYCLE):
        with monkeypatch.context() as patch:
            patch.delitem(LIFE_CYCLE, (status, act))
            if _moves(status, act) == MOVES[status][ACTS.index(act)]:
                survivors.append((status, act))

    print(f"{len(LIFE_CYCLE)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def _moves(status: Status, act: Act) -> str | None:
    try:
        return domain.after(status, act)
    except Refusal:
        return None


@pytest.mark.parametrize(("changes", "status", "mode", "reason"), DECIDED, ids=str)
def test_what_was_released_stays_released(
    changes: dict[str, Any], status: str, mode: str | None, reason: str | None
) -> None:
    released = {**in_status("RELEASED"), "releasedAt": EARLIER, "portableData": {"training": []}}

    after = domain.reconsidered(released, facts(changes), LATER)

    consent = facts(changes).consent
    expected = {name: value for name, value in released.items() if name != "consent"}
    if consent is not None:
        expected["consent"] = consent
    if expected != released:
        expected["updatedAt"] = LATER
    assert after == expected


@pytest.mark.parametrize("status", list(Status))
def test_the_same_facts_again_change_nothing(status: Status) -> None:
    changes = {
        "NOT_RUN": {"status": "TERMINATED"},
        "NOT_REQUESTED": {"status": "OFFER"},
        "REQUESTED": {"held.has_opted_in": False},
    }.get(status, {})
    transfer = in_status(status)

    assert domain.reconsidered(transfer, facts(changes), LATER) is transfer


def test_a_request_that_is_reconsidered_keeps_its_moment() -> None:
    after = domain.reconsidered(in_status("REQUESTED"), facts({f"held.{NAME}": "Ashdown"}), LATER)

    assert after["requestedAt"] == EARLIER
    assert after["updatedAt"] == LATER
    assert after["reason"] == "Not the same there: last name."


def test_a_request_that_comes_to_match_is_released_by_itself() -> None:
    after = domain.reconsidered(in_status("REQUESTED"), facts({}), LATER)

    assert (after["status"], after["mode"], after["requestedAt"]) == (
        "RELEASED",
        "AUTOMATIC",
        EARLIER,
    )


def test_a_release_by_an_approver_has_no_reason_left() -> None:
    after = domain.approved(in_status("REQUESTED"), LATER)

    assert (after["status"], after["mode"]) == ("RELEASED", "APPROVER")
    assert "reason" not in after


def test_a_refusal_without_a_reason_gets_one() -> None:
    assert domain.refused(in_status("REQUESTED"), None, LATER)["reason"]


def test_a_refused_transfer_that_is_started_again_is_asked_for_at_a_new_moment() -> None:
    opened = domain.reopened(in_status("REFUSED"))

    after = domain.reconsidered(opened, facts({"held.has_opted_in": False}), LATER)

    assert (after["status"], after["requestedAt"]) == ("REQUESTED", LATER)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"status": "HIRED"}, True),
        ({"dataSharingConsent": ABSENT}, False),
        ({"dataSharingConsent": False}, False),
        ({"status": "TERMINATED"}, False),
        ({"status": "OFFER"}, False),
        ({"internalCandidate": True}, False),
        ({"person.niNumber": ABSENT}, False),
    ],
    ids=str,
)
def test_records_are_looked_for_only_where_they_decide(
    changes: dict[str, Any], expected: bool
) -> None:
    assert domain.needs_records(facts(changes).applicant) is expected


def test_an_event_carries_everything_but_the_data() -> None:
    released = {**in_status("RELEASED"), "portableData": {"training": []}}

    assert domain.event_data(released) == in_status("RELEASED")


def _data(seed: int = 1, person_id: int = 7, count: int = 1) -> dict[str, Any]:
    employments = [
        {"odsCode": "X0B2C", "positionTitle": "Staff Nurse", "startDate": f"2019-09-{day + 1:02d}"}
        for day in range(count)
    ]
    return portable_data(seed, person_id, PERSON, employments, date(2026, 4, 8))


def test_the_portable_data_follow_from_seed_and_person() -> None:
    assert _data() == _data()
    different: list[Callable[[], dict[str, Any]]] = [
        lambda: _data(seed=2),
        lambda: _data(person_id=8),
    ]
    for other in different:
        assert other()["training"] != _data()["training"]


@pytest.mark.parametrize("person_id", range(50))
def test_the_portable_data_are_of_the_past_and_last_as_long_as_they_count(person_id: int) -> None:
    data = _data(person_id=person_id)

    assert data["personalDetails"] == {
        "lastName": "Fielding",
        "firstName": "Amara",
        "dateOfBirth": "1994-05-17",
    }
    assert [item["competence"] for item in data["training"]] == list(TRAINING)
    for item in data["training"]:
        lasts = date.fromisoformat(item["expiryDate"]) - date.fromisoformat(item["completedDate"])
        assert lasts.days == 365 * TRAINING[item["competence"]]
        assert item["completedDate"] <= "2026-04-08"
    assert all(item["date"] < "2026-04-08" for item in data["immunisations"])


def test_the_parts_name_what_there_is() -> None:
    everything = _data()

    assert parts({name: [1] for name in PARTS}) == list(PARTS.values())
    assert "EMPLOYMENT_HISTORY" in parts(everything)
    assert "EMPLOYMENT_HISTORY" not in parts(_data(count=0))


def test_at_most_fifty_employments_are_told() -> None:
    assert len(portable_data(1, 7, PERSON, _many(60), date(2026, 4, 8))["employmentHistory"]) == 50


def _many(count: int) -> list[dict[str, Any]]:
    return [{"odsCode": "X0B2C", "startDate": f"{1960 + number}-01-01"} for number in range(count)]
