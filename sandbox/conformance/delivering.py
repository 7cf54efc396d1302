"""A delivery that the suite makes up and sends to the subject's receiver itself, well signed or altered on purpose."""

from base64 import b64encode
from typing import Any

import httpx
import orjson

from sandbox.conformance.scene import CannotArrange, Scene

_DIGEST, _INPUT, _SIGNATURE = "content-digest", "signature-input", "signature"
_OUT_OF_DATE_SECONDS, _AHEAD_SECONDS = 3600, -3600


def deliver(scene: Scene, event: dict[str, Any], alter: str) -> httpx.Request:
    """The request. Raises Unbound where nobody signs here, CannotArrange where it cannot be signed."""
    address = f"{scene.addresses['receiver']}/events"
    body = orjson.dumps(event)
    wanted: dict[str, Any] = {"url": address, "body": b64encode(body).decode()}
    if alter == "EXPIRED_SIGNATURE":
        wanted["createdSecondsAgo"] = _OUT_OF_DATE_SECONDS
    elif alter == "FUTURE_SIGNATURE":
        wanted["createdSecondsAgo"] = _AHEAD_SECONDS
    elif alter == "UNKNOWN_KEY":
        wanted["key"] = "UNKNOWN"
    elif alter == "OTHER_ADDRESS":
        wanted["url"] = f"{address}/elsewhere"
    answer = scene.control("POST", "/esr/event-signatures", wanted)
    if answer.status_code != 200:
        raise CannotArrange(f"the sandbox did not sign: {answer.text[:300]}")
    headers = {name.lower(): text for name, text in answer.json()["headers"].items()}
    content = _altered(alter, body, headers)
    # The length is that of what is sent, whatever was signed.
    headers.pop("content-length", None)
    return scene.client.build_request("POST", address, headers=headers, content=content)


def _altered(alter: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Alters the headers in place, and answers the body to send."""
    if alter == "UNSIGNED":
        del headers[_INPUT], headers[_SIGNATURE]
    elif alter == "NO_DIGEST":
        del headers[_DIGEST]
    elif alter == "BAD_SIGNATURE":
        label, _, rest = headers[_SIGNATURE].partition("=:")
        first = "A" if rest[0] != "A" else "B"
        headers[_SIGNATURE] = f"{label}=:{first}{rest[1:]}"
    elif alter == "UNCOVERED":
        headers[_INPUT] = headers[_INPUT].replace(' "content-digest"', "")
    elif alter == "BODY_ALTERED":
        return body.replace(b'"specversion"', b' "specversion"', 1)
    return body
