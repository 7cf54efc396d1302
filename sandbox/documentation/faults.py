"""docs/reference/faults.md: what can be made to fail, how, and the scenarios that one request may ask for."""

from sandbox.contracts.library import load_contract
from sandbox.documentation.text import WRITTEN, Undocumented, code, one_line, paragraphs, table
from sandbox.faults.scenarios import HEADER, SCENARIOS


def page() -> str:
    """The page. Raises Undocumented for a kind of which the contract `control` says nothing."""
    schemas = load_contract("control").document["components"]["schemas"]
    kinds, creation = schemas["FaultKind"], schemas["FaultCreation"]
    told = paragraphs(kinds["description"])
    for kind in kinds["enum"]:
        if f"| `{kind}` |" not in told:
            raise Undocumented(
                f"The kind of fault {kind} has no row in the description of FaultKind "
                "(openapi/control/v1/schemas). Write one, then run: make docs"
            )
    properties = [
        (
            code(name),
            one_line(
                fact.get("description", "")
                or f"See {str(fact.get('$ref', '')).rpartition('/')[2]}."
            ),
        )
        for name, fact in creation["properties"].items()
    ]
    scenarios = [
        (
            code(each.name),
            each.sentence,
            ", ".join(code(str(fault["kind"])) for fault in each.faults),
        )
        for each in SCENARIOS.values()
    ]
    return "".join(
        (
            WRITTEN,
            "# Faults and scenarios\n\n",
            _OPENING,
            "## Kinds\n\n",
            told,
            "\n\n## A fault\n\n",
            paragraphs(creation["description"]),
            "\n\n",
            table(("property", "what it says"), properties),
            "\n## Scenarios\n\n",
            _SCENARIOS.format(header=HEADER),
            table(("scenario", "what happens", "made of"), scenarios),
        )
    )


_OPENING = """\
A fault is set in a workspace by `create_fault` of the control contract, or on the page *World* of the console, and strikes
until it is spent, its window ends, or it is taken away. A scenario is a fault of one request, which names it in a header.
Both are powers of the sandbox: in mode `contract-only` neither exists.

"""
_SCENARIOS = """\
A request that carries the header `{header}` meets the scenario that it names. Nothing is set, and nothing is left behind.

"""
