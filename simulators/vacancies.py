"""Live vacancies, as the contract's `Vacancy`: one for each position that hires."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from simulators.identifiers import seed_tag
from simulators.streams import Stream

_REFERENCES = 10_000


def supplier_reference(seed: int, vpd: str, ordinal: int, today: date) -> str:
    """A reference in the form that NHS Jobs uses, `C9<VPD>-<year>-<number>`; unique for 10,000
    vacancies of an employer.
    """
    return f"C9{vpd}-{today.year % 100:02d}-{(seed_tag(seed) + ordinal) % _REFERENCES:04d}"


def vacancy(
    seed: int,
    ordinal: int,
    position: Mapping[str, Any],
    organisation: Mapping[str, Any],
    today: date,
) -> Mapping[str, Any]:
    """Vacancy `ordinal` of the employer, for `position`. ESR's references are made as NHSBSA
    KA-28135 shows.

    Three in four began with the supplier. A shared position has openings for many, another for one.
    """
    stream = Stream(seed, "vacancy", position["positionId"])
    reference = supplier_reference(seed, organisation["vpd"], ordinal, today)
    day = today - timedelta(days=stream.between(1, 45))
    made = f"{day}T{stream.between(8, 17):02d}:{stream.below(60):02d}:00Z"
    from_supplier = stream.chance(75)
    found: dict[str, Any] = {
        "vacancyReference": f"{organisation['vpd']}-{reference}",
        "requisitionReference": f"{organisation['vpd']}-REQ-{reference}",
        "origin": "SUPPLIER" if from_supplier else "ESR",
        "odsCode": organisation["odsCode"],
        "positionId": position["positionId"],
        "title": position["positionTitle"],
        "status": "01",
        "openings": stream.between(5, 40) if position["shared"] else 1,
        "closingDate": (today + timedelta(days=stream.between(7, 35))).isoformat(),
        "createdAt": made,
        "updatedAt": made,
    }
    if from_supplier:
        found["supplierReference"] = reference
    return found
