"""The subject file: which product is to be certified, in which version, how it is reached, and what of its world is meant."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from sandbox.contracts.faults import ContractError, Fault
from sandbox.contracts.sources import read_source
from simulators.credentials import Access, CredentialUnusable, client_access, key_in

_ENVIRONMENT = "env:"
INBOUND, OUTBOUND, GUIDED = "inbound", "outbound", "guided"


class SubjectUnusable(Exception):
    """The subject file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be certified."""

    role: str
    product: str
    name: str
    version: str
    build: str
    environment: str
    addresses: Mapping[str, str]
    features: tuple[str, ...] = ()
    driving: str = GUIDED
    tokens: Mapping[str, Access] = field(default_factory=dict, repr=False)
    """By system: the token, or the key that gets tokens."""
    bindings: Mapping[str, Any] = field(default_factory=dict)
    known_gaps: tuple[str, ...] = ()

    def without_secrets(self) -> dict[str, Any]:
        """What the evidence holds of it."""
        return {
            "role": self.role,
            "product": self.product,
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "environment": self.environment,
            "features": list(self.features),
            "driving": self.driving,
            "addresses": dict(self.addresses),
            "bindings": sorted(self.bindings),
            "knownGaps": list(self.known_gaps),
        }


@cache
def _schema() -> jsonschema_rs.Draft202012Validator:
    path = Path(__file__).resolve().parent / "subject-schema.json"
    return jsonschema_rs.Draft202012Validator(orjson.loads(path.read_bytes()))


def read_subject(path: Path) -> Subject:
    """The subject of a YAML file.

    Raises SubjectUnusable, with file and line of every fault, and for a token or a key that is not to be had.
    """
    try:
        source = read_source(path)
    except (OSError, ContractError) as problem:
        raise SubjectUnusable(f"{path} cannot be read as YAML: {problem}") from problem
    faults = [
        Fault(path, source.line(tuple(error.instance_path)), error.message)
        for error in _schema().iter_errors(source.value)
    ]
    if faults:
        raise SubjectUnusable("\n".join(str(fault) for fault in faults))
    held = source.value
    return Subject(
        role=held["role"],
        product=held["product"],
        name=held["name"],
        version=held["version"],
        build=held["build"],
        environment=held["environment"],
        addresses={name: text.rstrip("/") for name, text in held["addresses"].items()},
        features=tuple(held.get("features", ())),
        driving=held.get("driving", INBOUND if "driver" in held["addresses"] else GUIDED),
        tokens={name: _access(path, name, told) for name, told in held.get("tokens", {}).items()},
        bindings=held.get("bindings", {}),
        known_gaps=tuple(held.get("knownGaps", ())),
    )


def _access(path: Path, name: str, told: Any) -> Access:
    if isinstance(told, str):
        return _secret(path, f"the token {name}", told)
    key_file = told["keyFile"]
    try:
        key = (
            _secret(path, f"the key of the client {name}", key_file)
            if key_file.startswith(_ENVIRONMENT)
            else key_in(path.parent / key_file)
        )
        return client_access(told["clientId"], key, told["tokenUrl"], told.get("kid"))
    except CredentialUnusable as problem:
        raise SubjectUnusable(f"{path}, tokens.{name}: {problem}") from problem


def _secret(path: Path, what: str, text: str) -> str:
    if not text.startswith(_ENVIRONMENT):
        return text
    variable = text.removeprefix(_ENVIRONMENT)
    value = os.environ.get(variable)
    if not value:
        raise SubjectUnusable(
            f"{path} takes {what} from the environment variable {variable}, which is not set."
        )
    return value
