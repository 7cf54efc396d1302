"""What a fuzz run found, for a terminal, as JSON and as JUnit XML. Nothing here judges."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sandbox.conformance.fuzz_results import (
    Counts,
    FuzzFailure,
    FuzzResult,
    OperationResult,
)
from sandbox.conformance.fuzz_rules import EXPECTED
from sandbox.conformance.results import Result

_COLOURS = {
    Result.PASS: "green",
    Result.FAIL: "red",
    Result.ERROR: "magenta",
    Result.INCONCLUSIVE: "yellow",
}
_SHOWN_FAILURES = 20


def as_document(result: FuzzResult) -> dict[str, Any]:
    """The whole result as JSON values, with the table of expected statuses that it was judged by."""
    return {
        "target": result.target,
        "baseUrl": result.base_url,
        "contract": result.contract,
        "contractSha256": result.contract_sha256,
        "tool": result.tool,
        "seed": result.seed,
        "examples": result.examples,
        "runId": result.run_id,
        "startedAt": result.started_at,
        "durationSeconds": result.duration_seconds,
        "result": result.result.value,
        "exitCode": result.exit_code,
        "counts": _counts(result.counts),
        "problems": list(result.problems),
        "gaps": list(result.gaps),
        "operations": [_operation(item) for item in result.operations],
        "rulesOff": dict(result.rules_off),
        "expectedStatuses": [
            {
                "check": row.check,
                "statuses": list(row.statuses),
                "operations": list(row.operations) or "all",
                "reason": row.reason,
            }
            for row in EXPECTED
        ],
    }


def write_json(result: FuzzResult, path: Path) -> None:
    """Write `as_document`, readable by people too."""
    path.write_text(json.dumps(as_document(result), indent=2, ensure_ascii=False) + "\n", "utf-8")


def write_junit(result: FuzzResult, path: Path) -> None:
    """One test case per operation: not exercised is *skipped*, a broken suite an *error*."""
    suite = TestSuite(f"fuzz {result.target} seed {result.seed}")
    suite.timestamp = result.started_at
    for item in result.operations:
        case = TestCase(item.operation_id, classname=f"fuzz.{result.target}")
        match item.result:
            case Result.FAIL:
                case.result = [_junit_failure(failure) for failure in item.failures]
            case Result.ERROR:
                case.result = [Error(item.reason)]
            case Result.INCONCLUSIVE:
                case.result = [Skipped(item.reason)]
            case Result.PASS:
                pass
        case.system_out = item.reason
        suite.add_testcase(case)
    for name, texts, kind in (
        ("the suite", result.problems, Error),
        ("the run", result.gaps, Skipped),
    ):
        if texts:
            case = TestCase(name, classname=f"fuzz.{result.target}")
            case.result = [kind("; ".join(texts))]
            suite.add_testcase(case)
    suite.time = result.duration_seconds
    document = JUnitXml()
    document.add_testsuite(suite)
    document.write(str(path), pretty=True)


def print_result(result: FuzzResult, console: Console) -> None:
    """The table of operations, then each failure with the command that sends it again."""
    console.print(rendered(result))


def rendered(result: FuzzResult) -> RenderableType:
    """What `print_result` prints."""
    parts: list[RenderableType] = [_table(result)]
    for failure in result.failures[:_SHOWN_FAILURES]:
        parts += [Text(), *_shown(failure)]
    left_out = len(result.failures) - _SHOWN_FAILURES
    if left_out > 0:
        parts.append(Text(f"\n{left_out} more failures are in the JSON report."))
    parts += [Text(f"error: {problem}", "magenta") for problem in result.problems]
    parts += [Text(f"inconclusive: {gap}", "yellow") for gap in result.gaps]
    parts += [Text(f"{rule} is not judged: {why}", "dim") for rule, why in result.rules_off.items()]
    parts.append(
        Text(
            f"{result.result.value.upper()}: {result.target}, seed {result.seed}: {result.counts.cases} cases, "
            f"{len(result.failures)} failures, {len(result.not_exercised)} operations not exercised, "
            f"{result.duration_seconds:g} s",
            f"bold {_COLOURS[result.result]}",
        )
    )
    return Group(*parts)


def _table(result: FuzzResult) -> Table:
    table = Table(title=f"{result.contract} at {result.base_url}", title_justify="left")
    table.add_column("operation", no_wrap=True)
    for name in ("cases", "2xx", "4xx", "5xx"):
        table.add_column(name, justify="right")
    table.add_column("result")
    table.add_column("why", overflow="fold")
    for item in result.operations:
        counts = item.counts
        table.add_row(
            item.operation_id,
            *(str(n) for n in (counts.cases, counts.success, counts.refused, counts.server_error)),
            Text(item.result.value, _COLOURS[item.result]),
            Text("" if item.result is Result.PASS else item.reason),
        )
    return table


def _shown(failure: FuzzFailure) -> list[RenderableType]:
    times = "once" if failure.count == 1 else f"{failure.count} times"
    status = failure.exchange.status if failure.exchange else None
    return [
        Text(f"{failure.rule} {failure.rule_title}: {failure.operation_id}, {times}", "bold red"),
        Text(f"  {failure.message}"),
        Text(f"  answered {status}" if status else "  not answered"),
        Text(f"  {failure.curl}", "cyan", overflow="fold"),
    ]


def _junit_failure(failure: FuzzFailure) -> Failure:
    item = Failure(f"{failure.rule} {failure.rule_title}", failure.rule)
    item.text = f"{failure.message}\n\n{failure.curl}"
    return item


def _operation(item: OperationResult) -> dict[str, Any]:
    return {
        "operationId": item.operation_id,
        "method": item.method,
        "path": item.path,
        "result": item.result.value,
        "reason": item.reason,
        "exercised": item.exercised,
        "counts": _counts(item.counts),
        "phases": {phase: _counts(counts) for phase, counts in item.phases.items()},
        "statuses": {str(status): count for status, count in item.statuses.items()},
        "failures": [dataclasses.asdict(failure) for failure in item.failures],
        "problems": list(item.problems),
        "gaps": list(item.gaps),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "cases": counts.cases,
        "2xx": counts.success,
        "3xx": counts.redirect,
        "4xx": counts.refused,
        "5xx": counts.server_error,
        "unanswered": counts.unanswered,
    }
