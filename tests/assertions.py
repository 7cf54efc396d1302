"""Signed assertions as a client makes them: by PyJWT, which the server does not use, and by hand what PyJWT refuses to make."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
_LEFT_OUT = object()
LEFT_OUT: Any = _LEFT_OUT


@cache
def _http() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30)


@cache
def key(name: str) -> RSAPrivateKey:
    """A key pair by name: the same for the whole test process."""
    return generate_private_key(65537, 2048)


def key_set(**kids: str) -> dict[str, Any]:
    """The key set of the public halves: kid by the name of its key."""
    keys = []
    for kid, name in kids.items():
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key()))
        keys.append({"kty": "RSA", "kid": kid, "use": "sig", "n": public["n"], "e": public["e"]})
    return {"keys": keys}


def encoded(value: bytes | str | Mapping[str, Any]) -> str:
    """In base64url without padding; a mapping as JSON."""
    if isinstance(value, Mapping):
        value = json.dumps(value)
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: str | Mapping[str, Any], claims: str | Mapping[str, Any], signer: str) -> str:
    """A JWT whose header and claims are what is given, whatever that is, signed by RS512."""
    signed = f"{encoded(header)}.{encoded(claims)}"
    signature = key(signer).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA512())
    return f"{signed}.{encoded(signature)}"


@dataclass(frozen=True)
class TestClient:
    """A client with one key, and what it sends to get a token."""

    __test__ = False

    client_id: str
    token_url: str
    kid: str = "test-1"
    signer: str = "one"

    @property
    def http(self) -> httpx.Client:
        """What it sends with."""
        return _http()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good assertion, some of them changed or left out."""
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "jti": str(uuid4()),
            "exp": int(time.time()) + 240,
        }
        return _changed(good, changes)

    def header(self, **changes: Any) -> dict[str, Any]:
        """The header of a good assertion, some of it changed or left out."""
        return _changed({"alg": "RS512", "typ": "JWT", "kid": self.kid}, changes)

    def assertion(self, **claims: Any) -> str:
        """A good assertion by PyJWT, but for the claims that are changed or left out."""
        return jwt.encode(
            self.claims(**claims), key(self.signer), "RS512", headers={"kid": self.kid}
        )

    def made(self, header: Mapping[str, Any], **claims: Any) -> str:
        """An assertion by hand: with changes of the header that PyJWT would not make."""
        return by_hand(self.header(**header), self.claims(**claims), self.signer)

    def ask(self, assertion: str | None = None, **form: Any) -> httpx.Response:
        """Asks for a token: with a good assertion where none is given, and the fields of the form changed or left out."""
        good = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion() if assertion is None else assertion,
        }
        return self.http.post(self.token_url, data=_changed(good, form))

    def token(self) -> str:
        """A good token."""
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


def _changed(good: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not _LEFT_OUT}
