"""The register: certificates, one of them in full, what takes it back, and challenges."""

import base64
import hashlib
import re

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.conformance.certificates.certificate import State
from sandbox.conformance.certificates.page import certificate_page
from sandbox.conformance.certificates.register import RegisterUnusable
from sandbox.conformance.evidence.keys import KeyUnusable
from sandbox.conformance.evidence.manifest import LIMITS
from sandbox.console import registry
from sandbox.console.access import esr_team
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.registry import KINDS, PAGE, ROLES, Entry, Registry

page = Blueprint("register", __name__)

_LONGEST = 500
_STYLES = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SOON_DAYS = 60


def held() -> Registry:
    """The register of this sandbox."""
    return Registry(console().settings)


@page.get(f"{BASE}/register")
@esr_team
def show(problem: str = "", nonce: str = "") -> str:
    """The certificates, and what can be done with the register."""
    entries: list[Entry] = []
    head = ""
    try:
        entries = held().entries()
        head = held().register.head() if held().register else ""  # type: ignore[union-attr]
    except RegisterUnusable as found:
        problem = str(found)
    state, text = request.args.get("state", ""), request.args.get("find", "").strip()
    found_ones = [each for each in entries if _is_wanted(each, state, text)]
    after = request.args.get("after", "")
    begin = next((i + 1 for i, e in enumerate(found_ones) if e.certificate.id == after), 0)
    shown = found_ones[begin : begin + PAGE]
    more = shown[-1].certificate.id if len(found_ones) > begin + PAGE else ""
    return render_template(
        "console/register.html.j2",
        registry=held(),
        settings=console().settings,
        entries=shown,
        count=len(entries),
        found=len(found_ones),
        counts={each: sum(e.state is each for e in entries) for each in State},
        states=list(State),
        state=state,
        find=text,
        begin=begin,
        more=more,
        soon=_SOON_DAYS,
        head=head,
        problem=problem,
        nonce=nonce,
    )


def _is_wanted(entry: Entry, state: str, text: str) -> bool:
    what = entry.certificate
    words = f"{what.id} {what.product} {what.version} {what.name} {what.build}".casefold()
    return state in ("", entry.state) and text.casefold() in words


@page.post(f"{BASE}/register/challenges")
@esr_team
def challenge() -> ResponseReturnValue:
    """Gives a challenge, for a run that is to be bound to it."""
    register = held().register
    if register is None:
        abort(404)
    try:
        purpose = request.form.get("for", "").strip()[:_LONGEST]
        return show(nonce=register.challenge(registry.now(), purpose))
    except RegisterUnusable as problem:
        return show(problem=str(problem)), 409


@page.get(f"{BASE}/register/certificates/<name>")
@esr_team
def certificate(name: str, problems: dict[str, str] | None = None) -> str:
    """One certificate with all that it says, and the way to take it back."""
    entry = _entry(name)
    try:
        signature = held().signature(entry)
        names = {key.id: key.name for key in held().keyring.trusted()}
    except KeyUnusable as problem:
        signature, names = str(problem), {}
    return render_template(
        "console/certificate.html.j2",
        entry=entry,
        certificate=entry.certificate,
        signature=signature,
        key_names=names,
        acts=list(held().acts_about(entry)),
        kinds=KINDS,
        roles=ROLES,
        levels=LIMITS,
        problems=problems or {},
        form=request.form,
    )


@page.get(f"{BASE}/register/certificates/<name>/page")
@esr_team
def certificate_file(name: str) -> Response:
    """The one-page certificate as a file: what a supplier is handed, with its code."""
    entry = _entry(name)
    pages = held().public_pages
    address = f"{pages}/{entry.certificate.id}" if pages else ""
    html = certificate_page(entry.certificate, entry.issued.token, address)
    answer = Response(html, content_type="text/html; charset=utf-8")
    # It is whole in itself: its own styles, by their digests, and nothing else.
    digests = (hashlib.sha256(styles.encode()).digest() for styles in _STYLES.findall(html))
    allowed = " ".join(f"'sha256-{_base64(digest)}'" for digest in digests)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return answer


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@page.post(f"{BASE}/register/certificates/<name>/revoke")
@esr_team
def revoke(name: str) -> ResponseReturnValue:
    """Takes a certificate back, or a key that signed its evidence."""
    entry = _entry(name)
    asked = {each: request.form.get(each, "").strip() for each in ("what", "reason", "by")}
    problems: dict[str, str] = {}
    if not 0 < len(asked["reason"]) <= _LONGEST:
        problems["reason"] = f"Say why, in a sentence of {_LONGEST} characters at most."
    if not 0 < len(asked["by"]) <= _LONGEST:
        problems["by"] = "Say who takes it back: your name."
    if asked["what"] not in (name, *entry.certificate.signers):
        problems["what"] = "Choose what is taken back."
    if not problems:
        try:
            register = held().register
            assert register is not None
            register.revoke(asked["what"], asked["reason"], asked["by"], registry.now())
        except RegisterUnusable as problem:
            problems["what"] = str(problem)
    if problems:
        return certificate(name, problems), 400
    flash(f"{asked['what']} is revoked. Neither it nor its evidence is accepted any more.")
    return redirect(url_for("register.certificate", name=name), 303)


def _entry(name: str) -> Entry:
    try:
        found = held().find(name)
    except RegisterUnusable as problem:
        abort(409, str(problem))
    if found is None:
        abort(404, f"There is no certificate {name} in this register.")
    return found
