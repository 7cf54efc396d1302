"""Verifies a pack offline, step by step, and believes nothing that the pack says about itself.

    verification = verify_pack(path, trusted, recompute, requirements, today, revocations)
    verification.accepted, verification.code, [(step.name, step.state, step.sentence) for step in verification.steps]

Rules kept here:
- A key counts only when the verifier has it. A key in the pack is named as such and never used.
- What one step refuses no later step looks at: a pack that is not authentic is not analysed.
- Whatever a pack holds, this answers; it never raises on account of the pack.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sandbox.conformance.evidence.archive import Archive
from sandbox.conformance.evidence.claims import (
    check_claims,
    check_dates,
    check_versions,
    granted_level,
)
from sandbox.conformance.evidence.contents import PackFiles, check_digests, check_listing
from sandbox.conformance.evidence.eligibility import (
    NOTHING_KNOWN,
    VOLUME,
    Eligibility,
    RequirementLike,
)
from sandbox.conformance.evidence.envelope import MANIFEST, Signed
from sandbox.conformance.evidence.known import NOT_LOOKED_UP, Known, Revocations, known_here
from sandbox.conformance.evidence.manifest import Level, read_manifest, sha256
from sandbox.conformance.evidence.refusals import Code, PackRefused, read_json
from sandbox.conformance.evidence.signers import (
    TrustedKey,
    check_signature,
    find_signers,
    refuse_keys_inside,
)
from sandbox.conformance.evidence.verdicts import Recompute, check_eligibility, check_verdicts

__all__ = ["OK", "REFUSED", "UNREACHED", "Recompute", "Step", "Verification", "verify_pack"]

OK, REFUSED, UNREACHED = "ok", "refused", "not reached"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a verification."""

    name: str
    state: str
    """OK, REFUSED or UNREACHED."""
    sentence: str
    code: Code | None = None
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it. All but the steps is set only as far as the steps came."""

    steps: tuple[Step, ...]
    pack_digest: str = ""
    """The SHA-256 of the zip."""
    manifest_digest: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    level: Level | None = None
    """The level that was confirmed, which may be less than the one that is claimed."""
    signers: tuple[TrustedKey, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    """The verdicts as they were recomputed."""
    eligibility: Eligibility = NOTHING_KNOWN

    @property
    def accepted(self) -> bool:
        """Whether every step held."""
        return all(step.state == OK for step in self.steps)

    @property
    def code(self) -> Code | None:
        """Why it was refused; None where it was not."""
        return next((step.code for step in self.steps if step.code), None)

    @property
    def sentence(self) -> str:
        """Why it was refused, in a sentence; empty where it was not."""
        return next((step.sentence for step in self.steps if step.code), "")

    def to_dict(self) -> dict[str, Any]:
        """The verification as JSON, for scripts."""
        return {
            "accepted": self.accepted,
            "code": self.code,
            "sentence": self.sentence,
            "packSha256": self.pack_digest,
            "manifestSha256": self.manifest_digest,
            "level": self.level,
            "signers": [{"keyid": key.id, "name": key.name} for key in self.signers],
            "subject": self.manifest.get("subject"),
            "result": self.results.get("overall"),
            "certifiable": self.eligibility.to_dict(),
            "steps": [
                {
                    "step": step.name,
                    "state": step.state,
                    "code": step.code,
                    "sentence": step.sentence,
                }
                for step in self.steps
            ],
        }


def verify_pack(
    path: Path,
    trusted_keys: Iterable[TrustedKey],
    recompute: Recompute,
    requirements: Iterable[RequirementLike],
    today: date | None = None,
    revocations: Revocations = NOT_LOOKED_UP,
    *,
    known: Known | None = None,
    nonce: str | None = None,
) -> Verification:
    """Verifies the pack at `path`.

    `recompute` judges the pack's files anew and answers what results.json must be. `nonce` is the certifier's challenge.
    `known` is what this installation holds, unless it is given. Never raises on account of the pack.
    """
    verifier = _Verifier(
        path,
        {key.id: key for key in trusted_keys},
        recompute,
        tuple(requirements),
        today or datetime.now(UTC).date(),
        revocations,
        known or known_here(),
        nonce,
    )
    try:
        return verifier.run()
    finally:
        verifier.close()


class _Verifier:
    """The state that the steps hand on."""

    def __init__(
        self,
        path: Path,
        trusted: Mapping[str, TrustedKey],
        recompute: Recompute,
        requirements: tuple[RequirementLike, ...],
        today: date,
        revocations: Revocations,
        known: Known,
        nonce: str | None,
    ) -> None:
        self._path = path
        self._trusted = trusted
        self._recompute = recompute
        self._requirements = requirements
        self._today = today
        self._revocations = revocations
        self._known = known
        self._nonce = nonce
        self._opened: Archive | None = None
        self._envelope: Signed | None = None
        self._pack_digest = ""
        self._manifest_digest = ""
        self._manifest: dict[str, Any] = {}
        self._level: Level | None = None
        self._signers: tuple[TrustedKey, ...] = ()
        self._results: Mapping[str, Any] = {}
        self._eligibility = NOTHING_KNOWN

    @property
    def _archive(self) -> Archive:
        assert self._opened is not None
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def run(self) -> Verification:
        steps: list[Step] = []
        refused = False
        for name, check in self._checks():
            if refused:
                steps.append(Step(name, UNREACHED, "An earlier step refused the pack."))
                continue
            try:
                steps.append(Step(name, OK, check()))
            except PackRefused as problem:
                refused = True
                steps.append(Step(name, REFUSED, str(problem), problem.code))
        return Verification(
            tuple(steps),
            self._pack_digest,
            self._manifest_digest,
            self._manifest,
            self._level,
            self._signers,
            self._results,
            self._eligibility,
        )

    def _checks(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        return (
            ("readable zip", self._open),
            ("entry names", self._names),
            ("sizes", self._sizes),
            ("manifest", self._read_manifest),
            ("keys", self._keys),
            ("signature", self._signature),
            ("files present", self._listing),
            ("digests", self._digests),
            ("level and nonce", self._claimed_level),
            ("dates", self._dates),
            ("suite and contracts", self._versions),
            ("verdicts recomputed", self._verdicts),
            ("eligibility", self._eligible),
            ("revocation", self._revoked),
            ("form of the zip", self._form),
        )

    def _open(self) -> str:
        self._opened = Archive(self._path)
        self._pack_digest = self._archive.digest_of_whole()
        return f"A zip with {len(self._archive.names)} entries, SHA-256 {self._pack_digest}."

    def _names(self) -> str:
        self._archive.check_names()
        return "Each name is there once and stays within the pack; no links, nothing encrypted."

    def _sizes(self) -> str:
        self._archive.check_sizes()
        return "Within the bounds, each and together."

    def _read_manifest(self) -> str:
        if MANIFEST not in self._archive.names:
            raise PackRefused(Code.MANIFEST_MISSING, f"The pack has no {MANIFEST}.")
        content = self._archive.read(MANIFEST)
        self._manifest = read_manifest(content)
        self._manifest_digest = sha256(content)
        return f"Well formed; it lists {len(self._manifest['files'])} files."

    def _keys(self) -> str:
        refuse_keys_inside(self._archive)
        self._envelope, self._signers = find_signers(self._archive, self._trusted)
        names = ", ".join(f"{key.name} ({key.id[:16]}…)" for key in self._signers)
        return f"Signed under a key that you hold: {names}. There is no key in the pack."

    def _signature(self) -> str:
        assert self._envelope is not None
        check_signature(self._envelope, self._signers, self._manifest_digest, self._manifest)
        return (
            "The statement about the manifest was signed with that key, and is about this manifest."
        )

    def _listing(self) -> str:
        check_listing(self._archive, self._manifest)
        return "Every file that the manifest lists is there, and no other."

    def _digests(self) -> str:
        check_digests(self._archive, self._manifest)
        return "Every file has the size and the SHA-256 that the manifest says."

    def _claimed_level(self) -> str:
        check_claims(self._archive, self._manifest)
        self._level, sentence = granted_level(self._manifest, self._signers, self._nonce)
        return sentence

    def _dates(self) -> str:
        return check_dates(self._manifest, self._today)

    def _versions(self) -> str:
        return check_versions(self._archive, self._manifest, self._known)

    def _verdicts(self) -> str:
        told = self._read_json("results.json")
        self._results = check_verdicts(
            told, PackFiles(self._archive, self._manifest), self._recompute, self._manifest
        )
        cases, names = len(self._results["cases"]), len(self._results["requirements"])
        counts = self._results.get(VOLUME, {}).get("counts")
        ledger = (
            f", each of the {counts['sent'] + counts['caughtUp']:,} messages of the replay's ledger made anew"
            if counts
            else ""
        )
        return (
            f"The records of {cases} cases were judged anew{ledger}: every verdict is as written, of {names} "
            f"requirements and overall ({self._results['overall']})."
        )

    def _eligible(self) -> str:
        self._eligibility = check_eligibility(self._manifest, self._results, self._requirements)
        if self._eligibility.is_certifiable:
            return f"Enough for a certificate: {self._eligibility.kind}."
        reasons = self._eligibility.reasons
        return f"Not enough for a certificate, as the pack says itself. {len(reasons)} reasons; the first: {reasons[0]}"

    def _revoked(self) -> str:
        for key in self._signers:
            if key.id in self._revocations.keys:
                reason = self._revocations.keys[key.id]
                raise PackRefused(Code.KEY_REVOKED, f"The key {key.name} was revoked: {reason}.")
        if self._manifest_digest in self._revocations.packs:
            reason = self._revocations.packs[self._manifest_digest]
            raise PackRefused(
                Code.PACK_REVOKED, f"The certificate of this evidence was revoked: {reason}."
            )
        if not self._revocations.looked_up:
            return "Not looked up: no register was named."
        return "Neither the keys nor this evidence are revoked in the register."

    def _form(self) -> str:
        self._archive.check_form()
        return "The zip is as the suite wrote it, to the byte."

    def _read_json(self, name: str) -> Any:
        if name not in self._archive.names:
            raise PackRefused(Code.RESULTS_MALFORMED, f"The pack has no {name}.")
        try:
            return read_json(self._archive.read(name))
        except ValueError as problem:
            raise PackRefused(Code.RESULTS_MALFORMED, f"{name} is no JSON.") from problem
