"""What is aimed at: every operation of every contract, the token endpoint, and the pages beside them, a good request each."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.contracts.schema import resolve

_METHODS = ("get", "put", "post", "delete", "patch")
_SERVED_BY_OTHERS = {"driver"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as pieces that a kind bends."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Without Host, X-Request-ID and Content-Length."""
    body: bytes
    request_id: str

    def head(self, *more: str, host: str = "Host: sandbox.test") -> bytes:
        """The request line and the headers, `more` raw lines among them, and the empty line."""
        lines = [f"{self.method} {self.target} HTTP/1.1", *([host] if host else [])]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"X-Request-ID: {self.request_id}", *more]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def bytes(self, *more: str) -> bytes:
        """The request as it should be, with `more` raw header lines."""
        length = [f"Content-Length: {len(self.body)}"] if self.body else []
        return self.head(*more, *length) + self.body

    def with_header(self, name: str, value: str) -> "Request":
        """Another value for a header."""
        kept = tuple(item for item in self.headers if item[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, or a page, and what a good request to it is made of."""

    name: str
    method: str
    target: str
    body: Any
    """An example of the contract, or None."""
    media_type: str
    token: str
    is_token_endpoint: bool = False

    def request(self, chance: random.Random) -> Request:
        """A good request with a request id of its own."""
        headers = [("NHSD-End-User-Organisation-ODS", "X0A1B"), ("If-Match", '"1"')]
        if self.token:
            headers.append(("Authorization", f"Bearer {self.token}"))
        body = b""
        if self.body is not None:
            headers.append(("Content-Type", self.media_type))
            is_json = self.media_type.endswith("json")
            body = (json.dumps(self.body) if is_json else str(self.body)).encode()
        request_id = str(UUID(int=chance.getrandbits(128), version=4))
        return Request(self.method, self.target, tuple(headers), body, request_id)


def operations(token: str, workspace: str, powers: str) -> list[Operation]:
    """All of them; the control API is called in the workspace `powers`, so that no fault is set where answers are judged."""
    found: list[Operation] = []
    for name in CONTRACT_NAMES:
        if name in _SERVED_BY_OTHERS:
            continue
        contract = load_contract(name)
        prefix = {"control": f"/w/{powers}", "receiver": f"/w/{workspace}"}.get(name, "")
        found += [
            replace(
                operation,
                target=prefix + contract.base_path + operation.target,
                token=token if name in ("esr", "nhs-jobs") else "",
                is_token_endpoint=name == "identity",
            )
            for operation in _of_contract(contract.document)
        ]
    pages = ("/", "/health", "/esr/v1/openapi.json", "/esr/v1/ui/", "/nowhere")
    found += [Operation(f"page {path}", "GET", path, None, "", "") for path in pages]
    return found


def _of_contract(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method not in item:
                continue
            definition = item[method]
            parameters = [
                resolve(one, document)
                for one in [*item.get("parameters", []), *definition.get("parameters", [])]
            ]
            target = path
            for one in parameters:
                if one["in"] == "path":
                    target = target.replace(f"{{{one['name']}}}", str(_example(one)))
            media_type, body = _body(resolve(definition.get("requestBody", {}), document))
            name = definition["operationId"]
            yield Operation(
                name, method.upper(), re.sub(r"\{.*?\}", "1", target), body, media_type, ""
            )


def _example(parameter: dict[str, Any]) -> Any:
    return parameter.get("example", parameter.get("schema", {}).get("example", "1"))


def _body(definition: dict[str, Any]) -> tuple[str, Any]:
    for media_type, content in definition.get("content", {}).items():
        examples = [item["value"] for item in content.get("examples", {}).values()]
        return media_type, examples[0] if examples else content.get("example", {})
    return "", None
