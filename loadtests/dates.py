"""Moves the dates of a message to the day on which it is really sent, for an ESR whose clock cannot be moved.

ESR takes an applicant whose start lies within its send window, and a check whose dates are not in the future. So
every date of a message moves by as many days as lie between the year's day and the day of sending; what is one of the
person's own, the date of birth, stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_STAYS = frozenset({"dateOfBirth"})


def shifted_to(sent_on: date, body: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The body of a message of `day` as it reads when sent on `sent_on`.

    >>> shifted_to(date(2027, 3, 1), {"startDate": "2026-06-08"}, date(2026, 5, 1))
    {'startDate': '2027-04-08'}
    """
    moved = _moved(body, sent_on - day)
    assert isinstance(moved, dict)
    return moved


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, Mapping):
        return {key: each if key in _STAYS else _moved(each, by) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_moved(each, by) for each in value]
    if isinstance(value, str) and _DATE.fullmatch(value):
        return (date.fromisoformat(value) + by).isoformat()
    return value
