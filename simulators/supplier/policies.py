"""How the supplier behaves where a supplier can get it wrong: one small method for each decision.

The rest of the package asks here. What stands here is right; a supplier with one thing wrong is a subclass:

    class Hasty(Policies):
        def wait_seconds(self, failures, answer):
            return 0.0

    with running_supplier(settings, Hasty) as supplier: ...
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from simulators.credentials import authorization, refused
from simulators.supplier.answers import Answer
from simulators.supplier.applications import FINAL
from simulators.supplier.messages import (
    AMEND,
    CHECK,
    JSON,
    MERGE_PATCH,
    READ,
    SUBMIT,
    WITHDRAW,
    Message,
)
from simulators.supplier.settings import Settings

_EMPLOYER = "NHSD-End-User-Organisation-ODS"
_NOT_FINAL = frozenset({408, 425, 429})
_SWITCHES = {SUBMIT: "applicants", AMEND: "applicants", WITHDRAW: "applicants"}
_METHODS = {SUBMIT: "POST", AMEND: "PATCH", WITHDRAW: "POST", CHECK: "PUT", READ: "GET"}
_HIRING = "ACTIVE"
_NOT_HIRING = frozenset({"PROPOSED", "FROZEN", "ELIMINATED", "DELETED"})


class Policies:
    """The decisions of a supplier that keeps the contract."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    # What a message looks like on the wire.

    def new_request_id(self) -> str:
        """The X-Request-ID of a new message: a fresh UUID, kept with the message (ESR-REQ-001, 003)."""
        return str(uuid4())

    def request_id(self, message: Message) -> str:
        """The X-Request-ID of this try: that of the message, at every try (ESR-REQ-002, 032)."""
        return message.request_id

    def method(self, message: Message) -> str:
        """The method of a message (ESR-REQ-025)."""
        return _METHODS[message.kind]

    def path(self, message: Message) -> str:
        """The path of a message below ESR's base; nothing that tells of a person stands in it (ESR-REQ-026)."""
        if message.kind == SUBMIT:
            return "/applicants"
        place = f"/applicants/{quote(message.applicant_number or '', safe='')}"
        if message.kind == WITHDRAW:
            return f"{place}/withdrawal"
        if message.kind == CHECK:
            return f"{place}/employment-checks/{quote(message.check_type or '', safe='')}"
        return place

    def address(self, path: str, parameters: Mapping[str, Any]) -> str:
        """The path and query of a reading below ESR's base."""
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def headers(self, message: Message) -> dict[str, str]:
        """The headers of a message, but for the token (ESR-REQ-010, 015, 024)."""
        headers = {_EMPLOYER: message.ods_code}
        if message.kind != READ:
            headers["X-Request-ID"] = self.request_id(message)
            headers["Content-Type"] = MERGE_PATCH if message.kind == AMEND else JSON
        if message.if_match is not None:
            headers["If-Match"] = message.if_match
        return headers

    def authorization(self) -> dict[str, str]:
        """What shows ESR who we are, with every call (ESR-REQ-018). May wait for a token; raises TokenRefused."""
        return {"Authorization": authorization(self.settings.esr_token)}

    def gets_another_token(self, sent: Mapping[str, str]) -> bool:
        """Whether a call with the headers `sent`, answered 401, is sent once more with another token."""
        return refused(self.settings.esr_token, sent.get("Authorization", ""))

    def body(self, message: Message) -> Any:
        """The body of a message: the same at every try (ESR-REQ-002, 020)."""
        return message.body

    # What is sent at all.

    def reason_not_to_send(
        self, message: Message, organisation: Mapping[str, Any] | None
    ) -> str | None:
        """Why nothing is sent for an employer, or None: only what the employer has switched on (ESR-REQ-011, 013, 014)."""
        if organisation is None:
            return f"ESR knows no employer {message.ods_code}, or does not let us act for it."
        interfaces = organisation.get("interfaces") or {}
        for name in (_SWITCHES.get(message.kind, "employmentChecks"), "api"):
            if interfaces.get(name) is not True:
                return f"The employer {message.ods_code} has not switched {name} on."
        return None

    def reason_not_to_offer(
        self, position: Mapping[str, Any] | None, start_date: str
    ) -> str | None:
        """Why nobody can be offered a position, or None. What we do not know of is left to ESR (ESR-POS-007 to 011)."""
        if position is None:
            return None
        if position.get("changeDeleteIndicator") == "D":
            return "The position is gone."
        if position.get("hiringStatus", _HIRING) in _NOT_HIRING:
            return f"Nobody is hired into the position: it is {position['hiringStatus']}."
        if start_date < position.get("effectiveFrom", start_date):
            return f"The position begins on {position['effectiveFrom']}."
        if start_date > position.get("effectiveTo", start_date):
            return f"The position ends on {position['effectiveTo']}."
        return None

    def is_open(self, status: str | None) -> bool:
        """Whether an applicant in this status may still be changed; a status that we do not know may (ESR-APP-029, 030)."""
        return status not in FINAL

    # When it is tried again.

    def is_definite(self, answer: Answer) -> bool:
        """Whether an answer settles a message: done or refused, and readable. All else is tried again (ESR-REQ-030, 032)."""
        if answer.is_success:
            return answer.document is not None or answer.status == 204
        return 300 <= answer.status < 500 and answer.status not in _NOT_FINAL

    def wait_seconds(self, failures: int, answer: Answer) -> float:
        """How long to wait after failure number `failures` in a row: doubled each time, and never less than Retry-After."""
        settings = self.settings
        doubled = settings.first_wait_seconds * 2.0 ** min(failures - 1, 30)
        return max(min(doubled, settings.longest_wait_seconds), answer.retry_after or 0.0)

    def pause_seconds(self, answer: Answer) -> float:
        """How long nothing at all is sent to ESR after an answer: it has said that it has too much, or is closed."""
        return (answer.retry_after or 0.0) if answer.status in {429, 503} else 0.0

    # What a change builds on.

    def reads_before(self, message: Message) -> bool:
        """Whether ESR's record is read before a try: once for each amendment, for its version (ESR-REQ-015)."""
        return message.kind == AMEND and message.if_match is None

    def if_match(self, answer: Answer) -> str | None:
        """The If-Match of an amendment, from the reading before it: the ETag as it was given."""
        return answer.etag

    def begins_anew(self, message: Message, answer: Answer) -> bool:
        """Whether to read again and decide anew: where somebody else has changed the record (ESR-REQ-016)."""
        return message.kind == AMEND and answer.status == 412

    # What comes from ESR.

    def identity(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """What makes an event one, however often it comes (ESR-EVT-027)."""
        return str(event["source"]), str(event["id"])

    def is_envelope(self, event: Any) -> bool:
        """Whether this is a CloudEvent at all; its type and its other properties may be any (ESR-EVT-029)."""
        return (
            isinstance(event, dict)
            and event.get("specversion") == "1.0"
            and all(
                isinstance(event.get(name), str) and event[name]
                for name in ("id", "source", "type")
            )
        )

    def status_of_taken(self, is_new: bool) -> int:  # noqa: ARG002  (both are well; a subclass may think otherwise)
        """What a delivery is answered with once the event is safe."""
        return 202

    def status_of_unknown(self, event_type: str) -> int:  # noqa: ARG002
        """What a delivery of a type that we do not know is answered with, once it is kept (ESR-EVT-029)."""
        return 202

    def is_newer(self, version: Any, held: Any) -> bool:
        """Whether what ESR tells replaces what we hold; both are versions, or places in an order (ESR-EVT-028)."""
        return bool(version > held)

    def next_place(self, page: Mapping[str, Any], place: str | None) -> str | None:
        """Where to go on in a list: as the page says, never made up (ESR-REQ-028)."""
        following = page.get("next")
        return place if following is None else str(following)

    def has_more(self, page: Mapping[str, Any]) -> bool:
        """Whether another page is to be read at once."""
        return bool(page.get("more"))

    def is_present(self, position: Mapping[str, Any]) -> bool:
        """Whether a position stands in our lists (ESR-POS-003)."""
        return position.get("changeDeleteIndicator") != "D"

    def subscription(self, receiver: str) -> dict[str, Any]:
        """What ESR is asked to deliver: every event, to our receiver."""
        return {"url": receiver}

    # What the driver tells.

    def view(self, view: dict[str, Any]) -> dict[str, Any]:
        """What the driver tells of an application: all that we hold."""
        return view

    def today(self) -> date:
        """The date on our machine; `SET_DATE` sets another."""
        return date.today()  # noqa: DTZ011  (the date of the office, by its own clock)
