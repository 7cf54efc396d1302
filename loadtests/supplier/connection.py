"""Looks whether a supplier and its ESR are as a replay needs them, and puts back at the end what it changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from loadtests.errors import PlanError, TargetError
from loadtests.plan import WorldParameters
from loadtests.supplier.actions import NEEDED_HOOKS
from loadtests.supplier.reading import Reports
from loadtests.target import Target

TWICE = 0.2
"""The share of events that ESR delivers twice, as its contract allows."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What a replay needs to know of the two sides."""

    today: str
    """The world's date (ISO 8601), which goes as wall time does."""
    subscriptions: tuple[Mapping[str, Any], ...]
    """Those of the supplier, as ESR's contract shows them: `subscriptionId`, `url`, perhaps `types`."""


@contextmanager
def connected(
    control: Target, esr: Target, driver: Target, world: WorldParameters, receiver: str | None
) -> Iterator[Connected]:
    """The two sides, as they are while the block runs: the journal keeps no bodies, and some events come twice.

    An empty workspace is filled with `world`, and stays filled. Raises `PlanError` for what somebody has to change first.
    """
    today = _today(control)
    _seed(control, world)
    reports = Reports(driver)
    offered = reports.hooks()
    missing = [hook for hook in NEEDED_HOOKS if hook not in offered]
    if missing:
        raise PlanError(
            f"The driver at {driver.base_url} does not offer {', '.join(missing)}; a replay through a supplier needs each of "
            f"{', '.join(NEEDED_HOOKS)}."
        )
    if "SYNC_POSITIONS" in offered:
        reports.perform("SYNC_POSITIONS")  # the world may be younger than the supplier's lists
    with (
        _ledger_detail(control),
        _subscribed(esr, receiver) as subscriptions,
        _delivering_twice(control, subscriptions),
    ):
        yield Connected(today, subscriptions)


def _today(control: Target) -> str:
    clock = control.get("/clock")
    if clock["mode"] == "FROZEN" or clock.get("factor", 1) != 1:
        raise PlanError(
            f"The clock of the workspace at {control.base_url} does not go as wall time does, and a supplier lives in wall "
            "time; set it to REAL, or to RUNNING with factor 1."
        )
    return str(clock["now"])[:10]


def _seed(control: Target, world: WorldParameters) -> None:
    """Fill the workspace where it is empty; whether a world that is there is the right one shows when vacancies are made."""
    answer = control.call(
        "POST",
        "/seed",
        _json(
            seed=world.seed,
            organisations=world.organisations,
            positionsPerOrganisation=world.positions_per_organisation,
        ),
    )
    if not answer.ok and answer.status != 409:
        raise _refused(control, "fill the workspace with a world", answer.status, answer.code)


@contextmanager
def _ledger_detail(control: Target) -> Iterator[None]:
    before = dict(control.get("/settings"))
    # Left out, they stay as they are; only the operator of a hosted sandbox may set them higher.
    for name in ("limits", "quota"):
        before.pop(name, None)
    _put(control, "/settings", {**before, "journalDetail": "LEDGER"})
    try:
        yield
    finally:
        # Where the sandbox has gone there is nothing to put back, and what was seen before counts.
        with suppress(TargetError):
            _put(control, "/settings", before)


@contextmanager
def _subscribed(esr: Target, receiver: str | None) -> Iterator[tuple[Mapping[str, Any], ...]]:
    """The supplier's own subscriptions; where it has none, its receiver is subscribed while the block runs."""
    own = tuple(esr.pages("/event-subscriptions", "eventSubscriptions"))
    if own:
        yield own
        return
    if receiver is None:
        raise PlanError(
            "The supplier has no subscription to ESR's events and names no receiver, so nothing would reach it: let it "
            "subscribe, or name its receiver."
        )
    headers = {"X-Request-ID": str(uuid4())}
    answer = esr.call("POST", "/event-subscriptions", _json(url=f"{receiver}/events"), headers)
    if not answer.ok:
        raise _refused(esr, f"subscribe {receiver}", answer.status, answer.code)
    try:
        yield (answer.body,)
    finally:
        place = f"/event-subscriptions/{answer.body['subscriptionId']}"
        with suppress(TargetError):
            esr.call("DELETE", place, headers={"X-Request-ID": str(uuid4())})


@contextmanager
def _delivering_twice(
    control: Target, subscriptions: Iterable[Mapping[str, Any]]
) -> Iterator[None]:
    for each in subscriptions:
        fault = _json(
            system="receiver",
            kind="DUPLICATE",
            probability=TWICE,
            subscriptionId=each["subscriptionId"],
        )
        answer = control.call("POST", "/faults", fault)
        if not answer.ok:
            raise _refused(control, "deliver events twice", answer.status, answer.code)
    try:
        yield
    finally:
        with suppress(TargetError):
            control.call("DELETE", "/faults")


def _put(control: Target, path: str, body: dict[str, Any]) -> None:
    answer = control.call("PUT", path, _json(**body))
    if not answer.ok:
        raise _refused(control, f"set {path}", answer.status, answer.code)


def _refused(target: Target, what: str, status: int, code: str | None) -> TargetError:
    return TargetError(
        f"The sandbox at {target.base_url} would not {what}: {status} {code or ''}".rstrip() + "."
    )


def _json(**said: Any) -> bytes:
    return json.dumps(said).encode()
