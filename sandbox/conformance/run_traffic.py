"""The traffic suite of a run: the consumer rules over all that the subject sent while the run went on. Pure.

Recordings of several workspaces are judged one by one, and what they say of a requirement is put together: one failure is a
failure, and one sound exercise is enough where nothing failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.conformance.contract_suite import read_lines
from sandbox.conformance.operations import Operations
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.traffic import RuleResult, TrafficFacts, judge_traffic

TRAFFIC_FILE = "traffic.ndjson"
FACTS_FILE = "traffic-facts.json"


@dataclass(frozen=True, slots=True)
class TrafficVerdict:
    """What the recordings say."""

    result: Result
    words: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """By requirement: result, what was found, and the exchanges that show it."""
    requirements: Mapping[str, Result] = field(default_factory=dict)
    """By requirement: the result beside what the cases said of it."""


def judge_run_traffic(
    files: Mapping[str, bytes],
    role: str,
    operations: Operations,
    by_cases: Mapping[str, Result],
) -> TrafficVerdict:
    """The verdict on the subject's own traffic. A subject that calls nobody (`esr`) is not asked for any."""
    if role == "esr":
        return TrafficVerdict(Result.OMIT)
    content = files.get(TRAFFIC_FILE)
    if content is None:
        return TrafficVerdict(Result.SKIP)
    facts = orjson.loads(files[FACTS_FILE])
    recordings: dict[str, list[dict[str, Any]]] = {}
    for exchange in read_lines(content):
        name = exchange.get("recording", exchange["workspace"])
        recordings.setdefault(name, []).append(exchange)
    gathered: dict[str, list[RuleResult]] = {}
    for name, exchanges in sorted(recordings.items()):
        told = facts_of(facts, name)
        for rule in judge_traffic(exchanges, told, operations):
            gathered.setdefault(rule.requirement, []).append(rule)
    words = {name: _words(rules) for name, rules in sorted(gathered.items())}
    # Another system's duties, and those of a feature that was not declared, bind a subject only as far as its traffic
    # exercised them; its own must all have been.
    offered = set(orjson.loads(files["subject.json"])["features"])
    undeclared = {
        item["id"]
        for item in orjson.loads(files["requirements.json"])
        if item.get("feature", "") and item["feature"] not in offered
    }
    binding = {
        name: Result(word["result"])
        for name, word in words.items()
        if word["result"] not in ("inconclusive", "review")
        or (role == "recruitment-system" and name not in undeclared)
    }
    requirements = {name: _beside(result, by_cases.get(name)) for name, result in binding.items()}
    seen = requirements.values()
    return TrafficVerdict(rolled_up(seen), words, requirements)


def facts_of(facts: Mapping[str, Any], name: str) -> TrafficFacts:
    """The facts of one recording (a workspace, or a case in one), of those that a run wrote down."""
    own = facts.get(name, {})
    return TrafficFacts(
        workspace=own.get("workspace", name),
        client=own.get("client"),
        agents=frozenset(own.get("agents", ())),
        enabled=frozenset(own["enabled"]) if "enabled" in own else None,
        profiles=own.get("profiles", {}),
        provoked=frozenset(own.get("provoked", ())),
        altered={int(name): how for name, how in own.get("altered", {}).items()},
        unclear=frozenset(own.get("unclear", ())),
        personal_values=frozenset(own.get("personalValues", ())),
        receiver=own.get("receiver"),
        closed=own.get("closed"),
        complete=own.get("complete", True),
    )


def _words(rules: Iterable[RuleResult]) -> dict[str, Any]:
    """What several recordings say of one requirement: the worst of what was exercised, else that nothing was."""
    ordered = sorted(rules, key=lambda rule: _ORDER.index(rule.result))
    first = ordered[0]
    told = {"result": str(first.result), "found": first.found}
    return told | ({"exchanges": list(first.exchanges)} if first.exchanges else {})


_ORDER = (
    Result.ERROR,
    Result.FAIL,
    Result.WARN,
    Result.PASS,
    Result.REVIEW,
    Result.INCONCLUSIVE,
    Result.SKIP,
    Result.OMIT,
)


def _beside(traffic: Result, cases: Result | None) -> Result:
    """A requirement's result where both spoke: traffic that did not exercise it takes nothing from a case that did."""
    if cases is None:
        return traffic
    if traffic in (Result.INCONCLUSIVE, Result.REVIEW):
        return cases
    return rolled_up([traffic, cases])
