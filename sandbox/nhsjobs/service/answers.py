"""What becomes of ESR's answers to NHS Jobs' messages."""

import logging
from collections.abc import Callable
from typing import Any

import orjson

from sandbox.errors import Code
from sandbox.nhsjobs.domain.applications import AWAITS_ESR, Act
from sandbox.nhsjobs.service.adverts import learn_vacancy
from sandbox.nhsjobs.service.applications import move, reject_waiting, submit_waiting
from sandbox.nhsjobs.service.esr import APPLICANT, CHECK, VACANCY, read_check_reference
from sandbox.nhsjobs.service.events import apply_waiting
from sandbox.nhsjobs.service.pre_employment_checks import (
    forward_waiting,
    settle_refused,
    settle_sent,
)
from sandbox.nhsjobs.store.adverts import find_advert, note_vacancy_problem
from sandbox.nhsjobs.store.applications import find_application
from sandbox.outbox.sending import Answer
from sandbox.outbox.store import Message
from sandbox.web.call import Unit

logger = logging.getLogger(__name__)

_CREATED = 201
_KEPT_LETTERS = 500


def settle_vacancy(unit: Unit, message: Message, answer: Answer) -> None:
    """ESR has made the advert's vacancy, or refused to. Who accepted an offer in the meantime goes on now."""
    advert = find_advert(unit.connection, unit.workspace.name, int(message.reference))
    if advert is None:
        return
    document = _document(answer)
    reference = document.get("vacancyReference")
    if answer.status == _CREATED and isinstance(reference, str):
        if "vacancyReference" not in advert:
            submit_waiting(unit, learn_vacancy(unit, advert, reference))
        return
    problem = f"{answer.status} {document.get('detail', '')}"[:_KEPT_LETTERS]
    logger.warning("ESR made no vacancy for advert %s: %s", message.reference, problem)
    note_vacancy_problem(unit.connection, unit.workspace.name, advert["advertId"], problem)
    reject_waiting(unit, advert)


def settle_applicant(unit: Unit, message: Message, answer: Answer) -> None:
    """ESR has taken the applicant, or rejected it. The checks and events that waited for the number go on now."""
    held = find_application(unit.connection, unit.workspace.name, int(message.reference))
    if held is None or held.document["status"] not in AWAITS_ESR:
        return
    document = _document(answer)
    if answer.status == _CREATED and "applicantNumber" in document:
        esr = {
            "applicantNumber": document["applicantNumber"],
            "assignmentId": document["assignmentId"],
            "confirmation": document,
        }
        taken = move(unit, held, Act.TAKE, esr=esr)
        forward_waiting(unit, taken)
        apply_waiting(unit, taken)
        return
    confirmation = document.get("confirmation")
    logger.info("ESR rejected application %s: %s", message.reference, document.get("detail"))
    changes = {"esr": {"confirmation": confirmation}} if isinstance(confirmation, dict) else {}
    move(unit, held, Act.REJECT, **changes)


def settle_check(unit: Unit, message: Message, answer: Answer) -> None:
    """ESR has recorded the check, or refused it."""
    application_id, check_type, version = read_check_reference(message.reference)
    document = _document(answer)
    if answer.status < 300 and isinstance(document.get("version"), int):
        settle_sent(unit, application_id, check_type, version, document)
    else:
        settle_refused(unit, application_id, check_type, version, _problem(answer, document))


ANSWERS: dict[str, Callable[[Unit, Message, Answer], None]] = {
    VACANCY: settle_vacancy,
    APPLICANT: settle_applicant,
    CHECK: settle_check,
}
"""By kind of message: what to do with ESR's answer, in one transaction with ending the message."""

_PROBLEM_NAMES = ("type", "title", "status", "code", "detail", "instance", "errors")


def _problem(answer: Answer, document: dict[str, Any]) -> dict[str, Any]:
    """ESR's refusal as a `Problem`, also where it did not answer with one."""
    if "code" in document:
        return {name: document[name] for name in _PROBLEM_NAMES if name in document}
    return {
        "type": "about:blank",
        "title": "Unexpected answer",
        "status": answer.status,
        "code": str(Code.INTERNAL_ERROR),
        "detail": f"ESR answered {answer.status}, which NHS Jobs does not understand.",
    }


def _document(answer: Answer) -> dict[str, Any]:
    """The body as an object; empty when it is none."""
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
