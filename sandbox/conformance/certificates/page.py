"""The page of a certificate: one self-contained HTML file, with a QR code of the digest of the signed token."""

import segno

from sandbox.conformance.certificates.certificate import ENDS_WITH, Certificate
from sandbox.conformance.evidence.manifest import LIMITS, sha256
from sandbox.conformance.volume.telling import replayed
from sandbox.reports.writing import page

_KINDS = {
    "functional": "Functional: what the suites on contract, behaviour, traffic and resilience ask. Nothing is said about volume.",
    "go-live": "Go-live: what all suites ask, with a replay at the volume that is named below.",
}


def certificate_page(certificate: Certificate, token: str, address: str = "") -> str:
    """The page as HTML. Whatever a certificate says is escaped.

    The code holds `address`, under which the register says whether the certificate holds; the digest where there is none.
    """
    digest = sha256(token.encode())
    return page(
        "certificate.html.j2",
        certificate=certificate,
        kind=_KINDS[certificate.kind],
        replayed=replayed(certificate.volume) if certificate.volume else "",
        levels=LIMITS,
        ends_with=ENDS_WITH,
        digest=digest,
        address=address,
        qr=qr_of(address or f"sha256:{digest}"),
        token=token,
    )


def qr_of(text: str) -> str:
    """A QR code as SVG, to stand within a page."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(scale=3, border=4, dark="#212b32", light="#fff", omitsize=True))
