"""A certification report as one page that opens anywhere: no script, nothing to load, and never too large to send."""

import shlex
from collections.abc import Iterable, Mapping
from itertools import groupby

from sandbox.conformance.results import Result
from sandbox.reports.certification_cases import CaseLine
from sandbox.reports.certification_report import ORDER, CertificationReport
from sandbox.reports.certification_requirements import NOT_JUDGED, RequirementLine
from sandbox.reports.certification_volume import PROVES, RETENTION
from sandbox.reports.writing import page

_ROOM_FOR_CASES = 1_000_000
_ROOM_FOR_CONTRACT = 300_000
_ROOM_FOR_TRAFFIC = 150_000
"""Bytes of the page for what is shown in full; what finds no room is told in a line."""
_MOST_REASONS = 12
_WORDS = (*map(str, ORDER[:5]), NOT_JUDGED, *map(str, ORDER[5:]))
_OVERALL: Mapping[Result, str] = {
    Result.PASS: "Everything that was asked held.",
    Result.FAIL: "The product did something else than it must. What failed stands first in each part of this page.",
    Result.INCONCLUSIVE: "Too little was seen to conclude anything of the whole. What is marked INCONCLUSIVE says why.",
    Result.SKIP: "A part that a certificate needs was left out, so nothing is concluded of the whole.",
    Result.REVIEW: "Everything that a machine can judge held. The rest waits for a named reviewer.",
    Result.ERROR: "The suite itself broke. What is marked ERROR says where; of that part nothing is said of the product.",
}


def certification_page(report: CertificationReport) -> str:
    """The page."""
    clauses = {item.id: item for item in report.requirements}
    troubled = sorted(
        (case for case in report.cases if not case.is_plain),
        key=lambda case: ORDER.index(case.result),
    )
    room = Room(_ROOM_FOR_CASES)
    in_full: list[str] = []
    in_a_line: list[CaseLine] = []
    for case in troubled:
        block = page(
            "certification_case.html.j2",
            case=case,
            clauses=[clauses[name] for name in case.requirements if name in clauses],
            again=again(report, case),
        )
        if room.takes(block):
            in_full.append(block)
        else:
            in_a_line.append(case)
    return page(
        "certification.html.j2",
        report=report,
        says=_OVERALL[report.overall],
        reasons=sorted(report.decided.reasons, key=_is_minor),
        most_reasons=_MOST_REASONS,
        requirements=by_word(report.requirements),
        in_full=in_full,
        in_a_line=in_a_line,
        passed=by_file(case for case in report.cases if case.result is Result.PASS),
        left_out=by_file(
            case for case in report.cases if case.result in (Result.SKIP, Result.OMIT)
        ),
        contract=sorted(report.contract, key=lambda line: ORDER.index(line.result)),
        contract_room=Room(_ROOM_FOR_CONTRACT),
        traffic=sorted(report.traffic, key=lambda line: ORDER.index(line.result)),
        traffic_room=Room(_ROOM_FOR_TRAFFIC),
        volume=report.volume,
        volume_proves=PROVES,
        volume_retention=RETENTION,
    )


def _is_minor(reason: str) -> bool:
    """Whether a reason can stand behind those about the whole and about what failed."""
    return not (reason.startswith(("The run", "The suite")) or reason.endswith(" failed."))


class Room:
    """How much of the page is left for one part of it."""

    def __init__(self, size: int) -> None:
        self._left = size

    def takes(self, text: str) -> bool:
        """Whether there is room for the text; if so it is taken."""
        size = len(text.encode())
        if size > self._left:
            return False
        self._left -= size
        return True


def by_word(lines: Iterable[RequirementLine]) -> list[tuple[str, list[RequirementLine]]]:
    """The requirements by their result, worst first."""
    ordered = sorted(lines, key=lambda line: (_WORDS.index(line.word), line.id))
    return [(word, list(held)) for word, held in groupby(ordered, lambda line: line.word)]


def by_file(cases: Iterable[CaseLine]) -> list[tuple[str, list[CaseLine]]]:
    """The cases by the file in which they are written."""
    ordered = sorted(cases, key=lambda case: case.file)
    return [(file, list(held)) for file, held in groupby(ordered, lambda case: case.file)]


def again(report: CertificationReport, case: CaseLine) -> str:
    """The command that plays one case again."""
    subject = report.subject
    what = "subject.yaml"
    if subject["environment"] == "reference":
        is_supplier = subject["role"] == "recruitment-system"
        outbound = "-outbound" if subject.get("driving") == "outbound" else ""
        what = f"--reference {f'supplier{outbound}' if is_supplier else subject['role']}"
    name = shlex.quote(case.id)
    return f"esr-sandbox certify {what} --suite {case.suite} --only {name} --seed {report.seed}"
