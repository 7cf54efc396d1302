"""The rule profiles that an employer carries: where the public record is old, one employer's or silent, a rule has variants.

A profile is named and numbered, and never changes once published: a change is a new number.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class EmploymentChecks(StrEnum):
    """Who may start and update which check, in which direction."""

    API_1 = "api-1"
    NHS_EMPLOYERS_2015 = "2015"


class Matching(StrEnum):
    """What happens when a person may be known already."""

    REVIEW_1 = "review-1"
    STRICT_1 = "strict-1"


class SendWindow(StrEnum):
    """How long before the start an applicant may be sent."""

    OPEN_1 = "open-1"
    DIT_13W_1 = "dit-13w-1"
    DIT_12W_1 = "dit-12w-1"


class Occupancy(StrEnum):
    """What happens when a position that is not shared has somebody already."""

    ADVISORY_1 = "advisory-1"
    SINGLE_1 = "single-1"


class NewPosition(StrEnum):
    """Which changes of a position make a new one."""

    IN_PLACE_1 = "in-place-1"
    NHSBT_1 = "nhsbt-1"


class CodedValues(StrEnum):
    """What happens to a coded value that is mis-mapped, retired or not mapped at all."""

    STRICT_1 = "strict-1"
    LENIENT_1 = "lenient-1"


PROFILES: Mapping[str, type[StrEnum]] = {
    "employmentChecks": EmploymentChecks,
    "matching": Matching,
    "sendWindow": SendWindow,
    "occupancy": Occupancy,
    "newPosition": NewPosition,
    "codedValues": CodedValues,
}
"""By property of `RuleProfiles`; the first member of each is what an employer has unless it is told otherwise."""

DEFAULT_PROFILES: Mapping[str, str] = {name: next(iter(kind)) for name, kind in PROFILES.items()}


def profile(organisation: Mapping[str, Any] | None, name: str) -> str:
    """The profile that the employer carries for `name`; the default where there is no employer."""
    held = (organisation or {}).get("ruleProfiles", {})
    return str(held.get(name, DEFAULT_PROFILES[name]))
