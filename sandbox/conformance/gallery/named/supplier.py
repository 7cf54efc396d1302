"""Defects of a recruitment system: the example supplier with one of its decisions, or one of its parts, replaced.

What `apply` gives its block is what the supplier is to run with: its `Policies` and its `Office`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from sandbox.conformance.gallery.deviation import Deviation, Kind
from simulators.supplier import Office, Policies
from simulators.supplier.messages import AMEND, SUBMIT, WITHDRAW
from simulators.supplier.receiver import Receiver

ROLE = "recruitment-system"
Parts = tuple[type[Policies], type[Office]]


def _with(
    policies: type[Policies], office: type[Office]
) -> Callable[[], AbstractContextManager[Parts]]:
    @contextmanager
    def apply() -> Iterator[Parts]:
        yield policies, office

    return apply


def _decides(theme: str, name: str, title: str, requirements: str, **methods: Any) -> Deviation:
    """A supplier that decides something else than it must; `methods` replace those of `Policies`."""
    policies = type("Deviating", (Policies,), methods)
    return Deviation(
        f"{ROLE}.{theme}.{name}",
        Kind.NAMED,
        ROLE,
        theme,
        title,
        tuple(requirements.split()),
        _with(policies, Office),
    )


def _with_a_new_token(self: Policies) -> dict[str, str]:
    shown = Policies.authorization(self)
    if self.gets_another_token(shown):
        shown = Policies.authorization(self)
    return shown


def _receives(name: str, title: str, requirements: str, **methods: Any) -> Deviation:
    """A supplier whose receiver does one step wrong."""
    receiver = type("Deviating", (Receiver,), methods)
    office = type("DeviatingOffice", (Office,), {"receiver_class": receiver})
    return Deviation(
        f"{ROLE}.receiver.{name}",
        Kind.NAMED,
        ROLE,
        "receiver",
        title,
        tuple(requirements.split()),
        _with(Policies, office),
    )


def _body(**changes: Any) -> Callable[[Any, Any], Any]:
    """A submission whose body has something else in places."""

    def body(_self: Policies, message: Any) -> Any:
        if message.kind != SUBMIT:
            return message.body
        changed = dict(message.body)
        for name, value in changes.items():
            changed[name] = value(changed) if callable(value) else value
        return changed

    return body


def _person(**changes: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda body: {**body["person"], **changes}


def _british(text: str) -> str:
    year, month, day = text.split("-")
    return f"{day}/{month}/{year}"


async def _believe(_self: Receiver, _request: Request, _body: bytes) -> None:
    return None


async def _look_at_headers_alone(_self: Receiver, request: Request, body: bytes) -> None:
    if "signature" not in request.headers or "content-digest" not in request.headers:
        await Receiver.verify(_self, request, body)


async def _forget(_self: Receiver, _event: dict[str, Any]) -> bool:
    return True


def _refuse_again(_self: Receiver, _event: dict[str, Any], is_new: bool) -> Response:
    return Response(status_code=202 if is_new else 409)


def _take_for_event(_self: Policies, event: Any) -> bool:
    for name, text in (("id", str(uuid4())), ("source", "/"), ("type", "ping")):
        event.setdefault(name, text)
    return True


_own_definite, _own_headers, _own_path = Policies.is_definite, Policies.headers, Policies.path


def _definite_too(*statuses: int) -> Callable[[Any, Any], bool]:
    return lambda self, answer: answer.status in statuses or _own_definite(self, answer)


def _without(*names: str) -> Callable[[Any, Any], dict[str, str]]:
    return lambda self, message: {
        name: text for name, text in _own_headers(self, message).items() if name not in names
    }


_CONSTANT_ID = "0b1c9a52-7d0e-4a71-8a4f-2b1a3c4d5e6f"

DEFECTS: tuple[Deviation, ...] = (
    _decides(
        "request-ids",
        "new-on-retry",
        "It makes a new X-Request-ID for every try, so that a retry may make a second applicant.",
        "ESR-REQ-002",
        request_id=lambda _self, _message: str(uuid4()),
    ),
    _decides(
        "request-ids",
        "same-for-all",
        "It sends different messages under one X-Request-ID.",
        "ESR-REQ-003",
        request_id=lambda _self, _message: _CONSTANT_ID,
    ),
    _decides(
        "request-ids",
        "no-uuid",
        "Its X-Request-ID is a number of its own and no UUID.",
        "ESR-REQ-001",
        request_id=lambda _self, message: message.request_id[:8],
    ),
    _decides(
        "retries",
        "ignores-retry-after",
        "It tries again at once, whatever Retry-After says.",
        "ESR-REQ-030",
        wait_seconds=lambda _self, _failures, _answer: 0.05,
        pause_seconds=lambda _self, _answer: 0.0,
    ),
    _decides(
        "retries",
        "no-back-off",
        "It tries again at the same short distance for ever.",
        "ESR-REQ-038",
        wait_seconds=lambda _self, _failures, _answer: 0.01,
    ),
    _decides(
        "retries",
        "gives-up-at-429",
        "It takes 429 for a refusal and does not try again.",
        "ESR-REQ-030",
        is_definite=_definite_too(429),
    ),
    _decides(
        "retries",
        "gives-up-at-500",
        "It takes 500 for a refusal and does not try again.",
        "ESR-REQ-032",
        is_definite=_definite_too(500),
    ),
    _decides(
        "retries",
        "gives-up-at-503",
        "It takes 503 for a refusal and does not try again.",
        "ESR-REQ-030",
        is_definite=_definite_too(503),
    ),
    _decides(
        "retries",
        "gives-up-without-answer",
        "It does not try again where no answer came.",
        "ESR-REQ-032",
        is_definite=_definite_too(0),
    ),
    _decides(
        "retries",
        "believes-garbage",
        "It takes any 2xx for done, though the answer cannot be read.",
        "ESR-REQ-032",
        is_definite=lambda self, answer: answer.is_success or _own_definite(self, answer),
    ),
    _decides(
        "retries",
        "replays-refused",
        "It sends a message that ESR refused again and again.",
        "ESR-REQ-036",
        is_definite=lambda self, answer: answer.status != 422 and _own_definite(self, answer),
    ),
    _decides(
        "versions",
        "no-if-match",
        "It amends without reading first, and without If-Match.",
        "ESR-REQ-015",
        reads_before=lambda _self, _message: False,
    ),
    _decides(
        "versions",
        "invented-if-match",
        "It makes up the version that it amends.",
        "ESR-REQ-015",
        if_match=lambda _self, _answer: '"99"',
    ),
    _decides(
        "versions",
        "gives-up-at-412",
        "It does not read again when the version is no longer the current one.",
        "ESR-REQ-016",
        begins_anew=lambda _self, _message, _answer: False,
    ),
    _decides(
        "lists",
        "invents-cursors",
        "It makes up where a list goes on.",
        "ESR-REQ-028",
        next_place=lambda _self, _page, _place: "MTIzNA",
    ),
    _decides(
        "lists",
        "loads-all-each-time",
        "It never goes on from the last cursor, and loads everything each time.",
        "ESR-REQ-028",
        next_place=lambda _self, _page, _place: None,
        has_more=lambda _self, _page: False,
    ),
    _decides(
        "lists",
        "keeps-deleted-positions",
        "Positions that ESR deleted stay in its lists.",
        "ESR-POS-003",
        is_present=lambda _self, _position: True,
    ),
    _decides(
        "employers",
        "not-enabled",
        "It writes for employers who have not switched the interface on.",
        "ESR-REQ-013",
        reason_not_to_send=lambda _self, _message, _organisation: None,
    ),
    _decides(
        "employers",
        "not-named",
        "It does not name the employer.",
        "ESR-REQ-010",
        headers=_without("NHSD-End-User-Organisation-ODS"),
    ),
    _decides(
        "requests",
        "personal-data-in-addresses",
        "It looks for people by their names and numbers in the query.",
        "ESR-REQ-039",
        address=lambda _self, path, parameters: (
            f"{path}?{'&'.join(f'{name}={text}' for name, text in parameters.items())}&niNumber=QQ123456C"
        ),
    ),
    _decides(
        "requests",
        "no-token",
        "It sends no token.",
        "ESR-REQ-018",
        authorization=lambda _self: {},
    ),
    _decides(
        "requests",
        "keeps-its-token",
        "It gives a message up whose token is no longer good.",
        "ESR-REQ-049",
        gets_another_token=lambda _self, _sent: False,
    ),
    _decides(
        "requests",
        "token-for-each",
        "It gets a token for each request.",
        "ESR-REQ-050",
        authorization=_with_a_new_token,
    ),
    _decides(
        "requests",
        "media-type",
        "It sends JSON as text/plain.",
        "ESR-REQ-024",
        headers=lambda self, message: {**_own_headers(self, message), "Content-Type": "text/plain"},
    ),
    _decides(
        "requests",
        "method",
        "It replaces an applicant with PUT where the contract amends with PATCH.",
        "ESR-REQ-025",
        method=lambda self, message: (
            "PUT" if message.kind == AMEND else Policies.method(self, message)
        ),
    ),
    _decides(
        "requests",
        "path",
        "It sends applicants to a path that the contract does not have.",
        "ESR-REQ-026",
        path=lambda self, message: (
            "/applicant" if message.kind == SUBMIT else _own_path(self, message)
        ),
    ),
    _decides(
        "bodies",
        "date-format",
        "It writes dates as 31/12/2026.",
        "ESR-REQ-020",
        body=_body(startDate=lambda body: _british(body["startDate"])),
    ),
    _decides(
        "bodies",
        "unknown-property",
        "It sends properties that the contract does not have.",
        "ESR-REQ-020",
        body=_body(internalNote="call her on Monday"),
    ),
    _decides(
        "bodies",
        "null-for-absent",
        "It sends null for what it does not know.",
        "ESR-REQ-020",
        body=_body(endDate=None),
    ),
    _decides(
        "bodies",
        "interface-codes",
        "It sends the codes of the file interface through the API.",
        "ESR-COD-001",
        body=_body(person=_person(gender="M")),
    ),
    _decides(
        "bodies",
        "ni-number",
        "It sends National Insurance numbers with the spaces that people write.",
        "ESR-REQ-020",
        body=_body(person=_person(niNumber="PZ 90 00 01 A")),
    ),
    _decides(
        "bodies",
        "postcode",
        "It sends British postcodes without their space.",
        "ESR-APP-015",
        body=_body(
            person=lambda body: {
                **body["person"],
                "address": {**body["person"]["address"], "postcode": "XX1"},
            }
        ),
    ),
    _decides(
        "bodies",
        "under-16",
        "It sends people who are too young to start.",
        "ESR-APP-012",
        body=_body(person=_person(dateOfBirth="2015-01-01")),
    ),
    _decides(
        "bodies",
        "start-before-offer",
        "It sends start dates before the offer.",
        "ESR-APP-009",
        body=_body(startDate="2020-01-06"),
    ),
    _decides(
        "bodies",
        "job-role",
        "It sends job roles that the national list does not have.",
        "ESR-APP-017",
        body=_body(jobRole="99999"),
    ),
    _decides(
        "bodies",
        "one-reference",
        "It sends every application under one supplier reference.",
        "ESR-APP-006",
        body=_body(supplierReference="APP-1"),
    ),
    _decides(
        "bodies",
        "position",
        "It sends another position than the vacancy is for.",
        "ESR-POS-006",
        body=_body(positionId=1),
    ),
    _decides(
        "bodies",
        "vacancy",
        "It sends vacancies that ESR does not have.",
        "ESR-VAC-009",
        body=_body(vacancyReference="900-NOWHERE-1"),
    ),
    _decides(
        "acts",
        "acceptance-untold",
        "It does not tell ESR that the candidate accepted.",
        "ESR-APP-025",
        reason_not_to_send=lambda self, message, organisation: (
            "later"
            if message.kind == AMEND and "offerAcceptedDate" in (message.body or {})
            else Policies.reason_not_to_send(self, message, organisation)
        ),
    ),
    _decides(
        "acts",
        "withdrawal-untold",
        "It does not tell ESR that the candidate will not start.",
        "ESR-APP-033",
        reason_not_to_send=lambda self, message, organisation: (
            "later"
            if message.kind == WITHDRAW
            else Policies.reason_not_to_send(self, message, organisation)
        ),
    ),
    _decides(
        "acts",
        "change-after-hire",
        "It changes the start date of somebody who was hired.",
        "ESR-APP-030",
        is_open=lambda _self, _status: True,
    ),
    _receives(
        "believes-all",
        "It verifies no delivery at all.",
        "ESR-EVT-022 ESR-EVT-023",
        verify=_believe,
    ),
    _receives(
        "signature-not-verified",
        "It asks for the headers of a signature and does not verify it.",
        "ESR-EVT-023",
        verify=_look_at_headers_alone,
    ),
    _receives(
        "acknowledges-unstored",
        "It answers 2xx and has not stored the event.",
        "ESR-EVT-026",
        keep=_forget,
    ),
    _receives(
        "refuses-duplicates",
        "It answers 409 to an event that it has.",
        "ESR-EVT-027",
        answer=_refuse_again,
    ),
    _decides(
        "events",
        "takes-twice",
        "It takes an event as often as it comes.",
        "ESR-EVT-027",
        identity=lambda _self, event: (str(event["source"]), str(uuid4())),
    ),
    _decides(
        "events",
        "older-undoes-newer",
        "It believes whatever came last, however old it is.",
        "ESR-EVT-028",
        is_newer=lambda _self, _version, _held: True,
    ),
    _decides(
        "events",
        "refuses-unknown-types",
        "It answers 400 to an event type that it does not know.",
        "ESR-EVT-029",
        status_of_unknown=lambda _self, _type: 400,
    ),
    _decides(
        "events",
        "refuses-unknown-attributes",
        "It refuses events with attributes that it does not know.",
        "ESR-EVT-029",
        is_envelope=lambda self, event: (
            Policies.is_envelope(self, event) and "addedlater" not in event
        ),
    ),
    _decides(
        "events",
        "takes-anything",
        "It takes for an event what is none.",
        "ESR-EVT-031",
        is_envelope=_take_for_event,
    ),
)
