"""The guided driver: a person does in the subject what the suite says in words; what only a person says is self-attested."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.conformance.driving.driver import DONE, NO_ANSWER, NOT_OFFERED, REFUSED, Outcome

_SAYINGS: Mapping[str, str] = {
    "START_OFFER": "Make {firstName} {lastName} an offer for the vacancy {vacancyReference}, with your reference "
    "{supplierReference}, offer date {offerDate} and start date {startDate}.",
    "ACCEPT_OFFER": "Record that the candidate of {supplierReference} accepted the offer on {offerAcceptedDate}.",
    "UPDATE_CHECK": "Record the check {checkType} of {supplierReference}: {check}.",
    "WITHDRAW": "Withdraw the application {supplierReference}: {reason}, on {withdrawnDate}.",
    "CHANGE_START_DATE": "Change the start date of {supplierReference} to {startDate}.",
    "SYNC_POSITIONS": "Load the changes of positions from ESR now.",
    "SYNC_EVENTS": "Read the feed of events from ESR to its end now.",
}
ANSWERS: Mapping[str, str] = {
    "d": DONE,
    "done": DONE,
    "r": REFUSED,
    "refused": REFUSED,
    "n": NOT_OFFERED,
    "not-possible": NOT_OFFERED,
}
"""What a person may answer, in small letters."""

Ask = Callable[[str], str]
"""Says a sentence to a person and waits, with a visible deadline; answers what they typed, or nothing."""


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"({key})"


class GuidedDriver:
    """A subject without a driver, and a person in front of it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def perform(self, hook: str, arguments: Mapping[str, Any], say: str = "") -> Outcome:
        """Has a person do it. What the subject itself would report is not asked of a person: it stays for review."""
        if not say and hook not in _SAYINGS:
            return Outcome(NOT_OFFERED, reason=f"{hook} is for a machine to tell")
        words = _Blank({**dict(arguments.get("person", {})), **arguments})
        sentence = say or _SAYINGS[hook].format_map(words)
        told = self._ask(sentence).strip().lower()
        if told not in ANSWERS:
            return Outcome(NO_ANSWER, reason="nobody answered in time")
        return Outcome(ANSWERS[told], self_attested=True)
