"""Staff in post: whom ESR employs, or has employed, before anybody applies.

They are made so that matches occur. People who never leave a form empty would match too well, so about
one in fifty has no NI number on the record. All shares here are assumed but those that name a source.

| position | holders |
|---|---|
| in use for less than 13 months | none yet |
| shared | two to four |
| not shared, taking nobody | one |
| not shared and open | none, so that whoever is recruited finds it free |
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from simulators import identifiers
from simulators.people import people
from simulators.reference.job_roles import job_role, role_number
from simulators.registration import registration
from simulators.streams import Stream, Weighted

MOST_STAFF = 500
"""Employees of one employer: enough for matches, and a world of any size stays small enough to be made at once."""
_FIRST_NUMBER = 40_000_000
_LEFT, _WITH_NI_NUMBER = 20, 98
_IN_POST_FOR_AT_LEAST = timedelta(days=365)
_STAYED_FOR_AT_LEAST, _GONE_FOR_AT_LEAST = 90, 30
# What the employee record says, which differs from what people write on an application: Stockport NHS
# Foundation Trust, December 2019 (disability 3.32 / 84.74 / 11.94; Christian 52.47, atheist 13.3, not told
# 21.47; heterosexual 77.79, others 2.12, not told 20.09). The split of the others is assumed.
_DISABILITY = Weighted.of({"01": 3.32, "02": 84.74, "99": 11.94})
_RELIGION = Weighted.of(
    {"C": 52.47, "L": 13.3, "G": 4.5, "D": 2.6, "K": 3.9, "B": 0.7, "I": 0.8, "F": 0.3, "M": 21.47}
)
_ORIENTATION = Weighted.of({"1": 77.79, "2": 1.3, "3": 0.6, "4": 0.22, "Z": 20.09})


def staff(
    seed: int, positions: Sequence[Mapping[str, Any]], today: date
) -> tuple[Mapping[str, Any], ...]:
    """Everybody who holds or has held one of the positions, in their order.

    Each has employeeNumber, odsCode, positionId, startDate, perhaps endDate (about one in five has left),
    person (the contract's `Person`, as the employee record has it) and, where the role needs one,
    registrations.
    """
    posts: list[tuple[Mapping[str, Any], date]] = []
    held: Counter[str] = Counter()
    for position in positions:
        employer = position["odsCode"]
        for start in _starts(seed, position, today):
            if held[employer] == MOST_STAFF:
                break
            held[employer] += 1
            posts.append((position, start))
    if not posts:
        return ()
    # Staff are the people of the indexes below 0: no applicant is one of them by chance.
    made = people(
        seed,
        -1 - np.arange(len(posts)),
        np.array([role_number(position["jobRole"]) for position, _ in posts]),
        np.array([start.toordinal() for _, start in posts]),
    )
    return tuple(
        _employee(seed, ordinal, position, start, today, someone)
        for ordinal, ((position, start), someone) in enumerate(
            zip(posts, made.persons, strict=True)
        )
    )


def _starts(seed: int, position: Mapping[str, Any], today: date) -> Iterator[date]:
    """When each of a position's holders began."""
    since = date.fromisoformat(position["effectiveFrom"])
    days = (today - _IN_POST_FOR_AT_LEAST - since).days
    if days < 30 or (position["hiringStatus"] == "ACTIVE" and not position["shared"]):
        return
    stream = Stream(seed, "staff-of-position", position["positionId"])
    for _ in range(stream.between(2, 4) if position["shared"] else 1):
        yield since + timedelta(days=stream.below(days))


def _employee(
    seed: int,
    ordinal: int,
    position: Mapping[str, Any],
    start: date,
    today: date,
    someone: dict[str, Any],
) -> Mapping[str, Any]:
    stream = Stream(seed, "staff", ordinal)
    role = job_role(position["jobRole"])
    if stream.chance(_WITH_NI_NUMBER):
        someone["niNumber"] = identifiers.staff_ni_number(seed, ordinal)
    someone["disability"] = stream.weighted(_DISABILITY)
    someone["religiousBelief"] = stream.weighted(_RELIGION)
    someone["sexualOrientation"] = stream.weighted(_ORIENTATION)
    found: dict[str, Any] = {
        "employeeNumber": str(_FIRST_NUMBER + ordinal),
        "odsCode": position["odsCode"],
        "positionId": position["positionId"],
        "startDate": start.isoformat(),
    }
    if stream.chance(_LEFT) and position["shared"]:
        days = (today - start).days
        left = start + timedelta(
            days=stream.between(_STAYED_FOR_AT_LEAST, days - _GONE_FOR_AT_LEAST)
        )
        found["endDate"] = left.isoformat()
    found["person"] = someone
    if role.register is not None:
        found["registrations"] = [registration(seed, -1 - ordinal, role.register, today)]
    return found
