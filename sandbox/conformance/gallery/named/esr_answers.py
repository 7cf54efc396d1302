"""ESR answers what the contract does not promise: the wrong type, a name changed, a code left out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from sandbox import rules
from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.patching import instead
from sandbox.conformance.gallery.proxy import (
    EVERY,
    added,
    altered,
    answers,
    dropped,
    each,
    mapped,
    put,
    renamed,
    without_header,
)
from sandbox.web.call import Call
from sandbox.web.reply import Reply

_CONTRACT = "ESR-CON-001"
_REFUSED = range(400, 500)
_READ, _SUBMIT = "read_applicant", "submit_applicant"


def _html(_call: Call, reply: Reply) -> Reply:
    if reply.status not in _REFUSED:
        return reply
    page = b"<html><body><h1>An error has occurred</h1></body></html>"
    return Reply(reply.status, page, "text/html", reply.headers)


def _plain(_call: Call, reply: Reply) -> Reply:
    return replace(reply, media_type="text/plain") if reply.status < 300 else reply


def _success(_call: Call, reply: Reply) -> Reply:
    """A refusal told under 200, as some gateways do."""
    if reply.status != 422:
        return reply
    confirmation = orjson.loads(reply.body).get("confirmation", {})
    return Reply(200, orjson.dumps(confirmation))


def _broken(_call: Call, reply: Reply) -> Reply:
    if reply.status != 400:
        return reply
    problem = {**orjson.loads(reply.body), "status": 500, "code": "INTERNAL_ERROR"}
    return replace(reply, status=500, body=orjson.dumps(problem))


def _stale() -> Callable[[Call, Reply], Reply]:
    """A cache before the reads that is never told of a write."""
    kept: dict[tuple[str, str], Reply] = {}

    def change(call: Call, reply: Reply) -> Reply:
        return kept.setdefault((call.workspace, call.path), reply) if reply.status == 200 else reply

    return change


def _short_name(person: dict[str, Any]) -> dict[str, Any]:
    return {**person, "lastName": person["lastName"][:3]}


def _numbered(problem: dict[str, Any]) -> dict[str, Any]:
    confirmation = problem.get("confirmation")
    if confirmation is None:
        return problem
    numbered = {**confirmation, "applicantNumber": "19999999", "assignmentId": 29999999}
    return {**problem, "confirmation": numbered}


def _repeating(call: Call, reply: Reply) -> Reply:
    """The whole body that was sent, in the detail of each fault."""
    if reply.status != 400:
        return reply
    problem = orjson.loads(reply.body)
    sent = call.raw_body.decode("utf-8", "replace")
    errors = [
        {**item, "detail": f"{item['detail']}: {sent}"[:500]} for item in problem.get("errors", [])
    ]
    return replace(reply, body=orjson.dumps({**problem, "errors": errors}))


def _first_fault(problem: dict[str, Any]) -> dict[str, Any]:
    return {**problem, "errors": problem["errors"][:1]} if "errors" in problem else problem


def _only_first(
    findings: Callable[..., list[rules.Finding]],
) -> Callable[..., list[rules.Finding]]:
    return lambda *given: findings(*given)[:1]


def _swapped(vacancy: dict[str, Any]) -> dict[str, Any]:
    one, other = vacancy["vacancyReference"], vacancy["requisitionReference"]
    return {**vacancy, "vacancyReference": other, "requisitionReference": one}


def _page_of_500(_call: Call, reply: Reply) -> Reply:
    return (
        Reply(500, b"<html><body>Error</body></html>", "text/html")
        if reply.status == 500
        else reply
    )


def _false_is_nothing(applicant: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in applicant.items() if value is not False}


DEFECTS: tuple[Deviation, ...] = (
    defect(
        "esr.answers.false-left-out",
        "A no to the data-sharing question is read as no answer",
        ["ESR-IAT-014"],
        altered(_READ, _false_is_nothing),
    ),
    defect(
        "esr.answers.html-of-a-failure",
        "A failure of ESR's own is a page of HTML",
        ["ESR-REQ-031"],
        answers(EVERY, _page_of_500),
        fails=True,
    ),
    defect(
        "esr.answers.null-for-text",
        "An applicant's supplierReference is null, where a text was promised",
        [_CONTRACT],
        altered(_READ, put("supplierReference", None)),
        operations=[_READ],
    ),
    defect(
        "esr.answers.enum-typo",
        "An applicant's status is written ACCEPTD",
        [_CONTRACT],
        altered(_READ, put("status", "ACCEPTD")),
        operations=[_READ],
    ),
    defect(
        "esr.answers.array-for-text",
        "A vacancy's title comes as a list of one",
        [_CONTRACT],
        altered(("create_vacancy", "read_vacancy"), mapped("title", lambda title: [title])),
        operations=["create_vacancy", "read_vacancy"],
    ),
    defect(
        "esr.answers.date-format",
        "Dates are written 01/04/2026",
        [_CONTRACT],
        altered(_READ, mapped("startDate", lambda day: "/".join(reversed(day.split("-"))))),
        operations=[_READ],
    ),
    defect(
        "esr.answers.number-as-text",
        "The assignment id is a text",
        [_CONTRACT],
        altered(_SUBMIT, mapped("assignmentId", str)),
        operations=[_SUBMIT],
    ),
    defect(
        "esr.answers.text-as-number",
        "An applicant number is a number, and loses what a text keeps",
        [_CONTRACT],
        altered(_SUBMIT, mapped("applicantNumber", int)),
        operations=[_SUBMIT],
    ),
    defect(
        "esr.answers.field-renamed",
        "The applicant number is called applicantNo",
        [_CONTRACT, "ESR-APP-002"],
        altered(_SUBMIT, renamed("applicantNumber", "applicantNo")),
        operations=[_SUBMIT],
    ),
    defect(
        "esr.answers.field-dropped",
        "An applicant is read without its version",
        [_CONTRACT],
        altered(_READ, dropped("version")),
        operations=[_READ],
    ),
    defect(
        "esr.answers.number-dropped",
        "A confirmation that says SUCCESS gives no numbers",
        ["ESR-APP-002"],
        altered(
            _SUBMIT, lambda document: dropped("assignmentId")(dropped("applicantNumber")(document))
        ),
    ),
    defect(
        "esr.answers.field-added",
        "An applicant is read with a property that no contract has",
        [_CONTRACT],
        altered(_READ, added("internalNotes", "none")),
        operations=[_READ],
    ),
    defect(
        "esr.answers.list-dropped",
        "A page of applicants has no list where it is empty",
        [_CONTRACT],
        altered(
            "list_applicants",
            lambda page: page if page["applicants"] else dropped("applicants")(page),
        ),
        operations=["list_applicants"],
    ),
    defect(
        "esr.answers.item-null",
        "The organisations of a page are null",
        [_CONTRACT],
        altered("list_organisations", put("organisations", None)),
        operations=["list_organisations"],
    ),
    defect(
        "esr.answers.event-list-typo",
        "An event of the feed has its type in capitals",
        [_CONTRACT],
        altered("list_events", each("events", mapped("type", str.upper))),
        operations=["list_events"],
    ),
    defect(
        "esr.answers.length-cut",
        "Last names are cut after three letters",
        ["ESR-APP-002"],
        altered(_READ, mapped("person", _short_name)),
    ),
    defect(
        "esr.answers.reference-swapped",
        "What was the vacancy's reference is the requisition's, and the other way round",
        ["ESR-VAC-001"],
        altered(("create_vacancy", "read_vacancy"), _swapped),
    ),
    defect(
        "esr.answers.stale-read",
        "A read after a write shows what was there before it",
        ["ESR-APP-022"],
        answers(_READ, _stale()),
    ),
    defect(
        "esr.answers.warnings-lost",
        "A confirmation that says SUCCESS never has messages",
        ["ESR-APP-005"],
        altered(_SUBMIT, put("messages", [])),
    ),
    defect(
        "esr.answers.refused-with-number",
        "A confirmation that says FAIL gives an applicant number",
        ["ESR-APP-003"],
        altered(_SUBMIT, _numbered, _REFUSED),
    ),
    defect(
        "esr.answers.first-rule-only",
        "Of several rules that an applicant breaks only the first is told",
        ["ESR-APP-004"],
        instead(rules.findings, _only_first),
    ),
    defect(
        "esr.answers.first-place-only",
        "Of several places that break the contract only the first is named",
        ["ESR-REQ-021"],
        altered(EVERY, _first_fault, range(400, 401)),
    ),
    defect(
        "esr.answers.value-repeated",
        "A refusal repeats what stood at the wrong place",
        ["ESR-REQ-021"],
        answers(EVERY, _repeating),
    ),
    defect(
        "esr.answers.problem-without-code",
        "A refusal has no code",
        ["ESR-REQ-034", _CONTRACT],
        altered(EVERY, dropped("code"), _REFUSED),
    ),
    defect(
        "esr.answers.html-error-page",
        "A refusal is a page of HTML",
        ["ESR-REQ-034", _CONTRACT],
        answers(EVERY, _html),
    ),
    defect(
        "esr.answers.refusal-under-200",
        "An applicant who is not loaded is answered 200",
        ["ESR-APP-003", _CONTRACT],
        answers(_SUBMIT, _success),
    ),
    defect(
        "esr.answers.wrong-content-type",
        "JSON is announced as text/plain",
        [_CONTRACT],
        answers(_READ, _plain),
        operations=[_READ],
    ),
    defect(
        "esr.answers.500-for-bad-input",
        "A request that breaks the contract is answered 500",
        ["ESR-REQ-020", "ESR-REQ-022"],
        answers(EVERY, _broken),
        fails=True,
    ),
    defect(
        "esr.answers.etag-missing",
        "An applicant is read without an ETag",
        [_CONTRACT],
        without_header(_READ, "ETag"),
        operations=[_READ],
    ),
    defect(
        "esr.answers.location-missing",
        "What was created is answered without a Location",
        [_CONTRACT],
        without_header(_SUBMIT, "Location"),
        operations=[_SUBMIT],
    ),
    defect(
        "esr.answers.retry-after-missing",
        "429 and 503 do not say how long to wait",
        ["ESR-REQ-029"],
        without_header(EVERY, "Retry-After"),
    ),
)
