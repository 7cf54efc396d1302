"""Which applicants ESR knows already: somebody of the world's staff applies, to another employer or to
their own.

Rules kept here:

- Of the first applicants of a run each employee is one, at a place that a shuffle gives; so nobody comes
  twice, and any applicant can still be made alone. When all have come, the others are strangers.
- Who comes from another employer is the same person to the letter: name, date of birth and NI number.
- An internal candidate has an NI number and works for the vacancy's employer today.
- The post asks for the registration that the person holds, or for none; and the age fits the role.

23 % of trust joiners come from inside the NHS (2014-15, derived); that 45 % of these are known to the same
ESR, and that 3 % of all are internal candidates, is assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from simulators.people import age, age_limits
from simulators.reference.job_roles import job_role
from simulators.streams import Stream, shuffled
from simulators.world import World

FROM_THE_NHS = 23.0
KNOWN_ELSEWHERE = FROM_THE_NHS * 0.45
INTERNAL = 3.0
# Of every hundred employees about 78 are in post and have an NI number: so many of all who come are internal.
_INTERNAL_OF_THE_ABLE = INTERNAL / (KNOWN_ELSEWHERE + INTERNAL) * 100 / 0.78
_TRIES = 8


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """An employee who applies, for which vacancy."""

    employee: Mapping[str, Any]
    vacancy: Mapping[str, Any]

    @property
    def internal(self) -> bool:
        """Whether it is the own employer's vacancy."""
        return bool(self.employee["odsCode"] == self.vacancy["odsCode"])


def known_person(seed: int, index: int, world: World) -> KnownPerson | None:
    """The employee who is applicant `index` of `seed`; None where it is somebody unknown."""
    first = first_applicants(world)
    if index >= first:
        return None
    place = shuffled(seed, "known-person", index, first)
    if place >= len(world.employees):
        return None
    employee = world.employees[place]
    stream = Stream(seed, "known-person", index)
    able = "endDate" not in employee and "niNumber" in employee["person"]
    alone = len(world.organisations) == 1
    internal = able and (alone or stream.chance(_INTERNAL_OF_THE_ABLE))
    vacancy = None if alone and not internal else _vacancy(stream, employee, world, internal)
    return None if vacancy is None else KnownPerson(employee, vacancy)


def first_applicants(world: World) -> int:
    """Among how many applicants the employees come, so that their share is as wanted."""
    share = INTERNAL if len(world.organisations) == 1 else KNOWN_ELSEWHERE + INTERNAL
    return round(len(world.employees) * 100 / share)


def _vacancy(
    stream: Stream, employee: Mapping[str, Any], world: World, internal: bool
) -> Mapping[str, Any] | None:
    """A vacancy that the employee may fill; None when a few tries have found none."""
    own = employee["odsCode"]
    register = job_role(world.position_by_id[employee["positionId"]]["jobRole"]).register
    open_to = world.hiring_by_register.get((own if internal else None, register))
    if open_to is None:
        return None
    years = age(date.fromisoformat(employee["person"]["dateOfBirth"]), world.today)
    for _ in range(_TRIES):
        vacancy = world.vacancies[stream.weighted(open_to)]
        youngest, oldest = age_limits(
            job_role(world.position_by_id[vacancy["positionId"]]["jobRole"])
        )
        elsewhere = vacancy["odsCode"] != own
        another = vacancy["positionId"] != employee["positionId"]
        if youngest <= years <= oldest and another and elsewhere != internal:
            return vacancy
    return None
