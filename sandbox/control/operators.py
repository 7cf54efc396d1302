"""What is asked before a client is made or changed: who does it, and whence its keys would be fetched."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import Code, Place, Refusal
from sandbox.outgoing import AddressRefused
from sandbox.web.call import Call


def check_operator(call: Call) -> None:
    """Raises Refusal OPERATOR_ONLY where a client's token was sent; below level `platform` everybody is the operator."""
    if not call.is_operator:
        raise Refusal(
            Code.OPERATOR_ONLY, "Only the operator of this sandbox may do that; ask them."
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
