"""How the result of a write comes back to whoever waits for it.

A thread waits on a `concurrent.futures.Future`. A coroutine waits on a future of its event loop, which only the loop
itself may touch: the results of one group of writes are handed over together, so that the loop is woken once.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol


class Receipt(Protocol):
    """What a writer fills in, once, in its own thread."""

    def set_running_or_notify_cancel(self) -> bool:
        """Whether somebody still waits; from then on the wait cannot be given up."""

    def done(self) -> bool:
        """Whether it is filled in."""

    def set_result(self, result: Any, /) -> None:
        """Fills in a result."""

    def set_exception(self, exception: BaseException | None, /) -> None:
        """Fills in a failure."""


class Awaited:
    """The receipt of a coroutine."""

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        self.future = future
        self._result: Any = None
        self._exception: BaseException | None = None
        self._done = False

    def set_running_or_notify_cancel(self) -> bool:
        """See Receipt."""
        return not self.future.cancelled()

    def done(self) -> bool:
        """See Receipt."""
        return self._done

    def set_result(self, result: Any, /) -> None:
        """See Receipt."""
        self._result, self._done = result, True

    def set_exception(self, exception: BaseException | None, /) -> None:
        """See Receipt."""
        self._exception, self._done = exception, True

    def deliver(self) -> None:
        """Hands the outcome on, in the event loop's own thread."""
        if self.future.done():
            return
        if self._exception is not None:
            self.future.set_exception(self._exception)
        else:
            self.future.set_result(self._result)


def deliver(receipts: Iterable[Receipt]) -> None:
    """Wakes each event loop once with all that it waits for. May be called from any thread."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Awaited]] = {}
    for receipt in receipts:
        if isinstance(receipt, Awaited):
            by_loop.setdefault(receipt.future.get_loop(), []).append(receipt)
    for loop, awaited in by_loop.items():
        with suppress(RuntimeError):  # The loop has ended, and with it whoever waited.
            loop.call_soon_threadsafe(_deliver, awaited)


def _deliver(awaited: list[Awaited]) -> None:
    for receipt in awaited:
        receipt.deliver()
