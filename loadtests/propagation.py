"""How long a change takes from ESR's answer until the event of it reaches a receiver. Wall time, on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import orjson

from loadtests.errors import TargetError
from loadtests.ledger import Ledger
from loadtests.measurements import Distribution, distribution
from loadtests.plan import Plan
from loadtests.receiver import receiving
from loadtests.target import Target
from simulators.year import STEPS, Kind

_TYPES = ["employment-check.started", "employment-check.updated"]


@contextmanager
def listening(base_url: str, token: str, arrivals: Path) -> Iterator[None]:
    """A receiver subscribed at ESR while the block runs. Raises `TargetError` when ESR refuses the subscription."""
    with receiving(arrivals) as address, Target(base_url, token) as target:
        body = orjson.dumps({"url": f"{address}/events", "types": _TYPES})
        headers = {"X-Request-ID": str(uuid4())}
        answer = target.call("POST", "/event-subscriptions", body, headers)
        if not answer.ok:
            raise TargetError(f"ESR refused a subscription to events with {answer.status}.")
        try:
            yield
        finally:
            identifier = answer.body["subscriptionId"]
            headers = {"X-Request-ID": str(uuid4())}
            target.call("DELETE", f"/event-subscriptions/{identifier}", headers=headers)


def measure_propagation(ledger: Ledger, plan: Plan, arrivals: Iterable[bytes]) -> Distribution:
    """From each acknowledged update of the window to the first arrival of its event, in milliseconds.

    `arrivals` are the receiver's lines. An event is that of an update by its applicant, check type and version.
    """
    first: dict[tuple[str, str, int], float] = {}
    for line in arrivals:
        seen = orjson.loads(line)
        if seen["check"] is not None:
            key = seen["applicant"], seen["check"], seen["version"]
            first[key] = min(seen["at"], first.get(key, seen["at"]))
    took = []
    for applicant in np.unique(ledger.rows["number"] // STEPS).tolist():
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
            arrived = first.get((number, message.checkType, entry.told))
            if arrived is not None:
                took.append(max(0.0, arrived - entry.answered))
    return distribution(np.array(took, "f8"))
