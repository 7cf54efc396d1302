"""Positions with their cost centres, as the contract's `Position`.

The roles of a world follow the shares of `job_roles.csv` as closely as the number of positions
allows: each position has its own slice of the shares, in a shuffled order.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from simulators.identifiers import seed_tag
from simulators.reference.job_roles import AREAS_OF_WORK, JobRole, job_roles
from simulators.streams import Stream, Weighted, shuffled

_LONGEST_TITLE = 60
# Standard hours: 37.5 (National Workforce Data Set, staff group standard hours); 40 for doctors
# (assumed). The part-time mix is assumed.
_HOURS = Weighted.of({37.5: 76, 30.0: 10, 22.5: 8, 18.75: 4, 15.0: 2})
_MEDICAL_HOURS = Weighted.of({40.0: 88, 32.0: 6, 24.0: 6})


@lru_cache(maxsize=1)
def _roles() -> Weighted[JobRole]:
    return Weighted.of({role: role.weight for role in job_roles()})


@lru_cache(maxsize=1)
def _area_numbers() -> dict[str, int]:
    areas = sorted({area for each in AREAS_OF_WORK.values() for area in each})
    return {area: number for number, area in enumerate(areas, start=1)}


def _role(seed: int, ordinal: int, total: int) -> JobRole:
    slice_number = shuffled(seed, "position-role", ordinal, total)
    place = ((slice_number << 32) + Stream(seed, "position-role", ordinal).word()) // total
    return _roles().values[bisect_right(_roles().bounds, place)]


def position(
    seed: int, ordinal: int, total: int, organisation: Mapping[str, Any], today: date
) -> Mapping[str, Any]:
    """Position `ordinal` of the `total` in the world of `seed`, at `organisation`, as known on
    `today`.

    One in fifty is frozen and takes nobody. The area of work has one cost centre per employer.
    """
    stream = Stream(seed, "position", ordinal)
    role = _role(seed, ordinal, total)
    area = stream.pick(role.areas)
    title = f"{role.title}, {area}"
    tag = seed_tag(seed)
    since = today - timedelta(days=stream.between(60, 3_000))
    changed = today - timedelta(days=stream.between(1, 60))
    return {
        "positionId": 900_000_000_000_000 + tag * 1_000_000 + ordinal,
        "positionNumber": 9_000_000_000 + tag % 900 * 1_000_000 + ordinal,
        "positionTitle": title if len(title) <= _LONGEST_TITLE else role.title,
        "odsCode": organisation["odsCode"],
        "costCentre": f"A{organisation['vpd']}{_area_numbers()[area]:03d}",
        "changeDeleteIndicator": "C",
        "staffGroup": role.staff_group,
        "jobRole": role.code,
        "areaOfWork": area,
        "occupationCode": role.occupation_code,
        "payScale": stream.pick(role.bands),
        "contractedHours": stream.weighted(
            _MEDICAL_HOURS if role.bands == ("MEDICAL",) else _HOURS
        ),
        "shared": stream.chance(60),
        "hiringStatus": "FROZEN" if stream.chance(2) and ordinal > 0 else "ACTIVE",
        "effectiveFrom": since.isoformat(),
        "updatedAt": f"{changed}T{stream.between(7, 18):02d}:{stream.below(60):02d}:00Z",
    }
