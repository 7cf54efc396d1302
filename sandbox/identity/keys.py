"""Clients' keys: RSA key pairs, key sets (RFC 7517), and signatures checked with them. The only module of the sandbox's
identity that knows the library.

    keys = read_key_set(document)                  # raises KeysUnusable
    is_signed(assertion_text, keys["acme-1"])
"""

import binascii
import warnings
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64decode

if TYPE_CHECKING:
    from joserfc import jws

__all__ = [
    "ALGORITHM",
    "MOST_KEYS",
    "KeysUnusable",
    "PublicKey",
    "decoded",
    "is_signed",
    "new_private_key",
    "public_key_set",
    "read_key_set",
    "sign_claims",
]

PublicKey = RSAKey

ALGORITHM = "RS512"
MOST_KEYS = 10
KEY_BITS = 4096
_LEAST_BITS, _MOST_BITS = 2048, 8192
_MOST_EXPONENT_BITS = 33
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_LONGEST_KID = 200
_LONGEST_NUMBER = 2048
"""Letters of a modulus or exponent; 8192 bits take 1366."""


class KeysUnusable(Exception):
    """What was given as a key set or a key is none that can be used; the text says what is wrong."""


@cache
def _registry() -> "jws.JWSRegistry":
    """As the library's, for one algorithm, and for headers that carry what we do not look at."""
    # Imported with the first signature: no start waits for it.
    from joserfc import jws

    registry = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = 16_384
    registry.max_signature_length = 2048
    return registry


def decoded(part: str) -> bytes:
    """What is encoded in base64url without padding (RFC 7515 section 2). Raises ValueError."""
    try:
        return urlsafe_b64decode(part.encode("ascii")) if part else b""
    except binascii.Error as problem:
        raise ValueError("not base64url") from problem


def is_signed(text: str, key: PublicKey) -> bool:
    """Whether a JWT in compact form is signed, by RS512 and nothing else, with the other half of `key`."""
    from joserfc import jws

    try:
        jws.deserialize_compact(text, key, registry=_registry())
    except (JoseError, ValueError, TypeError):
        return False
    return True


def read_key_set(document: Any, *, is_lenient: bool = False) -> dict[str, PublicKey]:
    """The RSA keys of a key set by their kid.

    Raises KeysUnusable for a document that is no key set, and for a key that cannot be used; with `is_lenient` such a key is
    passed over, as a set that somebody publishes may hold keys for other purposes (RFC 7517 section 5).
    """
    held = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(held, list) or not held:
        raise KeysUnusable('a key set is an object with a list "keys" that is not empty')
    if len(held) > MOST_KEYS and not is_lenient:
        raise KeysUnusable(f"a key set holds {MOST_KEYS} keys at most")
    found: dict[str, PublicKey] = {}
    for position, item in enumerate(held[:100]):
        try:
            kid, key = _read(item)
            if kid in found:
                raise KeysUnusable(f"the kid {kid!r} stands there twice")
        except KeysUnusable as problem:
            if not is_lenient:
                raise KeysUnusable(f"key {position + 1}: {problem}") from problem
        else:
            found[kid] = key
    return found


def public_key_set(keys: Mapping[str, PublicKey]) -> dict[str, Any]:
    """The key set of the public halves of `keys`, and nothing else."""
    shown = []
    for kid, key in keys.items():
        held = key.as_dict(private=False)
        shown.append({"kty": "RSA", "kid": kid, "use": "sig", "n": held["n"], "e": held["e"]})
    return {"keys": shown}


def new_private_key(bits: int = KEY_BITS) -> tuple[str, str, dict[str, Any]]:
    """A key pair: the private key as PEM, its kid (the thumbprint of RFC 7638), and the key set of its public half."""
    key = RSAKey.generate_key(bits)
    return (
        key.as_pem(private=True).decode(),
        key.thumbprint(),
        public_key_set({key.thumbprint(): key}),
    )


def read_private_key(pem: str) -> tuple[str, dict[str, Any]]:
    """Kid and public key set of a private key. Raises KeysUnusable."""
    key = _private(pem)
    kid = key.thumbprint()
    return kid, public_key_set({kid: key})


def sign_claims(claims: Mapping[str, Any], pem: str, kid: str) -> str:
    """A signed JWT in compact form. Raises KeysUnusable."""
    from joserfc import jwt

    header = {"alg": ALGORITHM, "typ": "JWT", "kid": kid}
    return str(jwt.encode(header, dict(claims), _private(pem), algorithms=[ALGORITHM]))


def _private(pem: str) -> RSAKey:
    try:
        key = RSAKey.import_key(pem)
    except (JoseError, ValueError, TypeError) as problem:
        raise KeysUnusable("it holds no RSA key as PEM that opens without a password") from problem
    if not key.is_private:
        raise KeysUnusable("it holds a public key; the private one signs")
    return key


def _read(item: Any) -> tuple[str, PublicKey]:
    if not isinstance(item, dict) or item.get("kty") != "RSA":
        raise KeysUnusable('only RSA keys are of use here ("kty" is "RSA")')
    if _PRIVATE & item.keys():
        raise KeysUnusable("it holds a private key, which must never leave you; make a new pair")
    kid = item.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_KID or not kid.isprintable():
        raise KeysUnusable(f'"kid" is a text of 1 to {_LONGEST_KID} characters')
    if item.get("use", "sig") != "sig" or item.get("alg", ALGORITHM) != ALGORITHM:
        raise KeysUnusable(f'"use" is "sig" and "alg" is "{ALGORITHM}" where they are given')
    modulus, power = _number(item.get("n")), _number(item.get("e"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # A key that is too short is refused here, in words.
            key = RSAKey.import_key({"kty": "RSA", "kid": kid, "n": modulus, "e": power})
            size, exponent = key.public_key.key_size, key.public_key.public_numbers().e
    except (JoseError, ValueError, TypeError) as problem:
        raise KeysUnusable('"n" and "e" are no RSA public key') from problem
    if not _LEAST_BITS <= size <= _MOST_BITS:
        raise KeysUnusable(f"a key has {_LEAST_BITS} to {_MOST_BITS} bits, not {size}")
    if exponent.bit_length() > _MOST_EXPONENT_BITS:
        raise KeysUnusable('"e" is too large; 65537 (AQAB) is usual')
    return kid, key


def _number(text: Any) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_NUMBER:
        raise KeysUnusable(f'"n" and "e" are texts of at most {_LONGEST_NUMBER} characters')
    return text
