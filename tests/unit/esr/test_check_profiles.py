"""Who may start and update which check: every cell of both profiles, and that a cell that changed would be seen."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from sandbox.contracts import load_contract
from sandbox.errors import Code, Refusal, status_of
from sandbox.esr.domain.check_profiles import (
    CELLS,
    ECHOES,
    PRECONDITIONS,
    Deed,
    Echo,
    Party,
    check_direction,
    echoed,
    preconditions,
)
from sandbox.esr.domain.employment_checks import DETAILS
from sandbox.esr.domain.profiles import EmploymentChecks

REGISTRATION = "registration-and-qualifications"
YES, NO, BACK, FIRST = "yes", "CHECK_NOT_SUPPORTED", "CHECK_WRONG_DIRECTION", "CHECK_NOT_STARTED"

# Written out here once more, so that a cell that changes in the code is seen: supplier starts, supplier updates, ESR
# starts, ESR updates.
EXPECTED = {
    "2015": {
        "identity": (NO, NO, NO, NO),
        "right-to-work": (YES, YES, FIRST, YES),
        REGISTRATION: (YES, YES, YES, YES),
        "employment-history-and-references": (YES, YES, YES, YES),
        "dbs": (YES, YES, FIRST, YES),
        "work-health-assessment": (BACK, BACK, YES, YES),
        "alert-notice": (YES, YES, YES, YES),
    },
    "api-1": dict.fromkeys(DETAILS, (YES, YES, YES, YES)),
}
ECHOED = {
    "2015": {REGISTRATION: "ALL", "work-health-assessment": "ALL"},
    "api-1": dict.fromkeys(DETAILS, "ALL"),
}
ORDER = tuple(product(Party, Deed))
EVERY = list(product(EmploymentChecks, DETAILS, Party, Deed))


def expected(profile: str, check_type: str, party: Party, deed: Deed) -> str:
    return EXPECTED[profile][check_type][ORDER.index((party, deed))]


def told(profile: str, check_type: str, party: Party, deed: Deed) -> str:
    """`yes`, or the code that refuses it."""
    try:
        check_direction(profile, check_type, party, deed)
    except Refusal as refusal:
        return str(refusal.code) if profile in refusal.detail else "does not name the profile"
    return YES


@pytest.mark.parametrize(("profile", "check_type", "party", "deed"), EVERY)
def test_a_party_may_do_what_its_cell_says(
    profile: str, check_type: str, party: Party, deed: Deed
) -> None:
    assert told(profile, check_type, party, deed) == expected(profile, check_type, party, deed)


def test_there_is_a_cell_for_every_combination() -> None:
    assert set(CELLS) == set(EVERY)
    assert set(ECHOES) == set(product(EmploymentChecks, DETAILS))


def test_a_cell_that_is_turned_round_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for key, cell in CELLS.items():
        turned = replace(cell, refused=None if cell.refused else Code.CHECK_NOT_SUPPORTED)
        with monkeypatch.context() as patched:
            patched.setitem(CELLS, key, turned)
            if told(*key) == expected(*key):
                survivors.append(key)

    print(f"{len(CELLS)} cells turned round in turn, survivors: {len(survivors)}")
    assert survivors == []


@pytest.mark.parametrize("key", sorted(CELLS))
def test_a_cell_says_on_what_it_rests(key: Any) -> None:
    cell = CELLS[key]

    assert cell.basis in ("public", "modelled", "assumed")
    assert cell.source.startswith("http" if cell.basis == "public" else "ours")
    assert cell.refused is None or status_of(cell.refused) == 422


def test_only_the_registration_under_2015_has_a_precondition() -> None:
    assert {key: codes for key in ECHOES if (codes := preconditions(*key))} == {
        ("2015", REGISTRATION): (Code.REGISTRATION_ALREADY_RECORDED,)
    }
    assert len(PRECONDITIONS) == 1


@pytest.mark.parametrize(("profile", "check_type"), list(product(EmploymentChecks, DETAILS)))
def test_an_echo_carries_the_details_where_the_profile_says_so(
    profile: str, check_type: str
) -> None:
    check = {"checkType": check_type, "state": "COMPLETE", DETAILS[check_type]: {"a": 1}}

    told_of = echoed(profile, check)

    whole = ECHOED[profile].get(check_type) == Echo.ALL
    assert told_of == (check if whole else {"checkType": check_type, "state": "COMPLETE"})


def test_an_echo_that_is_turned_round_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for (profile, check_type), echo in ECHOES.items():
        check = {"checkType": check_type, DETAILS[check_type]: {}}
        before = echoed(profile, check)
        other = Echo.OUTCOME if echo is Echo.ALL else Echo.ALL
        with monkeypatch.context() as patched:
            patched.setitem(ECHOES, (profile, check_type), other)
            if echoed(profile, check) == before:
                survivors.append((profile, check_type))

    print(f"{len(ECHOES)} echoes turned round in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_the_contract_shows_the_cells_as_they_are() -> None:
    paths = load_contract("esr").document["paths"]
    path = next(path for path in paths if path.endswith("/employment-checks/{checkType}"))
    lines = paths[path]["put"]["description"].splitlines()
    rows = {row[0]: row for line in lines if (row := line.strip("| ").split(" | "))[0] in DETAILS}

    assert set(rows) == set(DETAILS)
    for check_type, (_, api_1, supplier, esr, basis) in rows.items():
        assert api_1 == "both ways"
        started, updated, esr_starts, esr_updates = EXPECTED["2015"][check_type]
        assert supplier.startswith("starts") is (started == YES)
        assert ("updates" in supplier) is (updated == YES)
        assert started == YES or started in supplier
        assert esr.startswith("starts") is (esr_starts == YES)
        assert ("updates" in esr) is (esr_updates == YES)
        bases = {CELLS[key].basis for key in EVERY if key[:2] == ("2015", check_type)}
        assert bases <= set(basis.replace(":", "").replace(";", "").split())
