"""Faults on demand: what may be asked for, and what is set."""

from collections.abc import Mapping
from typing import Any

from sandbox import policies
from sandbox.errors import Code, Refusal
from sandbox.faults import store
from sandbox.faults.rules import DELIVERIES, LONGEST_DELAY, FaultRule
from sandbox.timestamps import duration, from_text, to_text
from sandbox.web.call import Unit

_MOST = 100
_NOTHING = frozenset[str]()
_DELAY = frozenset({"delaySeconds"})
_SPREAD = frozenset({"p95Seconds"})
_WAIT = frozenset({"retryAfterSeconds"})
_NAMED = frozenset({"property"})
_OF_REQUESTS = {
    "STATUS": (frozenset({"status"}), _WAIT),
    "CLOSED": (frozenset({"until"}), _WAIT),
    "PROXY_ERROR": (_NOTHING, frozenset({"status"})),
    "DELAY": (_DELAY, _SPREAD),
    "DELAY_ANSWER": (_DELAY, _SPREAD),
    "SLOW_BODY": (_DELAY, _SPREAD),
    "RESET": (_NOTHING, _NOTHING),
    "DROP": (_NOTHING, _NOTHING),
    "TRUNCATE": (_NOTHING, _NOTHING),
    "WRONG_LENGTH": (_NOTHING, _NOTHING),
    "MALFORMED": (_NOTHING, _NOTHING),
    "EMPTY_BODY": (_NOTHING, _NOTHING),
    "WRONG_MEDIA_TYPE": (_NOTHING, _NOTHING),
    "GARBAGE": (_NOTHING, _NOTHING),
    "ADD_PROPERTY": (_NOTHING, _NOTHING),
    "MISSING_PROPERTY": (_NOTHING, _NAMED),
    "NEW_ENUM_VALUE": (_NOTHING, _NAMED),
}
"""By kind: the properties that it needs, and those that it may have, of all that belong to one kind or another."""
_OF_DELIVERIES = {
    "ADD_PROPERTY": (_NOTHING, _NOTHING),
    "NEW_ENUM_VALUE": (_NOTHING, _NAMED),
    "UNKNOWN_TYPE": (_NOTHING, _NOTHING),
    "DUPLICATE": (_NOTHING, _NOTHING),
    "REORDER": (_NOTHING, _NOTHING),
    "LATE": (_DELAY, _NOTHING),
    "UNSIGNED": (_NOTHING, _NOTHING),
    "BAD_SIGNATURE": (_NOTHING, _NOTHING),
    "EXPIRED_SIGNATURE": (_NOTHING, _NOTHING),
    "UNKNOWN_KEY": (_NOTHING, _NOTHING),
    "BODY_ALTERED": (_NOTHING, _NOTHING),
    "LOSE_ANSWER": (_NOTHING, _NOTHING),
}
_PARTICULAR = {"status"} | _DELAY | _SPREAD | _WAIT | _NAMED
_PLACES_OF_REQUESTS = {"operationId", "header"}
_PLACES_OF_DELIVERIES = {"eventType", "subscriptionId"}
_OF_A_PROXY = (502, 503, 504)


def list_faults(unit: Unit) -> dict[str, Any]:
    """The `FaultList` of the workspace."""
    rules = store.load_faults(unit.connection, unit.workspace.name)
    return {"faults": [_shown(rule) for rule in rules]}


def add_fault(unit: Unit, wanted: dict[str, Any], operation_ids: frozenset[str]) -> dict[str, Any]:
    """Adds a fault (a `FaultCreation`) behind those that are set; answers the `Fault`.

    `operation_ids` are those of its system. Raises Refusal SETTING_INVALID, or STATE_FORBIDS when there are too many.
    """
    check_fault(wanted, operation_ids)
    name = unit.workspace.name
    if len(store.load_faults(unit.connection, name)) >= _MOST:
        raise Refusal(Code.STATE_FORBIDS, f"A workspace has {_MOST} faults at most.")
    rule = store.insert_fault(unit.connection, name, wanted, to_text(unit.wall))
    policies.changed(unit.transaction, name)
    return _shown(rule)


def clear_faults(unit: Unit) -> None:
    """Takes every fault of the workspace away."""
    store.delete_faults(unit.connection, unit.workspace.name)
    policies.changed(unit.transaction, unit.workspace.name)


def check_fault(wanted: Mapping[str, Any], operation_ids: frozenset[str]) -> None:
    """Raises Refusal SETTING_INVALID where the parts of a `FaultCreation` do not fit."""
    _check_kind(wanted)
    operation_id = wanted.get("operationId")
    if operation_id is not None and operation_id not in operation_ids:
        raise _invalid(f"{wanted['system']} has no operation {operation_id}.")
    if wanted.get("header", {}).get("name", "").lower() == "authorization":
        raise _invalid("A fault is not told a token: choose another header than Authorization.")
    _check_delay(wanted)
    _check_windows(wanted)
    if wanted["kind"] == "PROXY_ERROR" and wanted.get("status", 502) not in _OF_A_PROXY:
        raise _invalid("A proxy's error has the status 502, 503 or 504.")


def kinds_of(system: str) -> set[str]:
    """The kinds of fault that strike a system."""
    return set(_OF_DELIVERIES if system == DELIVERIES else _OF_REQUESTS)


def _check_kind(wanted: Mapping[str, Any]) -> None:
    kind = wanted["kind"]
    is_delivery = wanted["system"] == DELIVERIES
    kinds = _OF_DELIVERIES if is_delivery else _OF_REQUESTS
    if kind not in kinds:
        raise _invalid(
            f"{kind} does not strike {'deliveries' if is_delivery else 'requests'}; "
            f"{', '.join(kinds)} do."
        )
    needed, allowed = kinds[kind]
    elsewhere = _PLACES_OF_REQUESTS if is_delivery else _PLACES_OF_DELIVERIES
    missing = needed - wanted.keys()
    strange = (wanted.keys() & (_PARTICULAR | elsewhere)) - needed - allowed
    if missing or strange:
        raise _invalid(
            f"A fault of kind {kind} needs {', '.join(sorted(needed)) or 'nothing more'} and takes nothing of "
            f"another kind; see {', '.join(sorted(missing | strange))}."
        )


def _check_delay(wanted: Mapping[str, Any]) -> None:
    delay = wanted.get("delaySeconds", 0)
    if wanted["system"] != DELIVERIES and delay > LONGEST_DELAY:
        raise _invalid(f"A request is delayed by {LONGEST_DELAY:.0f} seconds at most.")
    if "p95Seconds" in wanted and not 0 < delay <= wanted["p95Seconds"]:
        raise _invalid("`delaySeconds` must be more than 0 and `p95Seconds` no less than it.")


def _check_windows(wanted: Mapping[str, Any]) -> None:
    ends = [from_text(wanted[name]) for name in ("from", "until") if name in wanted]
    if len(ends) == 2 and ends[0] >= ends[1]:
        raise _invalid("`from` must be before `until`.")
    if "repeatEvery" in wanted:
        if len(ends) < 2:
            raise _invalid("`repeatEvery` needs `from` and `until`: the first of the windows.")
        if duration(wanted["repeatEvery"]) < ends[1] - ends[0]:
            raise _invalid("A window must have ended when the next one begins: see `repeatEvery`.")


def _invalid(detail: str) -> Refusal:
    return Refusal(Code.SETTING_INVALID, detail)


def _shown(rule: FaultRule) -> dict[str, Any]:
    return {
        **rule.document,
        "faultId": rule.fault_id,
        "hits": rule.done,
        "createdAt": rule.created_at,
    }
