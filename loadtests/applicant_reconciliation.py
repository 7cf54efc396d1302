"""Judges the submission, the changed start dates and the withdrawal of an applicant against what ESR holds of it."""

from __future__ import annotations

from typing import Any

import orjson

from loadtests.discrepancies import Reconciliation, Told, about, difference
from simulators.year import Kind

_ESR_FIELDS = frozenset(
    {
        "applicantNumber",
        "assignmentId",
        "odsCode",
        "status",
        "version",
        "withdrawal",
        "hiredDate",
        "personId",
        "match",
        "submittedAt",
        "updatedAt",
    }
)
"""What ESR adds to the applicant that a supplier sends."""
_DEFAULTS = {"internalCandidate": False}
"""What ESR holds where the submission leaves a property out, by the contract's defaults."""
_OF_SUBMISSION = (Kind.APPLICANT, Kind.START_DATE_CHANGE, Kind.WITHDRAWAL)


def judge_applicant(found: Reconciliation, sent: list[Told], held: dict[str, Any]) -> None:
    """Judge everything of one applicant but its checks, given in the order in which it was sent."""
    told = [each for each in sent if each.message.kind in _OF_SUBMISSION]
    number = str(held.get("applicantNumber"))
    unheard = [each for each in told[1:] if not each.entry.settled]
    # ESR may have done what the sender never heard of: in its order, so the first few of it or none.
    explained = [_differences(told, held, unheard[:done]) for done in range(len(unheard) + 1)]
    differences = min(explained, key=len)
    done = unheard[: explained.index(differences)]
    for each in unheard:
        found.not_acknowledged(each, each in done, number)
    if not differences:
        return
    last = _last_to_blame(told, {each.pointer.split("/")[1] for each in differences})
    if last is told[0]:
        what = "The applicant that ESR holds is not the one that was sent."
        found.altered.append(about(last, what, differences, number=number))
    elif _differences([each for each in told if each is not last], held, done):
        what = f"The applicant that ESR holds is not as this {last.message.kind} left it."
        found.altered.append(about(last, what, differences, number=number))
    else:
        what = f"ESR acknowledged this {last.message.kind} and holds the applicant without it."
        found.lost.append(about(last, what, differences, number=number))


def _differences(told: list[Told], held: dict[str, Any], done: list[Told]) -> Any:
    """How the applicant differs from what the acknowledged messages, and those in `done`, made of it."""
    submission = told[0]
    sent = orjson.loads(submission.message.body)
    expected = {**_DEFAULTS, **sent, "odsCode": submission.message.odsCode}
    if held.get("match", {}).get("result") == "UNDER_REVIEW":
        # Loaded, while an ESR user still has to say who it is.
        expected["status"] = "ACTIVE_APPLICATION"
    else:
        expected["status"] = "ACCEPTED" if "offerAcceptedDate" in sent else "OFFER"
    if submission.entry.told is not None:
        expected["applicantNumber"] = f"{submission.entry.told:08d}"
    for each in told[1:]:
        if not each.entry.acknowledged and each not in done:
            continue
        body = orjson.loads(each.message.body)
        if each.message.kind is Kind.WITHDRAWAL:
            expected |= {"status": "TERMINATED", "withdrawal": body}
        else:
            expected |= body
    ignored = _ESR_FIELDS - expected.keys()
    return difference(expected, {key: value for key, value in held.items() if key not in ignored})


def _last_to_blame(told: list[Told], properties: set[str]) -> Told:
    """The last acknowledged message that alone can have set one of the properties that differ; else the submission."""
    touched = {
        Kind.START_DATE_CHANGE: {"startDate", "endDate"},
        Kind.WITHDRAWAL: {"status", "withdrawal"},
    }
    for each in reversed(told[1:]):
        if each.entry.acknowledged and properties <= touched[each.message.kind]:
            return each
    return told[0]
