"""What a supplier is to do, as orders of the driver contract, and what ESR's side does meanwhile.

The events of the year are those of every replay. What a recruitment system does is an action for the supplier's driver; the
checks that the employer's own people run are acts in ESR, and reach the supplier as signed events. Messages sent again are
left out: when to try again is the supplier's own affair.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from loadtests.plan import Message, Plan
from simulators.year import Event, Kind

IN_ESR = frozenset({"work-health-assessment", "alert-notice"})
"""The checks that ESR's side runs: occupational health, and the alert notices that employers hold."""
ACTED_IN_ESR = "record_check_in_esr"
"""The operation of `control/v1` by which they are recorded."""

_NOT_OFFERED = frozenset({"endDate", "recruitmentSource", "previousEmployer"})
"""What `StartOffer` and `ChangeStartDate` of the driver contract have no room for."""
_HOOKS = {
    Kind.APPLICANT: "START_OFFER",
    Kind.CHECK: "UPDATE_CHECK",
    Kind.START_DATE_CHANGE: "CHANGE_START_DATE",
    Kind.WITHDRAWAL: "WITHDRAW",
}
NEEDED_HOOKS = (*_HOOKS.values(), "REPORT_VIEW", "REPORT_EVENTS")


class SupplierActions(Plan):
    """The part of a year that one supplier does, and what ESR's side does about its applicants."""

    def sends(self, event: Event) -> bool:
        """Whether the replay has a message of this event: not of one that is sent again."""
        return event.of is None

    def body(self, event: Event) -> Mapping[str, Any]:
        """What ESR is to hold of it: as much as an order can say."""
        if event.kind in (Kind.APPLICANT, Kind.START_DATE_CHANGE):
            return {key: value for key, value in event.body.items() if key not in _NOT_OFFERED}
        return event.body


def is_act_in_esr(message: Message) -> bool:
    """Whether ESR's side does this, and not the supplier."""
    return message.checkType in IN_ESR


def order(message: Message) -> dict[str, Any]:
    """The `Action` of the driver contract; its id is the message's request id, so that an order given again is the same."""
    return {
        "actionId": message.requestId,
        "hook": _HOOKS[message.kind],
        "arguments": _arguments(message),
    }


def _arguments(message: Message) -> dict[str, Any]:
    said = json.loads(message.body)
    if message.kind is Kind.APPLICANT:
        return {**said, "odsCode": message.odsCode}
    if message.kind is Kind.CHECK:
        said = {"checkType": message.checkType, "check": said}
    return {"supplierReference": message.supplierReference, **said}
