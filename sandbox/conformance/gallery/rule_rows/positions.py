"""Rows about positions: who may be attached and when, the send window, single occupancy, and what makes a new position."""

from collections.abc import Iterator
from dataclasses import replace

from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.patching import attribute, row, rule_gone
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation, of_code
from sandbox.errors import Code
from sandbox.esr.domain import applicants, positions
from sandbox.esr.domain.positions import Act, Window
from sandbox.esr.domain.profiles import NewPosition, SendWindow

_SENT = ("submit_applicant", "amend_applicant", "hire_applicant")
_VACANCY = ("create_vacancy", "publish_esr_vacancy")
_NOT_BEGUN = {Act.VACANCY: Code.STATE_FORBIDS, Act.APPLICANT: Code.POSITION_NOT_HIRING}
_ENDED = {Act.VACANCY: Code.STATE_FORBIDS, Act.APPLICANT: Code.POSITION_ENDED}


def rows() -> Iterator[Deviation]:
    """Every row."""
    yield from _states()
    for rule in positions.START_RULES:
        title = f"A start date that breaks {rule.code} is taken"
        names = of_code(rule.code, *_SENT)
        yield deviation(ESR, "start-rules", (rule.code,), title, names, rule_gone(rule))
    for rule in positions.OCCUPANCY_RULES:
        title = f"A position that breaks {rule.code} is not told so"
        names = of_code(rule.code, "submit_applicant")
        yield deviation(ESR, "occupancy-rules", (rule.code,), title, names, rule_gone(rule))
    yield from _send_windows()
    yield from _new_positions()


def _states() -> Iterator[Deviation]:
    for table, rules, refusing in (
        ("position-status", positions.BY_STATUS, _NOT_BEGUN),
        ("position-period", positions.BY_PERIOD, _ENDED),
    ):
        for (state, act), refused in rules.items():
            operations = _VACANCY if act is Act.VACANCY else _SENT
            if refused is None:
                title = f"A position that is {state} takes no {act}"
                names = ["ESR-APP-002"] if act is Act.APPLICANT else ["ESR-VAC-001", "ESR-VAC-006"]
                apply = row(rules, (state, act), refusing[act])
            else:
                title = f"A position that is {state} takes a {act}"
                names = of_code(refused, *operations)
                apply = row(rules, (state, act), None)
            yield deviation(ESR, table, (state, act), title, names, apply)


def _send_windows() -> Iterator[Deviation]:
    profiles = [profile for profile, window in positions.SEND_WINDOWS.items() if window]
    for place, rule in enumerate(positions.SEND_WINDOW_RULES):
        profile = profiles[place // 2]
        title = f"Under {profile} nothing is {rule.code}"
        names = of_code(rule.code, "submit_applicant", profile=f"sendWindow: {profile}")
        yield deviation(ESR, "send-window", (profile, rule.code), title, names, rule_gone(rule))
    closed = positions._window_rules(SendWindow.OPEN_1, Window(13 * 7, 2, "the gallery"))  # noqa: SLF001
    apply = attribute(applicants, "_ASKED", (*applicants._ASKED, *closed))  # noqa: SLF001
    title = "Under open-1 an applicant is too early or too late"
    yield deviation(ESR, "send-window", (SendWindow.OPEN_1,), title, ["ESR-POS-020"], apply)


def _new_positions() -> Iterator[Deviation]:
    rules = positions.NEW_POSITION
    told = rules[NewPosition.NHSBT_1]
    for name in sorted(told.properties):
        less = replace(told, properties=told.properties - {name})
        title = f"Under nhsbt-1 another {name} makes no new position"
        apply = row(rules, NewPosition.NHSBT_1, less)
        yield deviation(ESR, "new-position", ("nhsbt-1", name), title, ["ESR-POS-023"], apply)
    title = "Under in-place-1 a change makes a new position"
    apply = row(rules, NewPosition.IN_PLACE_1, told)
    yield deviation(ESR, "new-position", ("in-place-1",), title, ["ESR-POS-022"], apply)
