"""The signature of a pack: an in-toto Statement v1 about its manifest, in a DSSE envelope, with Ed25519.

This is the only module that knows the library for envelopes. The statement itself is four fields and is written here: the
library for statements has had no release since 2023 and would bring protobuf.
Public: https://github.com/in-toto/attestation (spec/v1), https://github.com/secure-systems-lab/dsse (envelope and protocol).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from sandbox.conformance.evidence.keys import PrivateKey, PublicKey, key_id
from sandbox.conformance.evidence.refusals import Code, PackRefused, read_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://example.org/esr-sandbox/evidence/v1"
MANIFEST = "manifest.json"
_MOST_SIGNATURES = 16
_SIGNATURE_PARTS = {"keyid", "sig"}


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope that was read: what is in it, and whose signatures it says it bears."""

    envelope: Envelope
    key_ids: tuple[str, ...]


def statement(manifest_digest: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed: the manifest by its digest, and of its content what a reader of attestations asks for first."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": MANIFEST, "digest": {"sha256": manifest_digest}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            name: manifest[name] for name in ("subject", "suite", "level", "began", "ended")
        },
    }


def signed(payload: dict[str, Any], keys: Iterable[PrivateKey]) -> bytes:
    """The envelope as JSON, with a signature of each key."""
    envelope = Envelope(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS), PAYLOAD_TYPE, {})
    for key in keys:
        envelope.sign(CryptoSigner(key, _library_key(key.public_key())))
    return orjson.dumps(envelope.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def read_envelope(content: bytes) -> Signed:
    """Reads an envelope, and verifies nothing.

    Raises PackRefused with KEY_IN_PACK where a signature brings its own key along, else with ENVELOPE_MALFORMED.
    """
    malformed = PackRefused(Code.ENVELOPE_MALFORMED, "The signature is no DSSE envelope.")
    try:
        document = read_json(content)
        signatures = document["signatures"]
        if not 0 < len(signatures) <= _MOST_SIGNATURES:
            raise malformed
        if any(set(each) - _SIGNATURE_PARTS for each in signatures):
            raise PackRefused(
                Code.KEY_IN_PACK,
                "A signature brings more than an id along, such as its own key; a key counts only when the verifier has it.",
            )
        if document["payloadType"] != PAYLOAD_TYPE:
            raise malformed
        envelope = Envelope.from_dict(document)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise malformed from problem
    key_ids = tuple(envelope.signatures)
    if not all(isinstance(each, str) for each in key_ids):
        raise malformed
    return Signed(envelope, key_ids)


def verified_payload(signature: Signed, keys: Iterable[PublicKey]) -> Any:
    """The payload, after a signature of every one of `keys` was found good; they must be among its key ids.

    Raises PackRefused with SIGNATURE_INVALID, or with ENVELOPE_MALFORMED where what is signed is no JSON.
    """
    for key in keys:
        try:
            signature.envelope.verify([_library_key(key)], 1)
        except (VerificationError, ValueError) as problem:
            raise PackRefused(
                Code.SIGNATURE_INVALID,
                f"The signature under the id of the key {key_id(key)[:16]}… was not made with that key over this statement.",
            ) from problem
    try:
        return read_json(signature.envelope.payload)
    except ValueError as problem:
        raise PackRefused(Code.ENVELOPE_MALFORMED, "What is signed is no JSON.") from problem


def _library_key(key: PublicKey) -> SSlibKey:
    return SSlibKey.from_crypto(key, key_id(key))
