"""The requirements register: what a recruitment system, ESR and NHS Jobs must do, one record for each rule.

`openapi/requirements/*.yaml` holds the records, `openapi/requirements/ids.txt` every id that was ever given, in the order
in which it was: an id is never given twice, and a record that goes leaves its id behind.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from sandbox.contracts.faults import ContractError, Fault
from sandbox.contracts.library import contracts_folder
from sandbox.contracts.sources import read_source

_TEXT = {"type": "string", "minLength": 1}
_WORDS = {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}
_ID = re.compile(r"(ESR|NHSJ)-[A-Z]{3}-[0-9]{3}", re.ASCII)
_RECORD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "level", "actor", "text", "source", "basis"],
    "properties": {
        "id": {"type": "string", "pattern": f"^{_ID.pattern}$"},
        "level": {"enum": ["MUST", "SHOULD", "MAY"]},
        "actor": {"enum": ["recruitment-system", "esr", "nhs-jobs"]},
        "text": _TEXT,
        "source": _TEXT,
        "basis": {"enum": ["public", "modelled", "assumed"]},
        "condition": _TEXT,
        "codes": _WORDS,
        "operations": _WORDS,
        "tests": _WORDS,
        "untested": _TEXT,
        "uncertified": _TEXT,
        "feature": _TEXT,
        "suite": {"enum": ["volume"]},
    },
}
_FILE = jsonschema_rs.validator_for(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["requirements"],
        "properties": {"requirements": {"type": "array", "items": _RECORD}},
    }
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One record of the register."""

    id: str
    level: str
    actor: str
    text: str
    source: str
    basis: str
    """`public`: an owner has published it. `modelled`: after a public neighbour. `assumed`: ours."""
    condition: str | None = None
    """When it applies, for instance the rule profile that an employer carries."""
    codes: tuple[str, ...] = ()
    """The message and problem codes that tell of a breach or of the rule's outcome."""
    operations: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    """The test files of this repository that fail when the rule is broken."""
    untested: str | None = None
    """Why there is no test."""
    uncertified: str | None = None
    """Why no case of the certification suite can show it."""
    feature: str | None = None
    """What a subject must have declared for it to apply."""
    suite: str | None = None
    """`volume`: only a replay shows it, and only a certificate for going live asks for it."""


def load_requirements(folder: Path | None = None) -> tuple[Requirement, ...]:
    """Every record, file by file.

    Raises ContractError, with file and line, for a record that is not well formed, one that names neither its tests nor
    why there are none, an id that stands twice, or one that is not in `ids.txt`.
    """
    home = folder or contracts_folder() / "requirements"
    faults: list[Fault] = []
    found: list[Requirement] = []
    given = given_ids(home)
    seen: set[str] = set()
    for path in sorted(home.glob("*.yaml")):
        source = read_source(path)
        malformed = [
            Fault(path, source.line(tuple(error.instance_path)), error.message)
            for error in _FILE.iter_errors(source.value)
        ]
        faults += malformed
        if malformed:
            continue
        for place, record in enumerate(source.value["requirements"]):
            line = source.line(("requirements", place))
            faults += [Fault(path, line, text) for text in _wrong(record, seen, given)]
            seen.add(record["id"])
            found.append(_requirement(record))
    if faults:
        raise ContractError(faults)
    return tuple(found)


@cache
def _clauses() -> dict[str, tuple[Requirement, ...]]:
    found: dict[str, list[Requirement]] = {}
    for requirement in load_requirements():
        # What is asked of a file is no clause of an answer of the API, though it has codes in common.
        for code in requirement.codes if requirement.feature != "files" else ():
            found.setdefault(code, []).append(requirement)
    return {code: tuple(held) for code, held in found.items()}


def clauses(operation_id: str | None, codes: Iterable[str]) -> list[str]:
    """The ids of the records that name one of `codes` for the operation, or for every operation, in their order.

    Raises ContractError, as `load_requirements` does, at the first call.
    """
    index = _clauses()
    found = {
        requirement.id
        for code in codes
        for requirement in index.get(code, ())
        if not requirement.operations or operation_id in requirement.operations
    }
    return sorted(found)


def given_ids(folder: Path) -> tuple[str, ...]:
    """Every id that was ever given, in order.

    Raises ContractError, with file and line, when one stands twice or is none, or the file cannot be read.
    """
    path = folder / "ids.txt"
    try:
        ids = tuple(path.read_text(encoding="ascii").splitlines())
    except (OSError, UnicodeDecodeError) as problem:
        raise ContractError([Fault(path, 1, f"the file cannot be read: {problem}")]) from problem
    faults = []
    seen: set[str] = set()
    for line, name in enumerate(ids, start=1):
        if not _ID.fullmatch(name):
            faults.append(Fault(path, line, f"{name!r} is no id; write one on each line"))
        if name in seen:
            faults.append(Fault(path, line, f"{name} was given before; an id is never given twice"))
        seen.add(name)
    if faults:
        raise ContractError(faults)
    return ids


def _wrong(record: dict[str, Any], seen: set[str], given: tuple[str, ...]) -> list[str]:
    """What is wrong with a well-formed record, beside those before it."""
    name, wrong = record["id"], []
    if name in seen:
        wrong.append(f"{name} stands twice")
    if name not in given:
        wrong.append(f"{name} is not in ids.txt; add it at the end")
    if ("tests" in record) == ("untested" in record):
        wrong.append(f"{name} must have either tests or untested, and not both")
    return wrong


def _requirement(record: dict[str, Any]) -> Requirement:
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    return Requirement(**fields)
