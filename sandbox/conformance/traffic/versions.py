"""Conditional updates: read first, build on what was read, and read again when it is no longer so.

For each applicant: the versions that the subject was given, when, and whether by reading; and since when it knows (412) that
the one it holds is stale.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from sandbox.conformance.traffic.messages import Kind
from sandbox.conformance.traffic.recording import Call, Delivery, Outcome
from sandbox.conformance.traffic.rule import Context, Rule

_TAG = re.compile(r'"([0-9]{1,10})"', re.ASCII)
_AMEND = "amend_applicant"
_AT_THE_SAME_TIME = 0.05
_KEPT_TO = 0.001
"""Seconds to which the moment of a call is kept: what began may have begun this much later."""


@dataclass(slots=True)
class _Applicant:
    first: dict[int, float] = field(default_factory=dict)
    """By version: when it was first given."""
    reads: list[tuple[float, int]] = field(default_factory=list)
    """When an answer of ESR, not an event, gave which version."""
    newest: list[int] = field(default_factory=list)
    """By place in `reads`: the newest version up to there."""

    def give(self, version: int, at: float, *, is_read: bool) -> None:
        self.first[version] = min(at, self.first.get(version, at))
        if is_read:
            self.reads.append((at, version))

    def knows(self, version: int, by: float) -> bool:
        return version in self.first and self.first[version] <= by + _AT_THE_SAME_TIME

    def newest_read(self, by: float) -> int:
        """The newest version that an answer gave; 0 for none."""
        if len(self.newest) < len(self.reads):
            self.reads.sort()
            self.newest = list(accumulate((version for _, version in self.reads), max))
        place = bisect_right(self.reads, by, key=_when)
        return self.newest[place - 1] if place else 0

    def read_between(self, begin: float, end: float) -> bool:
        self.reads.sort()
        place = bisect_left(self.reads, begin, key=_when)
        return place < len(self.reads) and self.reads[place][0] <= end + _KEPT_TO


def _when(read: tuple[float, int]) -> float:
    return read[0]


class _VersionRule(Rule):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._applicants: dict[str, _Applicant] = {}
        self._amendments: list[Call] = []

    def see(self, call: Call) -> None:
        if call.operation == _AMEND and call.system == "esr":
            self._amendments.append(call)
        if call.succeeded and call.system == "esr":
            tag = _version(call.answer_headers.get("etag"))
            if tag is not None and call.applicant:
                self._give(call.applicant, tag, call.ended, is_read=call.outcome is Outcome.GOOD)
            # What was lost on its way was not read, though it may be known.
            is_read = call.operation != "list_events" and call.outcome is Outcome.GOOD
            for number, version in _versions(call.answer):
                self._give(number, version, call.ended, is_read=is_read)

    def take(self, delivery: Delivery) -> None:
        for number, version in _versions(delivery.event):
            self._give(number, version, delivery.call.started, is_read=False)

    def _give(self, number: str, version: int, at: float, *, is_read: bool) -> None:
        self._applicants.setdefault(number, _Applicant()).give(version, at, is_read=is_read)

    def _held(self, call: Call) -> _Applicant:
        return self._applicants.get(_number(call), _Applicant())


class AmendsWhatItRead(_VersionRule):
    """If-Match is there, was given, and is not older than what the subject has read since."""

    judges = ("ESR-REQ-015",)

    def close(self) -> None:
        amendments = [item for item in self.context.turns if item.call.operation == _AMEND]
        for turn in amendments:
            if turn.kind is Kind.RETRY or self.context.provoked(turn.call):
                continue
            wrong = self._wrong(turn.call)
            if wrong:
                self.tally.breach(
                    f"Expected the ETag that was read as If-Match, but {wrong}.", turn.call
                )
            elif wrong is not None:
                self.tally.held += 1

    def _wrong(self, call: Call) -> str | None:
        """What is wrong with the condition of an amendment; empty for nothing, None where it was not kept."""
        sent = call.headers.get("if-match")
        if sent is None:
            missing = call.headers or call.status == 428
            return f"{call} has none" if missing else None
        version, held = _version(sent), self._held(call)
        if version is None:
            return f"{call} has {sent[:40]!r}, which is no ETag of ESR"
        if not held.knows(version, call.started):
            if not self.facts.complete and not held.first:
                return None
            return f"{call} has {sent}, which the subject was never given for this applicant"
        newest = held.newest_read(call.started)
        if version < newest:
            return f'{call} has {sent}, though the subject had read "{newest}" since'
        return ""


class ReadsAgainWhenStale(_VersionRule):
    """After 412 the applicant is read before the next amendment."""

    judges = ("ESR-REQ-016",)

    def close(self) -> None:
        stale: dict[str, Call] = {}
        for call in self._amendments:
            number = _number(call)
            before = stale.get(number)
            if before is not None and before.ended <= call.started:
                if self._held(call).read_between(before.ended, call.started):
                    self.tally.held += 1
                else:
                    self.tally.breach(
                        f"Expected the applicant to be read again after {before} was answered 412, but {call} came without.",
                        before,
                        call,
                    )
                del stale[number]
            if call.status == 412:
                stale[number] = call


def _number(call: Call) -> str:
    return call.applicant or call.path.rsplit("/", 1)[-1]


def _version(tag: str | None) -> int | None:
    found = _TAG.fullmatch(tag or "")
    return int(found[1]) if found else None


def _versions(document: Any) -> Iterator[tuple[str, int]]:
    """Every applicant in an answer or an event with the version that it tells."""
    if not isinstance(document, Mapping):
        return
    held = [document, document.get("data")]
    for name in ("applicants", "events"):
        listed = document.get(name)
        held += listed if isinstance(listed, list) else []
    for item in held:
        told = item.get("data", item) if isinstance(item, Mapping) else None
        if isinstance(told, Mapping):
            number, version = told.get("applicantNumber"), told.get("version")
            if isinstance(number, str) and type(version) is int:
                yield number, version
