"""Two versions of a contract, operation by operation: what has changed, and whether it breaks those who keep to the old one.

It is written here because we found no maintained Python library that knows the direction of a schema (oasdiff, which does, is
a Go program).
Whom a change breaks depends on who offers the contract: those who call ESR send its requests and read its answers; those who
offer the receiver or the driver read the requests and send the answers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.conformance.certificates.schema_changes import Change, Comparison, Side
from sandbox.contracts.bundle import operations
from sandbox.contracts.schema import resolve

OFFERED_BY_SUBJECT = frozenset({"receiver", "driver"})
"""The contracts that a recruitment system offers; the others it calls."""
_PARAMETER = re.compile(r"\{[^}]*\}")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OperationChange:
    """What has changed of one operation; `name` is its operationId in the newer version that has it."""

    name: str
    changes: tuple[Change, ...]

    @property
    def breaking(self) -> bool:
        """Whether any of it breaks."""
        return any(change.breaking for change in self.changes)


def compare_contracts(
    old: dict[str, Any], new: dict[str, Any], *, offered_by_subject: bool = False
) -> tuple[OperationChange, ...]:
    """The operations that have changed between two bundled documents, in the order of their names."""
    before, after = _keyed(old), _keyed(new)
    moved = _moved(before, after)
    found: dict[str, list[Change]] = {}
    base = [_base_path(document) for document in (old, new)]
    comparison = _Contracts(old, new, offered_by_subject)
    for key, operation in before.items():
        name = operation["operationId"]
        changes = found.setdefault(name, [])
        target = after.get(key) or after.get(moved.get(key, key))
        if target is None:
            changes.append(Change("", "the operation is gone", breaking=not offered_by_subject))
            continue
        if key in moved:
            to = " ".join(moved[key])
            changes.append(Change("", f"it moved from {' '.join(key)} to {to}", breaking=True))
        if base[0] != base[1]:
            text = f"it is served under {base[1]}, no longer under {base[0]}"
            changes.append(Change("", text, breaking=True))
        changes += comparison.changes(key, operation, moved.get(key, key), target)
    for key, operation in after.items():
        if key not in before and key not in moved.values():
            text = "a new operation" + (", to be offered" if offered_by_subject else "")
            added = Change("", text, breaking=offered_by_subject)
            found.setdefault(operation["operationId"], []).append(added)
    return tuple(
        OperationChange(name, tuple(dict.fromkeys(changes)))
        for name, changes in sorted(found.items())
        if changes
    )


def _keyed(document: dict[str, Any]) -> dict[_Key, dict[str, Any]]:
    """Operations by method and path, in which a parameter's own name means nothing."""
    return {
        (method.upper(), _PARAMETER.sub("{}", path)): {**operation, "_path": path}
        for path, method, operation in operations(document)
    }


def _moved(before: Mapping[_Key, Any], after: Mapping[_Key, Any]) -> dict[_Key, _Key]:
    """From where to where an operation went that kept its name."""
    gone = {before[key]["operationId"]: key for key in before.keys() - after.keys()}
    new = {after[key]["operationId"]: key for key in after.keys() - before.keys()}
    return {gone[name]: new[name] for name in gone.keys() & new.keys()}


def _base_path(document: Mapping[str, Any]) -> str:
    servers = document.get("servers") or [{"url": ""}]
    return str(servers[0]["url"]).rstrip("/")


class _Contracts:
    def __init__(self, old: dict[str, Any], new: dict[str, Any], offered_by_subject: bool) -> None:
        self._old, self._new = old, new
        self._schemas = Comparison(old, new)
        self._sent, self._read = Side.SENDS, Side.READS
        if offered_by_subject:
            self._sent, self._read = self._read, self._sent

    def changes(
        self, old_key: _Key, was: dict[str, Any], new_key: _Key, now: dict[str, Any]
    ) -> Iterator[Change]:
        if was["operationId"] != now["operationId"]:
            text = f"its name {was['operationId']} became {now['operationId']}"
            yield Change("", text, breaking=False)
        before = self._parameters(self._old, old_key, was)
        after = self._parameters(self._new, new_key, now)
        yield from self._parameter_changes(before, after)
        yield from self._body_changes(was.get("requestBody"), now.get("requestBody"))
        yield from self._answer_changes(was["responses"], now["responses"])
        asked = [
            item.get("security", document.get("security"))
            for item, document in ((was, self._old), (now, self._new))
        ]
        if asked[0] != asked[1]:
            yield Change("security", "what is asked of the caller's credentials", breaking=True)
        if now.get("deprecated") and not was.get("deprecated"):
            yield Change("", "it is deprecated", breaking=False)

    def _parameters(
        self, document: dict[str, Any], key: _Key, operation: Mapping[str, Any]
    ) -> dict[_Key, dict[str, Any]]:
        shared = document["paths"][operation["_path"]].get("parameters", [])
        resolved = [resolve(item, document) for item in (*shared, *operation.get("parameters", []))]
        in_path = [name.strip("{}") for name in _PARAMETER.findall(operation["_path"])]
        assert len(in_path) == key[1].count("{}")
        return {
            # A parameter of the path is known by its place, a header by its name in any capitals.
            (
                item["in"],
                str(in_path.index(item["name"]))
                if item["in"] == "path" and item["name"] in in_path
                else item["name"].lower()
                if item["in"] == "header"
                else item["name"],
            ): item
            for item in resolved
        }

    def _parameter_changes(
        self, before: dict[_Key, dict[str, Any]], after: dict[_Key, dict[str, Any]]
    ) -> Iterator[Change]:
        sends = self._sent is Side.SENDS
        for key in sorted({*before, *after}):
            known = after.get(key) or before[key]
            where = f"{key[0]} {known['name']}"
            if key not in after:
                yield Change(where, "the parameter is gone", breaking=True)
            elif key not in before:
                asked = bool(after[key].get("required"))
                text = "a new parameter, which must be given" if asked else "a new parameter"
                yield Change(where, text, breaking=asked and sends)
            else:
                was, now = (bool(item[key].get("required")) for item in (before, after))
                if was != now:
                    text = "must be given now" if now else "may be absent now"
                    yield Change(where, text, breaking=now is sends)
                yield from self._schemas.changes(
                    before[key].get("schema"), after[key].get("schema"), self._sent, where
                )

    def _body_changes(self, was: Any, now: Any) -> Iterator[Change]:
        sends = self._sent is Side.SENDS
        if was is None or now is None:
            if was is not now:
                required = now is not None and bool(resolve(now, self._new).get("required"))
                text = "there is a body now" if was is None else "there is no body any more"
                yield Change("request", text, breaking=now is None or (required and sends))
            return
        before, after = resolve(was, self._old), resolve(now, self._new)
        asked, asks = bool(before.get("required")), bool(after.get("required"))
        if asked != asks:
            text = "the body must be given now" if asks else "the body may be absent now"
            yield Change("request", text, breaking=asks is sends)
        yield from self._content_changes(before, after, self._sent, "request")

    def _answer_changes(self, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
        reads = self._read is Side.READS
        for status in sorted({*was, *now}):
            where = f"answer {status}"
            is_success = status.startswith(("2", "3"))
            if status not in now:
                # Fewer refusals break nobody who reads them; who answers must do without.
                yield Change(where, "is not given any more", breaking=is_success or not reads)
            elif status not in was:
                yield Change(where, "may be given now", breaking=is_success and reads)
            else:
                before, after = resolve(was[status], self._old), resolve(now[status], self._new)
                yield from self._header_changes(before, after, where)
                yield from self._content_changes(before, after, self._read, where)

    def _header_changes(
        self, was: Mapping[str, Any], now: Mapping[str, Any], where: str
    ) -> Iterator[Change]:
        before = {n.lower(): resolve(h, self._old) for n, h in was.get("headers", {}).items()}
        after = {n.lower(): resolve(h, self._new) for n, h in now.get("headers", {}).items()}
        for name in sorted({*before, *after}):
            place = f"{where} header {name}"
            if name not in after:
                yield Change(place, "is gone", breaking=self._read is Side.READS)
            elif name not in before:
                asked = self._read is Side.SENDS and bool(after[name].get("required"))
                yield Change(place, "is new", breaking=asked)
            else:
                yield from self._schemas.changes(
                    before[name].get("schema"), after[name].get("schema"), self._read, place
                )

    def _content_changes(
        self, was: Mapping[str, Any], now: Mapping[str, Any], side: Side, where: str
    ) -> Iterator[Change]:
        before, after = was.get("content", {}), now.get("content", {})
        for kind in sorted({*before, *after}):
            if kind not in after:
                yield Change(where, f"{kind} is gone", breaking=True)
            elif kind not in before:
                breaking = side is Side.READS and not before
                yield Change(where, f"{kind} is new", breaking=breaking)
            else:
                yield from self._schemas.changes(
                    before[kind].get("schema"), after[kind].get("schema"), side, where
                )
