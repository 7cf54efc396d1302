"""Makes a generated deviation of a row: its id, and the requirements that name its code."""

import re
from collections.abc import Iterable
from functools import cache

from sandbox.conformance.gallery.deviation import Apply, Deviation, Kind
from sandbox.contracts.requirements import clauses, load_requirements

ESR, NHS_JOBS = "esr", "nhs-jobs"
_NO_PART_OF_AN_ID = re.compile(r"[^A-Za-z0-9_-]+")


def deviation(
    role: str,
    table: str,
    key: Iterable[object],
    title: str,
    requirements: Iterable[str],
    apply: Apply,
) -> Deviation:
    """The deviation of the row `key` of `table`."""
    parts = [_NO_PART_OF_AN_ID.sub("-", str(part)).strip("-") for part in key]
    return Deviation(
        ".".join([role, table, *parts]),
        Kind.GENERATED,
        role,
        table,
        title,
        tuple(dict.fromkeys(requirements)),
        apply,
    )


def of_code(code: str, *operations: str, role: str = ESR, profile: str | None = None) -> list[str]:
    """The requirements of a role's system that name a code for one of the operations; under a profile, those that hold there."""
    prefix = "NHSJ-" if role == NHS_JOBS else "ESR-"
    conditions = _conditions()
    found = {name for operation in operations for name in clauses(operation, {code})}
    return sorted(
        name
        for name in found
        if name.startswith(prefix) and (profile is None or conditions[name] in (None, profile))
    )


@cache
def _conditions() -> dict[str, str | None]:
    return {item.id: item.condition for item in load_requirements()}
