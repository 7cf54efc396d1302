"""On what ground a person may work in the United Kingdom: route and documents follow from
nationality and role.

Routes used in the NHS, share codes of nine characters for eVisas, certificates of sponsorship: see
the contract's `RightToWorkDetail`. The mix of routes is assumed; it is not published for NHS
joiners.
"""

from datetime import date, timedelta
from typing import Any

from simulators.reference import nationalities
from simulators.reference.job_roles import JobRole
from simulators.streams import Stream

# Digits and letters that cannot be mistaken for each other.
_SHARE_CODE = "23456789ABCDEFGHJKLMNPRSTWXYZ"
_HOME_DOCUMENTS = (
    "PASSPORT",
    "PASSPORT",
    "PASSPORT",
    "PASSPORT",
    "BIRTH_OR_ADOPTION_CERTIFICATE",
    "NATURALISATION_CERTIFICATE",
)
_IRISH_DOCUMENTS = ("PASSPORT", "IRISH_PASSPORT_CARD")


def route(seed: int, index: int, nationality: str, role: JobRole) -> str:
    """The route of person `index`: British and Irish citizens need no permission; a sponsored one
    needs a role that may be sponsored.
    """
    if nationality in nationalities.HOME:
        return "BRITISH_OR_IRISH"
    stream = Stream(seed, "right-to-work-route", index)
    if nationality in nationalities.EUROPEAN:
        return stream.weighted(
            nationalities.EUROPEAN_ROUTES if role.register else nationalities.EUROPEAN_OTHER_ROUTES
        )
    return stream.weighted(
        nationalities.CLINICAL_ROUTES if role.register else nationalities.OTHER_ROUTES
    )


def right_to_work(
    seed: int, index: int, nationality: str, role: JobRole, start: date
) -> dict[str, Any]:
    """The contract's `RightToWorkDetail`; a permission with an end outlasts `start`."""
    stream = Stream(seed, "right-to-work", index)
    ground = route(seed, index, nationality, role)
    if ground == "BRITISH_OR_IRISH":
        return {
            "route": ground,
            "documentType": stream.pick(
                _IRISH_DOCUMENTS if nationality == "IE" else _HOME_DOCUMENTS
            ),
        }
    code = "W" + "".join(stream.pick(_SHARE_CODE) for _ in range(8))
    found: dict[str, Any] = {"route": ground, "documentType": "EVISA", "shareCode": code}
    if ground not in nationalities.WITHOUT_TIME_LIMIT:
        found["permissionExpiryDate"] = (
            start + timedelta(days=stream.between(180, 1_800))
        ).isoformat()
    if ground in nationalities.SPONSORED:
        found["certificateOfSponsorship"] = f"C0X{stream.below(100_000_000):08d}"
    return found
