"""Rows about vacancies: every move from one national status to another, and the statuses in which applicants are taken."""

from collections.abc import Iterator
from itertools import permutations

from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.patching import rebound
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation
from sandbox.esr.domain import vacancies

STATUSES = tuple(f"{number:02d}" for number in range(1, 13))


def rows() -> Iterator[Deviation]:
    """Every row, and every move that has none."""
    for present, wanted in permutations(STATUSES, 2):
        move = (present, wanted)
        if move in vacancies.MOVES:
            title = f"A vacancy in status {present} cannot go to {wanted}"
            changed = vacancies.MOVES - {move}
            names = ["ESR-VAC-012", "ESR-VAC-013", "ESR-VAC-015"]
        else:
            title = f"A vacancy in status {present} can go to {wanted}"
            changed = vacancies.MOVES | {move}
            names = ["ESR-VAC-014" if present in vacancies.FINAL_STATUSES else "ESR-VAC-013"]
        apply = rebound(vacancies.MOVES, changed)
        yield deviation(ESR, "vacancy-moves", move, title, names, apply)
    for status in STATUSES:
        is_open = status in vacancies.OPEN_STATUSES
        title = f"A vacancy in status {status} takes {'no ' if is_open else ''}applicants"
        turned = vacancies.OPEN_STATUSES ^ {status}
        names = ["ESR-VAC-010", *(["ESR-VAC-017"] if status == "03" else [])]
        apply = rebound(vacancies.OPEN_STATUSES, turned)
        yield deviation(ESR, "vacancy-open", (status,), title, names, apply)
