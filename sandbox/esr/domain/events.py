"""Events: CloudEvents 1.0, numbered in the order in which the world changed."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sandbox.timestamps import to_text

_NAMESPACE = UUID("6f0d1b1e-3c1f-5c55-9a0e-1a2b3c4d5e6f")
_LAST_ANSWER = 200


def event_id(workspace: str, seed: int, sequence: int) -> str:
    """The id of an event: the same world gives the same ids."""
    return str(uuid5(_NAMESPACE, f"{workspace}/{seed}/{sequence}"))


def source_of(ods_code: str | None) -> str:
    """The `source` of events about an employer, or of those about none."""
    return f"/esr/v1/organisations/{ods_code}" if ods_code else "/esr/v1"


def cloud_event(
    identifier: str,
    sequence: int,
    kind: str,
    subject: str,
    ods_code: str | None,
    moment: datetime,
    data: dict[str, Any],
) -> dict[str, Any]:
    """The `CloudEvent` of the contract."""
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": source_of(ods_code),
        "type": kind,
        "subject": subject,
        "time": to_text(moment),
        "datacontenttype": "application/json",
        "sequence": f"{sequence:012d}",
        "data": data,
    }


def applicant_data(applicant: dict[str, Any]) -> dict[str, Any]:
    """The `ApplicantEventData` of an applicant: no personal details."""
    names = (
        "applicantNumber",
        "supplierReference",
        "vacancyReference",
        "status",
        "startDate",
        "hiredDate",
        "version",
    )
    return {name: applicant[name] for name in names if name in applicant}


def dead_letter(
    event: dict[str, Any], attempts: int, last_answer: str, given_up_at: str
) -> dict[str, Any]:
    """The `DeadLetter` of an event that could not be delivered; of what came back, the beginning in one line."""
    text = "".join(letter if letter.isprintable() else " " for letter in last_answer)
    return {
        "eventId": event["id"],
        "type": event["type"],
        "subject": event["subject"],
        "sequence": event["sequence"],
        "attempts": attempts,
        "lastAnswer": text[:_LAST_ANSWER].strip(),
        "givenUpAt": given_up_at,
        "event": event,
    }
