"""Judges the updates of one employment check of one applicant against the check that ESR holds.

The contract says that an update is the whole check as it then is, and that a check's version counts its changes from 1.
So the content must be that of the last acknowledged update, and the version must be their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loadtests.discrepancies import Reconciliation, about, difference
from loadtests.ledger import Entry
from loadtests.plan import Message

_ESR_FIELDS = frozenset(
    {"applicantNumber", "checkType", "startedBy", "updatedBy", "version", "updatedAt"}
)
"""What ESR adds to the check that a supplier sends."""


@dataclass(frozen=True, slots=True)
class _Updates:
    """The updates of one check as sent, in their order, beside the check that ESR holds."""

    acknowledged: list[Entry]
    unheard: list[Entry]
    """Sent, and neither acknowledged nor refused."""
    same: list[Entry]
    """Those whose content ESR holds."""
    last_body: bytes
    check: dict[str, Any]
    number: str

    @classmethod
    def beside(
        cls, updates: list[tuple[Entry, Message]], check: dict[str, Any], number: str
    ) -> _Updates:
        content = _content(check)
        return cls(
            acknowledged=[entry for entry, _ in updates if entry.acknowledged],
            unheard=[entry for entry, _ in updates if not entry.settled],
            same=[
                entry for entry, sent in updates if not difference(json.loads(sent.body), content)
            ],
            last_body=[
                sent.body for entry, sent in updates if entry.acknowledged or not entry.settled
            ][-1],
            check=check,
            number=number,
        )


def judge_check(
    found: Reconciliation,
    updates: list[tuple[Entry, Message]],
    held: list[dict[str, Any]],
    number: str,
) -> None:
    """Judge all updates of one check of one applicant, given in the order in which they were sent."""
    expected = [entry for entry, _ in updates if not entry.refused]
    if not held:
        _judge_missing(found, expected)
        return
    if not expected:
        what = "ESR refused every update of this check and yet holds it."
        if held[0].get("startedBy") == "SUPPLIER":
            found.contradicted.append(about(updates[-1][0], what, number=number))
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


def _judge_missing(found: Reconciliation, expected: list[Entry]) -> None:
    for entry in expected:
        if entry.acknowledged:
            what = "ESR acknowledged this update and holds no such check."
            found.lost.append(about(entry, what))
        else:
            found.unacknowledged_absent.append(about(entry, "Sent, not acknowledged, not held."))


def _judge_content(found: Reconciliation, told: _Updates, complete: bool) -> None:
    """Hold the content against the last update; `complete` is False where a lost one is reported already."""
    for entry in told.unheard:
        there = entry in told.same
        listed = found.unacknowledged_found if there else found.unacknowledged_absent
        state = "held" if there else "not held"
        listed.append(about(entry, f"Sent, not acknowledged, {state}.", number=told.number))
    if not told.acknowledged:
        return
    last = told.acknowledged[-1]
    if any(entry.number >= last.number and not entry.refused for entry in told.same):
        return
    earlier = [entry.number for entry in told.same if entry.acknowledged]
    if not earlier:
        what = "The check that ESR holds is not as the last update left it."
        differences = difference(json.loads(told.last_body), _content(told.check))
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
        for entry in _lost(told, sent - version):
            what = f"ESR acknowledged this update and did not apply it: {seen}."
            found.lost.append(about(entry, what, number=told.number))
        return False
    by_supplier = told.check.get("startedBy") == told.check.get("updatedBy") == "SUPPLIER"
    if by_supplier and version > sent + len(told.unheard):
        repeated = [entry for entry, step in _steps(told.acknowledged) if step > 1]
        entry = (repeated or told.acknowledged or told.unheard)[-1]
        what = f"ESR applied this update more than once: {seen}."
        found.duplicated.append(about(entry, what, number=told.number))
    return True


def _lost(told: _Updates, count: int) -> list[Entry]:
    """Which updates were not applied.

    Of two that were answered with one version the earlier is gone: what followed took its place. Only when the later is
    the last and its content is not held, it is the later.
    """
    entries = told.acknowledged
    suspects = []
    for place, (entry, step) in enumerate(_steps(entries)):
        if step < 1:
            followed = place < len(entries) - 1 or entry in told.same
            suspects.append(entries[place - 1] if place > 0 and followed else entry)
    return suspects[:count] or entries[-count:]


def _steps(entries: list[Entry]) -> Iterator[tuple[Entry, int]]:
    """Each update with how many versions on it brought the record by ESR's answers: 1, if all is well."""
    before = 0
    for entry in entries:
        version = entry.version if entry.version is not None else before + 1
        yield entry, version - before
        before = max(before, version)
