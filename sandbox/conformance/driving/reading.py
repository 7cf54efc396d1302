"""What comes of an order, by what the subject said of it. Whatever is not an answer of the contract is no answer."""

from typing import Any

import orjson

from sandbox.conformance.driving.driver import DONE, NO_ANSWER, NOT_OFFERED, REFUSED, Outcome

RUNNING = "RUNNING"
_STATES = frozenset({DONE, REFUSED, NOT_OFFERED, RUNNING})


def outcome_of(content: bytes) -> Outcome:
    """The outcome that an `ActionOutcome` tells; RUNNING where it is not over."""
    try:
        told: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Outcome(
            NO_ANSWER, reason=f"the driver answered {len(content)} bytes that are no JSON"
        )
    state = told.get("state") if isinstance(told, dict) else None
    if not isinstance(state, str) or state not in _STATES:
        return Outcome(NO_ANSWER, reason="the driver answered something that is no ActionOutcome")
    result = told.get("result")
    return Outcome(
        state,
        result if isinstance(result, dict) else {},
        str(told.get("reason", ""))[:500],
    )
