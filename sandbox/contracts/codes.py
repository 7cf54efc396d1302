"""What each code of a refusal or of a message means to a supplier, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sandbox.contracts.library import contracts_folder
from sandbox.contracts.sources import read_source


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code of `openapi/components/problem-codes.yaml`."""

    code: str
    title: str
    meaning: str
    what_to_do: str


@cache
def meanings() -> Mapping[str, Meaning]:
    """By code. Raises ContractError where the file cannot be read."""
    source = read_source(contracts_folder() / "components" / "problem-codes.yaml")
    return {
        item["code"]: Meaning(item["code"], item["title"], item["meaning"], item["whatToDo"])
        for item in source.value["problemCodes"]
    }
