"""docs/reference/events.md: the types of events, what they carry, and an example of each."""

import json
from typing import Any

from sandbox.contracts.library import load_contract
from sandbox.documentation.text import WRITTEN, Undocumented, code, one_line, paragraphs, table


def page() -> str:
    """The page. Raises Undocumented for a type of which the contract `receiver` has no example."""
    document = load_contract("receiver").document
    schemas = document["components"]["schemas"]
    examples = _examples(document)
    carries = schemas["CloudEvent"]["x-event-types"]
    told = [
        WRITTEN,
        "# Events\n\n",
        _OPENING,
        paragraphs(schemas["EventType"]["description"]),
        "\n\n",
    ]
    told += [
        table(("attribute", "what it says"), _attributes(schemas["CloudEvent"], schemas)),
        "\n",
    ]
    for kind in schemas["EventType"]["enum"]:
        if kind not in examples:
            raise Undocumented(
                f"The event {kind} has no example in openapi/receiver/v1/paths/events.yaml. Write one, then run: make docs"
            )
        told.append(f"## {kind}\n\n")
        for summary, value in examples[kind]:
            written = json.dumps(value, indent=2, ensure_ascii=False)
            told.append(
                f"{summary}. `data` is a {code(carries[kind])}.\n\n```json\n{written}\n```\n\n"
            )
    return "".join(told)


_OPENING = """\
ESR tells what happened by events, in a feed (`list_events`) and delivered to each subscriber: CloudEvents 1.0 in JSON, each
delivery signed (RFC 9421). The duties of who receives them stand in the contract `receiver`; which of them a certification
looks at is in the [requirements](requirements.md#events). This page is about ESR's events; those of a certification run, a
line of `certify --json` each, are described by `sandbox/conformance/event-schema.json`.

"""


def _attributes(schema: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, fact in schema["properties"].items():
        meant = schemas.get(str(fact.get("$ref", "")).rpartition("/")[2], fact)
        told = fact.get("description") or meant.get("description", "")
        # What the types carry is told above and below.
        told = "" if name == "type" else told or ", ".join(map(code, meant.get("enum", ())))
        rows.append((code(name), one_line(told)))
    return rows


def _examples(document: dict[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    (media,) = document["paths"]["/events"]["post"]["requestBody"]["content"].values()
    found: dict[str, list[tuple[str, Any]]] = {}
    for example in media["examples"].values():
        found.setdefault(example["value"]["type"], []).append(
            (example["summary"], example["value"])
        )
    return found
