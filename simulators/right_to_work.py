"""On what ground a person may work in the United Kingdom: route and documents follow from
nationality and role.

Routes used in the NHS, share codes of nine characters for eVisas, certificates of sponsorship: see
the contract's `RightToWorkDetail`. The mix of routes is assumed; it is not published for NHS
joiners.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from simulators.days import iso_day
from simulators.draws import Bools, Draws, Ints, Tables, column
from simulators.reference import nationalities
from simulators.streams import Weighted

# Digits and letters that cannot be mistaken for each other.
_SHARE_CODE = "23456789ABCDEFGHJKLMNPRSTWXYZ"
_TWO_OF_A_SHARE_CODE = column(a + b for a in _SHARE_CODE for b in _SHARE_CODE)
_HOME_DOCUMENTS = column(
    (
        "PASSPORT",
        "PASSPORT",
        "PASSPORT",
        "PASSPORT",
        "BIRTH_OR_ADOPTION_CERTIFICATE",
        "NATURALISATION_CERTIFICATE",
    )
)
_IRISH_DOCUMENTS = column(("PASSPORT", "IRISH_PASSPORT_CARD"))


# By nationality, and by whether the role asks for a registration.
_ROUTES = Tables(
    Weighted.of({"BRITISH_OR_IRISH": 1}),
    Weighted.of({"BRITISH_OR_IRISH": 1}),
    nationalities.EUROPEAN_OTHER_ROUTES,
    nationalities.EUROPEAN_ROUTES,
    nationalities.OTHER_ROUTES,
    nationalities.CLINICAL_ROUTES,
)


@cache
def _part_of_the_world(nationality: str) -> int:
    if nationality in nationalities.HOME:
        return 0
    return 1 if nationality in nationalities.EUROPEAN else 2


def routes(seed: int, indexes: Ints, nationality: Sequence[str], registered: Bools) -> list[str]:
    """The routes of people: British and Irish citizens need no permission; a sponsored one needs a role that may be
    sponsored. `registered` is whether their roles ask for a registration.
    """
    parts = np.array([*map(_part_of_the_world, nationality)])
    draws = Draws(seed, "right-to-work-route", indexes, 1)
    found: list[str] = draws.weighted(_ROUTES, 2 * parts + registered).tolist()
    return found


class RightToWork(NamedTuple):
    """The contract's `RightToWorkDetail`, and the day (its ordinal) on which a permission ends."""

    detail: dict[str, Any]
    ends: int | None


def rights_to_work(
    seed: int, indexes: Ints, nationality: Sequence[str], registered: Bools, starts: Ints
) -> Iterator[RightToWork]:
    """The grounds on which people may work; a permission with an end outlasts the start (its ordinal)."""
    draws = Draws(seed, "right-to-work", indexes, 8)
    rows = zip(
        routes(seed, indexes, nationality, registered),
        nationality,
        draws.pick(_HOME_DOCUMENTS).tolist(),
        draws.pick(_IRISH_DOCUMENTS).tolist(),
        *(draws.pick(_TWO_OF_A_SHARE_CODE).tolist() for _ in range(4)),
        (starts + draws.between(180, 1_800)).tolist(),
        draws.below(100_000_000).tolist(),
        strict=True,
    )
    for route, country, document, irish_document, a, b, c, d, ends, sponsorship in rows:
        if route == "BRITISH_OR_IRISH":
            held = irish_document if country == "IE" else document
            yield RightToWork({"route": route, "documentType": held}, None)
            continue
        detail = {"route": route, "documentType": "EVISA", "shareCode": f"W{a}{b}{c}{d}"}
        limited = route not in nationalities.WITHOUT_TIME_LIMIT
        if limited:
            detail["permissionExpiryDate"] = iso_day(ends)
        if route in nationalities.SPONSORED:
            detail["certificateOfSponsorship"] = f"C0X{sponsorship:08d}"
        yield RightToWork(detail, ends if limited else None)
