"""Has a request suffer the faults that strike it."""

import asyncio
from collections.abc import Iterable

from sandbox.faults.rules import Strike
from sandbox.web.call import Call
from sandbox.web.reply import Reply
from sandbox.web.spoiling import reply_instead, spoil_of


async def suffer(call: Call, strikes: Iterable[Strike]) -> Reply | None:
    """Waits, refuses, or sees to it that the answer comes late or spoiled; what is answered with nothing done, if anything.

    Raises Refusal where a fault is one.
    """
    for strike in strikes:
        call.runtime.meter.fault_struck(strike.kind)
        instead = reply_instead(strike)
        if instead is not None:
            return instead
        if strike.kind == "DELAY":
            await asyncio.sleep(strike.delay)
        elif strike.kind == "DELAY_ANSWER":
            call.hold_seconds = strike.delay
        elif strike.kind == "SLOW_BODY":
            call.spread_seconds = strike.delay
        else:
            call.spoil = spoil_of(strike)
    return None
