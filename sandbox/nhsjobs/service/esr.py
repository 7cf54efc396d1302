"""What NHS Jobs has to tell ESR: written to the outbox in the transaction in which it happens, sent as HTTP."""

from typing import Any
from uuid import UUID, uuid5

from sandbox.nhsjobs.connection import CLIENT, SCHEME
from sandbox.outbox.store import WALL, enqueue
from sandbox.web.call import Unit

VACANCY, APPLICANT, CHECK = "nhs-jobs-vacancy", "nhs-jobs-applicant", "nhs-jobs-check"
"""The kinds of messages. What becomes of their answers: `service.answers`."""

_NAMESPACE = UUID("3d5c2f0e-8b1a-5e64-9d27-1c4f6a8b0e93")


def send_vacancy(unit: Unit, ods_code: str, advert_id: int, creation: dict[str, Any]) -> None:
    """Has ESR make a vacancy for an advert."""
    _tell(
        unit,
        VACANCY,
        str(advert_id),
        lane=f"nhs-jobs/adverts/{advert_id}",
        method="POST",
        path="/vacancies",
        ods_code=ods_code,
        body=creation,
    )


def send_applicant(
    unit: Unit, ods_code: str, application_id: int, submission: dict[str, Any]
) -> None:
    """Has ESR take an applicant."""
    _tell(
        unit,
        APPLICANT,
        str(application_id),
        lane=_lane(application_id),
        method="POST",
        path="/applicants",
        ods_code=ods_code,
        body=submission,
    )


def send_check(
    unit: Unit,
    ods_code: str,
    application_id: int,
    applicant_number: str,
    check_type: str,
    version: int,
    update: dict[str, Any],
) -> None:
    """Has ESR record a check. `version` is that of NHS Jobs' own check."""
    _tell(
        unit,
        CHECK,
        check_reference(application_id, check_type, version),
        lane=_lane(application_id),
        method="PUT",
        path=f"/applicants/{applicant_number}/employment-checks/{check_type}",
        ods_code=ods_code,
        body=update,
    )


def check_reference(application_id: int, check_type: str, version: int) -> str:
    """What a message about a check is known by."""
    return f"{application_id}/{check_type}/{version}"


def read_check_reference(reference: str) -> tuple[int, str, int]:
    """Application, check type and version that a message's reference names."""
    application_id, check_type, version = reference.split("/")
    return int(application_id), check_type, int(version)


def _lane(application_id: int) -> str:
    # One lane per application: what is told of a candidate arrives in the order in which it happened.
    return f"nhs-jobs/applications/{application_id}"


def _tell(
    unit: Unit,
    kind: str,
    reference: str,
    *,
    lane: str,
    method: str,
    path: str,
    ods_code: str,
    body: dict[str, Any],
) -> None:
    workspace = unit.workspace
    # The same message has the same id however often it is sent, so that ESR takes it once.
    identifier = uuid5(_NAMESPACE, f"{workspace.name}/{workspace.seed}/{kind}/{reference}")
    enqueue(
        unit.transaction,
        workspace.name,
        sender=CLIENT,
        kind=kind,
        reference=reference,
        lane=lane,
        method=method,
        url=SCHEME + path,
        headers={
            "Content-Type": "application/json",
            "X-Request-ID": str(identifier),
            "NHSD-End-User-Organisation-ODS": ods_code,
        },
        body=body,
        due_clock=WALL,
        due_at=unit.wall,
    )
