"""Gives a certificate: the pack verified, the challenge looked up, the page made, everything entered in the register."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sandbox.conformance.certificates.certificate import Certificate, NotCertifiable, certify
from sandbox.conformance.certificates.decisions import Review, Waiver
from sandbox.conformance.certificates.page import certificate_page
from sandbox.conformance.certificates.register import Issued, Register
from sandbox.conformance.certificates.tokens import CERTIFICATE, sign_token
from sandbox.conformance.evidence.eligibility import RequirementLike
from sandbox.conformance.evidence.keys import PrivateKey
from sandbox.conformance.evidence.manifest import Level
from sandbox.conformance.evidence.verify import Verification
from sandbox.timestamps import from_text


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people have decided, and who answers for the certificate."""

    reviewer: str
    waivers: tuple[Waiver, ...] = ()
    reviews: tuple[Review, ...] = ()


def issue_certificate(
    register: Register,
    verification: Verification,
    issuer: PrivateKey,
    requirements: Iterable[RequirementLike],
    decisions: Decisions,
    now: datetime,
    public_pages: str = "",
) -> Issued:
    """Gives a certificate on a pack that was verified, and enters it.

    `public_pages` is the address below which the public sees whether a certificate holds, by its id.

    A run that claims to be bound to a challenge must name one that this register gave before the run and that no certificate has
    used. Raises NotCertifiable, and RegisterUnusable.
    """
    held = tuple(requirements)
    nonce, level = _challenge(register, verification)

    def make(name: str) -> tuple[Certificate, str, str]:
        certificate = certify(
            name,
            verification,
            held,
            decisions.reviewer,
            now.date(),
            decisions.waivers,
            decisions.reviews,
            level,
        )
        token = sign_token(certificate.to_dict(), CERTIFICATE, issuer)
        address = f"{public_pages}/{name}" if public_pages else ""
        return certificate, token, certificate_page(certificate, token, address)

    return register.issue(make, now, nonce)


def _challenge(register: Register, verification: Verification) -> tuple[str | None, Level | None]:
    """The challenge that the run is bound to and the level that this confirms; None where it claims no such thing."""
    manifest = verification.manifest
    if not verification.accepted or manifest["level"] != Level.NONCE_BOUND:
        return None, None
    nonce = str(manifest["nonce"])
    given = register.open_since(nonce)
    if given is None:
        raise NotCertifiable(
            "The run claims to be bound to a challenge that this register did not give, or that a certificate has used."
        )
    if from_text(manifest["began"]) < given:
        raise NotCertifiable(
            "The run began before the challenge was given that it claims to be bound to."
        )
    return nonce, Level.NONCE_BOUND
