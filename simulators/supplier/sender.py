"""Sends what waits: each application's messages in their order, several applications at once, until ESR has answered for good.

A message that has no definite answer is tried again, the same under the same request id, after a wait that grows. A definite
answer ends it: done, or refused and kept for people. Nothing is given up for lack of an answer.
"""

import asyncio
import logging
import time
from dataclasses import replace

from simulators.supplier import messages
from simulators.supplier.answers import NONE_CAME, Answer
from simulators.supplier.connection import Connection
from simulators.supplier.messages import READ, SUBMIT, Message, Problem
from simulators.supplier.organisations import Organisations
from simulators.supplier.outcomes import Outcomes
from simulators.supplier.policies import Policies
from simulators.supplier.settings import Settings
from simulators.supplier.storage import Storage

logger = logging.getLogger(__name__)

_NO_ANSWER = Answer(NONE_CAME)
_NOT_ENABLED = "INTERFACE_NOT_ENABLED"


class Sender:
    """The background worker that empties the outbox."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        connection: Connection,
        policies: Policies,
        organisations: Organisations,
        outcomes: Outcomes,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._connection = connection
        self._policies = policies
        self._organisations = organisations
        self._outcomes = outcomes
        self._news = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Has the worker look for messages: something was put into the outbox."""
        self._news.set()

    async def run(self) -> None:
        """Works until it is cancelled."""
        try:
            while True:
                self._news.clear()
                wait = self._begin_what_is_due()
                try:
                    await asyncio.wait_for(self._news.wait(), wait)
                except TimeoutError:
                    continue
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def waiting(self) -> list[Message]:
        """The message of each application that goes next, the one that is due first in front."""
        return messages.next_of_each(self._storage.connection)

    def _begin_what_is_due(self) -> float | None:
        """Begins to send what is due; answers the seconds until more is, or None to wait for news."""
        now = time.time()
        for message in self.waiting():
            application = message.supplier_reference
            if application in self._under_way:
                continue
            if message.due_at > now:
                return message.due_at - now
            if len(self._under_way) >= self._settings.at_once:
                return None
            task = asyncio.create_task(self._try(message))
            self._under_way[application] = task
            task.add_done_callback(lambda _, done=application: self._ended(done))  # type: ignore[misc]
        return None

    def _ended(self, application: str) -> None:
        del self._under_way[application]
        self.wake()

    async def _try(self, message: Message) -> None:
        try:
            await self.attempt(message)
        except Exception:
            # One message that cannot be handled must not hold up those of other applications.
            logger.exception("message %d failed", message.message_id)
            self._postpone(message, _NO_ANSWER)

    async def attempt(self, message: Message) -> None:
        """One try of one message, with the readings that it needs first."""
        if message.kind != SUBMIT and message.applicant_number is None:
            self._outcomes.give_up(
                message, Problem("APPLICANT_NOT_LOADED", "ESR has no applicant.")
            )
            return
        # Only what has not gone out yet can be held back: of what has, the outcome must be learnt.
        if message.tries == 0 and message.kind != READ and not await self._is_enabled(message):
            return
        if self._policies.reads_before(message):
            prepared = await self._read_before(message)
            if prepared is None:
                return
            message = prepared
        with self._storage.transaction() as database:
            messages.note_try(database, message)
        answer = await self._connection.send(
            self._policies.method(message),
            self._policies.path(message),
            self._policies.headers(message),
            None if message.kind == READ else self._policies.body(message),
        )
        if not self._policies.is_definite(answer):
            self._postpone(message, answer)
            return
        if answer.code == _NOT_ENABLED:
            self._organisations.forget(message.ods_code)
        self._outcomes.settle(message, answer)

    async def _is_enabled(self, message: Message) -> bool:
        """Whether the employer takes such messages; else the message waits until it does, and people are told why."""
        organisation, failed = await self._organisations.read(message.ods_code)
        if failed is not None:
            self._postpone(message, failed)
            return False
        reason = self._policies.reason_not_to_send(message, organisation)
        if reason is not None:
            self._organisations.forget(message.ods_code)
            self._postpone(message, _NO_ANSWER, Problem(_NOT_ENABLED, f"Held back. {reason}"))
        return reason is None

    async def _read_before(self, message: Message) -> Message | None:
        """The message with the version that it builds on; None where it does not go out now."""
        path = self._policies.path(message)
        answer = await self._connection.get(path, message.ods_code)
        if not self._policies.is_definite(answer):
            self._postpone(message, answer)
            return None
        if not answer.is_success or answer.document is None:
            self._outcomes.settle(message, answer)
            return None
        self._outcomes.take_over(message, answer.document)
        status = answer.document.get("status")
        if not self._policies.is_open(status):
            detail = f"Not sent: ESR has the applicant as {status}."
            self._outcomes.give_up(message, Problem("APPLICATION_ENDED", detail))
            return None
        return replace(message, if_match=self._policies.if_match(answer))

    def _postpone(self, message: Message, answer: Answer, problem: Problem | None = None) -> None:
        due_at = time.time() + self._policies.wait_seconds(message.failures + 1, answer)
        with self._storage.transaction() as database:
            messages.postpone(database, message, due_at, problem)
