"""Holds a request against its operation in the contract, once compiled, and an answer too.

Every fault is reported with its place: a JSON pointer into the body, or the name of a parameter.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import orjson

from sandbox.contracts.schema import compile_schema, resolve
from sandbox.errors import Code, Place, Refusal
from sandbox.nesting import DEEPEST, is_too_deep
from sandbox.web.repeated import repeated_names
from sandbox.web.reply import Reply

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_MAY_HOLD_FLOAT = re.compile(rb"[0-9][.eE]")
# A fault names its place and never repeats what stood there: it may be about a person, and answers are kept and logged.
_VALUE = "the value"
_JSON = re.compile(r"application/(?:[a-z0-9.-]+\+)?json")


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    schema: dict[str, Any]
    separator: str | None
    """How the items of an array stand in one text; None when each is a parameter of its own."""


class RequestRules:
    """What one operation asks of a request."""

    def __init__(
        self, path_item: dict[str, Any], operation: dict[str, Any], document: dict[str, Any]
    ) -> None:
        self._document = document
        parameters = {
            (item["in"], item["name"]): item
            for item in (
                resolve(reference, document)
                for reference in [
                    *path_item.get("parameters", []),
                    *operation.get("parameters", []),
                ]
            )
        }
        self._places = {
            place: self._compile(
                place, [p for (where, _), p in parameters.items() if where == place]
            )
            for place in ("path", "query", "header")
        }
        body = resolve(operation.get("requestBody", {}), document)
        self._body_required = bool(body.get("required", False))
        self._bodies = {
            media_type.lower(): compile_schema(content.get("schema", {}), document, _VALUE)
            for media_type, content in body.get("content", {}).items()
        }

    def parameters(
        self, path: dict[str, Any], query: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        """The parameters by name, typed. Raises Refusal CONTRACT_VIOLATION."""
        faults: list[Place] = []
        values: dict[str, Any] = {}
        values.update(self._judge("path", path, faults))
        values.update(self._judge("query", self._query(query, faults), faults))
        known, _ = self._places["header"]
        sent = {
            parameter.name: headers[parameter.name.lower()]
            for parameter in known
            if parameter.name.lower() in headers
        }
        values.update(self._judge("header", sent, faults))
        _raise(faults)
        return values

    def body(self, raw: bytes, content_type: str | None) -> Any:
        """The body as JSON. Raises Refusal MEDIA_TYPE_UNSUPPORTED, BODY_MALFORMED or CONTRACT_VIOLATION."""
        if not self._bodies:
            return None
        if not raw and not self._body_required:
            return None
        media_type = (content_type or "").split(";")[0].strip().lower()
        if not raw and not media_type:
            _raise([Place("body", "", "A body is required.")])
        judge = self._bodies.get(media_type)
        if judge is None:
            accepted = " or ".join(self._bodies)
            raise Refusal(
                Code.MEDIA_TYPE_UNSUPPORTED,
                f"Send {accepted}, not {media_type[:100] or 'a body without Content-Type'}.",
            )
        if not raw:
            _raise([Place("body", "", "A body is required.")])
        document = parse_json(raw)
        _raise(_faults("body", judge.iter_errors(document)))
        return document

    def _judge(self, place: str, values: dict[str, Any], faults: list[Place]) -> dict[str, Any]:
        _, judge = self._places[place]
        if judge is not None:
            faults.extend(_faults(place, judge.iter_errors(values)))
        return values

    def _query(self, text: str, faults: list[Place]) -> dict[str, Any]:
        known = {parameter.name: parameter for parameter in self._places["query"][0]}
        if not text:
            return {}
        values: dict[str, Any] = {}
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100, errors="strict")
        except ValueError:
            faults.append(Place("query", "", "The query is not percent-encoded UTF-8."))
            return {}
        for name, value in pairs:
            parameter = known.get(name)
            if parameter is None:
                values[name] = value
            elif parameter.schema.get("type") == "array" and parameter.separator is None:
                values.setdefault(name, []).append(_typed(value, parameter.schema.get("items", {})))
            elif name in values:
                faults.append(Place("query", name, "The parameter stands here twice."))
            elif parameter.separator is not None:
                values[name] = [
                    _typed(item, parameter.schema.get("items", {}))
                    for item in value.split(parameter.separator)
                ]
            else:
                values[name] = _typed(value, parameter.schema)
        return values

    def _compile(
        self, place: str, items: list[dict[str, Any]]
    ) -> tuple[tuple[_Parameter, ...], jsonschema_rs.Draft202012Validator | None]:
        parameters = tuple(self._parameter(item) for item in items)
        if not parameters and place != "query":
            return parameters, None
        schema = {
            "type": "object",
            "properties": {item["name"]: item.get("schema", {}) for item in items},
            "required": [item["name"] for item in items if item.get("required", False)],
            "additionalProperties": False,
        }
        return parameters, compile_schema(schema, self._document, _VALUE)

    def _parameter(self, item: dict[str, Any]) -> _Parameter:
        schema = resolve(item.get("schema", {}), self._document)
        style = item.get("style", "form")
        explode = item.get("explode", style == "form")
        separator = None
        if schema.get("type") == "array" and not explode:
            separator = {"pipeDelimited": "|", "spaceDelimited": " "}.get(style, ",")
        return _Parameter(item["name"], schema, separator)


class AnswerRules:
    """What one operation promises of its answers."""

    def __init__(self, operation: dict[str, Any], document: dict[str, Any]) -> None:
        self._document = document
        self._responses = operation.get("responses", {})
        self._judges: dict[tuple[str, str], jsonschema_rs.Draft202012Validator] = {}

    def faults(self, reply: Reply) -> list[str]:
        """Every way in which the reply breaks the contract."""
        response = self._responses.get(str(reply.status))
        if response is None:
            return [f"the status {reply.status} is not described"]
        response = resolve(response, self._document)
        names = {name.lower() for name in reply.headers}
        faults = [
            f"the header {name} is missing"
            for name, header in response.get("headers", {}).items()
            if resolve(header, self._document).get("required") and name.lower() not in names
        ]
        content = response.get("content", {})
        if not content:
            return faults + (["a body where none is described"] if reply.body else [])
        if reply.media_type not in content:
            return [*faults, f"the media type {reply.media_type} is not described"]
        if not _JSON.fullmatch(reply.media_type):
            return faults
        key = (str(reply.status), reply.media_type)
        if key not in self._judges:
            self._judges[key] = compile_schema(
                content[reply.media_type].get("schema", {}), self._document
            )
        judge = self._judges[key]
        document = orjson.loads(reply.body)
        faults += [
            f"{place.pointer}: {place.detail}"
            for place in _faults("body", judge.iter_errors(document))
        ]
        return faults


def parse_json(raw: bytes) -> Any:
    """The JSON document in `raw`; a whole number written as 1.0 becomes 1. Raises Refusal BODY_MALFORMED, or
    CONTRACT_VIOLATION for a name that stands twice in one object.
    """
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise Refusal(
            Code.BODY_MALFORMED,
            f"The body is not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}.",
            places=(Place("body", "", problem.msg),),
        ) from problem
    if is_too_deep(raw, document):
        detail = f"The body nests more than {DEEPEST} objects and arrays."
        raise Refusal(Code.BODY_MALFORMED, detail, places=(Place("body", "", detail),))
    twice = repeated_names(raw, document)
    if twice:
        detail = "The name stands twice in its object."
        _raise([Place("body", _pointer(path), detail) for path in twice])
    return _whole_numbers(document) if _MAY_HOLD_FLOAT.search(raw) else document


def contract_places(judge: jsonschema_rs.Draft202012Validator, document: Any) -> list[Place]:
    """Every place of a document that breaks a schema of a contract."""
    return _faults("body", judge.iter_errors(document))


def masked_schema(
    schema: dict[str, Any], document: dict[str, Any]
) -> jsonschema_rs.Draft202012Validator:
    """A judge of what did not come over HTTP; like the others here, it never repeats what stood there."""
    return compile_schema(schema, document, _VALUE)


def _whole_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return value


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """The text as the type that the schema asks for; left as text, and so refused, when it is none."""
    kind = schema.get("type")
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _faults(location: str, errors: Iterable[Any]) -> list[Place]:
    places = []
    for error in errors:
        kind = error.kind
        # What is missing and what is too much is named itself, not the object that it belongs to.
        names = [kind.property] if hasattr(kind, "property") else getattr(kind, "unexpected", [""])
        for name in names:
            path = [str(part) for part in error.instance_path] + ([name] if name else [])
            pointer = _pointer(path)
            if location != "body":
                pointer = ".".join(path)
            detail = error.message if len(names) == 1 else f"{name!r} is not allowed here"
            places.append(Place(location, pointer, detail))
    return places


def _pointer(path: Iterable[str]) -> str:
    return "".join(f"/{_escaped(part)}" for part in path)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _raise(faults: list[Place]) -> None:
    if not faults:
        return
    if len(faults) == 1:
        [fault] = faults
        where = f"{fault.location} {fault.pointer}".strip()
        detail = f"The request breaks the contract at {where}: {fault.detail}"
    else:
        detail = f"The request breaks the contract in {len(faults)} places; see errors."
    raise Refusal(Code.CONTRACT_VIOLATION, detail, places=tuple(faults))
