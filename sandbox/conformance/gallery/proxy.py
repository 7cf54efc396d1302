"""Stands between a subject and whoever calls it, and alters the answers of some operations on their way out.

    altered("read_applicant", put("status", "HIRD"))

The subject itself does what it always does: what was kept of a request id, and what the journal has, stay as they are.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from sandbox.conformance.gallery.deviation import Apply
from sandbox.conformance.gallery.patching import attribute
from sandbox.web import front
from sandbox.web.call import Call
from sandbox.web.reply import Reply

Document = dict[str, Any]
Change = Callable[[Document], Document]
ChangeReply = Callable[[Call, Reply], Reply]
EVERY = "*"


def answers(operations: str | tuple[str, ...], change: ChangeReply) -> Apply:
    """The replies of the operations (EVERY: all that a contract of ESR or NHS Jobs has) as `change` makes them."""
    wanted = (operations,) if isinstance(operations, str) else operations
    send = front._send  # noqa: SLF001  (the last step before the wire)

    async def changed(call: Call, reply: Reply, *rest: Any) -> None:
        is_meant = call.operation_id in wanted or EVERY in wanted
        if is_meant and call.system not in ("", "control"):
            reply = change(call, reply)
        await send(call, reply, *rest)

    return attribute(front, "_send", changed)


def altered(
    operations: str | tuple[str, ...], change: Change, statuses: range = range(200, 300)
) -> Apply:
    """The JSON of the answers with these statuses as `change` makes it of a copy."""

    def of_reply(_call: Call, reply: Reply) -> Reply:
        if reply.status not in statuses or not reply.body:
            return reply
        return replace(reply, body=orjson.dumps(change(orjson.loads(reply.body))))

    return answers(operations, of_reply)


def put(name: str, value: Any) -> Change:
    """Another value; a property that is not there stays away."""
    return mapped(name, lambda _value: value)


def mapped(name: str, change: Callable[[Any], Any]) -> Change:
    """Another value, made of the one that is there."""

    def of_document(document: Document) -> Document:
        return {**document, name: change(document[name])} if name in document else document

    return of_document


def added(name: str, value: Any) -> Change:
    """A property more."""
    return lambda document: {**document, name: value}


def dropped(name: str) -> Change:
    """A property less."""
    return lambda document: {key: value for key, value in document.items() if key != name}


def renamed(name: str, other: str) -> Change:
    """A property under another name, in its place."""
    return lambda document: {
        other if key == name else key: value for key, value in document.items()
    }


def each(name: str, change: Change) -> Change:
    """Each item of a list changed."""
    return mapped(name, lambda items: [change(item) for item in items])


def without_header(operations: str | tuple[str, ...], name: str) -> Apply:
    """Answers that lack a header."""

    def of_reply(_call: Call, reply: Reply) -> Reply:
        return replace(
            reply, headers={key: value for key, value in reply.headers.items() if key != name}
        )

    return answers(operations, of_reply)
