"""All rules together: nothing seen is nothing passed, other people's traffic changes nothing, and it is quick."""

import random
import time
from typing import Any

from traffic_recordings import CLIENT, OPERATIONS, Recording, refusal

from sandbox.conformance.results import Result
from sandbox.conformance.traffic import TrafficFacts, judge_traffic, judged_requirements
from sandbox.conformance.traffic.judging import RULES, UNSEEN
from sandbox.contracts.requirements import load_requirements


def mixed(count: int, client: str = CLIENT) -> list[dict[str, Any]]:
    """A long recording with reads, writes, failures, tries again, amendments, pages and deliveries."""
    recording = Recording()
    for number in range(count // 10):
        at, reference = number * 10.0, f"A-{number}"
        body = {"supplierReference": reference, "startDate": "2030-03-01"}
        recording.call("submit_applicant", 503, at=at, message=number, body=body, client=client)
        recording.call("submit_applicant", 201, at=at + 1, message=number, body=body, client=client)
        recording.call("read_applicant", at=at + 2, answered={"etag": '"1"'}, client=client)
        tag = {"if-match": '"1"'}
        patch = {"startDate": f"2030-04-{number % 28 + 1:02}"}
        recording.call(
            "amend_applicant",
            at=at + 3,
            body=patch,
            headers=tag,
            answered={"etag": '"2"'},
            client=client,
        )
        recording.call(
            "record_employment_check", at=at + 4, body={"state": reference}, client=client
        )
        recording.call(
            "record_employment_check",
            422,
            at=at + 5,
            body={},
            answer=refusal("DBS_LEVEL_TOO_LOW"),
            client=client,
        )
        answer = {"events": [], "next": reference, "more": False}
        query = f"cursor=A-{number - 1}" if number else None
        recording.call("list_events", at=at + 6, query=query, answer=answer, client=client)
        recording.deliver(503, event=reference, at=at + 7)
        recording.deliver(202, event=reference, at=at + 8)
        recording.call("list_vacancies", at=at + 9, client=client)
    return recording.exchanges


def test_nothing_recorded_is_nothing_passed() -> None:
    results = judge_traffic([], TrafficFacts(), OPERATIONS)

    assert {item.requirement for item in results} == {*judged_requirements(), *UNSEEN}
    assert {item.result for item in results if item.requirement not in UNSEEN} == {
        Result.INCONCLUSIVE
    }
    assert {item.result for item in results if item.requirement in UNSEEN} == {Result.REVIEW}


def test_each_requirement_has_one_rule_and_is_in_the_register() -> None:
    names = [name for rule in RULES for name in rule.judges]
    register = {item.id: item for item in load_requirements()}

    assert len(names) == len(set(names))
    assert set(judged_requirements()) | UNSEEN.keys() <= register.keys()
    for name in judged_requirements():
        assert register[name].actor == "recruitment-system"


def test_other_peoples_traffic_changes_nothing() -> None:
    own = mixed(100)
    others = [
        {**item, "exchangeId": item["exchangeId"] + 5000}
        for item in mixed(200, client="somebody-else")
        if item["direction"] == "IN"
    ]
    control = [
        {**item, "system": "control", "exchangeId": item["exchangeId"] + 9000, "client": None}
        for item in others
    ]
    before = judge_traffic(own, TrafficFacts(client=CLIENT), OPERATIONS)

    for seed in range(3):
        shuffled = [*own, *others, *control]
        random.Random(seed).shuffle(shuffled)
        after = judge_traffic(shuffled, TrafficFacts(client=CLIENT, closed=None), OPERATIONS)
        words = [(item.requirement, item.result, item.exercised) for item in after]
        assert words == [(item.requirement, item.result, item.exercised) for item in before]


def test_another_workspace_is_not_looked_at() -> None:
    own = mixed(50)

    results = judge_traffic(own, TrafficFacts(workspace="elsewhere"), OPERATIONS)

    assert Result.PASS not in {item.result for item in results}


def test_the_same_recording_is_judged_the_same_in_any_order() -> None:
    own = mixed(100)

    assert judge_traffic(own, TrafficFacts(), OPERATIONS) == judge_traffic(
        own[::-1], TrafficFacts(), OPERATIONS
    )


def test_a_recording_without_headers_and_bodies_is_never_a_failure_of_what_it_does_not_show() -> (
    None
):
    left_out = ("requestHeaders", "requestBody", "responseHeaders", "responseBody")
    bare = [
        {name: value for name, value in item.items() if name not in left_out} for item in mixed(50)
    ]

    results = {item.requirement: item for item in judge_traffic(bare, TrafficFacts(), OPERATIONS)}

    for name in ("ESR-REQ-010", "ESR-REQ-015", "ESR-REQ-018", "ESR-REQ-024", "ESR-EVT-022"):
        assert results[name].result is not Result.FAIL, results[name]


def test_who_calls_without_a_token_is_known_by_what_only_the_subject_sends() -> None:
    recording = Recording()
    recording.call("read_applicant")
    recording.call("read_applicant", 401, at=1, client=None, answer=refusal("TOKEN_MISSING"))
    known = recording.result("ESR-REQ-018")
    recording.call("read_applicant", at=2, client="somebody-else")
    doubtful = recording.result("ESR-REQ-018")

    assert (known, doubtful) == ("fail", "pass")
    assert recording.result("ESR-REQ-018", agents=frozenset({"acme/1"})) == "fail"


def test_ten_thousand_exchanges_are_judged_in_two_seconds() -> None:
    exchanges = mixed(10_000)
    judge_traffic(exchanges[:10], TrafficFacts(), OPERATIONS)
    began = time.process_time()

    results = judge_traffic(exchanges, TrafficFacts(client=CLIENT), OPERATIONS)

    took = time.process_time() - began
    print(f"{len(exchanges)} exchanges judged in {took:.2f} s")
    assert took < 2
    assert Result.PASS in {item.result for item in results}
