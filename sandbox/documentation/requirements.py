"""docs/reference/requirements.md: every requirement, with its source and with what shows that it is kept."""

from sandbox.conformance.coverage import present
from sandbox.contracts.library import contracts_folder
from sandbox.contracts.requirements import Requirement, load_requirements
from sandbox.contracts.sources import read_source
from sandbox.documentation.text import WRITTEN, code, linked, one_line


def page() -> str:
    """The page."""
    held = load_requirements()
    by_id = {each.id: each for each in held}
    coverage = present()[0]["requirements"]
    counts = {
        word: sum(each.basis == word for each in held) for word in ("public", "modelled", "assumed")
    }
    told = [WRITTEN, "# Requirements\n\n", _OPENING.format(count=len(held), **counts)]
    for path in sorted((contracts_folder() / "requirements").glob("*.yaml")):
        told.append(f"## {path.stem.replace('-', ' ').capitalize()}\n\n")
        for record in read_source(path).value["requirements"]:
            each = by_id[record["id"]]
            told.append(_section(each, coverage.get(each.id, {})))
    return "".join(told)


_OPENING = """\
What a recruitment system, ESR and NHS Jobs must do: {count} requirements, kept in `openapi/requirements`. Each says on what
it rests: {public} are *public* (an owner has published it), {modelled} *modelled* (after a public neighbour) and {assumed}
*assumed* (ours). An id is never given twice. *Shown by* names the cases of the certification suite and the rule over traffic
that look at it; the whole list is [among the cases](case-list.md).

"""


def _section(each: Requirement, covered: dict[str, object]) -> str:
    facts = [
        each.level,
        each.actor.replace("-", " ").replace("esr", "ESR").replace("nhs jobs", "NHS Jobs"),
        each.basis,
    ]
    told = [f"### {each.id}\n\n{one_line(each.text)}\n\n", f"- {' · '.join(facts)}\n"]
    if each.condition:
        told.append(f"- Applies: {one_line(each.condition)}\n")
    if each.feature:
        told.append(f"- Applies to who declares the feature {code(each.feature)}\n")
    told.append(f"- Source: {linked(each.source)}\n")
    if each.codes:
        told.append(
            f"- Codes: {', '.join(f'[{name}](codes.md#{name.lower()})' for name in each.codes)}\n"
        )
    if each.operations:
        told.append(f"- Operations: {', '.join(map(code, each.operations))}\n")
    told.append(f"- {_shown_by(each, covered)}\n\n")
    return "".join(told)


def _shown_by(each: Requirement, covered: dict[str, object]) -> str:
    cases = covered.get("cases")
    ways = []
    if isinstance(cases, list) and cases:
        named = sorted({str(case).partition("[")[0] for case in cases})
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        ways.append(", ".join(map(code, named[:3])) + more)
    if covered.get("traffic"):
        ways.append("a rule over traffic")
    if each.suite:
        ways.append("a replay, in the suite of volume")
    if ways:
        return f"Shown by: {'; '.join(ways)}"
    return f"Not shown by the suite: {one_line(each.uncertified or each.untested or 'the contract itself asks for it')}"
