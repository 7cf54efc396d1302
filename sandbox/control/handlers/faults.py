"""Faults on demand over HTTP."""

from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.faults import FaultRule
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer, no_content

_MOST = 100
_OF_KIND = {
    "STATUS": ({"status"}, {"status", "retryAfterSeconds"}),
    "DELAY": ({"delaySeconds"}, {"delaySeconds"}),
    "DROP": (set[str](), set[str]()),
}
"""By kind: the properties that it needs, and those that it may have of all that belong to one kind."""
_PARTICULAR = {"status", "retryAfterSeconds", "delaySeconds"}


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
    needed, allowed = _OF_KIND[wanted["kind"]]
    missing = needed - wanted.keys()
    strange = (wanted.keys() & _PARTICULAR) - allowed
    if missing or strange:
        wrong = ", ".join(sorted(missing | strange))
        raise Refusal(
            Code.SETTING_INVALID,
            f"A fault of kind {wanted['kind']} needs {', '.join(sorted(needed)) or 'nothing more'} and takes nothing of "
            f"another kind; see {wrong}.",
        )
    operation_id = wanted.get("operationId")
    if operation_id is not None and operation_id not in operation_ids:
        raise Refusal(Code.SETTING_INVALID, f"{wanted['system']} has no operation {operation_id}.")


def _shown(rule: FaultRule) -> dict[str, Any]:
    return {
        **rule.document,
        "faultId": rule.fault_id,
        "hits": rule.done,
        "createdAt": rule.created_at,
    }
