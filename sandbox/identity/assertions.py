"""What a client signs to get a token: a JWT, read strictly, and the checks of its header and claims.

    assertion = read_assertion(text)        # raises TokenRefused
    check(assertion, now)                   # raises TokenRefused
    assertion.identity                      # what is spent: the digest of subject and jti

Nothing in the JWT says how it is checked: one algorithm, and keys that the client has registered. `jwk`, `jku`, `x5c` and `x5u`
are ignored, `crit` and `b64` are not understood and make it malformed (RFC 7515 section 4.1.11, RFC 7797).
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sandbox.identity.faults import Fault, TokenRefused
from sandbox.identity.keys import ALGORITHM, decoded

AHEAD_SECONDS = 310
"""How far ahead `exp` may be: five minutes, and ten seconds for clocks that differ."""
ALLOWANCE_SECONDS = 10
_LONGEST = 16_384
_NOT_UNDERSTOOD = frozenset({"crit", "b64"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT as it was sent, its header and its claims."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def subject(self) -> str:
        """The client that it speaks for; to be read once `check` has passed, as are `kid` and `expiry`."""
        return str(self.claims["sub"])

    @property
    def kid(self) -> str:
        """Which key it is signed with."""
        return str(self.header["kid"])

    @property
    def expiry(self) -> int:
        """`exp`, in seconds since 1970."""
        return int(self.claims["exp"])

    @property
    def identity(self) -> str:
        """What is spent with it: the digest of subject and jti."""
        named = json.dumps([self.subject, self.claims["jti"]])
        return hashlib.sha256(named.encode()).hexdigest()


def read_assertion(text: str) -> Assertion:
    """Decodes a JWT in compact form. Raises TokenRefused ASSERTION_MALFORMED."""
    parts = text.split(".")
    if len(text) > _LONGEST or len(parts) != 3:
        raise TokenRefused(Fault.ASSERTION_MALFORMED)
    try:
        header, claims = _object(parts[0]), _object(parts[1])
        decoded(parts[2])
    except (ValueError, RecursionError) as problem:
        raise TokenRefused(Fault.ASSERTION_MALFORMED) from problem
    if _NOT_UNDERSTOOD & header.keys():
        raise TokenRefused(Fault.ASSERTION_MALFORMED)
    return Assertion(text, header, claims)


def check(assertion: Assertion, now: float) -> None:
    """Checks header and claims as far as they can be without asking whether the jti is spent. Raises TokenRefused."""
    header, claims = assertion.header, assertion.claims
    if header.get("alg") != ALGORITHM:
        raise TokenRefused(Fault.ALG)
    expiry: Any = claims.get("exp")
    if _is_number(expiry) and expiry <= now:
        raise TokenRefused(Fault.EXPIRED)
    if not _is_text(header.get("kid")):
        raise TokenRefused(Fault.KID_MISSING)
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise TokenRefused(Fault.TYP)
    if expiry is None:
        raise TokenRefused(Fault.EXP_MISSING)
    if not _is_number(expiry) or isinstance(expiry, float):
        raise TokenRefused(Fault.EXP_TYPE)
    if not _is_text(claims.get("sub")) or claims.get("iss") != claims["sub"]:
        raise TokenRefused(Fault.SUBJECT_MISSING)
    jti = claims.get("jti")
    if jti is None or jti == "":
        raise TokenRefused(Fault.JTI_MISSING)
    if not isinstance(jti, str):
        raise TokenRefused(Fault.JTI_TYPE)


def is_too_far(assertion: Assertion, now: float) -> bool:
    """Whether the assertion would be good for longer than it may be."""
    return assertion.expiry - AHEAD_SECONDS > now


def check_audience(assertion: Assertion, token_url: str, now: float) -> None:
    """Checks for whom, and from when on, it was made. Raises TokenRefused."""
    audience = assertion.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if token_url not in named:
        raise TokenRefused(Fault.AUD)
    begins = assertion.claims.get("nbf")
    if begins is not None and not (_is_number(begins) and begins <= now + ALLOWANCE_SECONDS):
        raise TokenRefused(Fault.UNKNOWN)


def _object(part: str) -> dict[str, Any]:
    """The JSON object that is encoded in a part. Raises ValueError or RecursionError."""
    found = json.loads(
        decoded(part).decode(),
        object_pairs_hook=_once,
        parse_constant=_not_json,
        parse_float=_finite,
    )
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004  (as all that is not what it should be)
    # A lone surrogate is no character: it can neither be stored nor compared.
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("too large")
    return number


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
