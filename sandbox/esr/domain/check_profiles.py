"""Who may start and update which employment check: the cells of each rule profile, with what each rests on.

`2015` is what NHS Employers published on 9 July 2015 of the checks between NHS Jobs and ESR; cells that it does not speak of
are assumed to go both ways. `api-1` is ours: every type both ways. The interface was rebuilt since 2015, and its present
directions are not public: so an employer carries a profile, and neither is claimed to be what ESR does today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.esr.domain.employment_checks import DETAILS
from sandbox.esr.domain.profiles import EmploymentChecks


class Party(StrEnum):
    """Who acts on a check. What a regulator answers comes through ESR."""

    SUPPLIER = "SUPPLIER"
    ESR = "ESR"


class Deed(StrEnum):
    """What is done to a check."""

    START = "start"
    UPDATE = "update"


class Echo(StrEnum):
    """What an announcement of a check carries: all of it, or state, outcome and dates without the details of its type."""

    ALL = "ALL"
    OUTCOME = "OUTCOME"


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether a party may do a deed: `refused` is the code that says no."""

    refused: Code | None
    basis: str
    source: str


_NHS_EMPLOYERS = "http://www.nhsemployers.org/news/2015/07/changes-to-preemployment-check-process-via-nhs-jobs-and-esr"
_REGISTRATION_ROUND = (
    "https://nhsbsa-live.powerappsportals.com/knowledgebase/article/KA-28156/en-us"
)
_SILENT = "ours: NHS Employers' text of 2015 does not speak of it"
_OURS = "ours: every type both ways"

_IDENTITY, _RIGHT_TO_WORK = "identity", "right-to-work"
_REGISTRATION, _HISTORY = "registration-and-qualifications", "employment-history-and-references"
_DBS, _WORK_HEALTH, _ALERT = "dbs", "work-health-assessment", "alert-notice"

_YES = Cell(None, "public", _NHS_EMPLOYERS)
_ASSUMED = Cell(None, "assumed", _SILENT)
_NOT_SUPPORTED = Cell(Code.CHECK_NOT_SUPPORTED, "public", _NHS_EMPLOYERS)
_NOT_FIRST = Cell(Code.CHECK_NOT_STARTED, "public", _NHS_EMPLOYERS)
_WRONG_WAY = Cell(Code.CHECK_WRONG_DIRECTION, "public", _NHS_EMPLOYERS)
_COMES_BACK = Cell(None, "public", _REGISTRATION_ROUND)
_BOTH_WAYS = Cell(None, "assumed", _OURS)

# (supplier starts, supplier updates, ESR starts, ESR updates)
_Row = tuple[Cell, Cell, Cell, Cell]
_2015: Mapping[str, _Row] = {
    _IDENTITY: (_NOT_SUPPORTED, _NOT_SUPPORTED, _NOT_SUPPORTED, _NOT_SUPPORTED),
    _RIGHT_TO_WORK: (_YES, _ASSUMED, _NOT_FIRST, _YES),
    _REGISTRATION: (_YES, _ASSUMED, _ASSUMED, _COMES_BACK),
    _HISTORY: (_ASSUMED, _ASSUMED, _ASSUMED, _ASSUMED),
    _DBS: (_YES, _ASSUMED, _NOT_FIRST, _YES),
    _WORK_HEALTH: (_WRONG_WAY, _WRONG_WAY, _YES, _YES),
    _ALERT: (_ASSUMED, _ASSUMED, _ASSUMED, _ASSUMED),
}
_API_1: Mapping[str, _Row] = dict.fromkeys(DETAILS, (_BOTH_WAYS,) * 4)
_ORDER = tuple((party, deed) for party in Party for deed in Deed)

Key = tuple[EmploymentChecks, str, Party, Deed]
CELLS: dict[Key, Cell] = {
    (profile, check_type, party, deed): cell
    for profile, rows in (
        (EmploymentChecks.NHS_EMPLOYERS_2015, _2015),
        (EmploymentChecks.API_1, _API_1),
    )
    for check_type, row in rows.items()
    for (party, deed), cell in zip(_ORDER, row, strict=True)
}
"""(profile, type, party, deed) → whether it may be done. There is no combination without a cell."""

PRECONDITIONS: dict[tuple[EmploymentChecks, str], tuple[Code, ...]] = {
    (EmploymentChecks.NHS_EMPLOYERS_2015, _REGISTRATION): (Code.REGISTRATION_ALREADY_RECORDED,),
}
"""What else stands in the way of a supplier's start, by the code that says so."""

ECHOES: dict[tuple[EmploymentChecks, str], Echo] = {
    **{(EmploymentChecks.API_1, check_type): Echo.ALL for check_type in DETAILS},
    (EmploymentChecks.NHS_EMPLOYERS_2015, _IDENTITY): Echo.OUTCOME,
    (EmploymentChecks.NHS_EMPLOYERS_2015, _RIGHT_TO_WORK): Echo.OUTCOME,
    # The update comes back "with added attributes such as status" (KA-28156).
    (EmploymentChecks.NHS_EMPLOYERS_2015, _REGISTRATION): Echo.ALL,
    (EmploymentChecks.NHS_EMPLOYERS_2015, _HISTORY): Echo.OUTCOME,
    (EmploymentChecks.NHS_EMPLOYERS_2015, _DBS): Echo.OUTCOME,
    (EmploymentChecks.NHS_EMPLOYERS_2015, _WORK_HEALTH): Echo.ALL,
    (EmploymentChecks.NHS_EMPLOYERS_2015, _ALERT): Echo.OUTCOME,
}
"""(profile, type) → what is echoed to the recruitment system in events and files. But for the registration, assumed."""

_SENTENCES: Mapping[Code, str] = {
    Code.CHECK_NOT_SUPPORTED: "checks of type {check_type} do not cross the interface",
    Code.CHECK_NOT_STARTED: "ESR may only answer a check of type {check_type} that the recruitment system has started",
    Code.CHECK_WRONG_DIRECTION: "a check of type {check_type} goes one way, from ESR to the recruitment system",
}


def check_direction(profile: str, check_type: str, party: Party, deed: Deed) -> None:
    """Raises Refusal with the code of the cell that says no."""
    refused = CELLS[EmploymentChecks(profile), check_type, party, deed].refused
    if refused is not None:
        sentence = _SENTENCES[refused].format(check_type=check_type)
        raise Refusal(refused, f"Under the employer's rule profile {profile}, {sentence}.")


def preconditions(profile: str, check_type: str) -> tuple[Code, ...]:
    """What else stands in the way of a supplier's start."""
    return PRECONDITIONS.get((EmploymentChecks(profile), check_type), ())


def echoed(profile: str, check: dict[str, Any]) -> dict[str, Any]:
    """What the recruitment system is told of a check under a profile."""
    if ECHOES[EmploymentChecks(profile), check["checkType"]] is Echo.ALL:
        return check
    return {name: value for name, value in check.items() if name != DETAILS[check["checkType"]]}
