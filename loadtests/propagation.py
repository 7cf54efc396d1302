"""How long a change takes from ESR's answer until the event of it reaches a receiver. Wall time, on one machine."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from uuid import uuid4

import numpy as np
import orjson

from loadtests.errors import TargetError
from loadtests.ledger import Ledger
from loadtests.measurements import Distribution, distribution, window_rows
from loadtests.plan import Plan
from loadtests.target import Target
from simulators.credentials import Access
from simulators.year import STEPS, Kind

_TYPES = ["employment-check.started", "employment-check.updated"]


def subscribe(base_url: str, token: Access, address: str) -> None:
    """Have ESR send the events of check updates to `address` from now on. Raises `TargetError` when it refuses."""
    body = orjson.dumps({"url": address, "types": _TYPES})
    with Target(base_url, token) as target:
        answer = target.call("POST", "/event-subscriptions", body, {"X-Request-ID": str(uuid4())})
    if not answer.ok:
        raise TargetError(f"ESR refused a subscription to events with {answer.status}.")


def unsubscribe(base_url: str, token: Access, address: str) -> None:
    """End what `subscribe` began, where it did. Raises `TargetError` when ESR does not answer."""
    with Target(base_url, token) as target:
        for held in list(target.pages("/event-subscriptions", "subscriptions")):
            if held.get("url") == address:
                path = f"/event-subscriptions/{held['subscriptionId']}"
                target.call("DELETE", path, headers={"X-Request-ID": str(uuid4())})


def measure_propagation(ledger: Ledger, plan: Plan, arrivals: Iterable[bytes]) -> Distribution:
    """From each acknowledged update of the window to the first arrival of its event, in milliseconds.

    `arrivals` are the receiver's lines. An event is that of an update by its applicant, check type and version. One that
    never arrived counts as the longest time that there is, so that losing it cannot make the figure look better.
    """
    first: dict[tuple[str, str, int], float] = {}
    for line in arrivals:
        seen = orjson.loads(line)
        if seen["check"] is not None:
            key = seen["applicant"], seen["check"], seen["version"]
            first[key] = min(seen["at"], first.get(key, seen["at"]))
    took = []
    rows = window_rows(ledger, plan.scope)
    for applicant in np.unique(rows["number"] // STEPS).tolist():
        entries = ledger.of(applicant)
        submission = entries.get(applicant * STEPS)
        if submission is None or submission.told is None:
            continue
        number = f"{submission.told:08d}"
        for message in plan.conversation(applicant):
            entry = entries.get(message.number)
            if entry is None or not entry.acknowledged or entry.answered is None:
                continue
            if message.counted is not Kind.CHECK or message.checkType is None or entry.told is None:
                continue
            if plan.scope.window is not None and message.intended < plan.scope.window[0]:
                continue  # caught up before anybody listened
            arrived = first.get((number, message.checkType, entry.told))
            took.append(inf if arrived is None else max(0.0, arrived - entry.answered))
    return distribution(np.array(took, "f8"))
