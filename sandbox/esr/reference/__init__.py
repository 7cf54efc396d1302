"""The national code lists that the contract uses, and what interfaces write for their codes, as reference data of our own.

The source stands in each list. Which interface codes there are is mostly ours; each says what it rests on.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from sandbox.esr.domain import coded_values
from sandbox.esr.domain.coded_values import CodedList


@cache
def code_lists() -> dict[str, dict[str, Any]]:
    """Every list by its id, as `CodeList` of the contract."""
    interface = {item["codeListId"]: _by_national(item) for item in interface_codes().values()}
    return {
        item["codeListId"]: {
            **item,
            "codes": [
                code | interface.get(item["codeListId"], {}).get(code["code"], {})
                for code in item["codes"]
            ],
        }
        for item in _read("code-lists.json")
    }


@cache
def interface_codes() -> dict[str, dict[str, Any]]:
    """By list: the interface codes, with what each rests on. A list that is not here has none of its own."""
    return {item["codeListId"]: item for item in _read("interface-codes.json")}


@cache
def coded_lists() -> dict[str, CodedList]:
    """Every list by its id, with both kinds of codes."""
    return {name: _coded_list(name) for name in code_lists()}


def interface_code(code_list_id: str, code: str) -> str:
    """What interfaces write for a national code. Raises KeyError for what is none."""
    return coded_values.interface_value(coded_lists()[code_list_id], code)


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


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(files(__name__).joinpath(name).read_bytes())
    return found


def _by_national(item: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By national code: what `Code` of the contract says of the interface's."""
    return {
        row["national"]: {"interfaceCode": row["interface"], "interfaceBasis": row["basis"]}
        for row in item["codes"]
    }


def _coded_list(name: str) -> CodedList:
    retired = retired_by_code()[name]
    own = interface_codes().get(name, {})
    rows = own.get("codes", [{"national": code, "interface": code} for code in retired])
    return CodedList(
        retired,
        interface={row["national"]: row["interface"] for row in rows},
        national={row["interface"]: row["national"] for row in rows},
        not_known=own.get("notKnown"),
        has_local_character=own.get("localCharacter", False),
    )
