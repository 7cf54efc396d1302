"""One applicant under examination, with everything that bears on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from simulators.checks import CheckStep
from simulators.reference.job_roles import JobRole, job_role
from simulators.world import World

Faults = Callable[[Mapping[str, Any]], list[str]]
"""What a document breaks of a schema; nothing where it keeps it."""


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all applicants of a run."""

    world: World
    seed: int
    code_lists: Mapping[str, frozenset[str]]
    """By the contract's list: the codes in use."""
    countries: frozenset[str]
    """ISO 3166-1, two letters."""
    submission_faults: Faults
    check_faults: Faults

    @cached_property
    def employees(self) -> Mapping[str, Mapping[str, Any]]:
        """Staff by NI number."""
        return {
            each["person"]["niNumber"]: each
            for each in self.world.employees
            if "niNumber" in each["person"]
        }

    @cached_property
    def employers(self) -> Mapping[str, str]:
        """The employer of each vacancy."""
        return {each["vacancyReference"]: each["odsCode"] for each in self.world.vacancies}


@dataclass(frozen=True)
class Case:
    """Applicant `index` with the history of their checks."""

    index: int
    applicant: Mapping[str, Any]
    history: tuple[CheckStep, ...]
    around: Surroundings

    @property
    def person(self) -> Mapping[str, Any]:
        """The contract's `Person`."""
        person: Mapping[str, Any] = self.applicant["person"]
        return person

    @property
    def role(self) -> JobRole:
        """The role of the position, which is what the post asks for."""
        return job_role(self.position["jobRole"])

    @property
    def position(self) -> Mapping[str, Any]:
        """The position applied for."""
        return self.around.world.position_by_id[self.applicant["positionId"]]

    @property
    def employer(self) -> str:
        """The ODS code of the employer that recruits; empty where the world has no such vacancy."""
        return self.around.employers.get(self.applicant["vacancyReference"], "")

    @property
    def registrations(self) -> list[Mapping[str, Any]]:
        """The professional registrations held."""
        held: list[Mapping[str, Any]] = self.applicant.get("registrations", [])
        return held

    def day(self, name: str, otherwise: date) -> date:
        """A date of the application, or another where it has none."""
        text = self.applicant.get(name)
        return otherwise if text is None else date.fromisoformat(text)

    @property
    def start(self) -> date:
        """The start date."""
        return date.fromisoformat(self.applicant["startDate"])

    @property
    def born(self) -> date:
        """The date of birth."""
        return date.fromisoformat(self.person["dateOfBirth"])

    @property
    def today(self) -> date:
        """The day on which the applicant is sent."""
        return self.around.world.today

    def details(self, name: str) -> list[Mapping[str, Any]]:
        """Every detail object of one kind among the updates of the checks, in their order."""
        return [step.update[name] for step in self.history if name in step.update]
