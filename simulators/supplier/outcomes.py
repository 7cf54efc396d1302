"""What becomes of ESR's definite answers to our messages."""

import sqlite3
import time
from typing import Any

from simulators.supplier import applications, messages
from simulators.supplier.answers import Answer
from simulators.supplier.events import Events
from simulators.supplier.messages import (
    AMEND,
    CHECK,
    DONE,
    READ,
    REFUSED,
    SUBMIT,
    WITHDRAW,
    Message,
    Problem,
)
from simulators.supplier.policies import Policies
from simulators.supplier.storage import Storage

_CONFLICT = 409


class Outcomes:
    """Takes what ESR has answered into our records, in one transaction with the end of the message."""

    def __init__(self, storage: Storage, policies: Policies, events: Events) -> None:
        self._storage = storage
        self._policies = policies
        self._events = events

    def settle(self, message: Message, answer: Answer) -> None:
        """Ends a message with a definite answer: done, refused, or begun anew on another version."""
        with self._storage.transaction() as database:
            applications.add_message_codes(
                database, message.supplier_reference, answer.message_codes
            )
            if answer.is_success:
                self._done(database, message, answer)
            elif self._policies.begins_anew(message, answer):
                due_at = time.time() + self._policies.wait_seconds(message.failures + 1, answer)
                messages.begin_anew(database, message, self._policies.new_request_id(), due_at)
            elif message.kind == READ:
                messages.end(database, message, DONE)
            else:
                self._refused(database, message, Problem(answer.code, answer.detail), answer.status)

    def give_up(self, message: Message, problem: Problem) -> None:
        """Ends a message that is not to be sent any more."""
        with self._storage.transaction() as database:
            self._refused(database, message, problem, 0)

    def take_over(self, message: Message, document: dict[str, Any]) -> None:
        """Holds an `Applicant` that was read."""
        with self._storage.transaction() as database:
            self._take_applicant(database, message.supplier_reference, document)

    def _done(self, database: sqlite3.Connection, message: Message, answer: Answer) -> None:
        document = answer.document or {}
        reference = message.supplier_reference
        if message.kind == SUBMIT:
            number = document.get("applicantNumber")
            if not isinstance(number, str):
                problem = Problem("ANSWER_INCOMPLETE", "ESR took the applicant and gave no number.")
                self._refused(database, message, problem, answer.status)
                return
            applications.name_applicant(database, reference, number)
            # A confirmation does not say which status the applicant has.
            messages.enqueue(database, READ, reference, self._policies.new_request_id())
        messages.end(database, message, DONE)
        if message.kind == SUBMIT:
            self._events.apply_waiting(database, reference)
        elif message.kind in (AMEND, WITHDRAW, READ):
            self._take_applicant(database, reference, document)
        elif message.kind == CHECK:
            self._take_check(database, reference, document)

    def _refused(
        self, database: sqlite3.Connection, message: Message, problem: Problem, status: int
    ) -> None:
        """Keeps the problem for people. It is never sent again by itself: the answer would be the same."""
        messages.end(database, message, REFUSED, problem)
        reference = message.supplier_reference
        if message.kind == SUBMIT:
            messages.refuse_rest(database, reference, problem)
        elif status == _CONFLICT:
            # Our picture of the applicant is out of date.
            messages.enqueue(database, READ, reference, self._policies.new_request_id())

    def _take_applicant(
        self, database: sqlite3.Connection, reference: str, document: dict[str, Any]
    ) -> None:
        held = applications.find(database, reference)
        version = document.get("version")
        if (
            held is not None
            and isinstance(version, int)
            and self._policies.is_newer(version, held.version)
        ):
            applications.take_over(database, held, document)

    def _take_check(
        self, database: sqlite3.Connection, reference: str, document: dict[str, Any]
    ) -> None:
        told = {"checkType": document.get("checkType"), "state": document.get("state")}
        version = document.get("version")
        if not all(isinstance(text, str) for text in told.values()) or not isinstance(version, int):
            return
        held = applications.check_version(database, reference, str(told["checkType"]))
        if self._policies.is_newer(version, held):
            applications.take_over_check(database, reference, document)
