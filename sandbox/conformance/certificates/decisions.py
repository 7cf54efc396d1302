"""What people decide and a machine cannot: reviews of what only a person can tell, and waivers of what is not kept yet."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs

from sandbox.conformance.certificates.tokens import REVIEW, TokenInvalid, read_token, sign_token
from sandbox.conformance.evidence.keys import PrivateKey, PublicKey
from sandbox.contracts.faults import ContractError
from sandbox.contracts.sources import read_source

_TEXT = {"type": "string", "minLength": 1, "maxLength": 500}
_ID = {"type": "string", "pattern": "^(ESR|NHSJ)-[A-Z]{3}-[0-9]{3}$"}
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _form(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


_WAIVER = _form(requirement=_ID, reason=_TEXT, by=_TEXT, until={"type": "string", "format": "date"})
_WAIVERS = jsonschema_rs.Draft202012Validator(
    _form(waivers={"type": "array", "items": _WAIVER}), validate_formats=True
)
_REVIEW = jsonschema_rs.Draft202012Validator(
    _form(
        manifestSha256=_DIGEST,
        requirement=_ID,
        decision={"enum": ["kept", "not kept"]},
        reason=_TEXT,
        reviewer=_TEXT,
        at={"type": "string", "format": "date"},
    ),
    validate_formats=True,
)


class DecisionUnusable(Exception):
    """A file of waivers or reviews cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A requirement that need not be kept yet: why, who said so, and the last day."""

    requirement: str
    reason: str
    by: str
    until: str

    def holds(self, today: date) -> bool:
        """Whether it holds today; its last day counts."""
        return today <= date.fromisoformat(self.until)

    def told(self) -> str:
        """The waiver in a few words."""
        return f"The waiver of {self.requirement} by {self.by} until {self.until}"

    def to_dict(self) -> dict[str, str]:
        """The waiver as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Review:
    """A named reviewer's decision about one requirement in one pack; the pack is known by its manifest's digest."""

    manifestSha256: str
    requirement: str
    decision: str
    """`kept` or `not kept`."""
    reason: str
    reviewer: str
    at: str

    def to_dict(self) -> dict[str, str]:
        """The review as it is signed."""
        return asdict(self)


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a YAML file `waivers: [{requirement, reason, by, until}]`. Raises DecisionUnusable."""
    try:
        source = read_source(path)
    except ContractError as problem:
        raise DecisionUnusable(str(problem.faults[0])) from problem
    for error in _WAIVERS.iter_errors(source.value):
        line = source.line(tuple(error.instance_path))
        raise DecisionUnusable(f"{path}:{line}: {error.message}")
    return tuple(Waiver(**each) for each in source.value["waivers"])


def sign_review(review: Review, key: PrivateKey) -> str:
    """The review as a line of a file of reviews. Raises DecisionUnusable for one that is not well formed."""
    for error in _REVIEW.iter_errors(review.to_dict()):
        raise DecisionUnusable(error.message)
    return sign_token(review.to_dict(), REVIEW, key)


def read_reviews(path: Path, keys: Mapping[str, PublicKey]) -> tuple[Review, ...]:
    """The reviews of a file, one signed token on each line; every one must be signed with one of `keys`.

    Of two about one requirement of one pack the later line counts. Raises DecisionUnusable.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise DecisionUnusable(f"{path} cannot be read: {problem}") from problem
    found: dict[tuple[str, str], Review] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            review = _read_review(f"{path}:{number}", line, keys)
            found[review.manifestSha256, review.requirement] = review
    return tuple(found.values())


def _read_review(place: str, line: str, keys: Mapping[str, PublicKey]) -> Review:
    try:
        document = read_token(line, REVIEW, keys)
    except TokenInvalid as problem:
        raise DecisionUnusable(f"{place}: {problem}") from problem
    wrong: Iterable[Any] = _REVIEW.iter_errors(document)
    for error in wrong:
        raise DecisionUnusable(f"{place}: {error.message}")
    return Review(**document)
