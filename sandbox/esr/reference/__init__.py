"""The national code lists that the contract uses, as reference data of our own (source in each list)."""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@cache
def code_lists() -> dict[str, dict[str, Any]]:
    """Every list by its id, as `CodeList` of the contract."""
    text = files(__name__).joinpath("code-lists.json").read_bytes()
    return {item["codeListId"]: item for item in orjson.loads(text)}


@cache
def retired_by_code() -> dict[str, dict[str, bool]]:
    """By list: code → whether it is retired."""
    return {
        name: {code["code"]: code["retired"] for code in item["codes"]}
        for name, item in code_lists().items()
    }


def current_codes(code_list_id: str) -> frozenset[str]:
    """The codes of a list that are not retired. Raises KeyError for an unknown list."""
    return frozenset(
        code for code, retired in retired_by_code()[code_list_id].items() if not retired
    )
