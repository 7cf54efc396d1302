"""Whose signatures count: those of keys that the verifier holds, each for the levels that it is trusted for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.conformance.evidence.archive import Archive
from sandbox.conformance.evidence.envelope import Signed, read_envelope, statement, verified_payload
from sandbox.conformance.evidence.keys import PublicKey, key_id
from sandbox.conformance.evidence.manifest import Level
from sandbox.conformance.evidence.pack import ENVELOPE
from sandbox.conformance.evidence.refusals import Code, PackRefused, shown

OWN_WORD = frozenset({Level.SELF_RUN, Level.NONCE_BOUND})
"""What a supplier may claim with a key of its own."""
_ENDINGS = (".pem", ".pub", ".key", ".crt", ".cer", ".der", ".jwk", ".jwks", ".asc", ".p12", ".pfx")
_BEGINNINGS = (b"-----BEGIN", b"ssh-", b'{"kty"', b'{"keys"')


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that the verifier holds, what it is called, and which levels a signature with it may claim."""

    key: PublicKey
    name: str
    levels: frozenset[Level] = OWN_WORD

    @property
    def id(self) -> str:
        """The key's id."""
        return key_id(self.key)


def refuse_keys_inside(archive: Archive) -> None:
    """Refuses a pack that brings a key along, whatever it is for. Raises PackRefused with KEY_IN_PACK."""
    for name in archive.names:
        begins = archive.begins(name, 64).lstrip().replace(b" ", b"")
        if name.lower().endswith(_ENDINGS) or begins.startswith(_BEGINNINGS):
            raise PackRefused(
                Code.KEY_IN_PACK,
                f"The pack brings a key along, {shown(name)}. It was not used: a key counts only when the verifier has it.",
            )


def find_signers(
    archive: Archive, trusted: Mapping[str, TrustedKey]
) -> tuple[Signed, tuple[TrustedKey, ...]]:
    """The envelope, and those trusted keys under whose ids it says that it is signed; nothing is verified yet.

    Raises PackRefused with KEY_UNKNOWN where there is none.
    """
    if ENVELOPE not in archive.names:
        raise PackRefused(Code.ENVELOPE_MISSING, f"The pack is not signed: it has no {ENVELOPE}.")
    envelope = read_envelope(archive.read(ENVELOPE))
    signers = tuple(trusted[name] for name in envelope.key_ids if name in trusted)
    if not signers:
        named = ", ".join(shown(name, 64) for name in envelope.key_ids)
        raise PackRefused(
            Code.KEY_UNKNOWN,
            f"The pack is signed under {named}, which is none of the {len(trusted)} keys that you trust.",
        )
    return envelope, signers


def check_signature(
    envelope: Signed,
    signers: Iterable[TrustedKey],
    manifest_digest: str,
    manifest: Mapping[str, Any],
) -> None:
    """Refuses an envelope that a trusted key did not sign as it says, or whose statement is about another manifest."""
    payload = verified_payload(envelope, [signer.key for signer in signers])
    if payload != statement(manifest_digest, manifest):
        raise PackRefused(
            Code.STATEMENT_DIFFERS,
            "What was signed is not about this manifest: it was changed after, or comes from another pack.",
        )
