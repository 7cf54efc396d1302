"""Whether a delivery was signed by ESR (RFC 9421). The only module here that knows the libraries.

The rules are those of the receiver contract, "How to verify a delivery".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey as PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.algorithms import ECDSA_P384_SHA384
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

__all__ = ["HEADERS", "PublicKey", "SignatureInvalid", "UnknownKey", "read_keys", "verify"]

HEADERS = ("content-digest", "signature-input", "signature")
"""What a signed delivery has, in lower case."""

_TAG = "esr-events"
_LIFETIME = timedelta(minutes=5)
_COVERED = ("@method", "@target-uri", "content-digest", "content-length", "content-type")
_PARAMETERS = frozenset({"created", "expires", "keyid", "alg", "nonce", "tag"})
_CURVE = "P-384"


class SignatureInvalid(Exception):
    """This is not what the holder of a known key sent; the message says why."""


class UnknownKey(Exception):
    """Signed with a key that is not at hand."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A request as the library wants it."""

    method: str
    url: str
    headers: dict[str, str]


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, keys: Mapping[str, PublicKey]) -> None:
        self._keys = keys
        self.missed: str | None = None

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        found = self._keys.get(key_id)
        if found is None:
            self.missed = key_id
        return found


def verify(
    url: str, headers: Mapping[str, str], body: bytes, keys: Mapping[str, PublicKey]
) -> None:
    """Returns when the body was posted to `url` within the last five minutes by the holder of one of `keys`.

    `url` is the address that we gave to ESR, whatever a Host header says. Raises UnknownKey where all else may be well, else
    SignatureInvalid.
    """
    resolver = _Keys(keys)
    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P384_SHA384, key_resolver=resolver)
    try:
        found = verifier.verify(
            _Request("POST", url, dict(headers)),
            max_age=_LIFETIME,
            expect_tag=_TAG,
            require_components=_COVERED,
            body=body,
        )
    except HTTPMessageSignaturesException as problem:
        if resolver.missed is not None:
            raise UnknownKey(f"unknown key {resolver.missed[:60]!r}") from problem
        raise SignatureInvalid(str(problem) or "it does not match the message") from problem
    for each in found:
        missing = sorted(_PARAMETERS - each.parameters.keys())
        if missing:
            raise SignatureInvalid(f"its parameter {missing[0]} is missing")


def read_keys(document: Any) -> dict[str, PublicKey]:
    """The keys of a JWK Set that can have signed a delivery, by id; others are left out. Raises ValueError."""
    try:
        keys = KeySet.import_key_set(document).keys
    except (JoseError, AttributeError, KeyError, TypeError) as problem:
        raise ValueError("this is no JWK Set") from problem
    return {
        key.kid: key.public_key
        for key in keys
        if isinstance(key, ECKey) and key.kid and key.curve_name == _CURVE
    }
