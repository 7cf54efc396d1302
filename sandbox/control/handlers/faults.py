"""Faults on demand over HTTP."""

from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.faults.rules import DELIVERIES, FaultRule
from sandbox.timestamps import from_text
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer, no_content

_MOST = 100
_LONGEST_DELAY = 120

_NOTHING = frozenset[str]()
_OF_REQUESTS = {
    "STATUS": (frozenset({"status"}), frozenset({"retryAfterSeconds"})),
    "CLOSED": (frozenset({"until"}), frozenset({"retryAfterSeconds"})),
    "DELAY": (frozenset({"delaySeconds"}), _NOTHING),
    "RESET": (_NOTHING, _NOTHING),
    "DROP": (_NOTHING, _NOTHING),
    "TRUNCATE": (_NOTHING, _NOTHING),
    "GARBAGE": (_NOTHING, _NOTHING),
    "ADD_PROPERTY": (_NOTHING, _NOTHING),
    "NEW_ENUM_VALUE": (_NOTHING, frozenset({"property"})),
}
"""By kind: the properties that it needs, and those that it may have, of all that belong to one kind or another."""
_OF_DELIVERIES = {
    "ADD_PROPERTY": (_NOTHING, _NOTHING),
    "NEW_ENUM_VALUE": (_NOTHING, frozenset({"property"})),
    "UNKNOWN_TYPE": (_NOTHING, _NOTHING),
    "DUPLICATE": (_NOTHING, _NOTHING),
    "REORDER": (_NOTHING, _NOTHING),
    "LATE": (frozenset({"delaySeconds"}), _NOTHING),
    "UNSIGNED": (_NOTHING, _NOTHING),
    "BAD_SIGNATURE": (_NOTHING, _NOTHING),
    "EXPIRED_SIGNATURE": (_NOTHING, _NOTHING),
    "UNKNOWN_KEY": (_NOTHING, _NOTHING),
    "BODY_ALTERED": (_NOTHING, _NOTHING),
    "LOSE_ANSWER": (_NOTHING, _NOTHING),
}
_PARTICULAR = {"status", "retryAfterSeconds", "delaySeconds", "property"}
_PLACES_OF_REQUESTS = {"operationId", "header"}
_PLACES_OF_DELIVERIES = {"eventType", "subscriptionId"}


async def list_faults(call: Call) -> Reply:
    """GET /faults"""
    await call.read(lambda unit: unit.workspace)
    return answer(
        200, {"faults": [_shown(rule) for rule in call.runtime.faults.listed(call.workspace)]}
    )


async def add_fault(call: Call) -> Reply:
    """POST /faults"""

    def work(_unit: Any) -> Reply:
        _check(call.body, call.runtime.operation_ids.get(call.body["system"], frozenset()))
        if len(call.runtime.faults.listed(call.workspace)) >= _MOST:
            raise Refusal(Code.STATE_FORBIDS, f"A workspace has {_MOST} faults at most.")
        return answer(201, _shown(call.runtime.faults.add(call.workspace, call.body)))

    return await call.write(work)


async def clear_faults(call: Call) -> Reply:
    """DELETE /faults"""

    def work(_unit: Any) -> Reply:
        call.runtime.faults.clear(call.workspace)
        return no_content()

    return await call.write(work)


def _check(wanted: dict[str, Any], operation_ids: frozenset[str]) -> None:
    system, kind = wanted["system"], wanted["kind"]
    is_delivery = system == DELIVERIES
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
    operation_id = wanted.get("operationId")
    if operation_id is not None and operation_id not in operation_ids:
        raise _invalid(f"{system} has no operation {operation_id}.")
    if kind == "DELAY" and wanted["delaySeconds"] > _LONGEST_DELAY:
        raise _invalid(f"A request is delayed by {_LONGEST_DELAY} seconds at most.")
    if {"from", "until"} <= wanted.keys():
        began, ended = (from_text(wanted[name]) for name in ("from", "until"))
        if began >= ended:
            raise _invalid("`from` must be before `until`.")


def _invalid(detail: str) -> Refusal:
    return Refusal(Code.SETTING_INVALID, detail)


def _shown(rule: FaultRule) -> dict[str, Any]:
    return {
        **rule.document,
        "faultId": rule.fault_id,
        "hits": rule.done,
        "createdAt": rule.created_at,
    }
