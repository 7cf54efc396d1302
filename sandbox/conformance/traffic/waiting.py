"""Trying again: when, how often, and that it is done at all."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise

from sandbox.conformance.traffic.messages import Kind, Message, Turn
from sandbox.conformance.traffic.recording import Call, Outcome
from sandbox.conformance.traffic.request_ids import MessageRule
from sandbox.conformance.traffic.rule import Context, Rule

_EARLY = 0.25
"""Seconds by which a wait may fall short of what was asked for: clocks are read at both ends."""
_ON_ITS_WAY = 0.5
"""Seconds after 429 in which a call may come that was made before the answer was read."""
_AT_ONCE = 0.02
"""A client's own library may send once more at once, where a connection was found closed."""
_LOOKED_AT = 50
"""Calls within one wait that are looked at: the first are enough to tell."""
_LONG_ENOUGH = 5.0
_GROWS = 1.2


def _asks_to_wait(call: Call) -> bool:
    return call.status in (429, 503)


class _GivenUp:
    """Messages that were not sent again, though they had to be."""

    def __init__(self, context: Context, taken: Iterable[Turn]) -> None:
        self._context = context
        self._messages: dict[int, Message] = {}
        self._overtaken: dict[tuple[str, str], float] = {}
        for turn in taken:
            self._messages[id(turn.message)] = turn.message
            if turn.call.succeeded and turn.call.method != "POST":
                self._overtaken[turn.call.method, turn.call.path] = turn.call.started

    def last_tries(self) -> list[Call]:
        """The last try of each message that was given up."""
        return [
            message.last
            for message in self._messages.values()
            if not message.renamed and self._is_given_up(message.last)
        ]

    def _is_given_up(self, last: Call) -> bool:
        due = last.ended + (last.retry_after or 0.0) + self._context.facts.patience
        return (
            last.outcome is Outcome.AGAIN
            and self._context.end >= due
            # A newer state of the same thing has taken its place.
            and self._overtaken.get((last.method, last.path), 0.0) < last.started
        )


class WaitsAsAsked(MessageRule):
    """429 and 503: waits for Retry-After, then sends the same again. Reads wait as well."""

    judges = ("ESR-REQ-030",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reads: dict[tuple[str, str], Call] = {}

    def see(self, call: Call) -> None:
        if call.method == "GET":
            before = self._reads.get((call.path, call.query))
            if before is not None and _asks_to_wait(before) and before.retry_after is not None:
                self._judge(before, call)
            self._reads[call.path, call.query] = call

    def over(self, taken: list[Turn]) -> None:
        for turn in taken:
            before = turn.before
            if (
                before is not None
                and turn.kind in (Kind.RETRY, Kind.RENAMED)
                and _asks_to_wait(before)
            ):
                self._judge(before, turn.call)
        for last in _GivenUp(self.context, taken).last_tries():
            if _asks_to_wait(last):
                self.tally.breach(_given_up(last), last)

    def _judge(self, before: Call, call: Call) -> None:
        waited = call.started - before.ended
        asked = before.retry_after or 0.0
        if waited < 0:  # It was sent before the answer was known.
            return
        if waited < asked - _EARLY:
            self.tally.breach(
                f"Expected a wait of {asked:g} s after {before}, which was answered {before.status} with Retry-After, but "
                f"exchange {call.id} came after {waited:.1f} s.",
                before,
                call,
            )
        else:
            self.tally.held += 1


class TriesAgainAfterAFailure(MessageRule):
    """500, another server fault, or no answer: the same again under the same id."""

    judges = ("ESR-REQ-032",)

    def over(self, taken: list[Turn]) -> None:
        for turn in taken:
            before = turn.before
            if before is None or not _has_failed(before):
                continue
            if turn.kind is Kind.RETRY:
                self.tally.held += 1
            elif turn.kind is Kind.RENAMED:
                self.tally.breach(
                    f"Expected {before}, which was answered {before.status or 'not at all'}, to be sent again under its "
                    f"X-Request-ID, but exchange {turn.call.id} has another.",
                    before,
                    turn.call,
                )
        for last in _GivenUp(self.context, taken).last_tries():
            if _has_failed(last):
                self.tally.breach(_given_up(last), last)


def _has_failed(call: Call) -> bool:
    return call.status == 0 or (call.status >= 500 and call.status != 503)


def _given_up(last: Call) -> str:
    answered = f"answered {last.status}" if last.status else "not answered"
    return f"Expected {last}, which was {answered}, to be sent again, but it never was."


class StopsWhenLimited(Rule):
    """After 429, no other call either until the time is up."""

    judges = ("ESR-REQ-037",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._calls: list[Call] = []

    def see(self, call: Call) -> None:
        self._calls.append(call)

    def close(self) -> None:
        starts = [call.started for call in self._calls]
        for limited in self._calls:
            asked = limited.retry_after if limited.status == 429 else None
            if not asked:
                continue
            first = bisect_right(starts, limited.ended + _ON_ITS_WAY)
            after = bisect_left(starts, limited.ended + asked - _EARLY)
            others = [
                call
                for call in self._calls[first : min(after, first + _LOOKED_AT)]
                if call.request_id is None or call.request_id != limited.request_id
            ]
            if others:
                self.tally.breach(
                    f"Expected no call for {asked:g} s after {limited}, which was answered 429, but {others[0]} came after "
                    f"{others[0].started - limited.ended:.1f} s.",
                    limited,
                    *others,
                )
            elif after < len(starts):
                self.tally.held += 1


class BacksOff(MessageRule):
    """Failures that name no time to wait: the waits grow, and nothing is hammered."""

    judges = ("ESR-REQ-038",)

    def over(self, taken: list[Turn]) -> None:
        for message in {id(turn.message): turn.message for turn in taken}.values():
            series = [
                (call, call.started - before.ended)
                for before, call in zip(message.tries, message.tries[1:], strict=False)
                if before.outcome is Outcome.AGAIN and before.retry_after is None
            ]
            self._judge([(call, gap) for call, gap in series if gap >= 0])

    def _judge(self, series: list[tuple[Call, float]]) -> None:
        for (_, gap), (call, following) in pairwise(series):
            if gap < _AT_ONCE and following < _AT_ONCE:
                self.tally.breach(
                    f"Expected a wait before {call} is sent again, but it came at once, twice running.",
                    *(call for call, _ in series),
                )
                return
        gaps = [gap for _, gap in series if gap >= _AT_ONCE]
        if len(gaps) < 2:
            return
        waits = ", ".join(f"{gap:.1f}" for gap in gaps[:8])
        longest = max(gaps[-2:])
        if longest >= _LONG_ENOUGH or gaps[-1] >= _GROWS * gaps[0]:
            self.tally.held += 1
        elif len(gaps) >= 3 and longest < _GROWS * min(gaps[:2]):
            self.tally.breach(
                f"Expected longer waits from try to try of {series[0][0]}, but they were {waits} s.",
                *(call for call, _ in series),
            )
