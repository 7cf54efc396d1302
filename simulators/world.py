"""A world: employers with positions, cost centres, staff in post and live vacancies, as one value
made from a seed.

>>> world = World.make(seed=5, organisations=2, positions_per_organisation=10)
>>> len(world.organisations), len(world.positions)
(2, 20)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Self

from simulators.draws import Tables
from simulators.identifiers import VPDS
from simulators.organisations import organisation
from simulators.positions import position
from simulators.reference.job_roles import job_role
from simulators.staff import staff
from simulators.streams import Weighted
from simulators.vacancies import vacancy

# The day on which a world stands when its maker names no other. Fixed, so that the same seed gives
# the same bytes on any day; closing dates and employments follow it, not the day of the seeding.
TODAY = date(2026, 4, 1)
MOST_POSITIONS = 5_000


@dataclass(frozen=True, slots=True)
class World:
    """What ESR holds before anybody applies, in the contract's field names. The mappings are for
    reading; copy one to change it.
    """

    seed: int
    today: date
    organisations: tuple[Mapping[str, Any], ...]
    positions: tuple[Mapping[str, Any], ...]
    vacancies: tuple[Mapping[str, Any], ...]
    employees: tuple[Mapping[str, Any], ...]
    """Staff in post and some who have left; see `simulators.staff`."""
    position_by_id: Mapping[int, Mapping[str, Any]] = field(repr=False, compare=False)
    hiring: Weighted[int] = field(repr=False, compare=False)
    """Which vacancy an applicant is for: its place in `vacancies`, by its openings."""
    openings: Tables[int] = field(init=False, repr=False, compare=False)
    """`hiring`, to be drawn from by a block."""
    hiring_by_register: Mapping[tuple[str | None, str | None], Weighted[int]] = field(
        init=False, repr=False, compare=False
    )
    """The same, of those that ask for a register (None: for none), by employer (None: all) and register."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "openings", Tables(self.hiring))
        openings: dict[tuple[str | None, str | None], dict[int, float]] = {}
        for place, each in enumerate(self.vacancies):
            register = job_role(self.position_by_id[each["positionId"]]["jobRole"]).register
            for employer in (None, each["odsCode"]):
                openings.setdefault((employer, register), {})[place] = each["openings"]
        weighted = {key: Weighted.of(shares) for key, shares in openings.items()}
        object.__setattr__(self, "hiring_by_register", weighted)

    @classmethod
    def make(
        cls,
        seed: int,
        organisations: int = 5,
        positions_per_organisation: int = 40,
        today: date = TODAY,
    ) -> Self:
        """The world of `seed`. Raises ValueError beyond 1 to 100 organisations or 1 to 5,000
        positions for each.
        """
        if not 1 <= organisations <= VPDS:
            raise ValueError(f"organisations must be 1 to {VPDS}, not {organisations}")
        if not 1 <= positions_per_organisation <= MOST_POSITIONS:
            raise ValueError(
                f"positions_per_organisation must be 1 to {MOST_POSITIONS},"
                f" not {positions_per_organisation}"
            )
        employers = tuple(organisation(seed, ordinal) for ordinal in range(organisations))
        total = organisations * positions_per_organisation
        positions = tuple(
            position(seed, ordinal, total, employers[ordinal // positions_per_organisation], today)
            for ordinal in range(total)
        )
        vacancies = tuple(
            vacancy(
                seed,
                ordinal % positions_per_organisation,
                each,
                employers[ordinal // positions_per_organisation],
                today,
            )
            for ordinal, each in enumerate(positions)
            if each["hiringStatus"] == "ACTIVE"
        )
        return cls(
            seed=seed,
            today=today,
            organisations=employers,
            positions=positions,
            vacancies=vacancies,
            employees=staff(seed, positions, today),
            position_by_id={each["positionId"]: each for each in positions},
            hiring=Weighted.of({place: each["openings"] for place, each in enumerate(vacancies)}),
        )

    def without_staff(self) -> Self:
        """The same world with nobody in post: whoever applies is a stranger to ESR."""
        return replace(self, employees=())
