"""Packs of evidence: verified step by step, and certificates given on them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.conformance.evidence.archive import LARGEST_PACK
from sandbox.conformance.evidence.keyring import Keyring
from sandbox.conformance.evidence.keys import KeyUnusable
from sandbox.conformance.evidence.manifest import LIMITS
from sandbox.console.access import esr_team, takes_files
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.examinations import REVIEWS, WAIVERS, Examination, Examinations, Order
from sandbox.console.pages.register import held

page = Blueprint("packs", __name__)

_FORM_BYTES = LARGEST_PACK + 1_048_576
"""A pack, and the fields beside it; the connection takes as much at this address (`web.bounds`)."""
_PATIENCE = 10.0
"""How long a page waits for the end of a verification, so that it is mostly there at once, with no script."""
_LONGEST = 500
_DECISIONS = ("kept", "not kept")


@page.get(f"{BASE}/register/packs")
@esr_team
def ask(problems: Mapping[str, str] | None = None) -> str:
    """The form that takes a pack."""
    keyring, problem = _keyring()
    return render_template(
        "console/packs.html.j2",
        keyring=keyring,
        settings=console().settings,
        largest=LARGEST_PACK // 1024**2,
        problems={**({"supplier": problem} if problem else {}), **(problems or {})},
        form=request.form,
    )


@page.post(f"{BASE}/register/packs")
@esr_team
@takes_files(_FORM_BYTES)
def verify() -> ResponseReturnValue:
    """Begins to verify a pack, and waits a little for its end."""
    pack, keyring = request.files.get("pack"), _keyring()[0]
    supplier, nonce = (request.form.get(name, "").strip() for name in ("supplier", "nonce"))
    problems = {}
    if pack is None or not pack.filename:
        problems["pack"] = "Choose the pack: the zip that the supplier has sent."
    if not keyring.trusted(supplier):
        problems["supplier"] = "No such key counts here. A pack cannot vouch for itself."
    if problems or pack is None:
        return ask(problems), 400
    order = _order(pack.filename or "", supplier, nonce)
    begun = Examinations(console().folder).begin(order, pack.save, _PATIENCE)
    return redirect(url_for("packs.show", name=begun.id), 303)


@page.get(f"{BASE}/register/packs/<name>")
@esr_team
def show(name: str, problems: Mapping[str, str] | None = None) -> str:
    """What was found of a pack, step by step; and, where it is enough, the way to a certificate."""
    examination = _found(name)
    verified = examination.verified
    return render_template(
        "console/pack.html.j2",
        examination=examination,
        order=examination.order,
        verified=verified,
        found=(verified or {}).get("verification"),
        results=(verified or {}).get("results", {}),
        outcome=examination.outcome,
        is_issuing=examination.order["issue"] is not None,
        registry=held(),
        levels=LIMITS,
        problems=problems or {},
        form=request.form,
    )


@page.post(f"{BASE}/register/packs/<name>/issue")
@esr_team
def issue(name: str) -> ResponseReturnValue:
    """Gives a certificate on a pack, or says why there is none."""
    examination = _found(name)
    verified = examination.verified or {}
    if not held().gives_certificates or not verified.get("verification", {}).get("accepted"):
        abort(409, "No certificate can be given on this pack here.")
    reviewer = request.form.get("reviewer", "").strip()
    problems = {}
    if not 0 < len(reviewer) <= _LONGEST:
        problems["reviewer"] = "Say who answers for the certificate: your name."
    decisions = []
    for place, requirement in enumerate(verified["results"]["review"]):
        decision, reason = (
            request.form.get(f"{what}-{place}", "").strip() for what in ("decision", "reason")
        )
        if decision not in _DECISIONS:
            continue
        if not 0 < len(reason) <= _LONGEST:
            problems[f"reason-{place}"] = (
                f"Say what was looked at for {requirement}, in a sentence."
            )
        decisions.append({"requirement": requirement, "decision": decision, "reason": reason})
    if problems:
        return show(name, problems), 400
    for field, file in (("waivers", WAIVERS), ("reviews", REVIEWS)):
        sent = request.files.get(field)
        (examination.folder / file).unlink(missing_ok=True)
        if sent is not None and sent.filename:
            sent.save(examination.folder / file)
    before = examination.order
    order = _order(
        before["name"],
        before["supplier"],
        before["nonce"],
        {"reviewer": reviewer, "decisions": decisions},
    )
    Examinations(console().folder).go_on(examination, order, _PATIENCE)
    given = (examination.outcome or {}).get("issued")
    if not given:
        return redirect(url_for("packs.show", name=name), 303)
    flash(f"{given} is given.")
    return redirect(url_for("register.certificate", name=given), 303)


def _found(name: str) -> Examination:
    found = Examinations(console().folder).find(name)
    if found is None:
        abort(404, "This pack is kept no longer. Verify it again.")
    return found


def _keyring() -> tuple[Keyring, str]:
    """The keys that count, and what is wrong with them."""
    try:
        return held().keyring, ""
    except KeyUnusable as problem:
        return Keyring(), str(problem)


def _order(name: str, supplier: str, nonce: str, issue: dict[str, Any] | None = None) -> Order:
    settings = console().settings
    return Order(
        name=name[:200],
        register=str(settings.register or ""),
        trustedKeys=str(settings.trusted_keys or ""),
        key=str(settings.register_key or ""),
        supplier=supplier,
        nonce=nonce[:200],
        publicPages=held().public_pages,
        issue=issue,
    )
