"""A small pack that is good, and what is needed to make it worse."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.keys import PrivateKey
from sandbox.conformance.evidence.known import NOT_LOOKED_UP, Known, Revocations
from sandbox.conformance.evidence.manifest import Facts, Level, canonical, sha256
from sandbox.conformance.evidence.pack import write_pack, write_zip
from sandbox.conformance.evidence.signers import TrustedKey
from sandbox.conformance.evidence.verify import Verification, verify_pack
from sandbox.contracts.requirements import Requirement

TODAY = date(2026, 6, 1)
SEED = 4711
SUITES = ("contract", "behaviour", "traffic", "resilience")
CASES = {
    "esr.a": ("contract", ["ESR-APP-001"]),
    "esr.b": ("behaviour", ["ESR-APP-002"]),
    "esr.c": ("traffic", ["ESR-APP-002"]),
    "esr.d [row one]": ("resilience", ["ESR-APP-003"]),
}
CASES_FILE = canonical(
    [
        {"id": name, "suite": suite, "case": {"requirements": r}}
        for name, (suite, r) in CASES.items()
    ]
)
REQUIREMENTS_FILE = canonical([{"id": f"ESR-APP-00{number}"} for number in (1, 2, 3)])
CONTRACT = {"name": "esr", "version": "1.0.0", "digest": "c" * 64}
KNOWN = Known(
    "0.4.0",
    {"recruitment-system": sha256(CASES_FILE)},
    sha256(REQUIREMENTS_FILE),
    {("esr", "1.0.0"): "c" * 64},
)
SUBJECT: dict[str, Any] = {
    "product": "Recruit <One>",
    "name": "Supplier & Sons",
    "version": "4.2",
    "build": "4.2.1187",
    "environment": "test",
    "role": "recruitment-system",
    "features": ["esr"],
}


def requirement(name: str, **more: Any) -> Requirement:
    return Requirement(name, "MUST", "recruitment-system", "It MUST.", "ours", "assumed", **more)


REQUIREMENTS = tuple(requirement(f"ESR-APP-00{number}") for number in (1, 2, 3))


def recompute(files: Mapping[str, bytes]) -> dict[str, Any]:
    """A judge that is as simple as can be: a record says what was seen."""
    words = []
    suites: dict[str, str] = {}
    requirements: dict[str, str] = {}
    for name, (suite, named) in CASES.items():
        word = orjson.loads(files[f"cases/{name}.json"])["seen"]
        words.append(
            {
                "case": name,
                "suite": suite,
                "result": word,
                "requirements": dict.fromkeys(named, word),
            }
        )
        suites[suite] = word
        for each in named:
            requirements[each] = (
                word if requirements.get(each, "pass") == "pass" else requirements[each]
            )
    found = [word for word in suites.values() if word != "pass"]
    return {
        "overall": found[0] if found else "pass",
        "suites": suites,
        "requirements": requirements,
        "cases": words,
    }


def record(case: str, seen: str = "pass", seed: int = SEED) -> bytes:
    return orjson.dumps({"case": case, "seed": seed, "seen": seen})


def run_files(seen: Mapping[str, str] | None = None, seed: int = SEED) -> dict[str, bytes]:
    files = {
        f"cases/{case}.json": record(case, (seen or {}).get(case, "pass"), seed) for case in CASES
    }
    files |= {
        "subject.json": orjson.dumps(SUBJECT),
        "cases.json": CASES_FILE,
        "requirements.json": REQUIREMENTS_FILE,
        "traffic.ndjson": b'{"path":"/applicants"}\n' * 20,
    }
    files["results.json"] = orjson.dumps(recompute(files))
    return files


FACTS = Facts(
    subject=SUBJECT,
    suite={"version": "0.4.0", "digest": sha256(CASES_FILE)},
    requirement_set=sha256(REQUIREMENTS_FILE),
    contracts=(CONTRACT,),
    suites=SUITES,
    level=Level.SELF_RUN,
    seed=SEED,
    began="2026-05-01T09:00:00.000Z",
    ended="2026-05-01T09:05:00.000Z",
    clock={"from": "2026-04-01T09:00:00.000Z", "to": "2026-04-03T09:00:00.000Z"},
    result="pass",
    eligibility=Eligibility(Kind.FUNCTIONAL),
)


@dataclass
class Desk:
    """A supplier's key, a verifier who trusts it, and a folder to work in."""

    folder: Path
    key: PrivateKey = field(default_factory=PrivateKey.generate)

    @property
    def trusted(self) -> TrustedKey:
        return TrustedKey(self.key.public_key(), "supplier")

    def pack(
        self,
        files: Mapping[str, bytes] | None = None,
        key: PrivateKey | None = None,
        name: str = "pack.zip",
        **facts: Any,
    ) -> Path:
        path = self.folder / name
        write_pack(path, files or run_files(), replace(FACTS, **facts), key or self.key)
        return path

    def altered(
        self,
        alter: Callable[[dict[str, bytes]], None],
        files: Mapping[str, bytes] | None = None,
    ) -> Path:
        """A good pack whose files were altered after it was sealed."""
        path = self.pack(files)
        held = contents(path)
        alter(held)
        write_zip(path, held)
        return path

    def verify(
        self,
        path: Path,
        today: date = TODAY,
        revocations: Revocations = NOT_LOOKED_UP,
        trusted: list[TrustedKey] | None = None,
        judge: Any = recompute,
        **more: Any,
    ) -> Verification:
        return verify_pack(
            path,
            [self.trusted] if trusted is None else trusted,
            judge,
            REQUIREMENTS,
            today,
            revocations,
            known=more.pop("known", KNOWN),
            **more,
        )


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
