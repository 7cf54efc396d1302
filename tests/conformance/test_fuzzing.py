"""The fuzzer finds what it claims to find, and says nothing good where it saw nothing."""

import io
import json
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from rich.console import Console

from sandbox.conformance.fuzz_plan import FuzzConfigurationError, FuzzPlan
from sandbox.conformance.fuzz_report import as_document, print_result, write_json, write_junit
from sandbox.conformance.fuzz_results import (
    Counts,
    FuzzProgress,
    FuzzResult,
    OperationResult,
)
from sandbox.conformance.fuzz_rules import (
    EXPECTED,
    POSITIVE,
    RULE_OF_CHECK,
    RULES,
    ExpectedStatuses,
    expected_statuses,
)
from sandbox.conformance.fuzzing import check_names, fuzz
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.world_feed import EmptyFeed, FeedExhaustedError, Known
from tests.conformance.tiny_target import TOKEN, TinyTarget, contract, serving

TINY = (
    *EXPECTED,
    ExpectedStatuses(POSITIVE, ("404",), "generated identifiers", ("read_thing", "delete_thing")),
)


@dataclass
class TinyFeed:
    """Things that exist at a tiny target."""

    base_url: str
    things: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.things.append(self.make())

    def known(self, operation_id: str, *, fresh: bool) -> Known:
        if operation_id == "create_thing":
            return Known(body={"name": "Ada", "size": 3})
        if operation_id == "delete_thing" and fresh:
            return Known(path={"thingId": self.make()})
        return Known(path={"thingId": self.things[0]})

    def observe(self, operation_id: str, status: int, body: Any) -> None:
        return

    def make(self) -> str:
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": str(uuid.uuid4())}
        answer = httpx.post(
            f"{self.base_url}/things", json={"name": "Eve", "size": 1}, headers=headers
        )
        if answer.status_code != 201:
            raise FeedExhaustedError(f"no thing could be made: {answer.status_code}")
        return str(answer.json()["thingId"])


def plan_for(base_url: str, **changes: Any) -> FuzzPlan:
    plan = FuzzPlan(
        target="tiny",
        contract=contract(),
        base_url=base_url,
        access=TOKEN,
        seed=7,
        examples=60,
        sequences=12,
        feed=TinyFeed(base_url),
        expected=TINY,
    )
    return replace(plan, **changes)


def run(deviation: str = "", **changes: Any) -> FuzzResult:
    with serving(TinyTarget(deviation)) as base_url:
        return fuzz(plan_for(base_url, **changes))


@pytest.fixture(scope="module")
def good() -> FuzzResult:
    return run()


@pytest.fixture(scope="module")
def broken() -> FuzzResult:
    return run("breaks on odd input", phases=("coverage",))


class TestGoodTarget:
    def test_passes(self, good: FuzzResult) -> None:
        assert (good.result, good.exit_code) == (Result.PASS, 0), good.failures
        assert not good.problems
        assert not good.gaps

    def test_every_operation_is_exercised_in_every_phase_that_fits(self, good: FuzzResult) -> None:
        for operation in good.operations:
            assert operation.exercised, operation.reason
            assert operation.phases["coverage"].success, operation.operation_id
            assert operation.phases["fuzzing"].cases >= 60, operation.operation_id
            assert operation.phases["stateful"].success, operation.operation_id

    def test_same_seed_gives_the_same_verdicts_and_counts(self, good: FuzzResult) -> None:
        again = run()

        assert again.run_id != good.run_id
        assert [
            (item.operation_id, item.result, item.phases, item.statuses)
            for item in again.operations
        ] == [
            (item.operation_id, item.result, item.phases, item.statuses) for item in good.operations
        ]

    def test_nothing_is_left_in_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        run(phases=("fuzzing",), examples=5)

        assert list(tmp_path.iterdir()) == []

    def test_progress_is_told_and_ends_with_all_cases(self) -> None:
        told: list[FuzzProgress] = []

        result = run(phases=("coverage",), progress=told.append)

        assert [step.operation_id for step in told if step.phase == "coverage"]
        assert told[-1].cases == result.counts.cases


# Each deviation, the rule that has to name it, the operation, and the phases that are enough to see it.
DEVIATIONS = [
    ("breaks on odd input", "ESR-FUZ-001", "create_thing", ("coverage",)),
    ("undocumented status", "ESR-FUZ-002", "create_thing", ("coverage",)),
    ("wrong media type", "ESR-FUZ-003", "create_thing", ("coverage",)),
    ("no location", "ESR-FUZ-004", "create_thing", ("coverage",)),
    ("number as text", "ESR-FUZ-005", "create_thing", ("coverage",)),
    ("unknown property accepted", "ESR-FUZ-006", "create_thing", ("coverage",)),
    ("refuses long names", "ESR-FUZ-007", "create_thing", ("coverage",)),
    ("no request id needed", "ESR-FUZ-008", "create_thing", ("coverage",)),
    ("any method will do", "ESR-FUZ-009", "create_thing", ("coverage",)),
    ("allows too little", "ESR-FUZ-010", "create_thing", ("coverage",)),
    ("no token needed", "ESR-FUZ-011", "read_thing", ("fuzzing",)),
    ("keeps what is deleted", "ESR-FUZ-012", "read_thing", ("stateful",)),
    ("forgets what is created", "ESR-FUZ-013", "delete_thing", ("stateful",)),
]


@pytest.mark.parametrize(("deviation", "rule", "operation", "phases"), DEVIATIONS)
def test_deviation_is_named_by_its_rule(
    deviation: str, rule: str, operation: str, phases: tuple[str, ...]
) -> None:
    result = run(deviation, phases=phases, sequences=30)

    assert result.exit_code == 1, result.problems
    named = {(failure.rule, failure.operation_id) for failure in result.failures}
    assert (rule, operation) in named, named


def test_every_rule_that_is_judged_is_proven_here() -> None:
    judged = {rule.id for rule in RULES if not rule.off}

    assert {rule for _, rule, _, _ in DEVIATIONS} == judged


class TestNothingSeen:
    def test_target_that_knows_nothing_is_not_exercised(self) -> None:
        of_one_thing = contract()
        del of_one_thing["paths"]["/things"]

        with serving(TinyTarget("nothing there")) as base_url:
            plan = plan_for(base_url, contract=of_one_thing, feed=EmptyFeed())
            result = fuzz(plan)

        assert (result.result, result.exit_code) == (Result.INCONCLUSIVE, 3), result.failures
        assert result.not_exercised == ("read_thing", "delete_thing")
        assert all("not exercised: 0 of" in item.reason for item in result.operations)

    def test_nineteen_successes_are_not_enough(self) -> None:
        def seen(successes: int) -> OperationResult:
            counts = Counts(cases=500, success=successes)
            return OperationResult("read_thing", "GET", "/things", {"fuzzing": counts}, {})

        assert seen(19).result is Result.INCONCLUSIVE
        assert seen(20).result is Result.PASS

    def test_no_operation_at_all_is_never_a_pass(self) -> None:
        assert rolled_up([]) is Result.INCONCLUSIVE
        assert rolled_up([Result.PASS, Result.INCONCLUSIVE]) is Result.INCONCLUSIVE
        assert rolled_up([Result.INCONCLUSIVE, Result.FAIL]) is Result.FAIL
        assert rolled_up([Result.FAIL, Result.ERROR]) is Result.ERROR

    def test_target_that_goes_away_is_inconclusive(self) -> None:
        stopping: list[Any] = []

        def stop(step: FuzzProgress) -> None:
            if step.phase == "fuzzing" and not stopping:
                stopping.append(target.__exit__(None, None, None))

        target = serving(TinyTarget())
        base_url = target.__enter__()
        result = fuzz(plan_for(base_url, progress=stop))

        assert result.exit_code == 3, result.problems
        assert any("stopped answering" in gap for gap in result.gaps), result

    def test_time_limit_ends_the_run_as_inconclusive(self) -> None:
        result = run(limit_seconds=0.2, examples=2000)

        assert result.exit_code == 3
        assert any("as asked" in gap for gap in result.gaps)

    def test_fault_of_the_feed_is_an_error_of_the_suite(self) -> None:
        class BrokenFeed(TinyFeed):
            def known(self, operation_id: str, *, fresh: bool) -> Known:
                raise RuntimeError("a mistake of ours")

        with serving(TinyTarget()) as base_url:
            result = fuzz(plan_for(base_url, feed=BrokenFeed(base_url), phases=("fuzzing",)))

        assert (result.result, result.exit_code) == (Result.ERROR, 4)
        assert any(
            "a mistake of ours" in text for item in result.operations for text in item.problems
        )


class TestConfiguration:
    def test_nobody_there(self) -> None:
        with serving(TinyTarget()) as base_url:
            gone = base_url

        with pytest.raises(FuzzConfigurationError, match="Nobody answers at"):
            fuzz(plan_for(gone))

    @pytest.mark.parametrize(
        "address", ["", "somewhere", "ftp://127.0.0.1/x", "http://127.0.0.1:x"]
    )
    def test_malformed_address(self, address: str) -> None:
        with pytest.raises(FuzzConfigurationError, match="is no address"):
            fuzz(plan_for(address))

    def test_contract_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FuzzConfigurationError, match="cannot be read"):
            fuzz(plan_for("http://127.0.0.1:1", contract=tmp_path / "none.json"))

    def test_empty_world_cannot_be_fuzzed(self) -> None:
        with (
            serving(TinyTarget("nothing there")) as base_url,
            pytest.raises(FuzzConfigurationError, match="no thing could be made"),
        ):
            fuzz(plan_for(base_url))


class TestRules:
    def test_every_check_of_the_tool_has_a_rule(self) -> None:
        assert check_names() == set(RULE_OF_CHECK)

    def test_rule_ids_are_unique_and_each_says_what_it_means(self) -> None:
        assert len({rule.id for rule in RULES}) == len(RULES)
        assert all(rule.title and rule.meaning for rule in RULES)

    def test_every_expected_status_has_a_reason(self) -> None:
        assert all(len(row.reason) > 10 for row in EXPECTED)

    def test_operations_of_the_table_exist(self) -> None:
        named = {name for row in EXPECTED for name in row.operations}
        found: set[str] = set()
        for path in ("esr", "nhs-jobs", "receiver"):
            bundle = Path(__file__).parents[2] / "openapi" / path / "v1" / "bundle.json"
            for item in json.loads(bundle.read_bytes())["paths"].values():
                found |= {o["operationId"] for o in item.values() if isinstance(o, dict)}

        assert named <= found

    def test_a_precondition_is_expected_only_where_it_is_known(self) -> None:
        assert "412" in expected_statuses(POSITIVE, "amend_applicant")
        assert "412" not in expected_statuses(POSITIVE, "read_applicant")


class TestReports:
    def test_json_tells_operations_failures_and_reasons(
        self, broken: FuzzResult, tmp_path: Path
    ) -> None:
        write_json(broken, tmp_path / "fuzz.json")

        document = json.loads((tmp_path / "fuzz.json").read_bytes())
        assert document == as_document(broken)
        assert document["result"] == "fail"
        failed = next(item for item in document["operations"] if item["result"] == "fail")
        assert failed["failures"][0]["exchange"]["status"] == 500
        assert all(row["reason"] for row in document["expectedStatuses"])
        assert TOKEN not in json.dumps(document)

    def test_junit_has_one_case_for_each_operation(
        self, broken: FuzzResult, tmp_path: Path
    ) -> None:
        write_junit(broken, tmp_path / "fuzz.xml")

        suite = ElementTree.parse(tmp_path / "fuzz.xml").getroot()[0]
        assert {case.get("name") for case in suite} >= {"create_thing", "read_thing"}
        assert suite.get("failures") != "0"

    def test_terminal_shows_rule_and_command(self, broken: FuzzResult) -> None:
        shown = io.StringIO()

        print_result(broken, Console(file=shown, width=160))

        text = shown.getvalue()
        assert "ESR-FUZ-001 Never a server error: create_thing" in text
        assert '-H "Authorization: Bearer $ESR_SANDBOX_TOKEN"' in text
        assert "FAIL: tiny, seed 7" in text
