"""The national code lists, as the contract's `CodeList` objects.

Source: NHS Data Model and Dictionary, National Workforce Data Set 3.6.0 (DAPB1067),
https://github.com/NHSDigital/DataDictionaryPublication at commit 6db0e3673 (19 May 2026). Codes and
labels only; the capitals with which the dictionary marks its links are undone, and headings that
are not codes are left out.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

CodeList = Mapping[str, Any]


@lru_cache(maxsize=1)
def code_lists() -> tuple[CodeList, ...]:
    """Every code list: codeListId, title, source, codes [{code, label, retired}]."""
    return tuple(json.loads((files(__package__) / "code_lists.json").read_text("utf-8")))


@lru_cache(maxsize=32)
def current_codes(code_list_id: str) -> frozenset[str]:
    """The codes of a list that are not retired. Raises KeyError for an unknown list."""
    codes = {each["codeListId"]: each["codes"] for each in code_lists()}[code_list_id]
    return frozenset(code["code"] for code in codes if not code["retired"])
