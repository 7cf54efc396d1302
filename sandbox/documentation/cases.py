"""docs/reference/case-list.md: the cases of the certification suite."""

from sandbox.conformance.case import ROLES, Case, load_cases
from sandbox.documentation.text import WRITTEN, code, table

_WHO = {"recruitment-system": "A recruitment system", "nhs-jobs": "NHS Jobs", "esr": "ESR"}


def page() -> str:
    """The page."""
    told = [WRITTEN, "# The cases\n\n", _OPENING]
    for role in ROLES:
        told.append(f"## {_WHO[role]}\n\n")
        files: dict[str, dict[str, list[Case]]] = {}
        for case in load_cases(role):
            _, file, name = case.id.partition("[")[0].split(".", 2)
            files.setdefault(file, {}).setdefault(name, []).append(case)
        for file, cases in files.items():
            rows = [_row(name, rows) for name, rows in cases.items()]
            suites = sorted({case.suite for rows in cases.values() for case in rows})
            told += [f"### {role}.{file}\n\nSuite: {', '.join(suites)}.\n\n"]
            told += [table(("case", "rows", "what it shows", "requirements"), rows), "\n"]
    return "".join(told)


_OPENING = """\
What the suites *behaviour* and *resilience* play, by the role of the subject and the file that holds them. The id of a case
is the name of its file and its own, with the row behind it where it has rows: `esr.applicants.date-rule[birth-on-offer-day]`.
The suites *contract*, *traffic* and *volume* are no lists of cases. [How a case is written](cases.md).

"""


def _row(name: str, rows: list[Case]) -> tuple[str, str, str, str]:
    needed = sorted({requirement for case in rows for requirement in case.requirements})
    links = ", ".join(f"[{one}](requirements.md#{one.lower()})" for one in needed)
    count = str(len(rows)) if "[" in rows[0].id else ""
    titles = {case.title for case in rows}
    # A title may name what its row is about.
    title = rows[0].title if len(titles) == 1 else f"For instance: {rows[0].title}"
    return code(name), count, title, links
