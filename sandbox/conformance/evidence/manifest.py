"""The manifest of a pack: what was run, by what, against whom and when, and every file of the pack by its digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from sandbox.conformance.evidence.eligibility import Eligibility
from sandbox.conformance.evidence.refusals import Code, PackRefused, read_json

FORMAT = "esr-sandbox-evidence/1"
RESULTS, SUBJECT, CASES, REQUIREMENTS = (
    "results.json",
    "subject.json",
    "cases.json",
    "requirements.json",
)
CASE_FOLDER = "cases/"
VOLUME_PLAN = "volume/plan.json"
"""There where the suite of volume was asked for."""
_HERE = Path(__file__).resolve().parent
_SEED_BYTES = 6


class Level(StrEnum):
    """How far the run was out of the supplier's own hands."""

    SELF_RUN = "self-run"
    NONCE_BOUND = "nonce-bound"
    HOSTED = "hosted"
    WITNESSED = "witnessed"


LIMITS: Mapping[Level, str] = {
    Level.SELF_RUN: (
        "The supplier ran the suite and signed the evidence alone. It cannot prove when the run took place, that it was the "
        "only one, that the product of this name, version and build was the one that answered, or that no exchange was made up."
    ),
    Level.NONCE_BOUND: (
        "The run's seed follows from a challenge of the certifier, and every record names that seed. It cannot prove that the "
        "exchanges came of it, for the verifier does not make names and references anew, that it was the only run since the "
        "challenge, or which product answered."
    ),
    Level.HOSTED: (
        "The ESR team's own server recorded and signed the exchanges. It cannot prove which product, version and build was at "
        "the other end of the line, or that it is the one that goes into use."
    ),
    Level.WITNESSED: (
        "A witness saw the run and signed too. It cannot prove what the product does at other times, with other settings, or "
        "at what the suite does not ask."
    ),
}
"""By level: what it says, and what it cannot prove."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a manifest says besides the list of its files. Times are RFC 3339; those of `clock` are the world's."""

    subject: Mapping[str, Any]
    """product, name (of who answers for it), version, build, environment, role, features."""
    suite: Mapping[str, str]
    """version; digest of `cases.json`, which holds every case of the role."""
    requirement_set: str
    """The digest of `requirements.json`."""
    contracts: tuple[Mapping[str, str], ...]
    """Each contract by name, version and digest."""
    suites: tuple[str, ...]
    level: Level
    seed: int
    began: str
    ended: str
    clock: Mapping[str, str]
    result: str
    eligibility: Eligibility
    nonce: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The facts as they stand in the manifest."""
        return {
            "format": FORMAT,
            "subject": dict(self.subject),
            "suite": dict(self.suite),
            "requirementSet": self.requirement_set,
            "contracts": [dict(contract) for contract in self.contracts],
            "suites": list(self.suites),
            "level": str(self.level),
            "seed": self.seed,
            "began": self.began,
            "ended": self.ended,
            "clock": dict(self.clock),
            "result": self.result,
            "certifiable": self.eligibility.to_dict(),
            **({} if self.nonce is None else {"nonce": self.nonce}),
        }


def seed_of_nonce(nonce: str) -> int:
    """The seed of a run that is bound to the certifier's challenge: the first 48 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(nonce.encode()).digest()[:_SEED_BYTES], "big")


def sha256(content: bytes) -> str:
    """The digest in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def canonical(document: Any) -> bytes:
    """A document as the bytes whose digest names it."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"


def wrong_with_manifest(document: Any) -> str | None:
    """The first fault of a manifest in a sentence; None where it is well formed."""
    return _first_fault("manifest-schema.json", document)


def wrong_with_results(document: Any) -> str | None:
    """The same, of `results.json`."""
    return _first_fault("results-schema.json", document)


def _first_fault(schema: str, document: Any) -> str | None:
    for error in _schema(schema).iter_errors(document):
        place = "/".join(str(part) for part in error.instance_path)
        return f"/{place[:100]}: {error.message[:300]}"
    return None


@cache
def _schema(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        orjson.loads((_HERE / name).read_bytes()), validate_formats=True
    )


def read_manifest(content: bytes) -> dict[str, Any]:
    """A manifest that is well formed. Raises PackRefused with MANIFEST_MALFORMED."""
    try:
        document = read_json(content)
    except ValueError as problem:
        raise PackRefused(Code.MANIFEST_MALFORMED, "The manifest is no JSON.") from problem
    wrong = wrong_with_manifest(document)
    if wrong:
        raise PackRefused(Code.MANIFEST_MALFORMED, f"The manifest breaks its schema at {wrong}.")
    names = [file["name"] for file in document["files"]]
    if len(set(names)) < len(names):
        raise PackRefused(Code.MANIFEST_MALFORMED, "The manifest lists a file twice.")
    return dict(document)
