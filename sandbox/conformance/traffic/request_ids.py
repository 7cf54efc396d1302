"""Request ids: one for each message, the same for each try, and no message twice that was answered for good."""

import re
from collections import Counter

from sandbox.conformance.traffic.messages import Kind, Turn
from sandbox.conformance.traffic.recording import Call, Outcome
from sandbox.conformance.traffic.rule import Rule

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_MAKES_SOMETHING = frozenset(
    {"submit_applicant", "amend_applicant", "withdraw_applicant", "create_vacancy", "push_advert"}
)
"""Operations that nobody means twice with one and the same body."""
_TIMES_REFUSED = 3


class EveryWriteHasAnId(Rule):
    """UUID form, and there at all."""

    judges = ("ESR-REQ-001",)

    def see(self, call: Call) -> None:
        operations = self.context.operations
        name = call.operation
        if not name or name not in operations or call.system != self.system:
            return
        if not operations[name].writes:
            return
        if call.request_id is None:
            self.tally.breach(f"Expected a UUID as X-Request-ID, but {call} has none.", call)
        elif _UUID.fullmatch(call.request_id):
            self.tally.held += 1
        elif "," not in call.request_id:  # Sent twice, it is another requirement's.
            self.tally.breach(
                f"Expected a UUID as X-Request-ID, but {call} has {call.request_id[:60]!r}.", call
            )


class EveryWriteToNhsJobsHasAnId(EveryWriteHasAnId):
    judges = ("NHSJ-REQ-003",)
    system = "nhs-jobs"


class MessageRule(Rule):
    """A rule over the turns that a subject's writes take."""

    def close(self) -> None:
        self.over([turn for turn in self.context.turns if turn.call.system == self.system])

    def over(self, taken: list[Turn]) -> None:
        """Tallies over every write in order."""
        raise NotImplementedError


class SameIdForTheSameMessage(MessageRule):
    """A try again has the id of the first."""

    judges = ("ESR-REQ-002",)

    def over(self, taken: list[Turn]) -> None:
        for turn in taken:
            if turn.kind is Kind.RETRY:
                self.tally.held += 1
            elif turn.kind is Kind.RENAMED and turn.before is not None:
                self.tally.breach(
                    f"Expected the X-Request-ID of {turn.before}, which was answered {turn.before.status}, but {turn.call} "
                    "sends the message again under another.",
                    turn.before,
                    turn.call,
                )


class AnotherIdForAnotherMessage(MessageRule):
    """An id stays with its message. With one message alone there is nothing to tell."""

    judges = ("ESR-REQ-003",)
    codes_count = True

    def over(self, taken: list[Turn]) -> None:
        ids = set()
        for turn in taken:
            if turn.kind is Kind.CHANGED and turn.before is not None:
                self.tally.breach(
                    f"Expected a new X-Request-ID for a new message, but {turn.call} has that of {turn.before}, another one.",
                    turn.before,
                    turn.call,
                )
            else:
                ids.add(turn.call.request_id)
        self.tally.held = len(ids) if len(ids) > 1 else 0


class AnotherIdForAnotherMessageToNhsJobs(AnotherIdForAnotherMessage):
    judges = ("NHSJ-REQ-002",)
    system = "nhs-jobs"


class NothingTwice(MessageRule):
    """What was answered for good is not sent again."""

    judges = ("ESR-REQ-036",)

    def over(self, taken: list[Turn]) -> None:
        refused: Counter[tuple[object, ...]] = Counter()
        ended: dict[str | None, float] = {}
        answered = set()
        for turn in taken:
            if turn.call.operation == "withdraw_applicant" and turn.call.succeeded:
                ended[turn.call.applicant] = turn.call.started
            if turn.call.outcome in (Outcome.GOOD, Outcome.REFUSED):
                answered.add(id(turn.message))
            if turn.before is not None and self._is_a_replay(turn, refused, ended):
                self.tally.breach(
                    f"Expected {turn.before}, which was answered {turn.before.status}, not to be sent again, but it was, as "
                    f"exchange {turn.call.id}.",
                    turn.before,
                    turn.call,
                )
        self.tally.held = len(answered)

    def _is_a_replay(
        self, turn: Turn, refused: Counter[tuple[object, ...]], ended: dict[str | None, float]
    ) -> bool:
        before = turn.before
        if turn.kind is Kind.REPLAY:
            return True
        if turn.kind is not Kind.REPEATED or before is None:
            return False
        if before.outcome is Outcome.REFUSED:
            # Somebody may have mended what was in the way, so that it is right to send it once more.
            key = (*turn.message.content, before.problem.get("code"))
            refused[key] += 1
            return refused[key] >= _TIMES_REFUSED - 1 and turn.call.status == before.status
        went = ended.get(before.applicant, 0.0) if before.applicant else 0.0
        return turn.call.operation in _MAKES_SOMETHING and went < before.started
