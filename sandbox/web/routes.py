"""What Connexion is given of a contract: as much as routing takes."""

from typing import Any

from sandbox.contracts.bundle import operations
from sandbox.contracts.schema import resolve


def routes_of(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a contract with nothing but its operationIds and the parameters in its paths.

    Connexion judges every document it loads, in pure Python, and follows each reference: a quarter of a second for a
    contract that was judged when it was bundled. What its operations ask and answer is compiled in
    `sandbox.web.operations`.
    """
    paths: dict[str, Any] = {}
    for path, method, operation in operations(document):
        parameters = document["paths"][path].get("parameters", []) + operation.get("parameters", [])
        paths.setdefault(path, {})[method] = {
            "operationId": operation["operationId"],
            "parameters": [
                _in_path(parameter, document)
                for parameter in (resolve(item, document) for item in parameters)
                if parameter["in"] == "path"
            ],
            "responses": {"default": {"description": "See the contract."}},
        }
    return {"openapi": document["openapi"], "info": document["info"], "paths": paths}


def _in_path(parameter: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    schema = resolve(parameter["schema"], document)
    kind = {key: schema[key] for key in ("type", "format") if key in schema}
    return {"name": parameter["name"], "in": "path", "required": True, "schema": kind}
