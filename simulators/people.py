"""People: who applies, as the contract's `Person`. The details of one person agree with each other
and with the role.
"""

from datetime import date, timedelta
from typing import Any

from simulators import identifiers, pools
from simulators.reference.job_roles import JobRole
from simulators.reference.nationalities import MIDWIVES, nationalities, origin
from simulators.streams import Stream, Weighted

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
_MARITAL_YOUNG = Weighted.of({"S": 84, "M": 10, "P": 1, "D": 0.5, "N": 4.5})
_MARITAL = Weighted.of({"S": 33, "M": 50, "D": 8, "W": 1.5, "P": 2.5, "N": 5})
# Applicants of one NHS body, 2018/19: disability 2.6 / 90.1 / 7.3 %, Christian 33.7 %, not
# disclosed 15.2 %. The rest is assumed.
_DISABILITY = Weighted.of({"01": 2.6, "02": 90.1, "99": 7.3})
_RELIGION = Weighted.of(
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
# NHS Staff Survey 2023: gay or lesbian 2.6, bisexual 2.3, prefer not to say 6 %.
_ORIENTATION = Weighted.of({"1": 87.6, "2": 2.6, "3": 2.3, "4": 0.7, "U": 0.8, "Z": 6})
_MEN, _WOMEN, _INDETERMINATE, _NOT_KNOWN = "1", "2", "9", "X"


def _gender(stream: Stream, women: int) -> str:
    if stream.chance(0.4):
        return stream.pick((_INDETERMINATE, _NOT_KNOWN, _NOT_KNOWN))
    return _WOMEN if stream.chance(women) else _MEN


def _title(stream: Stream, gender: str, marital: str, role: JobRole) -> str | None:
    if role.staff_group == "01" and role.register != "dentist":
        return "Dr"
    if gender == _MEN:
        return "Mr"
    if gender == _WOMEN:
        return (
            stream.pick(("Mrs", "Mrs", "Ms"))
            if marital in "MW"
            else stream.pick(("Miss", "Ms", "Miss", "Mrs"))
        )
    return "Mx" if stream.chance(50) else None


def _born(stream: Stream, role: JobRole, today: date) -> date:
    youngest, oldest = stream.weighted(_AGES[role.ages])
    age = stream.between(youngest, oldest)
    # Three days more than whole years, so that the leap days between cannot make anybody younger
    # than meant.
    return today - timedelta(days=age * 1461 // 4 + 3 + stream.below(361))


def _address(stream: Stream) -> dict[str, str]:
    town = stream.pick(pools.towns())
    street = f"{stream.between(1, 180)} {stream.pick(pools.streets())}"
    lines = (
        {"line1": f"Flat {stream.between(1, 24)}", "line2": street}
        if stream.chance(18)
        else {"line1": street}
    )
    if stream.chance(60):
        return lines | {
            "town": town.name,
            "county": town.county,
            "postcode": identifiers.postcode(stream, town),
            "country": "GB",
        }
    return lines | {
        "town": town.name,
        "postcode": identifiers.postcode(stream, town),
        "country": "GB",
    }


def age_limits(role: JobRole) -> tuple[int, int]:
    """The youngest and the oldest who join in a role."""
    spans = _AGES[role.ages].values
    return min(youngest for youngest, _ in spans), max(oldest for _, oldest in spans)


def age(born: date, today: date) -> int:
    """Whole years on `today`."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def declared(stream: Stream) -> dict[str, str]:
    """What somebody says of disability, belief and orientation on an application."""
    return {
        "disability": stream.weighted(_DISABILITY),
        "religiousBelief": stream.weighted(_RELIGION),
        "sexualOrientation": stream.weighted(_ORIENTATION),
    }


def person(seed: int, index: int, role: JobRole, today: date) -> dict[str, Any]:
    """Person `index` of `seed`, who is to do `role`, as seen on `today`.

    Without NI number: the person gives it on accepting the offer (NHSBSA KA-25617), see
    `applicants`.
    """
    stream = Stream(seed, "person", index)
    group = MIDWIVES if role.register == "midwife" else role.staff_group
    nationality = stream.weighted(nationalities(group))
    roots = origin(nationality)
    gender = _gender(stream, role.women)
    born = _born(stream, role, today)
    grown_up = (today - born).days >= 28 * 365
    marital = stream.weighted(_MARITAL if grown_up else _MARITAL_YOUNG)
    given, family = pools.names(roots.given_names), pools.names(roots.family_names).family
    first_names = (
        given.female if gender == _WOMEN or (gender != _MEN and stream.chance(50)) else given.male
    )
    first_name, last_name = stream.pick(first_names), stream.pick(family)
    found: dict[str, Any] = {}
    title = _title(stream, gender, marital, role)
    if title is not None:
        found["title"] = title
    found["firstName"] = first_name
    middle_name = stream.pick(first_names)
    if middle_name != first_name and stream.chance(40):
        found["middleNames"] = middle_name
    found["lastName"] = last_name
    if gender == _WOMEN and marital in "MDW" and stream.chance(40):
        previous = stream.pick(family)
        if previous != last_name:
            found["previousLastName"] = previous
    found["dateOfBirth"] = born.isoformat()
    found["gender"] = gender
    found["nationality"] = nationality
    found["ethnicOrigin"] = stream.weighted(roots.ethnicity)
    found["maritalStatus"] = marital
    found |= declared(stream)
    found["emailAddress"] = identifiers.email_address(stream, first_name, last_name, index)
    found["mobileNumber"] = identifiers.mobile_number(stream)
    if stream.chance(30):
        found["homeNumber"] = identifiers.home_number(stream)
    found["address"] = _address(stream)
    return found
