"""How a sender acts: as the recruiter at the supplier's driver, and as ESR's side in the sandbox."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from loadtests.ledger import Entry
from loadtests.plan import Message
from loadtests.supplier.access import SupplierAccess
from loadtests.supplier.actions import ACTED_IN_ESR, is_act_in_esr, order
from loadtests.wire import Client, Headers, Outcome, outcome_of

_REFUSED = {"REFUSED": 422, "NOT_OFFERED": 501}
"""As which status an order that the supplier does not carry out is noted; its state is the code."""
_LOOK_SECONDS = 0.1
_CATCH_UP_SECONDS = 60.0


class SupplierWire:
    """A supplier's driver, and the sandbox that is its ESR. As `Wire` says."""

    def __init__(
        self, client: Client, access: SupplierAccess, esr_url: str, esr_headers: Headers
    ) -> None:
        """`esr_headers` carry the supplier's token: for ESR, which is only read, and for the sandbox's powers."""
        self._client = client
        self._driver = access.driver_url
        self._control = access.control_url
        self._esr = esr_url
        self._esr_headers = esr_headers
        self._headers = {
            "Authorization": f"Bearer {access.driver_token}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        self._references: dict[int, str] = {}
        self._numbers: dict[str, str] = {}

    def heard(self, applicant: int, entry: Entry) -> bool:  # noqa: ARG002 - as `Wire` has it
        """Whether the supplier has taken the offer."""
        return entry.acknowledged

    def can_follow(self, applicant: int) -> bool:  # noqa: ARG002
        """Always: the supplier puts what it is told in order."""
        return True

    def attempt(self, message: Message) -> Outcome:
        """Give the order, or do the act in ESR once ESR has the applicant."""
        self._references[message.applicant] = message.supplierReference
        if is_act_in_esr(message):
            return self._act(message)
        return self._order(order(message))

    def told(self, message: Message, outcome: Outcome) -> dict[str, Any]:  # noqa: ARG002
        """The state of an order that was not carried out, or ESR's code; of an act the check's version."""
        body = outcome.body if isinstance(outcome.body, dict) else {}
        if outcome.status >= 300:
            return {"code": body.get("code", body.get("state"))}
        version = body.get("version")
        return {"told": version} if isinstance(version, int) else {}

    def caught_up(self, applicant: int) -> None:
        """Return when the supplier has told ESR all that it was given, or after a minute.

        Without it the window would begin with a queue at the supplier that no real day begins with.
        """
        reference = self._references[applicant]
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while time.monotonic() < deadline:
            asked = {
                "actionId": str(uuid4()),
                "hook": "REPORT_VIEW",
                "arguments": {"supplierReference": reference},
            }
            body = self._order(asked).body
            view = body.get("result") if isinstance(body, dict) else None
            if isinstance(view, dict) and view.get("unsent") == 0:
                return
            time.sleep(_LOOK_SECONDS)  # Locust has made this gevent's: others go on meanwhile

    def _order(self, action: dict[str, Any]) -> Outcome:
        outcome = outcome_of(
            self._client.request(
                "POST",
                f"{self._driver}/actions",
                name=action["hook"],
                data=json.dumps(action),
                headers=self._headers,
            )
        )
        if outcome.status not in (200, 202) or not isinstance(outcome.body, dict):
            return outcome
        state = outcome.body.get("state")
        if state == "RUNNING":
            # Given again, an order is the same order, and is answered with what has become of it.
            return Outcome(202, outcome.body, None, pending=True)
        return Outcome(_REFUSED.get(str(state), 200), outcome.body, None)

    def _act(self, message: Message) -> Outcome:
        number = self._number(message.supplierReference)
        if number is None:
            return Outcome(404, {"code": "NOT_FOUND"}, None, pending=True)
        return outcome_of(
            self._client.request(
                "POST",
                f"{self._control}/esr/applicants/{number}/employment-checks/{message.checkType}",
                name=ACTED_IN_ESR,
                data=message.body.decode(),
                headers={
                    **self._esr_headers(),
                    "X-Request-ID": message.requestId,
                    "Content-Type": "application/json",
                },
            )
        )

    def _number(self, reference: str) -> str | None:
        if reference not in self._numbers:
            found = outcome_of(
                self._client.request(
                    "GET",
                    f"{self._esr}/applicants?supplierReference={quote(reference, safe='')}",
                    name="list_applicants",
                    headers=dict(self._esr_headers()),
                )
            ).body
            held = found.get("applicants") if isinstance(found, dict) else None
            if not held:
                return None
            self._numbers[reference] = str(held[0]["applicantNumber"])
        return self._numbers[reference]
