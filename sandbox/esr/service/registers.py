"""Regulators: asked about a registration when a check names one, and what they find in their registers."""

from typing import Any

from sandbox.errors import Code, Place, Refusal
from sandbox.esr.domain.identifiers import is_registration_number
from sandbox.esr.domain.registers import (
    ALREADY_RECORDED,
    FOUND,
    REGULATORS,
    is_asked,
    may_expire,
    time_to_answer,
)
from sandbox.esr.service.employees import is_recorded
from sandbox.esr.store import registers as store
from sandbox.jobs.store import is_scheduled, schedule
from sandbox.web.call import Unit

REGULATOR_ANSWER = "regulator-answer"
"""The kind of job in which a regulator answers a check that asked it."""


def put_register_entry(
    unit: Unit, body: str, number: str, answer: dict[str, Any]
) -> dict[str, Any]:
    """Sets what a regulator answers about a registration from now on; answers the `RegisterEntry`.

    Raises Refusal SETTING_INVALID for a body that does not answer by itself or an expiry date with an answer that has none,
    and REGISTRATION_NUMBER_INVALID for a number that the body does not give out.
    """
    if body not in REGULATORS:
        raise Refusal(
            Code.SETTING_INVALID,
            f"Body {body} is asked by hand, so nothing is looked up; {', '.join(REGULATORS)} answer by themselves.",
            places=(Place("path", "body", "No register of this body is looked into."),),
        )
    if not is_registration_number(body, number):
        text = f"The {REGULATORS[body].name} gives out no number of this form."
        raise Refusal(
            Code.REGISTRATION_NUMBER_INVALID, text, places=(Place("path", "number", text),)
        )
    check_expiry(answer)
    entry = {"body": body, "number": number, **answer}
    store.put_entry(unit.connection, unit.workspace.name, entry)
    return entry


def check_expiry(answer: dict[str, Any]) -> None:
    """Raises Refusal SETTING_INVALID for an expiry date with an answer that has none."""
    if "expiryDate" in answer and not may_expire(answer["answer"]):
        raise Refusal(
            Code.SETTING_INVALID, f"The answer {answer['answer']} has no expiry date; leave it out."
        )


def ask_regulator(unit: Unit, applicant: dict[str, Any], check: dict[str, Any]) -> None:
    """Asks the regulator of the registration that the check was left waiting with, unless it was asked already."""
    if not is_asked(check):
        return
    number, registration = applicant["applicantNumber"], check["registration"]
    name, reference = unit.workspace.name, question(number, registration)
    # A check that was just started has asked nobody yet.
    if check["version"] > 1 and is_scheduled(unit.connection, name, REGULATOR_ANSWER, reference):
        return
    schedule(
        unit.transaction,
        name,
        kind=REGULATOR_ANSWER,
        reference=reference,
        due_at=unit.now + time_to_answer(unit.workspace.seed, number, registration["body"]),
        payload={"applicantNumber": number},
    )


def question(applicant_number: str, registration: dict[str, Any]) -> str:
    """What a regulator is asked: of another registration it is another question, and its answer no answer to this one."""
    return f"{applicant_number}/{registration['body']}/{registration['number']}"


def look_up(unit: Unit, applicant: dict[str, Any], registration: dict[str, Any]) -> dict[str, Any]:
    """What the regulator answers: as a test has set it, else that the person is registered, whether ESR knew or not."""
    entry = store.find_entry(
        unit.connection, unit.workspace.name, registration["body"], registration["number"]
    )
    if entry is not None:
        return entry
    person = applicant.get("personId")
    knew = person is not None and is_recorded(unit, person, registration)
    return {"answer": ALREADY_RECORDED if knew else FOUND}
