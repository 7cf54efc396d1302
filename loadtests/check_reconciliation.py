"""Judges the updates of one employment check of one applicant against the check that ESR holds.

The contract says that an update is the whole check as it then is, and that a check's version counts its changes from 1.
So the content must be that of the last acknowledged update, and the version must be their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from loadtests.discrepancies import Reconciliation, Told, about, difference, is_same

_ESR_FIELDS = frozenset(
    {"applicantNumber", "checkType", "startedBy", "updatedBy", "version", "updatedAt"}
)
"""What ESR adds to the check that a supplier sends."""

ANSWERED_BY_REGULATORS = "registration-and-qualifications"


@dataclass(frozen=True, slots=True)
class _Updates:
    """The updates of one check as sent, in their order, beside the check that ESR holds."""

    acknowledged: list[Told]
    unheard: list[Told]
    """Sent, and neither acknowledged nor refused."""
    same: list[Told]
    """Those whose content ESR holds."""
    check: dict[str, Any]
    number: str

    @classmethod
    def beside(cls, updates: list[Told], check: dict[str, Any], number: str) -> _Updates:
        content = _content(check)
        return cls(
            acknowledged=[each for each in updates if each.entry.acknowledged],
            unheard=[each for each in updates if not each.entry.settled],
            same=[each for each in updates if is_same(orjson.loads(each.message.body), content)],
            check=check,
            number=number,
        )


def judge_check(
    found: Reconciliation,
    updates: list[Told],
    held: list[dict[str, Any]],
    number: str,
) -> None:
    """Judge all updates of one check of one applicant, given in the order in which they were sent."""
    expected = [each for each in updates if not each.entry.refused]
    if not held:
        _judge_missing(found, expected, number)
        return
    if not expected:
        what = "ESR refused every update of this check and yet holds it."
        if held[0].get("startedBy") == "SUPPLIER":
            found.contradicted.append(about(updates[-1], what, number=number))
        return
    for _ in held[1:]:
        found.duplicated.append(
            about(expected[-1], "ESR holds this check more than once.", number=number)
        )
    told = _Updates.beside(updates, held[0], number)
    complete = _judge_version(found, told)
    if held[0].get("updatedBy") == "SUPPLIER":
        _judge_content(found, told, complete)
    else:
        found.moved_on += 1


def _content(check: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in check.items() if key not in _ESR_FIELDS}


def _judge_missing(found: Reconciliation, expected: list[Told], number: str) -> None:
    for each in expected:
        if each.entry.acknowledged:
            what = "ESR acknowledged this update and holds no such check."
            found.lost.append(about(each, what, number=number))
        else:
            found.not_acknowledged(each, False, number)


def _judge_content(found: Reconciliation, told: _Updates, complete: bool) -> None:
    """Hold the content against the last update; `complete` is False where a lost one is reported already."""
    for each in told.unheard:
        found.not_acknowledged(each, each in told.same, told.number)
    if not told.acknowledged:
        return
    last = told.acknowledged[-1]
    if any(
        each.message.number >= last.message.number and not each.entry.refused for each in told.same
    ):
        return
    earlier = [each.message.number for each in told.same if each.entry.acknowledged]
    if not earlier:
        what = "The check that ESR holds is not as the last update left it."
        differences = difference(orjson.loads(last.message.body), _content(told.check))
        found.altered.append(about(last, what, differences, number=told.number))
    elif complete:
        what = f"ESR holds the check as update {earlier[-1]} left it; this later one is gone."
        found.lost.append(about(last, what, number=told.number))


def _judge_version(found: Reconciliation, told: _Updates) -> bool:
    """Hold the record's version against the number of updates; False when some were not applied.

    The versions that ESR answered along the way say which. What ESR or a regulator changes counts too, so where they
    had a hand in the check a high version proves nothing.
    """
    version = told.check.get("version")
    if not isinstance(version, int):
        return True
    sent = len(told.acknowledged)
    seen = f"its version is {version} after {sent} acknowledged updates"
    if version < sent:
        for each in _lost(told, sent - version):
            what = f"ESR acknowledged this update and did not apply it: {seen}."
            found.lost.append(about(each, what, number=told.number))
        return False
    by_supplier = told.check.get("startedBy") == told.check.get("updatedBy") == "SUPPLIER"
    if by_supplier and version > sent + len(told.unheard) + _answers(told):
        repeated = [each for each, step in _steps(told.acknowledged) if step > 1]
        each = (repeated or told.acknowledged or told.unheard)[-1]
        what = f"ESR applied this update more than once: {seen}."
        found.duplicated.append(about(each, what, number=told.number))
    return True


def _answers(told: _Updates) -> int:
    """How many changes a regulator may have made: it answers a registration that asks for it once, within a day."""
    if told.check.get("checkType") != ANSWERED_BY_REGULATORS:
        return 0
    states = (orjson.loads(each.message.body).get("state") for each in told.acknowledged)
    return sum(state in ("REQUESTED", "AWAITING_ANSWER") for state in states)


def _lost(told: _Updates, count: int) -> list[Told]:
    """Which updates were not applied.

    Of two that were answered with one version the earlier is gone: what followed took its place. Only when the later is
    the last and its content is not held, it is the later.
    """
    updates = told.acknowledged
    suspects = []
    for place, (each, step) in enumerate(_steps(updates)):
        if step < 1:
            followed = place < len(updates) - 1 or each in told.same
            suspects.append(updates[place - 1] if place > 0 and followed else each)
    return suspects[:count] or updates[-count:]


def _steps(updates: list[Told]) -> Iterator[tuple[Told, int]]:
    """Each update with how many versions on it brought the record by ESR's answers: 1, if all is well."""
    before = 0
    for each in updates:
        version = each.entry.told if each.entry.told is not None else before + 1
        yield each, version - before
        before = max(before, version)
