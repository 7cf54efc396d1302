"""A pack that this installation judges as its own, small enough to be made for one test; and an office of the ESR team."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from evidence_packs import FACTS, KNOWN, REQUIREMENTS, SUBJECT, Desk, run_files
from evidence_packs import recompute as recompute_toy

from sandbox.conformance.case import load_cases
from sandbox.conformance.certificates.certificate import Certificate
from sandbox.conformance.certificates.issuing import Decisions, issue_certificate
from sandbox.conformance.certificates.register import Register
from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.keyring import SUPPLIERS
from sandbox.conformance.evidence.keys import new_key_pair, read_private_key
from sandbox.conformance.evidence.known import (
    cases_file,
    contract_facts,
    known_here,
    requirements_file,
)
from sandbox.conformance.evidence.recomputation import recompute
from sandbox.conformance.evidence.verify import verify_pack
from sandbox.console import examinations, examiner
from sandbox.contracts import load_contract
from sandbox.contracts.requirements import load_requirements

_ROLE = "recruitment-system"


def pack_of_here(desk: Desk, name: str = "pack.zip") -> Path:
    """A good pack of a run in which nothing was played."""
    now = datetime.now(UTC).isoformat()
    known = known_here()
    files = {
        "cases.json": cases_file(load_cases(_ROLE)),
        "requirements.json": requirements_file(load_requirements()),
        "subject.json": orjson.dumps(FACTS.subject),
    }
    results = recompute(files)
    return desk.pack(
        {**files, "results.json": orjson.dumps(results)},
        name=name,
        began=now,
        ended=now,
        suite={"version": known.version, "digest": known.suites[_ROLE]},
        requirement_set=known.requirement_set,
        contracts=contract_facts([load_contract("esr")]),
        result=results["overall"],
        eligibility=Eligibility(Kind.NONE, ("nothing was played",)),
    )


def judge_toy_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has packs judged by the toy suite that the toy packs are of, in this process."""
    monkeypatch.setattr(examiner, "verify_pack", partial(verify_pack, known=KNOWN))
    monkeypatch.setattr(examiner, "recompute", recompute_toy)
    monkeypatch.setattr(examiner, "load_requirements", lambda: REQUIREMENTS)

    def run(folder: Path, is_first: bool) -> None:
        examiner.examine(folder)
        if is_first:
            (folder / "verified.json").write_bytes((folder / "outcome.json").read_bytes())

    monkeypatch.setattr(examinations, "_run", run)


@dataclass(frozen=True)
class Office:
    """The register of an ESR team, its key, and the folder of keys that count for it: as a sandbox is started with them."""

    folder: Path
    desk: Desk

    @classmethod
    def make(cls, folder: Path) -> "Office":
        """An office that trusts one supplier, whose desk it knows."""
        folder.mkdir(parents=True, exist_ok=True)
        new_key_pair(folder, "esr-team")
        written = new_key_pair(folder / "supplier", "acme")
        trusted = folder / "trusted" / SUPPLIERS
        trusted.mkdir(parents=True)
        shutil.copy(written.public, trusted)
        return cls(folder, Desk(folder, read_private_key(written.private)))

    @property
    def register(self) -> Register:
        return Register(self.folder / "register")

    @property
    def key(self) -> Path:
        return self.folder / "esr-team.private.pem"

    @property
    def trusted_keys(self) -> Path:
        return self.folder / "trusted"

    @property
    def settings(self) -> dict[str, Any]:
        """What a sandbox in the test's own process is started with, beside its database."""
        return {
            "register": self.register.folder,
            "register_key": self.key,
            "trusted_keys": self.trusted_keys,
        }

    @property
    def options(self) -> tuple[str, ...]:
        """What a sandbox is started with."""
        named = ("--register", self.register.folder), ("--register-key", self.key)
        trusting = ("--trusted-keys", self.trusted_keys)
        return tuple(str(word) for pair in (*named, trusting) for word in pair)

    def issue(self, **subject: Any) -> Certificate:
        """A certificate, on a pack of the toy suite by another build."""
        now = datetime.now(UTC)
        moment = now.isoformat()
        of = {**SUBJECT, "build": moment, **subject}
        files = {**run_files(), "subject.json": orjson.dumps(of)}
        pack = self.desk.pack(files, name="issued.zip", began=moment, ended=moment, subject=of)
        found = self.desk.verify(pack, now.date())
        issuer, decisions = read_private_key(self.key), Decisions("A. Person")
        return issue_certificate(
            self.register, found, issuer, REQUIREMENTS, decisions, now
        ).certificate
