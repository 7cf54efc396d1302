"""What a fault does to one attempt to deliver an event."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from sandbox.faults.documents import ADDED_VALUE, with_added_property, with_new_value
from sandbox.faults.rules import DELIVERIES, Strike, Struck
from sandbox.outbox.store import Message

HELD = "/held"
"""What the lane of a delivery ends with that lets those behind it go first."""
_REORDER = frozenset({"REORDER"})
HOLDS_BACK = _REORDER | {"LATE"}
"""The kinds of fault with which nothing is sent for now."""
LONGEST_HOLD = timedelta(hours=1)
"""World time for which a delivery waits for another one to overtake it."""

_EXPIRED = timedelta(hours=1)
_OF_SIGNATURE = frozenset({"content-digest", "signature", "signature-input"})


@dataclass(frozen=True, slots=True)
class Signing:
    """How an attempt is signed; other than well only where a fault asks for it."""

    age: timedelta = timedelta()
    """How long ago the signature claims to have been made."""
    with_unknown_key: bool = False


WELL = Signing()


def struck_by(message: Message, *, overtakes: bool) -> Struck:
    """A delivery as the rules see it.

    What was held back is not held back a second time: it might never arrive. Nor is one that is to overtake another.
    """
    event = orjson.loads(message.body)
    was_held = message.lane.endswith(HELD) or (
        message.attempts == 0 and message.due_at != event["time"]
    )
    spared = HOLDS_BACK if was_held else _REORDER if overtakes else frozenset[str]()
    return Struck(DELIVERIES, event["type"], {}, message.lane.partition("/")[0], spared)


def held_until(strike: Strike, message: Message, now: datetime) -> tuple[datetime, str]:
    """Until when, at the latest, and in which lane a delivery that is not sent for now waits."""
    if strike.kind == "LATE":
        return now + timedelta(seconds=strike.document["delaySeconds"]), message.lane
    return now + LONGEST_HOLD, f"{message.lane}{HELD}"


def lanes_beside(message: Message) -> str:
    """What the lanes of all deliveries to the same subscription begin with."""
    return f"{message.lane.partition('/')[0]}/"


def signing_of(strike: Strike) -> Signing:
    """How the attempt is signed."""
    if strike.kind == "EXPIRED_SIGNATURE":
        return Signing(age=_EXPIRED)
    return Signing(with_unknown_key=strike.kind == "UNKNOWN_KEY")


def body_to_sign(strike: Strike, body: bytes) -> bytes:
    """The body that is signed: another event where the fault makes one of it."""
    event = orjson.loads(body)
    if strike.kind == "ADD_PROPERTY":
        # The name of an attribute of an event is in lower case (CloudEvents 1.0, section 3.1).
        event = {**event, "data": with_added_property(event["data"]), "addedlater": ADDED_VALUE}
    elif strike.kind == "NEW_ENUM_VALUE":
        name = strike.document.get("property", "status")
        event["data"] = with_new_value(event["data"], name)
    elif strike.kind == "UNKNOWN_TYPE":
        event["type"] = f"{event['type'].partition('.')[0]}.added-later"
    else:
        return body
    return orjson.dumps(event)


def body_to_send(strike: Strike, signed: bytes) -> bytes:
    """The body that goes over the wire once another may have been signed; as long as the one that was."""
    if strike.kind != "BODY_ALTERED":
        return signed
    event = orjson.loads(signed)
    is_altered, data = _altered(event["data"])
    if not is_altered:
        _, event["id"] = _altered(event["id"])
    return orjson.dumps({**event, "data": data})


def headers_to_send(strike: Strike, signed: dict[str, str]) -> dict[str, str]:
    """Of the headers that sign, those that go over the wire."""
    if strike.kind == "UNSIGNED":
        return {name: text for name, text in signed.items() if name.lower() not in _OF_SIGNATURE}
    if strike.kind == "BAD_SIGNATURE":
        return {
            name: _bad(text) if name.lower() == "signature" else text
            for name, text in signed.items()
        }
    return signed


def _bad(signature: str) -> str:
    """The signature with its last byte changed."""
    label, _, rest = signature.partition("=:")
    made = b64decode(rest.removesuffix(":"))
    return f"{label}=:{b64encode(made[:-1] + bytes([made[-1] ^ 1])).decode()}:"


def _altered(value: Any) -> tuple[bool, Any]:
    """The value with one character of its first text another of the same kind; whether it has a text."""
    if isinstance(value, str) and value and value[-1].isascii() and value[-1].isalnum():
        return True, value[:-1] + _another(value[-1])
    if isinstance(value, dict):
        for name, item in value.items():
            is_altered, altered = _altered(item)
            if is_altered:
                return True, {**value, name: altered}
    return False, value


def _another(letter: str) -> str:
    if letter.isdigit():
        return str((int(letter) + 1) % 10)
    begin = "a" if letter.islower() else "A"
    return chr((ord(letter) - ord(begin) + 1) % 26 + ord(begin))
