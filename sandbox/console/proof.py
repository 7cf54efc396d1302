"""What is known of each requirement: its record, the cases that show it, and the defects of the gallery that break it.

All of it comes with the installation and changes only with it, so it is read once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from sandbox.conformance.case import load_cases
from sandbox.conformance.coverage import coverage_path
from sandbox.conformance.gallery.matrix import Entry, committed
from sandbox.contracts.requirements import Requirement, load_requirements

ACTORS: Mapping[str, str] = {
    "recruitment-system": "the recruitment system",
    "esr": "ESR",
    "nhs-jobs": "NHS Jobs",
}
BASES: Mapping[str, str] = {
    "public": "its owner has published it.",
    "modelled": "after what a neighbouring public interface does.",
    "assumed": "this sandbox's own, for the public record does not say.",
}
AREAS: Mapping[str, str] = {
    "ESR-APP": "ESR: applicants",
    "ESR-CHK": "ESR: employment checks",
    "ESR-COD": "ESR: coded values",
    "ESR-CON": "ESR: the contract as a whole",
    "ESR-EVT": "ESR: events and their delivery",
    "ESR-FIL": "ESR: hourly files",
    "ESR-IAT": "ESR: inter-authority transfers",
    "ESR-PER": "ESR: people and matching",
    "ESR-POS": "ESR: positions",
    "ESR-REQ": "ESR: requests, headers and tokens",
    "ESR-VAC": "ESR: vacancies",
    "ESR-VOL": "ESR: volume",
    "NHSJ-ADV": "NHS Jobs: adverts",
    "NHSJ-APL": "NHS Jobs: applications",
    "NHSJ-CHK": "NHS Jobs: checks",
    "NHSJ-CON": "NHS Jobs: the contract as a whole",
    "NHSJ-OFF": "NHS Jobs: offers",
    "NHSJ-REQ": "NHS Jobs: requests, headers and tokens",
    "NHSJ-SEA": "NHS Jobs: search",
}
"""The areas of the register, by how the ids of their requirements begin."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One requirement and what shows it."""

    requirement: Requirement
    cases: tuple[str, ...]
    """The ids of the cases that show it."""
    by_traffic: bool
    """Whether recorded traffic is judged for it."""
    by_replay: bool
    by_every_case: bool
    """Whether each answer in each case is held to it."""
    reason: str
    """Why nothing shows it; empty where something does."""
    defects: tuple[str, ...]
    """The ids of the deviations that break it, noticed or not."""
    caught: Mapping[str, str]
    """By deviation: the case that failed for this requirement, or `traffic`."""

    @property
    def area(self) -> str:
        """How its id begins."""
        return area_of(self.requirement.id)


def area_of(requirement: str) -> str:
    """The area of a requirement: `ESR-APP` for `ESR-APP-001`."""
    return requirement.rpartition("-")[0]


@cache
def proofs() -> Mapping[str, Proof]:
    """By id, in the order of the ids: every requirement. Raises ContractError where the register is not well formed."""
    covered: dict[str, dict[str, Any]] = orjson.loads(coverage_path().read_bytes())["requirements"]
    defects: dict[str, list[str]] = {}
    caught: dict[str, dict[str, str]] = {}
    for name, entry in deviations().items():
        for broken in entry["requirements"]:
            defects.setdefault(broken, []).append(name)
        for broken, case in entry["tripped"].items():
            caught.setdefault(broken, {})[name] = case
    return {
        item.id: _proof(
            item, covered.get(item.id, {}), defects.get(item.id, ()), caught.get(item.id, {})
        )
        for item in sorted(load_requirements(), key=lambda item: item.id)
    }


def _proof(
    item: Requirement, shown: Mapping[str, Any], defects: Iterable[str], caught: Mapping[str, str]
) -> Proof:
    return Proof(
        item,
        tuple(shown.get("cases", ())),
        bool(shown.get("traffic")),
        bool(shown.get("volume")),
        "promise" in shown,
        str(shown.get("reason", "")),
        tuple(defects),
        caught,
    )


@cache
def deviations() -> Mapping[str, Entry]:
    """By id, in the gallery's order: every deviation as the committed matrix has it; empty where there is no matrix."""
    return committed()


@cache
def titles() -> Mapping[str, str]:
    """By id: what each case is about."""
    return {case.id: case.title for case in load_cases()}
