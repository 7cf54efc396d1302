"""The cases themselves: data that is well formed, says something, and says it once."""

from collections import Counter
from pathlib import Path

import pytest

from sandbox.conformance.case import ROLES, load_cases, stimulus_and_expectation
from sandbox.conformance.coverage import coverage, faults, render
from sandbox.conformance.traffic import judged_requirements
from sandbox.contracts import ContractError
from sandbox.contracts.requirements import load_requirements

CASES = load_cases()


def test_no_two_cases_have_the_same_stimulus_and_expectation() -> None:
    counted = Counter(map(stimulus_and_expectation, CASES))

    assert not [case.id for case in CASES if counted[stimulus_and_expectation(case)] > 1]


@pytest.mark.parametrize("role", ROLES)
def test_a_quarter_of_the_cases_is_about_what_must_be_refused_or_must_not_happen(role: str) -> None:
    own = [case for case in CASES if case.role == role]

    assert sum(case.refuses for case in own) * 4 >= len(own)


def test_titles_are_facts_in_one_sentence() -> None:
    assert not [case.id for case in CASES if case.title.endswith(".") or len(case.title) > 200]


def test_cases_and_requirements_belong_together() -> None:
    assert faults(load_requirements(), CASES, judged_requirements()) == []


def test_the_coverage_goes_stale_when_a_case_goes() -> None:
    register, traffic = load_requirements(), judged_requirements()
    whole = render(coverage(register, CASES, traffic))

    assert render(coverage(register, CASES[1:], traffic)) != whole


def test_a_must_that_loses_its_only_case_and_gives_no_reason_is_told() -> None:
    name = "ESR-APP-002"
    left = [case for case in CASES if name not in case.requirements]

    assert any(name in sentence for sentence in faults(load_requirements(), left, ()))


GOOD = """suite: behaviour
cases:
  - name: one
    title: One
    requirements: [ESR-APP-002]
    when: [{call: list_organisations, as: listed}]
    then: [{answer: listed, status: 200}]
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("    title: One\n", "    title: One\n    colour: red\n"), "colour"),
        (("status: 200", "statsu: 200"), "statsu"),
        (("answer: listed", "answer: nothing"), "no step is named nothing"),
        (("status: 200", "body: {/a: {equal: 1}}"), "write an operator"),
        (("suite: behaviour", "suite: behaviour\nextra: 1"), "nothing else"),
        (("[ESR-APP-002]", "[ESR-2]"), "ESR-2"),
        (("call: list_organisations", "calls: list_organisations"), "calls"),
    ],
)
def test_a_bad_case_is_refused_with_its_place(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "esr").mkdir()
    path = tmp_path / "esr" / "x.yaml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")

    with pytest.raises(ContractError) as refused:
        load_cases("esr", tmp_path)

    assert any(told in str(fault) and str(path) in str(fault) for fault in refused.value.faults)


def test_a_good_case_is_read_and_each_row_is_a_case(tmp_path: Path) -> None:
    (tmp_path / "esr").mkdir()
    rows = "    each: {columns: [code], rows: {a: 200, b: 404}}\n"
    text = GOOD.replace("status: 200", "status: $code") + rows
    (tmp_path / "esr" / "x.yaml").write_text(text, encoding="utf-8")

    cases = load_cases("esr", tmp_path)

    assert [case.id for case in cases] == ["esr.x.one[a]", "esr.x.one[b]"]
    assert [case.then[0]["status"] for case in cases] == [200, 404]
