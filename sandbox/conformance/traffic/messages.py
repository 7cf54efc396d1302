"""Follows each message of the subject from try to try.

    NEW ──► tries under one X-Request-ID ──► answered for good
             │ the same again: RETRY                │ the same again: REPLAY
             │ another content: CHANGED             │ under another id: REPEATED
             └ under another id: RENAMED

A message is what its operation, place, employer, condition and body are; the supplier's reference tells as well that
two bodies are about the same applicant, vacancy or advert. Of a request that was cut off before its body was read, the body
is not known: it is taken for the same where all the rest is.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from sandbox.conformance.operations import Operations
from sandbox.conformance.traffic.recording import Call, Outcome

Content = tuple[str | None, ...]
"""Operation, path, employer, condition, and the digest of the body, `_UNKNOWN` where there was one that was not kept."""
_UNKNOWN = "?"
_BY_REFERENCE = frozenset({"submit_applicant", "create_vacancy", "push_advert"})


class Kind(StrEnum):
    """What a write is to those before it."""

    NEW = "new"
    RETRY = "the same again, before it was answered for good"
    CHANGED = "another message under a known id"
    REPLAY = "the same again, after it was answered for good"
    RENAMED = "the same again under another id, before it was answered for good"
    REPEATED = "the same again under another id, after it was answered for good"


@dataclass(slots=True)
class Message:
    """One message, with every try to send it."""

    content: Content
    tries: list[Call] = field(default_factory=list)
    renamed: bool = False
    """Whether it went on under another id."""

    @property
    def last(self) -> Call:
        """The last try."""
        return self.tries[-1]


@dataclass(frozen=True, slots=True)
class Turn:
    """A write, and what it is to those before it."""

    kind: Kind
    call: Call
    message: Message
    before: Call | None = None
    """The try before."""


def turns(calls: list[Call], operations: Operations) -> list[Turn]:
    """Every write of the subject that has a request id, in order."""
    follower = _Follower()
    taken = [
        follower.see(call)
        for call in calls
        if call.request_id
        and call.operation
        and call.operation in operations
        and operations[call.operation].writes
    ]
    return _with_late_renames(taken)


class _Follower:
    def __init__(self) -> None:
        self._by_id: dict[str, Message] = {}
        self._by_content: dict[Content, Message] = {}
        self._by_reference: dict[Content, Message] = {}

    def see(self, call: Call) -> Turn:
        assert call.request_id is not None
        content = _content(call)
        known = self._by_id.get(call.request_id)
        if known is not None and not _may_be_one(known.content, content):
            return Turn(Kind.CHANGED, call, Message(content, [call]), known.last)
        if known is not None:
            before = known.last
            is_answered = before.ended <= call.started and before.outcome in (
                Outcome.GOOD,
                Outcome.REFUSED,
            )
            known.tries.append(call)
            if known.content[-1] == _UNKNOWN:
                known.content = content
                self._by_content[content] = known
            return Turn(Kind.REPLAY if is_answered else Kind.RETRY, call, known, before)
        return self._under_a_new_id(call, content)

    def _under_a_new_id(self, call: Call, content: Content) -> Turn:
        alike, related = self._alike(call, content)
        message = Message(content, [call])
        self._by_id[str(call.request_id)] = message
        self._by_content[content] = message
        if call.operation in _BY_REFERENCE and call.reference:
            self._by_reference[call.operation, call.employer, call.reference] = message
        for earlier in (alike, related):
            if earlier is None or earlier.last.ended > call.started:
                continue
            if _is_open(earlier.last) and not earlier.renamed:
                earlier.renamed = True
                return Turn(Kind.RENAMED, call, message, earlier.last)
        if alike is not None and alike.last.outcome in (Outcome.GOOD, Outcome.REFUSED):
            return Turn(Kind.REPEATED, call, message, alike.last)
        return Turn(Kind.NEW, call, message)

    def _alike(self, call: Call, content: Content) -> tuple[Message | None, Message | None]:
        """The last message of the same content, and the last one of the same reference."""
        # Without a body, two messages are the same whatever they are meant for.
        alike = self._by_content.get(content) if content[-1] not in (None, _UNKNOWN) else None
        if call.operation not in _BY_REFERENCE or not call.reference:
            return alike, None
        return alike, self._by_reference.get((call.operation, call.employer, call.reference))


def _content(call: Call) -> Content:
    return (
        call.operation,
        call.path,
        call.employer,
        call.headers.get("if-match"),
        call.digest or (_UNKNOWN if call.headers.get("content-length", "0") != "0" else None),
    )


def _may_be_one(one: Content, other: Content) -> bool:
    return one[:-1] == other[:-1] and (one[-1] == other[-1] or _UNKNOWN in (one[-1], other[-1]))


def _with_late_renames(taken: list[Turn]) -> list[Turn]:
    """Finds what went on under another id by its length, where a body is not known.

    Nothing is concluded of a message that goes on under its own id, nor of two that could be the one which went on.
    """
    places: dict[tuple[Content, str | None], list[int]] = {}
    for place, turn in enumerate(taken):
        if turn.kind is Kind.NEW:
            places.setdefault(_shape(turn.call), []).append(place)
    for message in {id(turn.message): turn.message for turn in taken}.values():
        if message.content[-1] != _UNKNOWN or not _is_open(message.last):
            continue
        after = [
            place
            for place in places.get(_shape(message.last), ())
            if taken[place].call.started >= message.last.ended
        ]
        if len(after) == 1:
            message.renamed = True
            taken[after[0]] = replace(taken[after[0]], kind=Kind.RENAMED, before=message.last)
    return taken


def _shape(call: Call) -> tuple[Content, str | None]:
    """What can be compared of two calls where a body is not known."""
    return _content(call)[:-1], call.headers.get("content-length")


def _is_open(call: Call) -> bool:
    """Whether its sender does not know what came of it. After 401 it does: nothing."""
    return call.outcome is Outcome.AGAIN or (call.outcome is Outcome.UNCLEAR and call.status != 401)
