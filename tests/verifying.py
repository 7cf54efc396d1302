"""Verifies the signature of a delivery as a receiver would, with nothing of the library that signs."""

import base64
import hashlib
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from receiving import Delivery

_INPUT = re.compile(
    r'sig1=(?P<value>\((?P<covered>[^)]*)\);created=(?P<created>\d+);keyid="(?P<keyid>[^"]+)"'
    r';alg="(?P<alg>[^"]+)";expires=(?P<expires>\d+);nonce="(?P<nonce>[^"]+)";tag="(?P<tag>[^"]+)")'
)
COVERED = ["@method", "@target-uri", "content-digest", "content-length", "content-type"]


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def signature_input(delivery: Delivery) -> dict[str, str]:
    found = _INPUT.fullmatch(delivery.headers["signature-input"])
    assert found is not None, delivery.headers["signature-input"]
    return found.groupdict()


def verify(delivery: Delivery, keys: dict[str, Any]) -> None:
    """RFC 9421 section 3.2 by hand: nothing here is of the library that signs."""
    stated = signature_input(delivery)
    digest = base64.b64encode(hashlib.sha256(delivery.body).digest()).decode()
    values = {
        **delivery.headers,
        "@method": delivery.method,
        "@target-uri": delivery.url,
        "content-digest": f"sha-256=:{digest}:",
        "content-length": str(len(delivery.body)),
    }
    names = [name.strip('"') for name in stated["covered"].split(" ")]
    lines = [f'"{name}": {values[name]}' for name in names]
    base = "\n".join([*lines, f'"@signature-params": {stated["value"]}'])
    signature = base64.b64decode(delivery.headers["signature"].removeprefix("sig1=:")[:-1])
    [key] = [key for key in keys["keys"] if key["kid"] == stated["keyid"]]
    public = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP384R1())
    assert len(signature) == 96
    halves = int.from_bytes(signature[:48]), int.from_bytes(signature[48:])
    public.public_key().verify(encode_dss_signature(*halves), base.encode(), ec.ECDSA(SHA384()))
