"""docs/reference/contracts.md: the contracts and their operations."""

from typing import Any

from sandbox.contracts.bundle import operations
from sandbox.contracts.library import contracts_folder, load_contract
from sandbox.documentation.text import WRITTEN, code, one_line, paragraphs, table


def names() -> list[str]:
    """The contracts, those that a supplier meets first."""
    found = {path.parent.parent.name for path in contracts_folder().glob("*/v1/openapi.yaml")}
    first = [
        name for name in ("esr", "nhs-jobs", "receiver", "identity", "driver") if name in found
    ]
    return [*first, *sorted(found - set(first))]


def page() -> str:
    """The page."""
    told = [WRITTEN, "# Contracts\n\n", _OPENING]
    told += [_section(name, load_contract(name).document) for name in names()]
    return "".join(told)


_OPENING = """\
Each contract is OpenAPI 3.0.3. A running sandbox serves it whole below its base path as `openapi.json`, and as pages on which
to try its operations below `ui/`. `operationId` is the name of an operation everywhere: in the code, in the cases, in the
journal. *Basis* says on what an operation rests, as [requirements](requirements.md) do; `x-source` in the contract names the
source.

"""


def _section(name: str, document: dict[str, Any]) -> str:
    info = document["info"]
    base = document["servers"][0]["url"]
    first = paragraphs(info["description"]).split("\n\n", 1)[0]
    rows = [
        (
            code(operation["operationId"]),
            code(f"{method.upper()} {path}"),
            one_line(operation["summary"]),
            operation.get("x-basis", ""),
        )
        for path, method, operation in operations(document)
    ]
    return (
        f"## {name}\n\n**{info['title']}**, version {info['version']}, at `{base}`. {first}\n\n"
        f"Source: [openapi/{name}/v1/openapi.yaml](../../openapi/{name}/v1/openapi.yaml).\n\n"
        f"{table(('operation', 'request', 'what it does', 'basis'), rows)}\n"
    )
