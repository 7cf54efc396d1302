"""The portable data set that a previous employer releases: who somebody is, where they worked, and what they need not repeat.

The four parts are public (NHSBSA article KA-28161); what is in each is ours. Vaccinations and training are invented, the
same for the same person of the same world; their names, and how long a training counts, are assumed.
"""

import hashlib
from datetime import date, timedelta
from typing import Any

VACCINES = (
    "Hepatitis B",
    "Measles, mumps and rubella",
    "Varicella",
    "Influenza",
    "BCG",
    "COVID-19",
)
"""What an occupational health record may name."""

TRAINING: dict[str, int] = {
    "Equality, diversity and human rights": 3,
    "Fire safety": 1,
    "Health, safety and welfare": 3,
    "Infection prevention and control": 1,
    "Information governance and data security": 1,
    "Moving and handling": 2,
    "Conflict resolution": 3,
    "Preventing radicalisation": 3,
    "Resuscitation": 1,
    "Safeguarding adults": 3,
    "Safeguarding children": 3,
}
"""Competence → for how many years it counts."""

PARTS = {
    "personalDetails": "PERSONAL_DETAILS",
    "employmentHistory": "EMPLOYMENT_HISTORY",
    "immunisations": "IMMUNISATIONS",
    "training": "TRAINING",
}
"""Property of `PortableDataSet` → what `released` calls it."""

_DAYS_IN_A_YEAR = 365
_EMPLOYMENTS = 50


def portable_data(
    seed: int,
    person_id: int,
    person: dict[str, Any],
    employments: list[dict[str, Any]],
    today: date,
) -> dict[str, Any]:
    """The `PortableDataSet`. `employments` are in the order of their start; each may have a positionTitle."""
    names = ("odsCode", "positionTitle", "startDate", "endDate")
    return {
        "personalDetails": {
            name: person[name] for name in ("lastName", "firstName", "dateOfBirth")
        },
        "employmentHistory": [
            {name: employment[name] for name in names if name in employment}
            for employment in employments[-_EMPLOYMENTS:]
        ],
        "immunisations": _immunisations(seed, person_id, today),
        "training": _training(seed, person_id, today),
    }


def parts(data: dict[str, Any]) -> list[str]:
    """Which parts there is anything in."""
    return [name for key, name in PARTS.items() if data[key]]


def _immunisations(seed: int, person_id: int, today: date) -> list[dict[str, str]]:
    return [
        {"vaccine": vaccine, "date": (today - timedelta(days=ago)).isoformat()}
        for vaccine in VACCINES
        if (ago := _number(seed, person_id, vaccine) % (12 * _DAYS_IN_A_YEAR)) > _DAYS_IN_A_YEAR
    ]


def _training(seed: int, person_id: int, today: date) -> list[dict[str, str]]:
    found = []
    for competence, years in TRAINING.items():
        lasts = years * _DAYS_IN_A_YEAR
        # Nine in ten still count.
        ago = _number(seed, person_id, competence) % (lasts * 10 // 9)
        completed = today - timedelta(days=ago)
        found.append(
            {
                "competence": competence,
                "completedDate": completed.isoformat(),
                "expiryDate": (completed + timedelta(days=lasts)).isoformat(),
            }
        )
    return found


def _number(seed: int, person_id: int, purpose: str) -> int:
    digest = hashlib.sha256(f"{seed}/portable-data/{person_id}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8])
