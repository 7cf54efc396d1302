"""The confirmation of a file: which file it answers, then what became of each row, with its messages.

    FIL~ER_901_APP_20300101_00000007.DAT~LOADED
    APC~1~APA~SUCCESS~C9123-1~901-C9123~90000123~10000017~20000017
    MSG~1~WARNING~NI_NUMBER_ABSENT~There is no National Insurance number, ...~/person/niNumber

After the applicant confirmation of the public interface for doctors in training: the ordinal of the row, SUCCESS or
FAIL, the numbers that ESR gave only with SUCCESS, messages of type ERROR, WARNING or INFO.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.esr.files.rows import fitting, write_row
from sandbox.rules import ERROR

LOADED, REJECTED = "LOADED", "REJECTED"


def confirmation_rows(
    confirmed_by: str, name: str, outcomes: Iterable[dict[str, Any]]
) -> list[str]:
    """The rows that tell of a file that was loaded."""
    rows = [write_row("FIL", {"name": name, "result": LOADED})]
    for outcome in outcomes:
        rows.append(write_row(confirmed_by, outcome))
        rows.extend(_message(outcome["ordinal"], message) for message in outcome["messages"])
    return rows


def rejection_rows(name: str, code: str, text: str) -> list[str]:
    """The rows that tell of a file that was set aside."""
    message = {"messageType": ERROR, "messageCode": code, "messageText": text}
    return [write_row("FIL", {"name": name, "result": REJECTED}), _message(0, message)]


def _message(ordinal: int, message: dict[str, Any]) -> str:
    # An empty pointer is none.
    held = {name: value for name, value in message.items() if value != ""}
    return write_row("MSG", fitting({**held, "ordinal": ordinal}))
