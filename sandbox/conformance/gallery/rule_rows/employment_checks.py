"""Rows about employment checks: their states and rules, who may start and update which, echoes, and what regulators answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.patching import attribute, rebound, row, rule_gone, without
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation, of_code
from sandbox.errors import Code
from sandbox.esr.domain import check_profiles, registers
from sandbox.esr.domain import employment_checks as checks
from sandbox.esr.domain.check_profiles import Deed, Echo, Party
from sandbox.esr.domain.profiles import EmploymentChecks
from sandbox.esr.service import employment_checks as service

_BOTH = ("record_employment_check", "record_check_in_esr")
_S, _E, _START, _UPDATE = Party.SUPPLIER, Party.ESR, Deed.START, Deed.UPDATE
_REGISTRATION = "registration-and-qualifications"
# Type → (supplier starts, supplier updates, ESR starts, ESR updates) of the profile 2015.
_CELLS_2015 = {
    "identity": ("ESR-CHK-025", "ESR-CHK-025", "ESR-CHK-026", "ESR-CHK-026"),
    "right-to-work": ("ESR-CHK-027", "ESR-CHK-060", "ESR-CHK-028", "ESR-CHK-029"),
    _REGISTRATION: ("ESR-CHK-030", "ESR-CHK-031", "ESR-CHK-032", "ESR-CHK-033"),
    "employment-history-and-references": (
        "ESR-CHK-034",
        "ESR-CHK-034",
        "ESR-CHK-035",
        "ESR-CHK-035",
    ),
    "dbs": ("ESR-CHK-036", "ESR-CHK-061", "ESR-CHK-037", "ESR-CHK-038"),
    "work-health-assessment": ("ESR-CHK-039", "ESR-CHK-039", "ESR-CHK-040", "ESR-CHK-040"),
    "alert-notice": ("ESR-CHK-041", "ESR-CHK-041", "ESR-CHK-042", "ESR-CHK-042"),
}
_ORDER = ((_S, _START), (_S, _UPDATE), (_E, _START), (_E, _UPDATE))
_ANSWERS = {
    "FOUND": "ESR-CHK-053",
    "ALREADY_RECORDED": "ESR-CHK-054",
    "LAPSED": "ESR-CHK-055",
    "NOT_FOUND": "ESR-CHK-056",
    "NAME_DIFFERS": "ESR-CHK-057",
}
_OUTCOMES = ("CLEAR", "CONSIDER", "NOT_CLEAR")


def rows() -> Iterator[Deviation]:
    """Every row."""
    yield from _states()
    yield from _rules()
    yield from _profiles()
    yield from _registers()
    for result, outcome in service._WORK_HEALTH_OUTCOMES.items():  # noqa: SLF001
        other = _other(outcome)
        title = f"Occupational health's {result} is told as {other}"
        apply = row(service._WORK_HEALTH_OUTCOMES, result, other)  # noqa: SLF001
        yield deviation(ESR, "work-health-outcomes", (result,), title, ["ESR-CHK-059"], apply)


def _states() -> Iterator[Deviation]:
    for present, follows in checks.STATES.items():
        shown = present or "NONE"
        for wanted in dict.fromkeys(state for state in (*checks.STATES, *follows) if state):
            if wanted in follows:
                title = f"A check in state {shown} cannot become {wanted}"
                changed = tuple(state for state in follows if state != wanted)
                names = ["ESR-CHK-002", "ESR-CHK-003", "ESR-CHK-024"]
            else:
                title = f"A check in state {shown} can become {wanted}"
                changed = (*follows, wanted)
                names = ["ESR-CHK-002", "ESR-CHK-003"]
            apply = row(checks.STATES, present, changed)
            yield deviation(ESR, "check-states", (shown, wanted), title, names, apply)


def _rules() -> Iterator[Deviation]:
    for rule in checks.UPDATE_RULES:
        title = f"A check that breaks {rule.code} is taken"
        names = of_code(rule.code, *_BOTH)
        yield deviation(ESR, "check-rules", (rule.code,), title, names, rule_gone(rule))
    for check_type, name in checks.DETAILS.items():
        rest = {each: held for each, held in checks.DETAILS.items() if each != check_type}
        title = f"{name} may stand in a check of any type"
        apply = attribute(checks, "DETAILS", rest)
        yield deviation(ESR, "check-details", (check_type,), title, ["ESR-CHK-007"], apply)
    for table, members, code in (
        ("UNLIMITED_ROUTES", checks.UNLIMITED_ROUTES, Code.RIGHT_TO_WORK_NOT_LIMITED),
        ("LIMITED_ROUTES", checks.LIMITED_ROUTES, Code.RIGHT_TO_WORK_EXPIRY_MISSING),
        ("UPDATE_SERVICE_LEVELS", checks.UPDATE_SERVICE_LEVELS, Code.DBS_LEVEL_TOO_LOW),
        ("_UNFIT", checks._UNFIT, Code.WORK_HEALTH_CONTRADICTS),  # noqa: SLF001
    ):
        for member in sorted(members):
            title = f"{member} is none of {table.strip('_')}"
            apply = rebound(members, members - {member})
            names = of_code(code, *_BOTH)
            yield deviation(ESR, "check-members", (table, member), title, names, apply)
    title = "A clear history covers any number of years"
    apply = attribute(checks, "YEARS_COVERED", 0)
    yield deviation(ESR, "check-members", ("YEARS_COVERED",), title, ["ESR-CHK-020"], apply)


def _profiles() -> Iterator[Deviation]:
    for key, cell in check_profiles.CELLS.items():
        profile, check_type, party, deed = key
        is_old = profile is EmploymentChecks.NHS_EMPLOYERS_2015
        name = _CELLS_2015[check_type][_ORDER.index((party, deed))] if is_old else "ESR-CHK-024"
        turned = replace(cell, refused=None if cell.refused else Code.CHECK_NOT_SUPPORTED)
        may = "may" if turned.refused is None else "may not"
        title = f"Under {profile} {party} {may} {deed} a check of type {check_type}"
        apply = row(check_profiles.CELLS, key, turned)
        yield deviation(ESR, "check-cells", key, title, [name], apply)
    for echo, held in check_profiles.ECHOES.items():
        profile, check_type = echo
        other = Echo.OUTCOME if held is Echo.ALL else Echo.ALL
        title = f"Under {profile} a check of type {check_type} is echoed with {other}, not {held}"
        apply = row(check_profiles.ECHOES, echo, other)
        yield deviation(ESR, "check-echoes", echo, title, [_echo_name(*echo)], apply)
    for pair, codes in check_profiles.PRECONDITIONS.items():
        title = f"Under {pair[0]} nothing stands in the way of a start of {pair[1]}"
        names = [name for code in codes for name in of_code(code, *_BOTH)]
        apply = without(check_profiles.PRECONDITIONS, pair)
        yield deviation(ESR, "check-preconditions", pair, title, names, apply)


def _echo_name(profile: EmploymentChecks, check_type: str) -> str:
    if profile is EmploymentChecks.API_1:
        return "ESR-CHK-044"
    told = {_REGISTRATION: "ESR-CHK-045", "work-health-assessment": "ESR-CHK-046"}
    return told.get(check_type, "ESR-CHK-047")


def _registers() -> Iterator[Deviation]:
    for body, regulator in registers.REGULATORS.items():
        names = ["ESR-CHK-049" if regulator.within > timedelta(days=1) else "ESR-CHK-048"]
        title = f"The {regulator.name} does not answer by itself"
        apply = without(registers.REGULATORS, body)
        yield deviation(ESR, "regulators", (body,), title, names, apply)
        title = f"The {regulator.name} answers when its time is up, not within {regulator.within}"
        late = replace(regulator, within=regulator.within * 40)
        apply = row(registers.REGULATORS, body, late)
        yield deviation(ESR, "regulators", (body, "late"), title, names, apply)
    for state in registers.ASKED_IN:
        rest = tuple(item for item in registers.ASKED_IN if item != state)
        title = f"No regulator is asked about a check that is {state}"
        apply = rebound(registers.ASKED_IN, rest)
        yield deviation(ESR, "asked-in", (state,), title, ["ESR-CHK-051"], apply)
    for state in registers.ANSWERED_IN:
        rest = tuple(item for item in registers.ANSWERED_IN if item != state)
        title = f"What a regulator answers does not find a check that is {state}"
        apply = rebound(registers.ANSWERED_IN, rest)
        names = ["ESR-CHK-048", "ESR-CHK-051", "ESR-CHK-052"]
        yield deviation(ESR, "answered-in", (state,), title, names, apply)
    for answer, meaning in registers.ANSWERS.items():
        other = replace(meaning, outcome=_other(meaning.outcome))
        title = f"A regulator's {answer} makes the check {other.outcome}, not {meaning.outcome}"
        apply = row(registers.ANSWERS, answer, other)
        yield deviation(ESR, "register-answers", (answer,), title, [_ANSWERS[answer]], apply)


def _other(outcome: str) -> str:
    return _OUTCOMES[(_OUTCOMES.index(outcome) + 1) % len(_OUTCOMES)]
