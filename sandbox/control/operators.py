"""What is asked before others could feel it: who does it, how much it is, and whence keys would be fetched."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import Code, Place, Refusal
from sandbox.outgoing import AddressRefused
from sandbox.web.call import Call

MOST_POSITIONS = 20_000
"""Of a world that a client fills by itself: while its rows are written, other tenants' writes wait."""


def check_operator(call: Call) -> None:
    """Raises Refusal OPERATOR_ONLY where a client's token was sent; below level `platform` everybody is the operator."""
    if not call.is_operator:
        raise Refusal(
            Code.OPERATOR_ONLY, "Only the operator of this sandbox may do that; ask them."
        )


def check_world_size(call: Call) -> None:
    """Raises Refusal OPERATOR_ONLY where a client asks for a world so large that others would feel it."""
    positions = call.body["organisations"] * call.body["positionsPerOrganisation"]
    if positions > MOST_POSITIONS and not call.is_operator:
        raise Refusal(
            Code.OPERATOR_ONLY,
            f"Only the operator makes a world of more than {MOST_POSITIONS:,} positions; this one has {positions:,}. "
            "Ask for fewer, or ask them.",
        )


async def check_keys_address(keys: dict[str, Any], call: Call, place: str = "") -> None:
    """Raises Refusal SETTING_INVALID where the keys' address is none from which the sandbox may fetch."""
    url = keys.get("jwksUrl")
    if url is None:
        return
    try:
        await call.runtime.outgoing.check(url)
        if urlsplit(url).path in {"", "/"}:
            raise AddressRefused("the address of a key set has a path")
    except AddressRefused as problem:
        detail = f"Keys cannot be fetched from there: {problem}."
        raise Refusal(
            Code.SETTING_INVALID, detail, places=(Place("body", f"{place}/jwksUrl", detail),)
        ) from problem
