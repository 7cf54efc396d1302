"""The national code lists."""

from typing import Any

from sandbox.errors import not_found
from sandbox.esr.reference import code_lists


def list_code_lists() -> dict[str, Any]:
    """The `CodeListIndex`."""
    return {
        "codeLists": [
            {"codeListId": item["codeListId"], "title": item["title"]}
            for item in code_lists().values()
        ]
    }


def read_code_list(code_list_id: str) -> dict[str, Any]:
    """The `CodeList`. Raises Refusal NOT_FOUND."""
    found = code_lists().get(code_list_id)
    if found is None:
        raise not_found("code list", code_list_id)
    return found
