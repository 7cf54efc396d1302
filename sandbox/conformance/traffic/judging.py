"""Judges a recording by every rule. Pure: the same exchanges and facts give the same results."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sandbox.conformance.operations import Operations
from sandbox.conformance.results import Result
from sandbox.conformance.traffic import requests, windows
from sandbox.conformance.traffic.addresses import KeepsPeopleOutOfAddresses
from sandbox.conformance.traffic.cursors import FollowsCursors
from sandbox.conformance.traffic.events import (
    AcknowledgesEveryEvent,
    AsksAgainWithoutKeys,
    ReadsUnknownKeys,
    RefusesBadlySigned,
    RefusesUnsigned,
    TakesDuplicates,
    TakesUnknownTypes,
)
from sandbox.conformance.traffic.facts import TrafficFacts
from sandbox.conformance.traffic.messages import turns
from sandbox.conformance.traffic.parameters import parameters
from sandbox.conformance.traffic.recording import Recording
from sandbox.conformance.traffic.refusals import Refusals, by_code
from sandbox.conformance.traffic.request_ids import (
    AnotherIdForAnotherMessage,
    AnotherIdForAnotherMessageToNhsJobs,
    EveryWriteHasAnId,
    EveryWriteToNhsJobsHasAnId,
    NothingTwice,
    SameIdForTheSameMessage,
)
from sandbox.conformance.traffic.rule import Context, Rule, RuleResult, Tally
from sandbox.conformance.traffic.versions import AmendsWhatItRead, ReadsAgainWhenStale
from sandbox.conformance.traffic.waiting import (
    BacksOff,
    StopsWhenLimited,
    TriesAgainAfterAFailure,
    WaitsAsAsked,
)
from sandbox.contracts import load_contract
from sandbox.contracts.requirements import Requirement, load_requirements

RULES: tuple[type[Rule], ...] = (
    EveryWriteHasAnId,
    EveryWriteToNhsJobsHasAnId,
    SameIdForTheSameMessage,
    AnotherIdForAnotherMessage,
    AnotherIdForAnotherMessageToNhsJobs,
    NothingTwice,
    WaitsAsAsked,
    TriesAgainAfterAFailure,
    StopsWhenLimited,
    BacksOff,
    AmendsWhatItRead,
    ReadsAgainWhenStale,
    FollowsCursors,
    KeepsPeopleOutOfAddresses,
    *requests.RULES,
    *windows.RULES,
    RefusesUnsigned,
    RefusesBadlySigned,
    ReadsUnknownKeys,
    AsksAgainWithoutKeys,
    TakesDuplicates,
    TakesUnknownTypes,
    AcknowledgesEveryEvent,
)

UNSEEN: Mapping[str, str] = {
    "ESR-REQ-035": "How an answer is read is not seen on the wire; ask the subject what it did with an unknown property.",
    "ESR-EVT-026": "When an event is stored is not seen on the wire; ask whether each acknowledged one outlives a crash.",
    "ESR-EVT-028": "What an event does inside is not seen on the wire; ask for the subject's view after an older one came late.",
}
"""Duties that no recording shows, and what a person has to ask."""


def judge_traffic(
    exchanges: Sequence[Mapping[str, Any]],
    facts: TrafficFacts,
    operations: Operations | None = None,
    requirements: Iterable[Requirement] | None = None,
) -> list[RuleResult]:
    """The verdict on every requirement that traffic can show, by id, and a review for those that it cannot.

    `exchanges` are exchanges of the control contract, in any order. Raises KeyError or ValueError where one is none;
    `read_recording` sees to it that each is one.
    """
    found = operations or _operations()
    known = {item.id: item for item in requirements or _requirements()}
    recording = Recording.of(exchanges, facts, found)
    context = Context(
        facts, found, parameters(found), known, turns(recording.calls, found), recording.end
    )
    tallies = _tallied(recording, context)
    results = [
        tally.result(known[name]) for name, tally in sorted(tallies.items()) if name in known
    ]
    results += [
        RuleResult(name, known[name].text, Result.REVIEW, why)
        for name, why in UNSEEN.items()
        if name in known
    ]
    return sorted(results, key=lambda result: result.requirement)


def judged_requirements() -> tuple[str, ...]:
    """The ids of all requirements that a recording can show to be kept or broken."""
    named = {name for rule in RULES for name in rule.judges}
    return tuple(sorted(named | {item.id for item in by_code(_requirements())}))


def _tallied(recording: Recording, context: Context) -> dict[str, Tally]:
    rules = [rule(context) for rule in RULES]
    refusals = Refusals(context)
    for call in recording.calls:
        refusals.see(call)
        for rule in rules:
            rule.see(call)
    for delivery in recording.deliveries:
        for rule in rules:
            rule.take(delivery)
    refusals.close()
    tallies = dict(refusals.tallies)
    for rule in rules:
        rule.close()
        for name, tally in rule.tallies.items():
            if rule.codes_count and name in tallies:
                tally.breaches += tallies[name].breaches
            tallies[name] = tally
    return tallies


@cache
def _operations() -> Operations:
    return Operations([load_contract(name) for name in ("esr", "nhs-jobs", "receiver")])


@cache
def _requirements() -> tuple[Requirement, ...]:
    return load_requirements()
