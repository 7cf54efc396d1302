"""A replay against a little ESR over real HTTP, Locust in its own process: what is whole passes, what is not is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from loadtests.discrepancies import Discrepancy
from loadtests.ledger import read_ledger
from loadtests.plan import Message, Plan
from loadtests.results import Progress, ReplayPlan, ReplayResult
from loadtests.runner import reconcile_ledger, run_replay
from loadtests.verdict import Outcome
from simulators.year import Kind
from tests.load.esr_stub import TOKEN, EsrStub, Fault
from tests.load.faults import Laid, lay
from tests.load.replaying import (
    WORLD,
    assert_whole,
    found_in,
    listed,
    messages_of,
    plan_for,
)


def test_replay_without_faults_is_found_whole(stub: EsrStub, plan: ReplayPlan) -> None:
    heard: list[Progress] = []
    planned = messages_of(plan)
    kinds = Counter(message.counted.value for message in planned.messages())

    result = run_replay(plan, heard.append)

    assert_whole(result)
    assert {kind: count for kind, count in result.counts.by_kind.items() if count} == kinds
    assert result.counts.retries == 0
    assert found_in(result).acknowledged == (
        result.counts.sent + result.set_up.caught_up + result.set_up.vacancies
    )
    assert result.set_up.vacancies == len(stub.vacancies) > 0
    assert result.set_up.caught_up == len(list(planned.caught_up())) > 0
    assert {step.phase for step in heard} >= {"setting up", "counting", "replaying", "reconciling"}
    sent = Counter({each.hour: each.sent for each in result.measurements.arrivals if each.sent})
    assert sent == {hour: sum(each.values()) for hour, each in planned.census().by_hour.items()}


def test_each_message_is_sent_once_as_the_plan_has_it_and_in_its_order(
    stub: EsrStub, plan: ReplayPlan
) -> None:
    planned = messages_of(plan)
    everything = [*planned.caught_up(), *planned.messages()]

    run_replay(plan)

    wanted = Counter(message.requestId for message in everything)
    vacancies = len(stub.vacancies)
    assert Counter(identifier for identifier, _ in stub.arrivals[vacancies:]) == wanted
    of = {message.requestId: message.applicant for message in everything}
    came: dict[int, list[str]] = {}
    for identifier, _ in stub.arrivals[vacancies:]:
        came.setdefault(of[identifier], []).append(identifier)
    for applicant, identifiers in came.items():
        assert identifiers == [message.requestId for message in planned.conversation(applicant)]


# -- faults: many in one replay, each on an applicant of its own


@dataclass(frozen=True)
class Run:
    """A replay with faults, and whom they struck."""

    stub: EsrStub
    plan: Plan
    result: ReplayResult
    victims: dict[str, Message]

    def of(self, name: str) -> dict[str, list[Discrepancy]]:
        """What the replay lists about the applicant that a fault struck."""
        reference = self.victims[name].supplierReference
        return {
            kind: [item for item in items if item.supplierReference == reference]
            for kind, items in listed(found_in(self.result)).items()
        }


def run_with(faults: dict[str, Laid], folder: Path) -> Iterator[Run]:
    with EsrStub(WORLD.make()) as stub:
        asked = plan_for(stub, folder, applicants=400)
        plan = messages_of(asked)
        victims = lay(faults, plan, stub)
        yield Run(stub, plan, run_replay(asked), victims)


LISTED = {
    "lost submission": Laid(Fault.DROP, Kind.APPLICANT, "lost"),
    "lost check": Laid(Fault.DROP, Kind.CHECK, "lost", followed=False),
    "swallowed update": Laid(Fault.DROP, Kind.CHECK, "lost", followed=True),
    "lost amendment": Laid(Fault.DROP, Kind.START_DATE_CHANGE, "lost", pointer="/startDate"),
    "lost withdrawal": Laid(Fault.DROP, Kind.WITHDRAWAL, "lost", pointer="/status"),
    "doubled applicant": Laid(Fault.DOUBLE, Kind.APPLICANT, "duplicated"),
    "doubled update": Laid(Fault.DOUBLE, Kind.CHECK, "duplicated", followed=False),
    "doubled update with another after it": Laid(
        Fault.DOUBLE, Kind.CHECK, "duplicated", followed=True
    ),
    "altered applicant": Laid(Fault.ALTER, Kind.APPLICANT, "altered", pointer="/person/lastName"),
    "altered check": Laid(
        Fault.ALTER, Kind.CHECK, "altered", followed=False, pointer="/requestedDate"
    ),
    "altered amendment": Laid(Fault.ALTER, Kind.START_DATE_CHANGE, "altered", pointer="/startDate"),
    "altered withdrawal": Laid(
        Fault.ALTER, Kind.WITHDRAWAL, "altered", pointer="/withdrawal/reason"
    ),
    "applicant sent again and taken for another": Laid(
        Fault.FORGET, Kind.APPLICANT, "duplicated", again=True
    ),
    "update sent again and done again": Laid(Fault.FORGET, Kind.CHECK, "duplicated", again=True),
}
"""What an ESR may do wrong after it said yes."""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    yield from run_with(LISTED, tmp_path_factory.mktemp("faulty"))


@pytest.mark.parametrize("name", LISTED)
def test_fault_is_caught_by_name_with_its_ids(faulty: Run, name: str) -> None:
    laid, victim = LISTED[name], faulty.victims[name]

    told = faulty.of(name)

    named = told.pop(laid.listed)
    assert all(items == [] for items in told.values()), told
    item = next(item for item in named if item.requestId == victim.requestId)
    assert item.kind == victim.kind
    assert item.checkType == victim.checkType
    assert item.number is not None
    assert item.number // 64 == victim.applicant
    if laid.again:
        again = faulty.plan.conversation(victim.applicant)
        numbers = {each.number for each in again if each.again}
        assert numbers & {each.number for each in named}
    else:
        assert item.number == victim.number
    if laid.pointer:
        assert laid.pointer in [each.pointer for each in item.differences]
    if name != "lost submission":
        assert item.applicantNumber is not None
        assert {each.requestId for each in named} == {victim.requestId}


def test_updates_of_a_lost_applicant_are_lost_with_it(faulty: Run) -> None:
    victim = faulty.victims["lost submission"]

    lost = faulty.of("lost submission")["lost"]

    conversation = faulty.plan.conversation(victim.applicant)
    assert [item.number for item in lost] == [message.number for message in conversation]


def test_nothing_but_the_faults_is_listed_and_the_replay_fails(faulty: Run) -> None:
    struck = {victim.supplierReference for victim in faulty.victims.values()}

    lists = listed(found_in(faulty.result))

    assert {item.supplierReference for items in lists.values() for item in items} == struck
    assert faulty.result.outcome is Outcome.FAIL
    found = found_in(faulty.result)
    wrong = {item.number for name in ("lost", "duplicated", "altered") for item in lists[name]}
    assert found.acknowledged - found.confirmed == len(wrong)
    assert faulty.result.counts.acknowledged == faulty.result.counts.planned


SURVIVED = {
    "submission whose answer was lost": Laid(Fault.CUT_OFF_ONCE, Kind.APPLICANT),
    "update whose answer was lost": Laid(Fault.CUT_OFF_ONCE, Kind.CHECK),
    "amendment whose answer was lost": Laid(Fault.CUT_OFF_ONCE, Kind.START_DATE_CHANGE),
    "withdrawal whose answer was lost": Laid(Fault.CUT_OFF_ONCE, Kind.WITHDRAWAL),
    "submission to an ESR that is away": Laid(Fault.UNAVAILABLE_ONCE, Kind.APPLICANT),
    "update to an ESR that is away": Laid(Fault.UNAVAILABLE_ONCE, Kind.CHECK),
    "amendment to an ESR that is away": Laid(Fault.UNAVAILABLE_ONCE, Kind.START_DATE_CHANGE),
    "withdrawal over the limit": Laid(Fault.LIMITED_ONCE, Kind.WITHDRAWAL),
    "update over the limit": Laid(Fault.LIMITED_ONCE, Kind.CHECK),
    "amendment of an applicant that cannot be read": Laid(None, Kind.START_DATE_CHANGE),
}
"""What the contract has a sender try again for."""


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    yield from run_with(SURVIVED, tmp_path_factory.mktemp("survived"))


def test_what_is_tried_again_as_the_contract_asks_passes(survived: Run) -> None:
    assert_whole(survived.result)


@pytest.mark.parametrize("name", SURVIVED)
def test_retry_goes_under_the_same_request_id_and_is_counted(survived: Run, name: str) -> None:
    victim = survived.victims[name]

    entry = read_ledger(survived.result.ledger).of(victim.applicant)[victim.number]

    assert entry.acknowledged
    assert entry.attempts == 2
    assert survived.stub.attempts[victim.requestId] == (1 if SURVIVED[name].fault is None else 2)


def test_retries_are_counted_apart(survived: Run) -> None:
    assert survived.result.counts.retries == len(SURVIVED)
    assert survived.result.counts.sent == survived.result.counts.planned


# -- refused, and never heard of


def test_refused_and_unheard_messages_are_errors_and_no_discrepancies(
    stub: EsrStub, plan: ReplayPlan
) -> None:
    checks = [message for message in messages_of(plan).messages() if message.kind is Kind.CHECK]
    refused = checks[3]
    unheard = next(each for each in checks[4:] if each.applicant != refused.applicant)
    stub.faults |= {refused.requestId: Fault.REFUSE, unheard.requestId: Fault.UNHEARD}
    impatient = replace(plan.profile.sending, retry_for_seconds=0.4)

    result = run_replay(replace(plan, profile=replace(plan.profile, sending=impatient)))

    found = found_in(result)
    assert found.clean
    assert (result.counts.refused, result.counts.unacknowledged) == (1, 1)
    assert stub.attempts[unheard.requestId] > 1
    assert stub.attempts[refused.requestId] == 1
    assert [(item.number, item.requestId) for item in found.unacknowledged_found] == [
        (unheard.number, unheard.requestId)
    ]
    ledger = read_ledger(plan.ledger)
    assert ledger.of(refused.applicant)[refused.number].code == "RULE_REFUSES"
    assert result.outcome is Outcome.FAIL
    outcomes = {finding.name: finding.outcome for finding in result.findings}
    assert outcomes["error rate"] is Outcome.FAIL
    assert outcomes["lost"] is Outcome.PASS


# -- a ledger after the fact


def test_reconciliation_of_a_ledger_finds_what_vanished_after_the_replay(
    stub: EsrStub, plan: ReplayPlan
) -> None:
    run_replay(plan)
    before = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)
    gone, changed = stub.applicants.pop(3), stub.applicants[5]
    changed["hoursPerWeek"] = 1.25
    vacancy = stub.vacancies.pop(2)

    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)

    assert before.clean
    assert before.confirmed == before.acknowledged
    lost = {item.supplierReference for item in found.lost}
    assert lost == {gone["supplierReference"], vacancy["supplierReference"]}
    assert [(item.supplierReference, item.applicantNumber) for item in found.altered] == [
        (changed["supplierReference"], changed["applicantNumber"])
    ]
    assert found.state_digest != before.state_digest
    assert found.confirmed == found.acknowledged - len(found.lost) - len(found.altered)


def test_reconciliation_finds_what_nobody_sent(stub: EsrStub, plan: ReplayPlan) -> None:
    run_replay(plan)
    stranger = {
        **stub.applicants[0],
        "applicantNumber": "77777777",
        "supplierReference": "SOMEBODY-ELSES",
    }
    stub.applicants.append(stranger)

    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)

    assert [item.applicantNumber for item in found.contradicted] == ["77777777"]
    assert found.lost == found.altered == found.duplicated == []
