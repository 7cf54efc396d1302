"""What the journal leaves out: credentials and personal data.

Of personal data, each text is replaced, and nothing else: null, a number, a truth value and the shape of a container stay,
so that whether a contract was kept can still be judged. The same text under the same key gives the same mask, so that a
verdict about "the same person was sent twice" can be computed again from the journal.
"""

import hashlib
import re
from typing import Any
from urllib.parse import unquote_plus

import orjson

from sandbox.nesting import is_too_deep

_CREDENTIALS = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})
# The names of properties that hold personal data in our contracts (UK GDPR article 4(1)).
_PERSONAL = frozenset(
    {
        "title",
        "firstName",
        "middleNames",
        "lastName",
        "previousLastName",
        "dateOfBirth",
        "niNumber",
        "emailAddress",
        "mobileNumber",
        "homeNumber",
        "line1",
        "line2",
        "town",
        "county",
        "postcode",
        "ethnicOrigin",
        "maritalStatus",
        "disability",
        "religiousBelief",
        "sexualOrientation",
        "nationality",
        "gender",
        "shareCode",
        "certificateNumber",
        "certificateOfSponsorship",
        "number",
        "adjustments",
        "note",
        "checkedBy",
        "token",
        "access_token",
        "client_assertion",
    }
)
# Within these objects alone is `title` a person's, `number` a registration's.
_PERSON_ONLY = frozenset({"title"})
_PERSON_OBJECTS = frozenset({"person", "candidate"})
_DIGEST_LETTERS = 12
_XML = "application/xml"


def masked_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers, with the value of each that carries a credential replaced."""
    return {
        name: "[masked]" if name.lower() in _CREDENTIALS else value
        for name, value in headers.items()
    }


def masked_body(body: bytes, key: bytes, media_type: str = "") -> str | None:
    """A JSON body with personal data replaced; text that is not JSON, or nests too deep, is replaced whole.

    None when empty.

    XML is kept only where `media_type` says that it is an answer of ours: the public search holds no person, while
    nobody knows what somebody else's XML holds.
    """
    if not body:
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        if media_type == _XML:
            return body.decode("utf-8", "replace")
        return f"[not JSON, {len(body)} bytes]"
    if is_too_deep(body, document):
        return f"[JSON that nests too deep, {len(body)} bytes]"
    return orjson.dumps(_masked(document, key, "")).decode()


def masked_query(query: str, key: bytes) -> str:
    """A query with the value of each parameter that is named as personal data or a token replaced."""
    parts = (part.partition("=") for part in query.split("&"))
    return "&".join(
        f"{name}={_mask(value, key)}"
        if unquote_plus(name) in _PERSONAL
        else f"{name}{equals}{value}"
        for name, equals, value in parts
    )


def _masked(value: Any, key: bytes, parent: str) -> Any:
    if isinstance(value, dict):
        return {
            name: _mask_texts(item, key) if _is_personal(name, parent) else _masked(item, key, name)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, key, parent) for item in value]
    return value


def _mask_texts(value: Any, key: bytes) -> Any:
    """What is personal as a whole, with every text in it replaced."""
    if isinstance(value, str):
        return _mask(value, key)
    if isinstance(value, dict):
        return {name: _mask_texts(item, key) for name, item in value.items()}
    if isinstance(value, list):
        return [_mask_texts(item, key) for item in value]
    return value


def _is_personal(name: str, parent: str) -> bool:
    if name in _PERSON_ONLY:
        return parent in _PERSON_OBJECTS
    return name in _PERSONAL


def _mask(text: str, key: bytes) -> str:
    digest = hashlib.blake2b(orjson.dumps(text), key=key[:64], digest_size=_DIGEST_LETTERS // 2)
    return f"[masked {digest.hexdigest()}]"


def masked_text(text: str, key: bytes) -> str:
    """The mask that stands for `text` under `key`, so that an expected value can be compared with one that was masked."""
    return _mask(text, key)


_MASK = re.compile(r"\[masked( [0-9a-f]{12})?\]")


def is_mask(text: str) -> bool:
    """Whether a text stands for one that was masked."""
    return _MASK.fullmatch(text) is not None
