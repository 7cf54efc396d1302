"""Generated deviations: every row of the rule tables of ESR and NHS Jobs, switched off or turned, one at a time.

Left out, and why:
- the tables of the hourly files (`sandbox/esr/files`): no case opens that door (`rows_of_files` counts them);
- lists of data: national codes that are not retired, ISO countries, pay, vaccines, training. That a list is asked is a row.
"""

from collections.abc import Callable, Iterable

from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.rule_rows import (
    applicants,
    coded_values,
    employment_checks,
    events,
    nhs_jobs,
    people,
    positions,
    requests,
    transfers,
    vacancies,
)
from sandbox.esr.files.faults import FILE_FAULTS
from sandbox.esr.files.layouts import LAYOUTS
from sandbox.esr.files.rows import ROW_FAULTS

_TABLES: tuple[Callable[[], Iterable[Deviation]], ...] = (
    applicants.rows,
    people.rows,
    positions.rows,
    coded_values.rows,
    employment_checks.rows,
    transfers.rows,
    vacancies.rows,
    events.rows,
    requests.rows,
    nhs_jobs.rows,
)


def generated() -> list[Deviation]:
    """Every generated deviation, table by table."""
    return [item for rows in _TABLES for item in rows()]


def rows_of_files() -> int:
    """How many rows the tables of the hourly files have, all of them left out."""
    columns = sum(len(layout.columns) for layout in LAYOUTS.values())
    return len(FILE_FAULTS) + len(ROW_FAULTS) + columns
