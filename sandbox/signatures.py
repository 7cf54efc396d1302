"""HTTP message signatures (RFC 9421) over deliveries of events, and the keys that they are checked with.

A delivery is signed with ECDSA on the curve P-384 over its method, its address, its type, its length and the digest of its
body (RFC 9530). The form is that of a UK government sender of webhooks: the Teaching Record System, docs/api-designs/webhooks.md.
It is valid for five minutes of wall time. This is the only module that knows the libraries.

    headers |= sign_request("POST", url, headers, body, "esr-1", private_key, wall_now())
    verify_request("POST", url, headers, body, public_keys)
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey as PrivateKey,
)
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePublicKey as PublicKey,
)
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ECDSA_P384_SHA384
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

__all__ = [
    "LIFETIME",
    "TAG",
    "PrivateKey",
    "PublicKey",
    "SignatureInvalid",
    "UnknownKey",
    "key_set",
    "new_private_key",
    "read_key_set",
    "read_private_key",
    "sign_request",
    "thumbprint",
    "verify_kept",
    "verify_request",
]

TAG = "esr-events"
"""What the signature is for: one that was made for something else is no signature of a delivery."""
LIFETIME = timedelta(minutes=5)

_LABEL = "sig1"
_COVERED = ("@method", "@target-uri", "content-digest", "content-length", "content-type")
_PARAMETERS = frozenset({"created", "expires", "keyid", "alg", "nonce", "tag"})
_CURVE, _ALGORITHM = "P-384", "ES384"


class SignatureInvalid(Exception):
    """The message is not what the holder of a known key sent; the text says why."""


class UnknownKey(Exception):
    """The message is signed with a key that is not at hand."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"unknown key {key_id[:60]!r}")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class _Request:
    """A request as the library wants it."""

    method: str
    url: str
    headers: dict[str, str]


class _Keys(HTTPSignatureKeyResolver):
    """The keys at hand, and the name of the one that was asked for and is not."""

    def __init__(self, keys: Mapping[str, PublicKey]) -> None:
        self._keys = keys
        self.missed: str | None = None

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        found = self._keys.get(key_id)
        if found is None:
            self.missed = key_id
        return found


def sign_request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    key_id: str,
    private_key: PrivateKey,
    moment: datetime,
) -> dict[str, str]:
    """The headers that sign a request with a body, to be sent besides `headers`, which say its Content-Type.

    `url` is the address as it goes over the wire; `moment` is wall time. Raises ValueError where it is no address.
    """
    request = _Request(method, url, {**headers, "Content-Length": str(len(body))})
    signer = HTTPMessageSigner(
        signature_algorithm=ECDSA_P384_SHA384,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_key}),
    )
    try:
        signer.sign(
            request,
            key_id=key_id,
            created=moment,
            expires=moment + LIFETIME,
            nonce=uuid4().hex,
            label=_LABEL,
            tag=TAG,
            covered_component_ids=_COVERED,
            body=body,
        )
    except HTTPMessageSignaturesException as problem:
        raise ValueError(f"this cannot be signed: {problem}") from problem
    return {name: value for name, value in request.headers.items() if name not in headers}


def verify_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes, keys: Mapping[str, PublicKey]
) -> None:
    """Returns when the request, sent to `url`, was signed within the last five minutes with one of `keys`, by id.

    Raises UnknownKey where all else may be well and the key is not among them, else SignatureInvalid.
    """
    resolver = _Keys(keys)
    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P384_SHA384, key_resolver=resolver)
    _verified(verifier, resolver, _Request(method, url, dict(headers)), body)


def _verified(
    verifier: HTTPMessageVerifier, resolver: _Keys, request: _Request, body: bytes | None
) -> None:
    try:
        found = verifier.verify(
            request,
            max_age=LIFETIME,
            expect_tag=TAG,
            require_components=_COVERED,
            body=body,
        )
    except HTTPMessageSignaturesException as problem:
        if resolver.missed is not None:
            raise UnknownKey(resolver.missed) from problem
        raise SignatureInvalid(str(problem) or "it does not match the message") from problem
    for each in found:
        missing = sorted(_PARAMETERS - each.parameters.keys())
        if missing:
            raise SignatureInvalid(f"its parameter {missing[0]} is missing")


class _VerifierAt(HTTPMessageVerifier):
    """Holds the times of a signature against a moment that it is told, not against the clock."""

    moment: datetime

    def validate_created_and_expires(
        self,
        sig_input: Any,
        max_age: timedelta | None = None,  # noqa: ARG002
    ) -> None:
        """Raises SignatureInvalid where the signature was not made just before the moment, for as long as it may be."""
        try:
            created, expires = (
                datetime.fromtimestamp(sig_input.params[name], UTC)
                for name in ("created", "expires")
            )
        except (KeyError, OverflowError, ValueError, OSError) as problem:
            raise SignatureInvalid(
                "it does not say when it was made, or until when it holds"
            ) from problem
        if expires - created != LIFETIME:
            raise SignatureInvalid(f"it is made for {expires - created}, not for {LIFETIME}")
        if not created - self.max_clock_skew <= self.moment <= expires + self.max_clock_skew:
            raise SignatureInvalid("it was not valid when the message came")


def verify_kept(
    method: str,
    url: str,
    headers: Mapping[str, str],
    digest: str,
    keys: Mapping[str, PublicKey],
    moment: datetime,
) -> None:
    """As `verify_request`, of a request whose body was not kept: `digest` is its SHA-256 in hex, `moment` when it came."""
    stated = {name.lower(): text for name, text in headers.items()}.get("content-digest", "")
    told = f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"
    if told not in [part.strip() for part in stated.split(",")]:
        raise SignatureInvalid("its digest is not that of the body")
    resolver = _Keys(keys)
    verifier = _VerifierAt(signature_algorithm=ECDSA_P384_SHA384, key_resolver=resolver)
    verifier.moment = moment
    _verified(verifier, resolver, _Request(method, url, dict(headers)), None)


def new_private_key() -> str:
    """A fresh private key, as PEM."""
    key = ECKey.generate_key(_CURVE, private=True)
    return key.as_pem(private=True).decode()


def read_private_key(pem: str) -> PrivateKey:
    """The key that a PEM text holds."""
    key = ECKey.import_key(pem).private_key
    assert key is not None
    return key


def thumbprint(pem: str) -> str:
    """What tells a key from every other (RFC 7638)."""
    return str(ECKey.import_key(pem).thumbprint())


def key_set(pems: Mapping[str, str]) -> dict[str, Any]:
    """The public halves of private keys, by id, as a JWK Set (RFC 7517)."""
    keys = [
        ECKey.import_key(pem, {"kid": key_id, "use": "sig", "alg": _ALGORITHM})
        for key_id, pem in pems.items()
    ]
    return {"keys": [dict(key.as_dict(private=False)) for key in keys]}


def read_key_set(document: Any) -> dict[str, PublicKey]:
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
