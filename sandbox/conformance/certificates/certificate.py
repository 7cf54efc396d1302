"""A certificate: what it says, when it may be given, and whether it holds on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any

from sandbox.conformance.certificates.decisions import Review, Waiver
from sandbox.conformance.evidence.claims import a_year_after
from sandbox.conformance.evidence.eligibility import (
    VOLUME,
    Eligibility,
    Excuses,
    Kind,
    RequirementLike,
    eligibility,
)
from sandbox.conformance.evidence.manifest import Level
from sandbox.conformance.evidence.verify import Verification

TYPE = "esr-sandbox-certificate/1"
_LATER = ("volume",)
"""What certificates that were given before it was thought of do not say."""
ENDS_WITH = "the next MAJOR version of any of these contracts"


class NotCertifiable(Exception):
    """No certificate can be given; `reasons` say why, in sentences."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(reasons[0])
        self.reasons = reasons


class State(StrEnum):
    """Whether a certificate holds."""

    IN_FORCE = "in force"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ENDED = "ended by a new contract version"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is signed. Dates are ISO 8601; digests are SHA-256 in hexadecimal."""

    id: str
    product: str
    name: str
    """Who answers for the product."""
    version: str
    build: str
    environment: str
    role: str
    features: tuple[str, ...]
    level: str
    kind: str
    requirementSet: str
    suite: Mapping[str, str]
    contracts: Mapping[str, str]
    """Version by name."""
    packSha256: str
    manifestSha256: str
    signers: tuple[str, ...]
    """The ids of the keys that signed the pack."""
    began: str
    ended: str
    issued: str
    expires: str
    reviewer: str
    waivers: tuple[Mapping[str, str], ...] = ()
    reviews: tuple[Mapping[str, str], ...] = ()
    volume: Mapping[str, Any] = field(default_factory=dict)
    """For going live, what was replayed: profile, applicants of the year, messages, factor and clock; else empty."""

    def to_dict(self) -> dict[str, Any]:
        """The certificate as it is signed."""
        return {"type": TYPE, **asdict(self), "endsWith": ENDS_WITH}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Certificate":
        """A certificate as `to_dict` gave it. Raises ValueError when it is none."""
        if document.get("type") != TYPE:
            raise ValueError("this is no certificate")
        held: dict[str, Any] = {}
        for item in fields(cls):
            if item.name not in document and item.name not in _LATER:
                raise ValueError(f"a certificate says its {item.name}")
            if item.name not in document:
                continue
            value = document[item.name]
            held[item.name] = tuple(value) if isinstance(value, list) else value
        return cls(**held)

    def state(self, today: date, is_revoked: bool, versions: Mapping[str, str]) -> State:
        """Whether it holds today. `versions` are those of the contracts now, by name."""
        if is_revoked:
            return State.REVOKED
        if any(
            name in versions and major(versions[name]) > major(version)
            for name, version in self.contracts.items()
        ):
            return State.ENDED
        return State.EXPIRED if today > date.fromisoformat(self.expires) else State.IN_FORCE


def major(version: str) -> int:
    """The first number of a version."""
    return int(version.split(".", 1)[0])


def certify(
    name: str,
    verification: Verification,
    requirements: Iterable[RequirementLike],
    reviewer: str,
    today: date,
    waivers: Iterable[Waiver] = (),
    reviews: Iterable[Review] = (),
    level: Level | None = None,
) -> Certificate:
    """The certificate `name` for a pack that was verified.

    It ends after twelve months, sooner where a waiver that it rests on does. `level` is the confirmed one unless it is given.
    Raises NotCertifiable where the pack was refused, or is not enough with what people have decided.
    """
    if not verification.accepted:
        code, sentence = verification.code, verification.sentence
        raise NotCertifiable(f"The pack is refused ({code}). {sentence}")
    manifest = verification.manifest
    subject = manifest["subject"]
    used_waivers = tuple(each for each in waivers if each.holds(today))
    used_reviews = tuple(
        each for each in reviews if each.manifestSha256 == verification.manifest_digest
    )
    needed = _needed(verification.results, requirements)
    used_waivers = tuple(each for each in used_waivers if each.requirement in needed)
    used_reviews = tuple(each for each in used_reviews if each.requirement in needed)
    enough = _enough(verification, requirements, used_waivers, used_reviews)
    if not enough.is_certifiable:
        ended = [f"{each.told()} has ended." for each in waivers if not each.holds(today)]
        raise NotCertifiable(*enough.reasons, *ended)
    expires = min([a_year_after(today), *(date.fromisoformat(each.until) for each in used_waivers)])
    return Certificate(
        id=name,
        product=subject["product"],
        name=subject["name"],
        version=subject["version"],
        build=subject["build"],
        environment=subject["environment"],
        role=subject["role"],
        features=tuple(subject["features"]),
        level=str(level or verification.level),
        kind=str(enough.kind),
        requirementSet=manifest["requirementSet"],
        suite=dict(manifest["suite"]),
        contracts={item["name"]: item["version"] for item in manifest["contracts"]},
        packSha256=verification.pack_digest,
        manifestSha256=verification.manifest_digest,
        signers=tuple(key.id for key in verification.signers),
        began=manifest["began"],
        ended=manifest["ended"],
        issued=today.isoformat(),
        expires=expires.isoformat(),
        reviewer=reviewer,
        waivers=tuple(each.to_dict() for each in used_waivers),
        reviews=tuple(each.to_dict() for each in used_reviews),
        volume=_volume(verification.results) if enough.kind is Kind.GO_LIVE else {},
    )


def _volume(results: Mapping[str, Any]) -> dict[str, Any]:
    told = results[VOLUME]
    named = ("profile", "title", "ownProfile", "applicants", "clock", "factor")
    return {**{name: told[name] for name in named}, "counts": {"sent": told["counts"]["sent"]}}


def _needed(results: Mapping[str, Any], requirements: Iterable[RequirementLike]) -> set[str]:
    """The requirements of which the results alone do not say that they are kept."""
    told = results["requirements"]
    unseen = {item.id for item in requirements if item.id not in told}
    in_cases = {
        name
        for case in results["cases"]
        for name, word in case["requirements"].items()
        if word not in ("pass", "warn", "omit")
    }
    return (
        unseen
        | in_cases
        | {name for name, word in told.items() if word not in ("pass", "warn", "omit")}
    )


def _enough(
    verification: Verification,
    requirements: Iterable[RequirementLike],
    waivers: Iterable[Waiver],
    reviews: Iterable[Review],
) -> Eligibility:
    subject = verification.manifest["subject"]
    excuses = Excuses(
        {each.requirement: each.decision == "kept" for each in reviews},
        frozenset(each.requirement for each in waivers),
    )
    found = eligibility(
        verification.results, requirements, subject["role"], subject["features"], excuses
    )
    assert found.kind is not Kind.NONE or found.reasons
    return found
