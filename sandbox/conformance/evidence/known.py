"""What this installation holds of its own, against which a pack's claims about its suite and contracts are held.

The digests are over bytes that `certify` writes into the pack as they are, so that what was judged with is what is known here.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox import __version__
from sandbox.conformance.case import ROLES, Case, load_cases
from sandbox.conformance.evidence.manifest import canonical, sha256
from sandbox.contracts import CONTRACT_NAMES, Contract, load_contract
from sandbox.contracts.requirements import Requirement, load_requirements


@dataclass(frozen=True, slots=True)
class Known:
    """Digests by what they are of."""

    version: str
    suites: Mapping[str, str] = field(default_factory=dict)
    """By role: the digest of `cases.json`."""
    requirement_set: str = ""
    contracts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By name and version."""


@dataclass(frozen=True, slots=True)
class Revocations:
    """What was taken back, each with its reason: packs by the digest of their manifest, keys by their ids.

    A pack is named by its manifest, since the same files can be zipped in more than one way.
    """

    packs: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    looked_up: bool = True
    """Whether there was a register to look in."""


NOT_LOOKED_UP = Revocations(looked_up=False)


def cases_file(cases: Iterable[Case]) -> bytes:
    """`cases.json` of a pack: every case of the role, played or not, so that none can be left out unseen."""
    return canonical([case.dump() for case in sorted(cases, key=lambda case: case.id)])


def requirements_file(requirements: Iterable[Requirement]) -> bytes:
    """`requirements.json` of a pack: the whole register."""
    ordered = sorted(requirements, key=lambda item: item.id)
    return canonical([_record(item) for item in ordered])


def _record(item: Requirement) -> dict[str, Any]:
    held = {name: getattr(item, name) for name in Requirement.__dataclass_fields__}
    return {name: value for name, value in held.items() if value not in (None, ())}


def contract_digest(contract: Contract) -> str:
    """The digest of a bundled contract."""
    return hashlib.sha256(orjson.dumps(contract.document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def contract_facts(contracts: Iterable[Contract]) -> tuple[dict[str, str], ...]:
    """The contracts as a manifest names them."""
    return tuple(
        {"name": item.name, "version": item.version, "digest": contract_digest(item)}
        for item in contracts
    )


def known_here() -> Known:
    """What this installation knows. Raises ContractError when something of it is broken."""
    contracts = [load_contract(name) for name in CONTRACT_NAMES]
    return Known(
        __version__,
        {role: sha256(cases_file(load_cases(role))) for role in ROLES},
        sha256(requirements_file(load_requirements())),
        {(item.name, item.version): contract_digest(item) for item in contracts},
    )
