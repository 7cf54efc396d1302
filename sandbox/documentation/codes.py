"""docs/reference/codes.md: what every code of a refusal and of a message means, and what to do about it."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import groupby
from typing import Any

from sandbox.conformance.evidence.refusals import Code as EvidenceCode
from sandbox.contracts.library import contracts_folder
from sandbox.contracts.requirements import load_requirements
from sandbox.contracts.sources import read_source
from sandbox.documentation.text import (
    WRITTEN,
    Undocumented,
    code,
    one_line,
    sentences_of,
    table,
)
from sandbox.errors import Code
from sandbox.identity.faults import Fault

SOURCE = "openapi/components/problem-codes.yaml"


def page() -> str:
    """The page. Raises Undocumented for a code that says nothing about itself."""
    told = [WRITTEN, "# Problem and message codes\n\n", _OPENING]
    clauses = _clauses()
    for status, group in groupby(_codes(), key=lambda each: int(each["status"])):
        told.append(f"## {status} {HTTPStatus(status).phrase}\n\n")
        told += [_section(entry, clauses.get(entry["code"], [])) for entry in group]
    told += ["## The token endpoint\n\n", _TOKENS]
    told += [
        table(("status", "error", "error_description", "when", "how well it is known"), _tokens()),
        "\n",
    ]
    told += ["## Evidence that is refused\n\n", _EVIDENCE]
    said = sentences_of(EvidenceCode)
    told.append(
        table(("code", "what it means"), ((code(each), said[each.name]) for each in EvidenceCode))
    )
    return "".join(told)


_OPENING = """\
A refusal is `application/problem+json` (RFC 9457) with a `code`; what ESR tells of an applicant or a check whom it took or
refused stands under `messages`, each with a `messageCode`. Both are on this page. A code never changes once published, so
write your program against codes and not against sentences. `errors` of a refusal names each place by a JSON pointer, and
`clauses` the [requirements](requirements.md) that are concerned.

Codes are sorted by the status with which a refusal of theirs is answered. One that only ever stands in a message has the
status of the refusal that carries it; in the confirmation of an applicant who was taken (201) it warns or informs.

"""
_TOKENS = """\
`/oauth2/token` answers as the NHS platform's own endpoint does: with `error`, `error_description` and a `message_id`. The
faults are looked for in this order, and the first is answered, so that to mend one may uncover the next. What to do follows
from the column *when*: send what is missing, or mend what it names. `esr-sandbox token` and the pre-flight of `certify` say
it in a sentence.

"""
_EVIDENCE = """\
`esr-sandbox verify` and the register look at a pack step by step, in this order, and stop at the first step that does not
hold. Nothing of a refused pack is used.

"""


def documented() -> list[dict[str, Any]]:
    """The entries of the contract's list of codes, as they stand there."""
    found: list[dict[str, Any]] = read_source(
        contracts_folder() / "components/problem-codes.yaml"
    ).value["problemCodes"]
    return found


def _codes() -> list[dict[str, Any]]:
    entries = {entry["code"]: entry for entry in documented()}
    for each in Code:
        if not all(entries.get(each, {}).get(name) for name in ("title", "meaning", "whatToDo")):
            raise Undocumented(
                f"{each} has no title, meaning and whatToDo in {SOURCE}. Write them, then run: make docs"
            )
    places = list(entries)
    return sorted(
        entries.values(), key=lambda entry: (entry["status"], places.index(entry["code"]))
    )


def _clauses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in load_requirements():
        for name in each.codes:
            found.setdefault(name, []).append(f"[{each.id}](requirements.md#{each.id.lower()})")
    return found


def _section(entry: dict[str, Any], clauses: list[str]) -> str:
    name = entry["code"]
    told = [
        f"### {name}\n\n**{entry['title']}.** {one_line(entry['meaning'])}\n\n",
        f"*What to do:* {one_line(entry['whatToDo'])}\n\n",
    ]
    if clauses:
        told.append(f"*Clauses:* {', '.join(clauses)}\n\n")
    return "".join(told)


def _tokens() -> Iterator[tuple[str, str, str, str, str]]:
    for fault in Fault:
        row = fault.value
        yield str(row.status), code(row.error), row.description, row.trigger, row.proof.value
