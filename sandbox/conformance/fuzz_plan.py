"""What to fuzz and how, and the settings of the fuzzer that follow from it. Nothing here sends a call."""

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.conformance.fuzz_results import PHASES, FuzzProgress
from sandbox.conformance.fuzz_rules import (
    EXPECTED,
    MISSING_HEADER,
    NEGATIVE,
    POSITIVE,
    RULES,
    ExpectedStatuses,
    expected_statuses,
)
from sandbox.conformance.world_feed import EmptyFeed, WorldFeed
from simulators.credentials import Access

_HEX = r"\[0-9a-fA-F\]"
_UUID_PATTERN = re.compile(rf"\^{_HEX}\{{8\}}(-{_HEX}\{{4\}}){{3}}-{_HEX}\{{12\}}\$")


class FuzzConfigurationError(Exception):
    """The run cannot begin; the text says what to change."""


@dataclass(frozen=True, slots=True)
class FuzzPlan:
    """What to fuzz and how.

    - `target`: the name that the report gives it (`esr`, `nhs-jobs`).
    - `contract`: the bundled OpenAPI document, or the path of one.
    - `base_url`: where the paths of the contract begin.
    - `access`: the bearer token, or what gets them; None where no operation asks for one.
    - `examples`: random calls per operation; examples and coverage come on top.
    - `sequences`, `steps`: how many sequences of calls, and how long each.
    - `timeout_seconds`: one answer. `limit_seconds`: the whole run; what is not done by then is inconclusive.
    - `run_id`: makes request ids of this run its own; chosen at random where it is empty.
    - `observe`: is handed each exchange with the mode in which it was generated; see `contract_suite`.
    """

    target: str
    contract: Mapping[str, Any] | Path
    base_url: str
    access: Access | None = None
    seed: int = 1
    examples: int = 100
    sequences: int = 100
    steps: int = 6
    feed: WorldFeed = field(default_factory=EmptyFeed)
    expected: tuple[ExpectedStatuses, ...] = EXPECTED
    phases: tuple[str, ...] = PHASES
    timeout_seconds: float = 10.0
    limit_seconds: float | None = None
    run_id: str = ""
    progress: Callable[[FuzzProgress], None] | None = None
    observe: Callable[[dict[str, Any]], None] | None = None


def read_contract(plan: FuzzPlan) -> Mapping[str, Any]:
    """The plan's contract. Raises FuzzConfigurationError when it or the plan cannot be used."""
    contract: Any = plan.contract
    if isinstance(contract, Path):
        try:
            contract = json.loads(contract.read_bytes())
        except (OSError, ValueError) as refusal:
            raise FuzzConfigurationError(
                f"The contract {plan.contract} cannot be read: {refusal}"
            ) from refusal
    if not isinstance(contract, Mapping) or not {"paths", "info"} <= set(contract):
        raise FuzzConfigurationError("The contract is no OpenAPI document: it has no paths.")
    if plan.examples < 1:
        raise FuzzConfigurationError("Ask for one example per operation at least.")
    unknown = set(plan.phases) - set(PHASES)
    if unknown:
        raise FuzzConfigurationError(f"There is no phase {', '.join(sorted(unknown))}.")
    return contract


def require_listener(base_url: str) -> None:
    """Raises FuzzConfigurationError when nobody listens at the address."""
    parts = urlsplit(base_url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
        raise FuzzConfigurationError(
            f"{base_url!r} is no address; give one such as http://127.0.0.1:8080/esr/v1."
        )
    try:
        socket.create_connection((parts.hostname, port), timeout=5).close()
    except OSError as refusal:
        raise FuzzConfigurationError(
            f"Nobody answers at {parts.hostname}:{port} ({refusal}). Start the target, or give its address with --url."
        ) from refusal


def engine_settings(
    plan: FuzzPlan,
    contract: Mapping[str, Any],
    seed: int,
    phases: tuple[str, ...],
    token: str | None = None,
) -> dict[str, Any]:
    """The settings of Schemathesis, as its configuration file would hold them.

    What it learns from answers is left out: values from answers come from our feed, and a pool that changes between two
    draws makes the generator give an operation up early. So the seed alone decides what is generated.
    """
    generation = {"max-examples": plan.examples, "database": "none", "no-shrink": True}
    unlearned = {"extra-data-sources": {"responses": False}}
    settings: dict[str, dict[str, Any]] = {
        "examples": unlearned,
        "coverage": unlearned,
        "fuzzing": {**unlearned, "error-feedback": {"enabled": False}},
        "stateful": {
            "max-steps": plan.steps,
            "link-calibration": False,
            "generation": {**generation, "max-examples": plan.sequences},
        },
    }
    return {
        "seed": seed,
        "base-url": plan.base_url,
        "workers": 1,
        "continue-on-failure": True,
        "request-timeout": plan.timeout_seconds,
        "cache": {"enabled": False},
        "generation": generation,
        "phases": {name: {**settings[name], "enabled": name in phases} for name in PHASES},
        "checks": {
            rule.check: {"enabled": False}
            for rule in RULES
            if rule.off and rule.check != "max_response_time"
        },
        "operations": [
            {
                "include-operation-id": operation_id,
                "checks": {
                    check: {
                        "expected-statuses": expected_statuses(check, operation_id, plan.expected)
                    }
                    for check in (POSITIVE, NEGATIVE, MISSING_HEADER)
                },
            }
            for operation_id in _operation_ids(contract)
        ],
        **_auth(token, contract),
    }


def _auth(token: str | None, contract: Mapping[str, Any]) -> dict[str, Any]:
    schemes = contract.get("components", {}).get("securitySchemes", {})
    bearers = [name for name, scheme in schemes.items() if scheme.get("scheme") == "bearer"]
    if token is None or not bearers:
        return {}
    return {"auth": {"openapi": {name: {"bearer": token} for name in bearers}}}


def _operation_ids(contract: Mapping[str, Any]) -> Iterator[str]:
    for item in contract["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "operationId" in operation:
                yield operation["operationId"]


def engine_copy(contract: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that the tool may change: it writes the links that it infers into the document.

    A UUID that is described by its pattern alone gets its format as well. The generator of systematic coverage has no
    value for such a pattern in a required header, and would leave out every sound call of the operation.
    """
    copy: dict[str, Any] = json.loads(json.dumps(contract), object_hook=_with_uuid_format)
    return copy


def _with_uuid_format(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "string" and _UUID_PATTERN.fullmatch(str(schema.get("pattern"))):
        schema.setdefault("format", "uuid")
    return schema


def canonical(contract: Mapping[str, Any]) -> bytes:
    """The contract in bytes that do not depend on the order of its keys."""
    return json.dumps(contract, sort_keys=True, separators=(",", ":")).encode()
