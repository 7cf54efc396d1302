"""The mock NHS Jobs keeps the rules for recruitment systems: its own traffic, from advert to hire, is judged clean."""

from typing import Any
from uuid import uuid4

import pytest
from harness import Workspace

from sandbox.conformance.results import Result
from sandbox.conformance.traffic import RuleResult, TrafficFacts, judge_traffic
from simulators.actors.journey import JourneyPlan, run_journeys


def journal(workspace: Workspace) -> list[dict[str, Any]]:
    """Every exchange of the workspace in full."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = workspace.control.get("/exchanges", params={"limit": 100, **cursor}).json()
        found += [
            workspace.control.get(f"/exchanges/{item['exchangeId']}").json()
            for item in page["exchanges"]
        ]
        if not page["more"]:
            return found
        cursor = {"cursor": page["next"]}


def hire(workspace: Workspace, people: int) -> None:
    """Takes people from advert to hire through both systems."""
    address = f"{workspace.url}/w/{workspace.name}"
    result = run_journeys(JourneyPlan(address, workspace.token, people), lambda _: None)
    assert result.holds, result


def about(workspace: Workspace) -> TrafficFacts:
    """What has to be told of NHS Jobs in this workspace."""
    organisations = workspace.esr.get("/organisations").json()["organisations"]
    return TrafficFacts(
        client=f"nhs-jobs-{workspace.name}",
        enabled=frozenset(item["odsCode"] for item in organisations),
        profiles={item["odsCode"]: item["ruleProfiles"] for item in organisations},
        receiver=f"{workspace.url}/w/{workspace.name}/receiver/v1/events",
    )


def judged(exchanges: list[dict[str, Any]], facts: TrafficFacts) -> dict[str, RuleResult]:
    return {result.requirement: result for result in judge_traffic(exchanges, facts)}


def failed(results: dict[str, RuleResult]) -> list[str]:
    return [
        f"{item.requirement} {item.exchanges}: {item.found}"
        for item in results.values()
        if item.result is Result.FAIL
    ]


def test_nhs_jobs_is_judged_clean_from_advert_to_hire(workspace: Workspace) -> None:
    hire(workspace, 3)
    exchanges = journal(workspace)

    results = judged(exchanges, about(workspace))

    passed = {name for name, item in results.items() if item.result is Result.PASS}
    print(f"{len(exchanges)} exchanges, {len(passed)} requirements exercised and kept")
    assert failed(results) == []
    assert passed >= {
        *("ESR-REQ-001", "ESR-REQ-003", "ESR-REQ-010", "ESR-REQ-013", "ESR-REQ-018", "ESR-REQ-020"),
        *("ESR-REQ-036", "ESR-REQ-039", "ESR-EVT-024", "ESR-EVT-030", "ESR-APP-007", "ESR-CHK-005"),
    }


def test_nhs_jobs_is_judged_clean_when_esr_fails_it(workspace: Workspace) -> None:
    for wanted in (
        {
            "operationId": "submit_applicant",
            "kind": "STATUS",
            "status": 503,
            "retryAfterSeconds": 1,
        },
        {"operationId": "submit_applicant", "kind": "DROP"},
        {"operationId": "record_employment_check", "kind": "STATUS", "status": 500, "times": 3},
    ):
        fault = {"system": "esr", "times": 1, **wanted}
        workspace.control.post("/faults", json=fault).raise_for_status()
    hire(workspace, 1)

    results = judged(journal(workspace), about(workspace))

    assert failed(results) == []
    for name in ("ESR-REQ-002", "ESR-REQ-030", "ESR-REQ-032", "ESR-REQ-038"):
        assert results[name].result is Result.PASS, results[name]


@pytest.mark.parametrize(
    ("requirement", "operation", "change"),
    [
        ("ESR-REQ-001", "submit_applicant", {"requestId": None}),
        ("ESR-REQ-002", "record_employment_check", {"requestId": str(uuid4())}),
        ("ESR-REQ-036", "record_employment_check", {"status": 200}),
        ("ESR-REQ-039", "submit_applicant", {"query": "nino=[masked 0123456789ab]"}),
    ],
)
def test_the_same_journal_with_one_deviation_is_not(
    workspace: Workspace, requirement: str, operation: str, change: dict[str, Any]
) -> None:
    fault = {"system": "esr", "operationId": "record_employment_check", "kind": "STATUS"}
    workspace.control.post("/faults", json={**fault, "status": 500, "times": 1}).raise_for_status()
    hire(workspace, 1)
    exchanges = journal(workspace)
    struck = next(
        item
        for item in exchanges
        if (item["system"], item["direction"], item.get("operationId")) == ("esr", "IN", operation)
    )
    struck.update(change)
    struck["requestHeaders"].pop("x-request-id")

    assert requirement in " ".join(failed(judged(exchanges, about(workspace))))
