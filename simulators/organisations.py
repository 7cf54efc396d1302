"""Employers, as the contract's `Organisation`. Their towns are Faker's, so no employer exists."""

from collections.abc import Mapping
from typing import Any

from simulators import identifiers, pools
from simulators.streams import Stream, Weighted, shuffled

# Acute 134, mental health 47, community 33, ambulance 10 of 224 NHS providers (sickness-absence
# file, March 2025).
_KINDS = Weighted.of(
    {
        "Hospitals NHS Foundation Trust": 80,
        "University Hospitals NHS Trust": 54,
        "Mental Health NHS Foundation Trust": 47,
        "Community Healthcare NHS Trust": 33,
        "Ambulance Service NHS Trust": 10,
    }
)


def organisation(seed: int, ordinal: int) -> Mapping[str, Any]:
    """Employer `ordinal` of the world of `seed`; every interface is switched on and checks go both
    ways (`api-1`).
    """
    stream = Stream(seed, "organisation", ordinal)
    towns = pools.towns()
    town = towns[shuffled(seed, "organisation-town", ordinal, len(towns))]
    return {
        "odsCode": identifiers.ods_code(seed, ordinal),
        "name": f"{town.name} {stream.weighted(_KINDS)}",
        "vpd": identifiers.vpd(seed, ordinal),
        "interfaces": {
            "vacancies": True,
            "applicants": True,
            "employmentChecks": True,
            "events": True,
            "api": True,
            "files": True,
        },
        "autoIat": stream.chance(70),
        "ruleProfiles": {
            "employmentChecks": "api-1",
            "matching": "review-1",
            "sendWindow": "open-1",
            "occupancy": "advisory-1",
            "newPosition": "in-place-1",
            "codedValues": "strict-1",
        },
    }
