"""The public page of a certificate: whoever has its id sees whether it holds today."""

import re

from flask import Blueprint, Response, abort, render_template

from sandbox.clock import wall_now
from sandbox.conformance.certificates.certificate import ENDS_WITH
from sandbox.conformance.certificates.page import qr_of
from sandbox.conformance.certificates.register import RegisterUnusable
from sandbox.conformance.evidence.manifest import LIMITS
from sandbox.console.access import public
from sandbox.console.door import BASE
from sandbox.console.pages.register import held
from sandbox.console.registry import KINDS, ROLES, Entry
from sandbox.timestamps import to_text

page = Blueprint("certificates", __name__)

_ID = re.compile(r"CERT-[0-9]{4}-[0-9]{4,9}")


@page.get(f"{BASE}/certificates/<name>")
@public
def show(name: str) -> str:
    """What a certificate says, and whether it holds today."""
    entry = _entry(name)
    return render_template(
        "console/public_certificate.html.j2",
        entry=entry,
        certificate=entry.certificate,
        kinds=KINDS,
        roles=ROLES,
        levels=LIMITS,
        ends_with=ENDS_WITH,
        now=to_text(wall_now()),
        address=_address(entry),
    )


@page.get(f"{BASE}/certificates/<name>/code.svg")
@public
def code(name: str) -> Response:
    """The QR code of the page's address; where nobody but this machine reaches it, of the certificate's digest."""
    entry = _entry(name)
    drawn = qr_of(_address(entry) or f"sha256:{entry.digest}")
    picture = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return Response(picture, content_type="image/svg+xml")


def _address(entry: Entry) -> str:
    pages = held().public_pages
    return f"{pages}/{entry.certificate.id}" if pages else ""


def _entry(name: str) -> Entry:
    try:
        found = held().find(name) if _ID.fullmatch(name) else None
    except RegisterUnusable:
        abort(503, "The register cannot be read just now. Ask the ESR team.")
    if found is None:
        abort(404, "There is no certificate of this number in this register.")
    return found
