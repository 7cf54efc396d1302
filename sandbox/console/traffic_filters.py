"""What somebody who looks at traffic asks for: the same fields for the page and for the stream behind it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.console.store.traffic import Wanted

NAMES = ("system", "operation", "status", "applicant", "request")
SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "both": ("esr", "nhs-jobs", "receiver"),
    "esr": ("esr",),
    "nhs-jobs": ("nhs-jobs",),
    "receiver": ("receiver",),
    "control": ("control",),
}
"""By what is entered: the systems that are meant."""
_CLASS = re.compile(r"([1-5])xx")
_STATUS = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_OPERATION = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
_APPLICANT = re.compile(r"[0-9]{8}", re.ASCII)
_LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What was entered, what it means, and what is wrong with it."""

    entered: dict[str, str]
    wanted: Wanted
    problems: dict[str, str] = field(default_factory=dict)
    """By field, in a sentence; what is wrong is left out of `wanted`."""


def filters_of(arguments: Mapping[str, str]) -> Filters:
    """Reads the query of an address."""
    entered = {name: arguments.get(name, "").strip() for name in NAMES}
    entered["status"] = entered["status"].lower()
    problems = {}
    if entered["system"] and entered["system"] not in SYSTEMS:
        problems["system"] = "Choose one of the systems of the list."
    if entered["operation"] and not _OPERATION.fullmatch(entered["operation"]):
        problems["operation"] = "Choose one of the operations of the list."
    if entered["applicant"] and not _APPLICANT.fullmatch(entered["applicant"]):
        problems["applicant"] = "An applicant number has eight digits, such as 10000017."
    if len(entered["request"]) > _LONGEST_ID:
        problems["request"] = f"A request id has {_LONGEST_ID} characters at most."
    statuses, is_refused = _statuses(entered["status"])
    if entered["status"] and statuses is None and not is_refused:
        problems["status"] = "Enter a status such as 422, a class such as 4xx, refused, or none."
    good = {name: value for name, value in entered.items() if value and name not in problems}
    wanted = Wanted(
        systems=SYSTEMS.get(entered["system"], ()),
        operation=good.get("operation"),
        statuses=statuses,
        is_refused=is_refused,
        applicant=good.get("applicant"),
        request_id=good.get("request"),
    )
    return Filters(entered, wanted, problems)


def _statuses(text: str) -> tuple[tuple[int, int] | None, bool]:
    """The least and the greatest status that are meant, and whether they are those of refusals."""
    if text == "refused":
        return None, True
    if text == "none":
        return (0, 0), True
    found = _CLASS.fullmatch(text)
    if found:
        least = int(found[1]) * 100
        return (least, least + 99), least >= 400
    if _STATUS.fullmatch(text):
        return (int(text), int(text)), int(text) >= 400
    return None, False
