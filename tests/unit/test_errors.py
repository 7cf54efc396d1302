"""Codes: documented one for one, and no example of a contract shows one that does not exist."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.contracts import load_contract
from sandbox.errors import Code, Place, Refusal, not_found, status_of

ROOT = Path(__file__).parents[2]
DOCUMENTED = yaml.safe_load((ROOT / "openapi/components/problem-codes.yaml").read_text("utf-8"))[
    "problemCodes"
]
CONTRACTS = ("esr", "nhs-jobs", "receiver", "driver", "control")


def test_the_documented_codes_and_statuses_are_those_of_the_program() -> None:
    documented = {item["code"]: item["status"] for item in DOCUMENTED}

    assert documented == {str(code): status_of(code) for code in Code}
    assert len(documented) == len(DOCUMENTED)


def test_each_code_says_what_it_means_and_what_to_do() -> None:
    for item in DOCUMENTED:
        assert item.keys() == {"code", "status", "title", "meaning", "whatToDo"}, item["code"]
        assert not item["title"].endswith("."), item["code"]
        for name in ("meaning", "whatToDo"):
            assert item[name].endswith("."), item["code"]
            assert len(item[name]) > 20, item["code"]


def codes_of(value: Any) -> Iterator[str]:
    """The codes of every problem and message in a value."""
    if isinstance(value, dict):
        if "status" in value and isinstance(value.get("code"), str):
            yield value["code"]
        if isinstance(value.get("messageCode"), str):
            yield value["messageCode"]
        for item in value.values():
            yield from codes_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from codes_of(item)


def examples_of(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name in ("example", "examples"):
                yield item
            else:
                yield from examples_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from examples_of(item)


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_code_in_an_example_exists_and_has_its_status(name: str) -> None:
    shown = set()
    for example in examples_of(load_contract(name).document):
        shown |= set(codes_of(example))
        for item in example.values() if isinstance(example, dict) else []:
            problem = item.get("value") if isinstance(item, dict) else None
            if isinstance(problem, dict) and "code" in problem and "status" in problem:
                assert problem["status"] == status_of(Code(problem["code"]))

    assert shown <= {str(code) for code in Code}
    assert shown


def test_a_refusal_is_a_problem_with_its_code_its_places_and_no_more_than_the_contract_allows() -> (
    None
):
    places = tuple(Place("body", f"/{number}", "x" * 600) for number in range(150))

    problem = Refusal(Code.CONTRACT_VIOLATION, "y" * 2000, places=places).document("/esr/v1/x")

    assert problem["status"] == 400
    assert problem["title"] == "Bad Request"
    assert problem["code"] == "CONTRACT_VIOLATION"
    assert problem["instance"] == "/esr/v1/x"
    assert len(problem["detail"]) == 1000
    assert len(problem["errors"]) == 100
    assert len(problem["errors"][0]["detail"]) == 500


@pytest.mark.parametrize(
    ("status", "title"), [(413, "Content Too Large"), (422, "Unprocessable Content")]
)
def test_titles_are_those_of_rfc_9110_on_every_python(status: int, title: str) -> None:
    [code, *_] = [code for code in Code if status_of(code) == status]

    assert Refusal(code, "").document("/")["title"] == title


def test_what_is_not_there_is_told_by_its_noun() -> None:
    refusal = not_found("applicant", "10000001")

    assert (refusal.status, refusal.detail) == (404, "There is no applicant 10000001.")
