"""People: who applies, as the contract's `Person`. The details of one person agree with each other
and with the role.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import starmap
from typing import Any

import numpy as np

from simulators import identifiers
from simulators.days import iso_days
from simulators.draws import Bools, Column, Draws, Ints, Tables, column
from simulators.pools import FAMILY_NAMES, GIVEN_NAMES, Town, names, streets, towns
from simulators.reference.job_roles import JobRole, job_roles, role_number
from simulators.reference.nationalities import (
    MIDWIVES,
    NATIONALITIES,
    nationalities,
    nationality_number,
    origin,
)
from simulators.streams import Weighted

# Ages of joiners by kind of role: (youngest, oldest) by share. Assumed: national age bands of
# joiners are not published. Guided by one NHS body's appointments 2018/19 (a third under 25, 30 %
# 25-34) and by the stages of training.
_AGES = {
    "support": Weighted.of(
        {(17, 24): 27, (25, 34): 29, (35, 44): 20, (45, 54): 15, (55, 64): 8, (65, 69): 1}
    ),
    "graduate": Weighted.of({(21, 24): 30, (25, 34): 38, (35, 44): 18, (45, 54): 10, (55, 64): 4}),
    "experienced": Weighted.of(
        {(26, 34): 34, (35, 44): 33, (45, 54): 22, (55, 64): 10, (65, 67): 1}
    ),
    "foundation": Weighted.of({(23, 26): 78, (27, 34): 19, (35, 44): 3}),
    "registrar": Weighted.of({(26, 29): 32, (30, 34): 40, (35, 44): 25, (45, 54): 3}),
    "consultant": Weighted.of({(33, 39): 45, (40, 49): 35, (50, 59): 15, (60, 67): 5}),
}
# Marital status of NHS staff is not published; assumed, by age.
_MARITAL = Tables(
    Weighted.of({"S": 33, "M": 50, "D": 8, "W": 1.5, "P": 2.5, "N": 5}),
    Weighted.of({"S": 84, "M": 10, "P": 1, "D": 0.5, "N": 4.5}),
)
_YOUNG = 28 * 365
# Applicants of one NHS body, 2018/19: disability 2.6 / 90.1 / 7.3 %, Christian 33.7 %, not
# disclosed 15.2 %. The rest is assumed.
_DISABILITY = Tables(Weighted.of({"01": 2.6, "02": 90.1, "99": 7.3}))
_RELIGION = Tables(
    Weighted.of(
        {
            "C": 33.7,
            "L": 28,
            "G": 7,
            "D": 4.5,
            "K": 7,
            "B": 1.2,
            "I": 1.6,
            "F": 0.6,
            "H": 0.5,
            "E": 0.3,
            "A": 0.2,
            "J": 0.2,
            "M": 15.2,
        }
    )
)
# NHS Staff Survey 2023: gay or lesbian 2.6, bisexual 2.3, prefer not to say 6 %.
_ORIENTATION = Tables(Weighted.of({"1": 87.6, "2": 2.6, "3": 2.3, "4": 0.7, "U": 0.8, "Z": 6}))
_MAN, _WOMAN, _INDETERMINATE, _NOT_KNOWN = 0, 1, 2, 3
_GENDERS = column(("1", "2", "9", "X"))
_MARRIED = np.isin(_MARITAL.values.astype(str), ("M", "W"))
_EVER_MARRIED = np.isin(_MARITAL.values.astype(str), ("M", "D", "W"))
# By gender; then of a woman who is or was married, and of a doctor.
_MARRIED_WOMAN, _DOCTOR = 4, 5
_NEITHER: Weighted[str | None] = Weighted.of({"Mx": 1, None: 1})
_TITLES: Tables[str | None] = Tables(
    Weighted.of({"Mr": 1}),
    Weighted.of({"Miss": 2, "Ms": 1, "Mrs": 1}),
    _NEITHER,
    _NEITHER,
    Weighted.of({"Mrs": 2, "Ms": 1}),
    Weighted.of({"Dr": 1}),
)
_SPANS = Tables(*_AGES.values())
_YOUNGEST, _OLDEST = np.array(_SPANS.values.tolist()).T
DECLARED = ("disability", "religiousBelief", "sexualOrientation")
"""What somebody says of themselves on an application."""
_MAIL_DOMAINS = column(identifiers.MAIL_DOMAINS)
_MOBILE_NUMBERS = column(identifiers.MOBILE_NUMBERS)
_HOME_NUMBERS = column(identifiers.HOME_NUMBERS)
_POSTCODE_UNITS = column(identifiers.POSTCODE_UNITS)


@dataclass(frozen=True, slots=True)
class _Roles:
    """What depends on the role, by its number."""

    women: Ints
    doctors: Bools
    ages: Ints
    nationalities: Tables[str]
    groups: Ints
    """Which table of nationalities."""


@cache
def _roles() -> _Roles:
    roles, ages = job_roles(), list(_AGES)
    group_of = [MIDWIVES if role.register == "midwife" else role.staff_group for role in roles]
    groups = sorted(set(group_of))
    return _Roles(
        women=np.array([role.women for role in roles]),
        doctors=np.array(
            [role.staff_group == "01" and role.register != "dentist" for role in roles]
        ),
        ages=np.array([ages.index(role.ages) for role in roles]),
        nationalities=Tables(*map(nationalities, groups)),
        groups=np.array([groups.index(group) for group in group_of]),
    )


@cache
def _streets() -> Column:
    return column(streets())


@cache
def _towns() -> Column:
    return column(towns())


@cache
def _ethnicities() -> Tables[str]:
    return Tables(*(origin(nationality).ethnicity for nationality in NATIONALITIES))


def age_limits(role: JobRole) -> tuple[int, int]:
    """The youngest and the oldest who join in a role."""
    spans = _AGES[role.ages].values
    return min(youngest for youngest, _ in spans), max(oldest for _, oldest in spans)


def age(born: date, today: date) -> int:
    """Whole years on `today`."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class People:
    """A block of people."""

    nationality: list[str]
    persons: Iterator[dict[str, Any]]
    """The contract's `Person` of each, put together only when it is asked for: a block of them at once is much work for
    the garbage collector.
    """


def person(seed: int, index: int, role: JobRole, today: date) -> dict[str, Any]:
    """Person `index` of `seed`, who is to do `role`, as seen on `today`; see `people`."""
    roles = np.array([role_number(role.code)])
    made = people(seed, np.array([index]), roles, np.array([today.toordinal()]))
    return next(made.persons)


def people(seed: int, indexes: Ints, roles: Ints, days: Ints) -> People:
    """The people of `seed` with these indexes, who are to do the roles of these numbers (see `role_number`), as seen
    on these days (ordinals).

    Without NI number: the person gives it on accepting the offer (NHSBSA KA-25617), see
    `applicants`.
    """
    draws = Draws(seed, "person", indexes, 32)
    of_role = _roles()
    nationality = draws.weighted(of_role.nationalities, of_role.groups[roles]).tolist()
    nations = np.array([*map(nationality_number, nationality)])
    woman, neither, not_known = (
        draws.chance(percent) for percent in (of_role.women[roles], 0.4, 200 / 3)
    )
    gender = np.where(neither, _INDETERMINATE + not_known, woman)
    span = _SPANS.places(draws.words(), of_role.ages[roles])
    years = draws.between(_YOUNGEST[span], _OLDEST[span])
    # Three days more than whole years, so that the leap days between cannot make anybody younger
    # than meant.
    born = days - (years * 1461 // 4 + 3 + draws.below(361))
    marital = _MARITAL.places(draws.words(), days - born < _YOUNG)
    title = np.where((gender == _WOMAN) & _MARRIED[marital], _MARRIED_WOMAN, gender)
    title[of_role.doctors[roles]] = _DOCTOR
    women = ((gender == _WOMAN) | (neither & draws.chance(50))).tolist()
    origins = [*map(origin, nationality)]
    given = [
        names(each.given_names).of(is_woman) for each, is_woman in zip(origins, women, strict=True)
    ]
    family = [names(each.family_names).family for each in origins]
    renamed = draws.chance(40) & (gender == _WOMAN) & _EVER_MARRIED[marital]
    rows = zip(
        indexes.tolist(),
        draws.weighted(_TITLES, title).tolist(),
        _named(given, draws.below(GIVEN_NAMES)),
        _named(given, draws.below(GIVEN_NAMES)),
        draws.chance(40).tolist(),
        _named(family, draws.below(FAMILY_NAMES)),
        _named(family, draws.below(FAMILY_NAMES)),
        renamed.tolist(),
        iso_days(born),
        _GENDERS[gender].tolist(),
        nationality,
        draws.weighted(_ethnicities(), nations).tolist(),
        _MARITAL.values[marital].tolist(),
        draws.weighted(_DISABILITY).tolist(),
        draws.weighted(_RELIGION).tolist(),
        draws.weighted(_ORIENTATION).tolist(),
        draws.pick(_MAIL_DOMAINS).tolist(),
        draws.pick(_MOBILE_NUMBERS).tolist(),
        draws.pick(_HOME_NUMBERS).tolist(),
        draws.chance(30).tolist(),
        _addresses(draws),
        strict=True,
    )
    return People(nationality, _persons(rows))


def _persons(rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for (
        index, title_given, first_name, middle_name, has_middle_name, last_name, previous_name, has_previous_name,
        date_of_birth, gender_code, nation, ethnic_origin, marital_status, disability, belief, orientation,
        domain, mobile_number, home_number, has_home_number, address,
    ) in rows:  # fmt: skip
        someone = {
            "firstName": first_name,
            "lastName": last_name,
            "dateOfBirth": date_of_birth,
            "gender": gender_code,
            "nationality": nation,
            "ethnicOrigin": ethnic_origin,
            "maritalStatus": marital_status,
            "disability": disability,
            "religiousBelief": belief,
            "sexualOrientation": orientation,
            "emailAddress": identifiers.email_address(first_name, last_name, index, domain),
            "mobileNumber": mobile_number,
            "address": address,
        }
        if title_given is not None:
            someone["title"] = title_given
        if has_middle_name and middle_name != first_name:
            someone["middleNames"] = middle_name
        if has_previous_name and previous_name != last_name:
            someone["previousLastName"] = previous_name
        if has_home_number:
            someone["homeNumber"] = home_number
        yield someone


def _named(pools_of_people: list[tuple[str, ...]], places: Ints) -> list[str]:
    """Of each the name at a place of their pool."""
    return [pool[place] for pool, place in zip(pools_of_people, places.tolist(), strict=True)]


def _addresses(draws: Draws) -> Iterator[dict[str, str]]:
    return starmap(
        _address,
        zip(
            draws.between(1, 180).tolist(),
            draws.pick(_streets()).tolist(),
            draws.between(1, 24).tolist(),
            draws.chance(18).tolist(),
            draws.pick(_towns()).tolist(),
            draws.chance(60).tolist(),
            draws.pick(_POSTCODE_UNITS).tolist(),
            strict=True,
        ),
    )


def _address(
    house: int, street: str, flat: int, in_a_flat: bool, town: Town, with_county: bool, unit: str
) -> dict[str, str]:
    address = {
        "line1": f"{house} {street}",
        "town": town.name,
        "postcode": f"{town.district} {unit}",
        "country": "GB",
    }
    if in_a_flat:
        address["line1"], address["line2"] = f"Flat {flat}", address["line1"]
    if with_county:
        address["county"] = town.county
    return address
