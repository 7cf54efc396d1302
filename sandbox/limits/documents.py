"""The limits of a workspace as the control contract has them (`RequestLimits`)."""

from typing import Any

from sandbox.errors import Code, Place, Refusal
from sandbox.limits.windows import Limits

_NUMBERS = ("perSecond", "perMinute")


def limits_in(document: dict[str, Any], most: Limits | None) -> Limits | str:
    """What a document sets; `most` is the most that the caller may allow itself, if anything. Raises Refusal SETTING_INVALID or
    OPERATOR_ONLY.
    """
    mode = str(document["mode"])
    given = [name for name in _NUMBERS if name in document]
    if mode != "SET":
        if given:
            raise _refused(f"/limits/{given[0]}", f"A number stands with SET, not with {mode}.")
        if mode == "OFF" and most is not None:
            raise Refusal(Code.OPERATOR_ONLY, "Only the operator turns the limits off; ask them.")
        return mode
    if len(given) < len(_NUMBERS):
        raise _refused("/limits", "SET stands with both numbers, perSecond and perMinute.")
    limits = Limits(document["perSecond"], document["perMinute"])
    if most is not None and not limits.are_within(most):
        raise Refusal(
            Code.OPERATOR_ONLY,
            f"Only the operator sets more than {most.per_second} a second and {most.per_minute} a minute; ask them.",
        )
    return limits


def limits_shown(limits: Limits | str) -> dict[str, Any]:
    """The document of what is set."""
    if isinstance(limits, str):
        return {"mode": limits}
    return {"mode": "SET", "perSecond": limits.per_second, "perMinute": limits.per_minute}


def _refused(pointer: str, detail: str) -> Refusal:
    return Refusal(Code.SETTING_INVALID, detail, places=(Place("body", pointer, detail),))
