"""The operations of all contracts by their names, with what a caller and a judge need of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

import jsonschema_rs

from sandbox.contracts import Contract
from sandbox.contracts.bundle import operations
from sandbox.contracts.schema import compile_schema, resolve
from sandbox.errors import Code, Refusal
from sandbox.web.validation import RequestRules

EMPLOYER = "NHSD-End-User-Organisation-ODS"
STATUS, HEADER, MEDIA_TYPE, BODY = "STATUS", "HEADER", "MEDIA_TYPE", "BODY"
"""The kinds of fault of an answer."""
_MASK = {"type": "string", "pattern": r"^\[masked( [0-9a-f]{12})?\]$"}


class UnknownOperation(Exception):
    """No contract at hand has an operation of this name."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract."""

    name: str
    system: str
    method: str
    path: str
    """The template below the contract's base, such as `/applicants/{applicantNumber}`."""
    definition: Mapping[str, Any]
    header_parameters: frozenset[str]
    """In lower case."""
    media_type: str | None
    """Of the request's body, the first that the contract names."""
    secured: bool
    whole_numbers: frozenset[str] = frozenset()
    """The path parameters that are whole numbers."""

    @property
    def writes(self) -> bool:
        """Whether it is sent under an X-Request-ID."""
        return "x-request-id" in self.header_parameters

    def address(self, parameters: Mapping[str, Any]) -> str:
        """The path with its parameters put in. Raises KeyError for one that is missing."""
        path = self.path
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            path = path.replace(f"{{{name}}}", quote(str(parameters[name]), safe=""))
        return path

    def path_parameters(self, path: str) -> dict[str, Any]:
        """The parameters that stand in a path below the contract's base, as the contract types them.

        Raises Refusal NOT_FOUND where the path is not one of this operation.
        """
        pattern = re.sub(r"\\\{([^}]*)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        if found is None:
            raise Refusal(Code.NOT_FOUND, f"{path} is no address of {self.name}")
        return {
            name: int(text) if name in self.whole_numbers and text.isdecimal() else unquote(text)
            for name, text in found.groupdict().items()
        }


class Operations:
    """The operations of some contracts. One instance serves a whole run: it compiles each answer's schema once."""

    def __init__(self, contracts: list[Contract]) -> None:
        self.contracts = {contract.name: contract for contract in contracts}
        self._by_name = {
            operation.name: operation
            for contract in contracts
            for operation in _operations(contract)
        }
        self._answers: dict[tuple[str, int, str], jsonschema_rs.Draft202012Validator] = {}
        self._requests: dict[str, RequestRules] = {}

    def __getitem__(self, name: str) -> Operation:
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownOperation(f"no contract has an operation {name}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def of(self, system: str) -> list[Operation]:
        """Those of one contract."""
        return [item for item in self._by_name.values() if item.system == system]

    def answer_faults(
        self, name: str, status: int, media_type: str, body: Any, headers: Mapping[str, str]
    ) -> list[str]:
        """What of an answer is not what the contract promises. `body` is JSON, or None where there was none.

        Of a value that is masked only its kind and its place are judged.
        """
        kinds = self.answer_faults_by_kind(name, status, media_type, body, headers)
        return [sentence for _, sentence in kinds]

    def answer_faults_by_kind(
        self, name: str, status: int, media_type: str, body: Any, headers: Mapping[str, str]
    ) -> list[tuple[str, str]]:
        """The same, each with its kind: STATUS, HEADER, MEDIA_TYPE or BODY."""
        operation = self[name]
        document = self.contracts[operation.system].document
        described = operation.definition["responses"]
        written = described.get(str(status)) or described.get("default")
        if written is None:
            said = f"the status {status} is not one that the contract describes for {name}"
            return [(STATUS, said)]
        response = resolve(written, document)
        faults = [
            (HEADER, f"the header {header} is missing")
            for header, item in response.get("headers", {}).items()
            if resolve(item, document).get("required") and header.lower() not in headers
        ]
        content = response.get("content", {})
        if not content:
            surplus = (BODY, f"a {status} of {name} has no body")
            return faults if body is None else [*faults, surplus]
        media = media_type.split(";", maxsplit=1)[0].strip().lower()
        if media not in content:
            shown = media or "nothing"
            said = f"the media type is {shown}, not {' or '.join(content)}"
            return [*faults, (MEDIA_TYPE, said)]
        if not media.endswith("json"):
            return faults
        key = (name, status, media)
        if key not in self._answers:
            self._answers[key] = compile_schema(
                _allow_masks(content[media].get("schema", {})),
                self._masked_documents[operation.system],
            )
        faults += [
            (BODY, f"{_pointer(error.instance_path) or 'the body'}: {error.message[:200]}")
            for error in self._answers[key].iter_errors(body)
        ]
        return faults

    def request_fault(self, name: str, exchange: Mapping[str, Any], base: str) -> str | None:
        """Why a request breaks the contract, in a sentence; None where it keeps it.

        `base` is the path under which the contract is served. The body must not be masked.
        """
        operation = self[name]
        if name not in self._requests:
            document = self.contracts[operation.system].document
            self._requests[name] = RequestRules(
                document["paths"][operation.path], dict(operation.definition), document
            )
        rules = self._requests[name]
        headers = {key.lower(): text for key, text in exchange["requestHeaders"].items()}
        try:
            parameters = operation.path_parameters(exchange["path"].removeprefix(base))
            rules.parameters(parameters, exchange.get("query", ""), headers)
            rules.body((exchange.get("requestBody") or "").encode(), headers.get("content-type"))
        except Refusal as refusal:
            return refusal.detail
        return None

    @cached_property
    def _masked_documents(self) -> dict[str, dict[str, Any]]:
        return {
            name: {
                **contract.document,
                "components": {
                    **contract.document.get("components", {}),
                    "schemas": _allow_masks(
                        contract.document.get("components", {}).get("schemas", {})
                    ),
                },
            }
            for name, contract in self.contracts.items()
        }


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{part}" for part in path)


def _allow_masks(value: Any) -> Any:
    """A schema in which each string may as well be a mask."""
    if isinstance(value, list):
        return [_allow_masks(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "string":
        masked: dict[str, Any] = {"anyOf": [value, _MASK]}
        return masked | ({"nullable": True} if value.get("nullable") else {})
    return {name: _allow_masks(item) for name, item in value.items()}


def _operations(contract: Contract) -> list[Operation]:
    document = contract.document
    found = []
    for path, method, definition in operations(document):
        parameters = [
            resolve(item, document)
            for item in (
                *document["paths"][path].get("parameters", []),
                *definition.get("parameters", []),
            )
        ]
        security = definition.get("security", document.get("security")) or []
        body = resolve(definition.get("requestBody", {}), document)
        found.append(
            Operation(
                definition["operationId"],
                contract.name,
                method.upper(),
                path,
                definition,
                frozenset(item["name"].lower() for item in parameters if item["in"] == "header"),
                next(iter(body.get("content", {})), None),
                # An empty requirement among them makes the token a matter of choice.
                bool(security) and all("bearerAuth" in requirement for requirement in security),
                frozenset(
                    item["name"]
                    for item in parameters
                    if item["in"] == "path"
                    and resolve(item.get("schema", {}), document).get("type") == "integer"
                ),
            )
        )
    return found
