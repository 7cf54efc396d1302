"""Signed tokens (JWS, compact, RFC 7515) over certificates and reviewers' decisions, with Ed25519.

The algorithm is named `Ed25519`, as RFC 9864 has it; its older name `EdDSA` is read too. Only this module knows the library.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from sandbox.conformance.evidence.keys import PrivateKey, PublicKey, key_id, private_pem, public_pem

CERTIFICATE = "esr-sandbox-certificate"
REVIEW = "esr-sandbox-review"
_ALGORITHM = "Ed25519"
_READ = ["Ed25519", "EdDSA"]
_LONGEST = 256 * 1024


class TokenInvalid(Exception):
    """A token is not what the holder of a known key signed; the text says why."""


def sign_token(payload: Mapping[str, Any], kind: str, key: PrivateKey) -> str:
    """The payload as a signed token. `kind` is what the token is, so that none can be taken for another."""
    header = {"alg": _ALGORITHM, "typ": kind, "kid": key_id(key.public_key())}
    content = orjson.dumps(dict(payload), option=orjson.OPT_SORT_KEYS)
    held = OKPKey.import_key(private_pem(key))
    return jws.serialize_compact(header, content, held, algorithms=[_ALGORITHM])


def read_token(text: str, kind: str, keys: Mapping[str, PublicKey]) -> dict[str, Any]:
    """The payload of a token that one of `keys`, by id, has signed. Raises TokenInvalid."""
    try:
        found = jws.extract_compact(text[:_LONGEST].strip().encode())
        header = found.headers()
        name = header.get("kid")
        if header.get("typ") != kind:
            raise TokenInvalid(f"It is no token of the kind {kind}.")
        if not isinstance(name, str) or name not in keys:
            raise TokenInvalid("It is signed with a key that is not at hand.")
        held = OKPKey.import_key(public_pem(keys[name]))
        if not jws.validate_compact(found, held, algorithms=_READ):
            raise TokenInvalid("Its signature does not match.")
        document = orjson.loads(found.payload)
    except (JoseError, ValueError, TypeError, AttributeError) as problem:
        raise TokenInvalid("It is no signed token.") from problem
    if not isinstance(document, dict):
        raise TokenInvalid("What is signed is no JSON object.")
    return document


def look_into(text: str) -> dict[str, Any]:
    """The payload of a token whose signature nobody checks; for texts that are known by their digest. Raises TokenInvalid."""
    try:
        document = orjson.loads(jws.extract_compact(text.strip().encode()).payload)
    except (JoseError, ValueError, TypeError, AttributeError) as problem:
        raise TokenInvalid("It is no signed token.") from problem
    if not isinstance(document, dict):
        raise TokenInvalid("What is signed is no JSON object.")
    return document
