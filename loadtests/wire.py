"""How a message becomes requests, and what their answers mean: the part of a sender that depends on whom it sends to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from loadtests.ledger import Entry
from loadtests.plan import Message
from loadtests.target import retry_after
from simulators.year import Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: `status` 0 where no answer came."""

    status: int
    body: Any
    retry_after: float | None
    pending: bool = False
    """Nothing went wrong and nothing is settled yet: it is asked again in a moment, which is no retry."""

    @property
    def code(self) -> str | None:
        """The problem code of a refusal."""
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return code if isinstance(code, str) else None


class Client(Protocol):
    """The connections that a sender uses: Locust's, which this module must not import."""

    def request(self, method: str, url: str, **arguments: Any) -> Any:
        """One request; `url` is a whole address, or a path below the client's own."""


Headers = Callable[[], Mapping[str, str]]
"""The headers of a request that is made now, the token among them."""


class Wire(Protocol):
    """Whom a sender sends to. One for each sending process."""

    def heard(self, applicant: int, entry: Entry) -> bool:
        """Take in what came of an applicant's first message; whether those that follow can be sent."""

    def can_follow(self, applicant: int) -> bool:
        """Whether what a later message of this applicant needs is known."""

    def attempt(self, message: Message) -> Outcome:
        """Try to send a message once. Raises `TokenRefused` where no token is to be had for it."""

    def told(self, message: Message, outcome: Outcome) -> dict[str, Any]:
        """What the answer says that the ledger keeps: `told` or `code` of its `Entry`."""

    def caught_up(self, applicant: int) -> None:
        """Return when what was sent about this applicant before the window has had its effect."""


class EsrWire:
    """ESR as its contract has it: an applicant's messages need the number that the submission was answered with."""

    def __init__(self, client: Client, headers: Headers) -> None:
        """`headers` are asked what goes with every request."""
        self._client = client
        self._headers = headers
        self._numbers: dict[int, str] = {}
        self._versions: dict[int, str] = {}

    def heard(self, applicant: int, entry: Entry) -> bool:
        """As `Wire` says."""
        if not entry.acknowledged or entry.told is None:
            return False
        self._numbers[applicant] = f"{entry.told:08d}"
        return True

    def can_follow(self, applicant: int) -> bool:
        """As `Wire` says."""
        return applicant in self._numbers

    def attempt(self, message: Message) -> Outcome:
        """As `Wire` says."""
        path = message.path(self._numbers.get(message.applicant))
        shown = self._headers()
        headers = {**shown, **message.headers()}
        if message.kind is not Kind.START_DATE_CHANGE:
            return self._send(message, path, headers)
        if message.number not in self._versions:
            # The contract asks for the record's present ETag, as a recruitment system reads it first.
            read = self._client.request("GET", path, name="read_applicant", headers=dict(shown))
            if read.status_code != 200:
                return outcome_of(read)
            self._versions[message.number] = str(read.headers.get("etag"))
        # Sent again it has to be the same request: ESR may have done it, and the ETag may be another one since.
        headers["If-Match"] = self._versions[message.number]
        outcome = self._send(message, path, headers)
        if outcome.code == "REQUEST_ID_REUSED":
            # An earlier run of this replay ended before it heard the answer: it sent the version before its own change.
            version = headers["If-Match"].strip('"')
            headers["If-Match"] = f'"{int(version) - 1}"' if version.isdigit() else version
            outcome = self._send(message, path, headers)
        return outcome

    def _send(self, message: Message, path: str, headers: dict[str, str]) -> Outcome:
        response = self._client.request(
            message.method,
            path,
            name=message.operation,
            data=message.body.decode(),  # geventhttpclient sends text as UTF-8, so the very same bytes
            headers=headers,
        )
        return outcome_of(response)

    def told(self, message: Message, outcome: Outcome) -> dict[str, Any]:
        """As `Wire` says."""
        if outcome.status >= 300:
            return {"code": outcome.code}
        body = outcome.body if isinstance(outcome.body, dict) else {}
        number = body.get("applicantNumber" if message.kind is Kind.APPLICANT else "version")
        if isinstance(number, int | str) and str(number).isdigit():
            return {"told": int(number)}
        return {}

    def caught_up(self, applicant: int) -> None:
        """At once: what ESR has answered has been done."""


def outcome_of(response: Any) -> Outcome:
    """The outcome that a response of a `Client` shows."""
    if not response.status_code:
        return Outcome(0, None, None)
    told = response.headers
    pause = told.get("retry-after") if told is not None else None
    return Outcome(
        response.status_code,
        _parse(response.content),
        retry_after(pause if isinstance(pause, str) else None),
    )


def _parse(content: bytes | None) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
