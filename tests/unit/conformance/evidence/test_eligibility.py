"""When results are enough for a certificate, and when they are not."""

from typing import Any

import pytest
from evidence_packs import REQUIREMENTS, SUITES, recompute, requirement, run_files

from sandbox.conformance.evidence.eligibility import Excuses, Kind, eligibility

ROLE, FEATURES = "recruitment-system", ["esr"]


def results(**seen: str) -> dict[str, Any]:
    named = {"d": "esr.d [row one]"}
    return recompute(
        run_files({named.get(name, f"esr.{name}"): word for name, word in seen.items()})
    )


def judged(found: dict[str, Any], requirements: Any = REQUIREMENTS, **excuses: Any) -> Any:
    return eligibility(found, requirements, ROLE, FEATURES, Excuses(**excuses))


def test_all_that_passed_is_functional_and_with_volume_for_go_live() -> None:
    found = results()

    assert judged(found).kind is Kind.FUNCTIONAL
    assert judged({**found, "suites": {**found["suites"], "volume": "pass"}}).kind is Kind.GO_LIVE
    assert judged({**found, "suites": {**found["suites"], "volume": "skip"}}).kind is Kind.NONE


def test_a_warning_does_not_stand_in_the_way() -> None:
    assert judged({**results(b="warn"), "overall": "pass"}).is_certifiable


@pytest.mark.parametrize("word", ["fail", "error", "inconclusive", "skip", "review"])
def test_what_did_not_pass_stands_in_the_way(word: str) -> None:
    found = judged(results(b=word))

    assert found.kind is Kind.NONE
    assert any("ESR-APP-002" in reason for reason in found.reasons)


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_that_was_left_out_stands_in_the_way(suite: str) -> None:
    found = results()
    del found["suites"][suite]

    assert judged(found).reasons == (f"The suite {suite} was left out, and it is mandatory.",)


def test_nothing_at_all_is_not_enough() -> None:
    nothing = {"overall": "inconclusive", "suites": {}, "requirements": {}, "cases": []}
    omitted = {
        "overall": "omit",
        "suites": dict.fromkeys(SUITES, "omit"),
        "requirements": {},
        "cases": [],
    }

    assert not judged(nothing).is_certifiable
    assert not eligibility(omitted, (), ROLE, FEATURES).is_certifiable


def test_a_must_that_was_not_judged_stands_in_the_way() -> None:
    more = (*REQUIREMENTS, requirement("ESR-APP-009"))

    assert judged(results(), more).reasons == ("ESR-APP-009, a MUST, was not judged at all.",)


@pytest.mark.parametrize(
    "other",
    [
        requirement("ESR-APP-009", feature="files"),
        requirement("ESR-APP-009", uncertified="nobody sees it on the wire"),
        requirement("ESR-APP-009", untested="a person only can tell"),
    ],
)
def test_what_does_not_apply_or_has_a_reason_is_not_asked(other: Any) -> None:
    assert judged(results(), (*REQUIREMENTS, other)).is_certifiable


def test_what_was_omitted_though_it_is_declared_stands_in_the_way() -> None:
    found = results()
    found["requirements"]["ESR-APP-009"] = "omit"

    declared = judged(found, (*REQUIREMENTS, requirement("ESR-APP-009", feature="esr")))
    other = judged(found, (*REQUIREMENTS, requirement("ESR-APP-009", feature="files")))

    assert not declared.is_certifiable
    assert other.is_certifiable


def test_a_requirement_that_nobody_knows_stands_in_the_way() -> None:
    found = results()
    found["requirements"]["ESR-APP-999"] = "pass"

    assert not judged(found).is_certifiable


def test_a_reviewer_decides_what_waits_for_one() -> None:
    found = results(d="review")

    assert judged(found, reviewed={"ESR-APP-003": True}).is_certifiable
    assert not judged(found, reviewed={"ESR-APP-003": False}).is_certifiable
    assert not judged(results(d="fail"), reviewed={"ESR-APP-003": True}).is_certifiable


def test_a_waiver_excuses_its_own_requirement_alone() -> None:
    assert judged(results(d="fail"), waived=["ESR-APP-003"]).is_certifiable
    assert not judged(results(b="fail", d="fail"), waived=["ESR-APP-003"]).is_certifiable
    assert not judged(results(d="error"), waived=["ESR-APP-003"]).is_certifiable


def test_a_waiver_does_not_excuse_a_suite_that_failed_for_another_cause() -> None:
    found = results(d="fail")
    found["suites"]["contract"] = "fail"

    assert judged(found, waived=["ESR-APP-003"]).reasons == ("The suite contract failed.",)
