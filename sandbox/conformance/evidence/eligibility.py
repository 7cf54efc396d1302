"""Whether results are enough for a certificate, and of which kind. Pure: the writer and the verifier of a pack ask it alike.

Rules kept here:
- Every MUST of the role that applies to the declared features has passed. What was skipped, omitted without cause, or not seen
  at all is not enough, and neither is a suite that was left out.
- For going live a replay passed as well, and showed each MUST that only a replay can show. One with a condition counts
  only where the replay met it.
- `review` stands in the way until a reviewer has decided, a failure until it is waived. A result of `error` is never waived:
  the suite broke, and nothing is known.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from sandbox.conformance.results import Result

MANDATORY_SUITES = ("contract", "behaviour", "traffic", "resilience")
VOLUME = "volume"
_ENOUGH = frozenset({Result.PASS, Result.WARN})
_NO_HARM = _ENOUGH | {Result.OMIT}
_SAID = {
    Result.FAIL: "failed",
    Result.ERROR: "could not be judged, since the suite broke",
    Result.INCONCLUSIVE: "is inconclusive: too little was seen",
    Result.SKIP: "was skipped",
    Result.REVIEW: "waits for a reviewer's decision",
    Result.OMIT: "was omitted, though the subject declares what it is about",
}


class Kind(StrEnum):
    """What a certificate may be for."""

    NONE = "none"
    FUNCTIONAL = "functional"
    """Every suite but the one of volume."""
    GO_LIVE = "go-live"


class RequirementLike(Protocol):
    """What is asked of a record of the register."""

    @property
    def id(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def untested(self) -> str | None: ...
    @property
    def uncertified(self) -> str | None: ...
    @property
    def feature(self) -> str | None: ...
    @property
    def suite(self) -> str | None: ...
    @property
    def condition(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The kind of certificate that results are enough for; in sentences why it is none, or not for going live after a replay."""

    kind: Kind
    reasons: tuple[str, ...] = ()

    @property
    def is_certifiable(self) -> bool:
        """Whether they are enough for any."""
        return self.kind is not Kind.NONE

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {"kind": str(self.kind), "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class Excuses:
    """By requirement: what people have decided and a machine could not."""

    reviewed: Mapping[str, bool] = field(default_factory=dict)
    """Whether a reviewer found it kept."""
    waived: Collection[str] = ()

    def settle(self, name: str, result: Result) -> Result:
        """The result after what people decided."""
        if result is Result.REVIEW and name in self.reviewed:
            result = Result.PASS if self.reviewed[name] else Result.FAIL
        if name in self.waived and result is not Result.ERROR:
            return Result.PASS
        return result


NO_EXCUSES = Excuses()
NOTHING_KNOWN = Eligibility(Kind.NONE)


def eligibility(
    results: Mapping[str, Any],
    requirements: Iterable[RequirementLike],
    role: str,
    features: Collection[str],
    excuses: Excuses = NO_EXCUSES,
) -> Eligibility:
    """What `results`, of the form of results.json, are enough for, by the verifier's own register of requirements."""
    register = tuple(requirements)
    reasons = [
        *_overall(results, excuses),
        *_suites(results, excuses),
        *_requirements(results["requirements"], register, role, features, excuses),
        *_cases(results["cases"], excuses),
    ]
    if reasons:
        return Eligibility(Kind.NONE, tuple(dict.fromkeys(reasons)))
    if results["suites"].get(VOLUME) not in ("pass", "warn"):
        return Eligibility(Kind.FUNCTIONAL)
    unseen = tuple(
        f"{item.id}, a MUST for going live, was not judged by this replay."
        for item in register
        if item.suite == VOLUME
        and (item.level, item.actor, item.condition) == ("MUST", role, None)
        and item.id not in results["requirements"]
    )
    return Eligibility(Kind.FUNCTIONAL, unseen) if unseen else Eligibility(Kind.GO_LIVE)


def _overall(results: Mapping[str, Any], excuses: Excuses) -> Iterator[str]:
    overall = Result(results["overall"])
    has_excuses = bool(excuses.reviewed or excuses.waived)
    if overall not in _ENOUGH and (overall is Result.ERROR or not has_excuses):
        yield f"The run as a whole {_said(overall)}."


def _suites(results: Mapping[str, Any], excuses: Excuses) -> Iterator[str]:
    suites: Mapping[str, str] = results["suites"]
    for name in MANDATORY_SUITES:
        if name not in suites:
            yield f"The suite {name} was left out, and it is mandatory."
    if suites and all(word == Result.OMIT for word in suites.values()):
        yield "Every suite was omitted: nothing was seen."
    for name, word in suites.items():
        result = Result(word)
        if result not in _NO_HARM and not _is_settled(name, result, results["cases"], excuses):
            yield f"The suite {name} {_said(result)}."


def _is_settled(
    suite: str, result: Result, cases: Iterable[Mapping[str, Any]], excuses: Excuses
) -> bool:
    """Whether a suite came to this by cases that people have decided; the cases themselves are looked at one by one."""
    held = [case for case in cases if case.get("suite") == suite and case["result"] == result]
    return bool(held) and all(_left(case, excuses) == [] for case in held)


def _left(case: Mapping[str, Any], excuses: Excuses) -> list[str] | None:
    """What a case that did not pass leaves undecided; None where nobody decided anything about it."""
    settled = {
        name: excuses.settle(name, Result(word)) for name, word in case["requirements"].items()
    }
    if all(settled[name] == word for name, word in case["requirements"].items()):
        return None
    return [name for name, word in settled.items() if word not in _NO_HARM]


def _requirements(
    told: Mapping[str, str],
    requirements: Iterable[RequirementLike],
    role: str,
    features: Collection[str],
    excuses: Excuses,
) -> Iterator[str]:
    known: set[str] = set()
    for item in requirements:
        known.add(item.id)
        applies = item.feature is None or item.feature in features
        if item.id not in told:
            is_asked = item.level == "MUST" and item.actor == role and applies
            has_reason = item.uncertified or item.untested or item.suite
            if is_asked and not has_reason and item.id not in excuses.waived:
                yield f"{item.id}, a MUST, was not judged at all."
            continue
        result = excuses.settle(item.id, Result(told[item.id]))
        omitted_wrongly = result is Result.OMIT and item.feature is not None and applies
        if result not in _NO_HARM or (omitted_wrongly and item.level == "MUST"):
            yield f"{item.id} {_said(result)}."
    for name in told:
        if name not in known:
            yield f"{name} is no requirement that is known here."


def _cases(cases: Iterable[Mapping[str, Any]], excuses: Excuses) -> Iterator[str]:
    for case in cases:
        result = Result(case["result"])
        if result in _NO_HARM:
            continue
        left = _left(case, excuses)
        if left == []:
            continue
        about = f", which is about {', '.join(left)}," if left else ""
        yield f"The case {case['case']}{about} {_said(result)}."


def _said(result: Result) -> str:
    return _SAID.get(result, f"is {result}")
