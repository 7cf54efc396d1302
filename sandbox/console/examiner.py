"""The program that verifies a pack for the console, and gives a certificate on it: a process of its own, within bounds.

    python -m sandbox.console.examiner FOLDER

`FOLDER` holds `pack.zip` and `order.json`; what comes of it is written to `outcome.json`. Whatever a pack holds, the server does
not run out of memory or time over it.
"""

import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sandbox.conformance.certificates.certificate import NotCertifiable
from sandbox.conformance.certificates.decisions import (
    DecisionUnusable,
    Review,
    read_reviews,
    read_waivers,
    sign_review,
)
from sandbox.conformance.certificates.issuing import Decisions, issue_certificate
from sandbox.conformance.certificates.register import Register, RegisterUnusable
from sandbox.conformance.evidence.keyring import read_keyring
from sandbox.conformance.evidence.keys import KeyUnusable, PrivateKey, key_id, read_private_key
from sandbox.conformance.evidence.known import NOT_LOOKED_UP
from sandbox.conformance.evidence.recomputation import recompute
from sandbox.conformance.evidence.verify import Verification, verify_pack
from sandbox.console.examinations import ORDER, OUTCOME, PACK, REVIEWS, WAIVERS
from sandbox.console.runs_record import write_whole
from sandbox.contracts.requirements import load_requirements

_CPU_SECONDS = 1_800
_MEMORY_BYTES = 8 * 1024**3
_UNUSABLE = (RegisterUnusable, KeyUnusable, DecisionUnusable)


def main(folder: Path) -> None:
    """Does what the order says, within bounds that hold for the whole process."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    examine(folder)


def examine(folder: Path) -> None:
    """Verifies the pack of a folder as its order says, and writes what comes of it. Never raises on account of the pack."""
    order = orjson.loads((folder / ORDER).read_bytes())
    try:
        outcome = _outcome(folder, order)
    except NotCertifiable as problem:
        outcome = {"reasons": problem.reasons}
    except _UNUSABLE as problem:
        outcome = {"problem": str(problem)}
    write_whole(folder / OUTCOME, orjson.dumps(outcome))


def _outcome(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    register = Register(Path(order["register"])) if order["register"] else None
    keys = read_keyring(Path(order["trustedKeys"])).trusted(order["supplier"])
    found = verify_pack(
        folder / PACK,
        keys,
        recompute,
        load_requirements(),
        revocations=register.revocations() if register else NOT_LOOKED_UP,
        nonce=order["nonce"] or None,
    )
    if order["issue"] is None:
        return {"verification": found.to_dict(), "results": _told(found)}
    assert register is not None
    return {"issued": _issue(folder, order, register, found)}


def _told(found: Verification) -> dict[str, Any]:
    """Of the verdicts as they were recomputed, what a person is shown."""
    requirements = dict(found.results.get("requirements", {}))
    waiting = [name for name, word in requirements.items() if word == "review"]
    return {"suites": found.results.get("suites", {}), "review": sorted(waiting)}


def _issue(folder: Path, order: dict[str, Any], register: Register, found: Verification) -> str:
    issuer, asked = read_private_key(Path(order["key"])), order["issue"]
    now = datetime.now(UTC)
    if not found.accepted:
        # Said before anything is signed about it.
        raise NotCertifiable(f"The pack is refused ({found.code}). {found.sentence}")
    _sign_reviews(folder, asked, found, issuer, now)
    keyring = read_keyring(Path(order["trustedKeys"]))
    reviewers = {key_id(key): key for key in (issuer.public_key(), *keyring.reviewers)}
    waivers, reviews = folder / WAIVERS, folder / REVIEWS
    decisions = Decisions(
        asked["reviewer"],
        read_waivers(waivers) if waivers.exists() else (),
        read_reviews(reviews, reviewers) if reviews.exists() else (),
    )
    pages = order["publicPages"]
    issued = issue_certificate(register, found, issuer, load_requirements(), decisions, now, pages)
    return issued.certificate.id


def _sign_reviews(
    folder: Path, asked: dict[str, Any], found: Verification, issuer: PrivateKey, now: datetime
) -> None:
    """Adds what was decided on the page to the file of signed reviews."""
    lines = [
        sign_review(
            Review(
                found.manifest_digest,
                each["requirement"],
                each["decision"],
                each["reason"],
                asked["reviewer"],
                now.date().isoformat(),
            ),
            issuer,
        )
        for each in asked["decisions"]
    ]
    if lines:
        with (folder / REVIEWS).open("a", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
