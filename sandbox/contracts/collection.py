"""A request collection of the contracts, in Postman's format 2.1, which Postman, Insomnia, Bruno and Hoppscotch import.

    collection = postman_collection({"esr": contract.document, ...})
    environment = postman_environment("http://127.0.0.1:8080", token)

First comes a story, from a vacancy to a hire: each of its requests uses what the answers before it have set. Then every
operation of each contract with its own example. Each request tests that it was answered with a status that its contract has.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.contracts.bundle import operations
from sandbox.contracts.schema import resolve

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
CONTRACTS = {"esr": "esr", "nhs-jobs": "nhsJobs", "control": "control", "identity": "identity"}
"""The contracts that a sandbox serves, and the variable of each one's base address."""
_KNOWN = ("applicantNumber", "odsCode", "positionId", "vacancyReference")
"""Ids that the story sets; in the other requests they stand in place of the examples' own."""
_EMPLOYER = "NHSD-End-User-Organisation-ODS"
_NUMBERS = re.compile(r'"\{\{(positionId)\}\}"')

_ABOUT = """\
A story from a vacancy to a hire, then every operation with an example. Some of the sandbox's own powers empty a world: do not \
run that folder as a whole where you need what is there. A model of ours: ESR's own specification is not public. Made by \
`esr-sandbox contracts collection`."""
_DATES = """\
const moment = new Date(pm.response.json().now);
const day = weeks => new Date(moment.getTime() + weeks * 7 * 86400000).toISOString().slice(0, 10);
pm.collectionVariables.set("today", day(0));
pm.collectionVariables.set("startDate", day(8));
pm.collectionVariables.set("laterDate", day(9));
const letter = digit => String.fromCharCode(97 + Number(digit));
pm.collectionVariables.set("reference", "COL-" + Date.now());
// Nobody whom ESR knows from the last time.
pm.collectionVariables.set("lastName", "Okafor-" + [...String(Date.now())].map(letter).join(""));"""
_SUBMISSION: dict[str, Any] = {
    "supplierReference": "{{reference}}",
    "vacancyReference": "{{vacancyReference}}",
    "positionId": "{{positionId}}",
    "person": {
        "firstName": "Amina",
        "lastName": "{{lastName}}",
        "dateOfBirth": "1991-04-12",
        "gender": "2",
        "nationality": "GB",
        "emailAddress": "amina.okafor@example.org",
        "address": {
            "line1": "4 Mill Lane",
            "town": "Northmere",
            "postcode": "JA1 2AB",
            "country": "GB",
        },
    },
    "staffGroup": "{{staffGroup}}",
    "jobRole": "{{jobRole}}",
    "contractType": "01",
    "assignmentType": "01",
    "offerDate": "{{today}}",
    "offerAcceptedDate": "{{today}}",
    "startDate": "{{startDate}}",
}


def _keep(**paths: str) -> str:
    """A script that keeps parts of an answer in variables."""
    lines = ["const told = pm.response.json();"]
    lines += [f'pm.collectionVariables.set("{name}", told.{path});' for name, path in paths.items()]
    return "\n".join(lines)


_STORY: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("control", "read_clock", "What day it is in the world", {"script": _DATES}),
    (
        "esr",
        "list_vacancies",
        "An open vacancy",
        {
            "query": {"status": "01", "limit": "1"},
            "script": _keep(
                vacancyReference="vacancies[0].vacancyReference",
                positionId="vacancies[0].positionId",
                odsCode="vacancies[0].odsCode",
            ),
        },
    ),
    (
        "esr",
        "read_position",
        "Its position",
        {"script": _keep(staffGroup="staffGroup", jobRole="jobRole")},
    ),
    (
        "esr",
        "submit_applicant",
        "Send an applicant",
        {"body": _SUBMISSION, "script": _keep(applicantNumber="applicantNumber")},
    ),
    ("esr", "read_applicant", "What ESR holds", {"script": _keep(version="version")}),
    (
        "esr",
        "amend_applicant",
        "A later start",
        {"body": {"startDate": "{{laterDate}}"}, "headers": {"If-Match": '"{{version}}"'}},
    ),
    (
        "control",
        "clear_occupational_health",
        "Occupational health clears her",
        {"body": {"result": "FIT"}},
    ),
    ("control", "hire_applicant", "ESR hires her", {}),
    ("esr", "list_events", "What ESR tells of it", {}),
    (
        "control",
        "list_exchanges",
        "What was exchanged",
        {"query": {"applicantNumber": "{{applicantNumber}}", "limit": "25"}},
    ),
)


def postman_collection(
    documents: Mapping[str, Mapping[str, Any]], *, asks_operator: bool = False
) -> dict[str, Any]:
    """The collection, of the contracts' bundled documents by name.

    With `asks_operator` the sandbox's own powers are asked for with the operator's token, as level `platform` wants it.
    """
    requests = {
        (name, operation["operationId"]): (path, method, operation)
        for name, document in documents.items()
        for path, method, operation in operations(dict(document))
    }

    def request(name: str, title: str, operation_id: str, **own: Any) -> dict[str, Any]:
        path, method, operation = requests[name, operation_id]
        return _item(name, documents[name], title, path, method, operation, own)

    powers = _bearer("operatorToken") if asks_operator else {"type": "noauth"}
    story = []
    for name, operation_id, title, own in _STORY:
        item = request(name, title, operation_id, succeeds=True, **own)
        if name == "control":
            item["request"]["auth"] = powers
        story.append(item)
    folders = []
    for name in (name for name in CONTRACTS if name in documents):
        by_tag: dict[str, list[dict[str, Any]]] = {}
        for (of, operation_id), (_, _, operation) in requests.items():
            if of == name:
                by_tag.setdefault(operation["tags"][0], []).append(
                    request(name, operation["summary"], operation_id)
                )
        parts = [{"name": tag, "item": items} for tag, items in by_tag.items()]
        folder: dict[str, Any] = {"name": documents[name]["info"]["title"], "item": parts}
        if name in ("control", "identity"):
            folder["auth"] = powers if name == "control" else {"type": "noauth"}
        folders.append(folder)
    return {
        "info": {
            "name": "ESR integration sandbox",
            "description": _ABOUT,
            "schema": _SCHEMA,
        },
        "auth": _bearer("token"),
        "item": [{"name": "From a vacancy to a hire", "item": story}, *folders],
        "variable": [{"key": name, "value": ""} for name in _KNOWN],
    }


def postman_environment(
    url: str, token: str, operator_token: str | None = None, workspace: str = "default"
) -> dict[str, Any]:
    """The addresses and the tokens that the collection uses, for one sandbox; it is as secret as they are."""
    own = f"{url.rstrip('/')}/w/{workspace}"
    bases = {"esr": "/esr/v1", "nhs-jobs": "/nhs-jobs/v1", "control": "/control/v1"}
    values: list[dict[str, Any]] = [
        {"key": CONTRACTS[name], "value": f"{own}{base}", "enabled": True}
        for name, base in bases.items()
    ]
    values.append({"key": "identity", "value": f"{url.rstrip('/')}/oauth2", "enabled": True})
    secrets = {"token": token, "operatorToken": operator_token or ""}
    values += [
        {"key": name, "value": value, "type": "secret", "enabled": True}
        for name, value in secrets.items()
    ]
    return {
        "name": f"ESR sandbox {url} ({workspace})",
        "values": values,
        "_postman_variable_scope": "environment",
    }


def _bearer(variable: str) -> dict[str, Any]:
    held = [{"key": "token", "value": f"{{{{{variable}}}}}", "type": "string"}]
    return {"type": "bearer", "bearer": held}


def _item(
    name: str,
    document: Mapping[str, Any],
    title: str,
    path: str,
    method: str,
    operation: Mapping[str, Any],
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """One request. `own` is what the story says in place of the examples."""
    parameters = list(_parameters(document, path, operation))
    request: dict[str, Any] = {
        "method": method.upper(),
        "header": _headers(parameters, own.get("headers", {})),
        "url": _url(CONTRACTS[name], path, parameters, own),
        "description": operation.get("description", operation["summary"]),
    }
    body = _body(document, operation, own)
    if body is not None:
        media_type, content = body
        request["header"].append({"key": "Content-Type", "value": media_type})
        request["body"] = content
    known = [int(status) for status in operation["responses"] if status.isdecimal()]
    if own.get("succeeds"):
        known = [status for status in known if status < 300]
    told = json.dumps(f"{operation['operationId']} answers as its contract has it")
    expected = f"pm.expect({known}).to.include(pm.response.code)"
    script = [f"pm.test({told}, () => {expected});", *own.get("script", "").splitlines()]
    listen = [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]
    return {"name": title, "event": listen, "request": request}


def _parameters(
    document: Mapping[str, Any], path: str, operation: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    shared = document["paths"][path].get("parameters", ())
    for each in (*shared, *operation.get("parameters", ())):
        yield resolve(each, dict(document))


def _headers(parameters: list[dict[str, Any]], given: Mapping[str, str]) -> list[dict[str, Any]]:
    values = {"X-Request-ID": "{{$guid}}", _EMPLOYER: "{{odsCode}}", **given}
    found = []
    for each in parameters:
        if each["in"] == "header" and each["name"] != "X-Correlation-ID":
            value = values.get(each["name"], str(each.get("example", "")))
            is_needed = each.get("required", False) or each["name"] in given
            found.append({"key": each["name"], "value": value, "disabled": not is_needed})
    return found


def _url(
    base: str, path: str, parameters: list[dict[str, Any]], own: Mapping[str, Any]
) -> dict[str, Any]:
    variables = [
        {
            "key": each["name"],
            "value": f"{{{{{each['name']}}}}}"
            if each["name"] in _KNOWN
            else str(each.get("example", "")),
        }
        for each in parameters
        if each["in"] == "path"
    ]
    given: Mapping[str, str] = own.get("query", {})
    query = [
        {
            "key": each["name"],
            "value": given.get(each["name"], _text(each.get("example", ""))),
            "disabled": not (each["name"] in given or each.get("required", False)),
        }
        for each in parameters
        if each["in"] == "query"
    ]
    steps = [re.sub(r"^\{(\w+)\}$", r":\1", step) for step in path.strip("/").split("/")]
    return {
        "raw": f"{{{{{base}}}}}/{'/'.join(steps)}",
        "host": [f"{{{{{base}}}}}"],
        "path": steps,
        "variable": variables,
        "query": query,
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(
    document: Mapping[str, Any], operation: Mapping[str, Any], own: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """The media type and the body: the story's own, else the contract's first example."""
    asked = operation.get("requestBody")
    if asked is None:
        return None
    media_type, media = next(iter(resolve(asked, dict(document))["content"].items()))
    examples = [each["value"] for each in media.get("examples", {}).values()]
    value = own.get("body", examples[0] if examples else media.get("example", {}))
    if media_type == "application/x-www-form-urlencoded":
        fields = [{"key": key, "value": _text(each)} for key, each in value.items()]
        return media_type, {"mode": "urlencoded", "urlencoded": fields}
    if "body" not in own and isinstance(value, dict):
        value = {key: f"{{{{{key}}}}}" if key in _KNOWN else each for key, each in value.items()}
    written = _NUMBERS.sub(r"{{\1}}", json.dumps(value, indent=2, ensure_ascii=False))
    return media_type, {
        "mode": "raw",
        "raw": written,
        "options": {"raw": {"language": "json"}},
    }
