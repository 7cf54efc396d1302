"""Which case, rule over recorded traffic or replay shows each requirement; and what nothing shows, with the reason.

The coverage is written to `openapi/requirements/coverage.json` and committed: a change of cases or requirements that is not
written down fails the check.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.traffic import judged_requirements
from sandbox.conformance.volume.requirements import judged_requirements as judged_by_replays
from sandbox.contracts.library import contracts_folder
from sandbox.contracts.requirements import Requirement, load_requirements

PROMISES = {"ESR-CON-001": "every case", "NHSJ-CON-001": "every case"}
"""What each answer in each case is held to, by the judge itself."""


def coverage_path(folder: Path | None = None) -> Path:
    """Where the coverage is committed."""
    return (folder or contracts_folder()) / "requirements" / "coverage.json"


def coverage(
    requirements: Iterable[Requirement], cases: Iterable[Case], traffic: Iterable[str]
) -> dict[str, Any]:
    """The coverage as JSON: for each requirement its cases, whether traffic or a replay is judged for it, or why not."""
    held: dict[str, list[str]] = {}
    for case in cases:
        for name in case.requirements:
            held.setdefault(name, []).append(case.id)
    judged = set(traffic)
    return {
        "requirements": {
            item.id: _covered(item, sorted(held.get(item.id, ())), judged) for item in requirements
        }
    }


def _covered(item: Requirement, cases: list[str], traffic: set[str]) -> dict[str, Any]:
    covered: dict[str, Any] = {"level": item.level, "actor": item.actor}
    if cases:
        covered["cases"] = cases
    if item.id in traffic:
        covered["traffic"] = True
    if item.id in judged_by_replays():
        covered["volume"] = True
    if item.id in PROMISES:
        covered["promise"] = PROMISES[item.id]
    reason = item.uncertified or item.untested
    if reason and not (cases or item.id in traffic):
        covered["reason"] = reason
    return covered


def render(found: dict[str, Any]) -> bytes:
    """The bytes that are committed."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def faults(
    requirements: Iterable[Requirement], cases: Iterable[Case], traffic: Iterable[str]
) -> list[str]:
    """What is wrong between requirements and cases, in sentences."""
    known = {item.id: item for item in requirements}
    by_replays = {name for name, item in known.items() if item.suite is not None}
    wrong = [
        f"{case.id} is about {name}, which the register does not have"
        for case in cases
        for name in case.requirements
        if name not in known
    ]
    wrong += [
        f"{name} is marked `suite: volume`, or judged by a replay, and not both"
        for name in sorted(by_replays ^ (set(judged_by_replays()) & known.keys()))
    ]
    covered = coverage(known.values(), cases, traffic)["requirements"]
    for item in known.values():
        shown = covered[item.id]
        has = bool(shown.keys() & {"cases", "traffic", "volume", "promise"})
        if item.level == "MUST" and not has and "reason" not in shown:
            wrong.append(
                f"{item.id} is a MUST that no case shows; write a case, or say why there is none (`uncertified`)"
            )
        if item.uncertified and has:
            wrong.append(
                f"{item.id} says why no case shows it, and one does; take `uncertified` away"
            )
    return wrong


def present(folder: Path | None = None) -> tuple[dict[str, Any], list[str]]:
    """The coverage of this installation, and what is wrong with it. Raises ContractError."""
    requirements = load_requirements(folder / "requirements" if folder else None)
    cases, traffic = load_cases(), judged_requirements()
    return coverage(requirements, cases, traffic), faults(requirements, cases, traffic)
