"""The judge of the live run judges a pack again; what was not played is never a pass."""

import orjson

from sandbox.conformance.case import load_cases
from sandbox.conformance.evidence.known import cases_file, requirements_file
from sandbox.conformance.evidence.manifest import CASES, REQUIREMENTS, SUBJECT
from sandbox.conformance.evidence.recomputation import recompute
from sandbox.contracts.requirements import load_requirements

REGISTER = requirements_file(load_requirements())


def subject(*features: str) -> bytes:
    return orjson.dumps({"role": "esr", "features": features, "addresses": {}})


def test_a_run_that_played_nothing_is_skipped_and_never_passed() -> None:
    cases = load_cases("esr")

    found = recompute({CASES: cases_file(cases), REQUIREMENTS: REGISTER, SUBJECT: subject()})

    assert found["overall"] in ("skip", "omit", "inconclusive")
    assert {item["result"] for item in found["cases"]} <= {"skip", "omit"}
    assert "pass" not in found["requirements"].values()


def test_what_asks_for_a_feature_that_is_not_declared_is_omitted() -> None:
    document = {
        "title": "It is so",
        "requirements": ["ESR-APP-001"],
        "features": ["files"],
        "when": [],
        "then": [],
    }
    case = {"id": "esr.a", "role": "esr", "suite": "behaviour", "case": document}
    files = {CASES: orjson.dumps([case]), REQUIREMENTS: REGISTER}

    without = recompute({**files, SUBJECT: subject()})
    declared = recompute({**files, SUBJECT: subject("files")})

    assert without["cases"][0]["result"] == without["suites"]["behaviour"] == "omit"
    assert declared["cases"][0]["result"] == declared["suites"]["behaviour"] == "skip"
    assert "pass" not in {without["overall"], declared["overall"]}
