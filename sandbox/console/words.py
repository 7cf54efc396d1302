"""How the pages say things: moments, numbers and lengths of time in words."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape


def moment(text: str | None) -> str:
    """`2026-11-26T10:47:10Z` as `26 November 2026, 10:47:10 UTC`."""
    if not text:
        return "never"
    at = datetime.fromisoformat(text)
    return f"{at.day} {at:%B %Y, %H:%M:%S} UTC"


def day(text: str | None) -> str:
    """`2026-11-26` as `26 November 2026`."""
    if not text:
        return ""
    at = datetime.fromisoformat(text)
    return f"{at.day} {at:%B %Y}"


def time_of_day(text: str) -> str:
    """The time of day of a moment, with milliseconds where it has any."""
    at = datetime.fromisoformat(text)
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}" if at.microsecond else f"{at:%H:%M:%S}"


def number(value: float) -> str:
    """`1234567` as `1,234,567`."""
    return f"{value:,}"


def milliseconds(value: float) -> str:
    """A length of time in milliseconds, as short as it can be told."""
    return f"{value / 1000:,.1f} s" if value >= 10_000 else f"{value:,.1f} ms"


def words(value: str) -> str:
    """`submit_applicant` or `ACTIVE_APPLICATION` as words."""
    return value.replace("_", " ").replace("-", " ").lower()


def coded(text: str) -> Markup:
    """A text of a contract, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # nosec B704  # noqa: S704


def span(value: timedelta) -> str:
    """A length of time in minutes and seconds: `9 minutes 5 seconds`."""
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    told = [(minutes, "minute"), (seconds, "second")]
    return " ".join(
        f"{count:,} {noun}{'' if count == 1 else 's'}"
        for count, noun in told
        if count or noun == "second"
    )


def last_answer(text: str | None) -> str:
    """What came back to a message, as the outbox keeps it (`401 {"detail": "…`, cut after 200 bytes): the problem's own sentence
    in place of JSON, and no 0 where no answer came.
    """
    status, _, said = (text or "").strip().partition(" ")
    if said.startswith(("{", "[")):
        # What is cut may end within an escape.
        found = re.search(r'"detail"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)("?)', said)
        detail = json.loads(f'"{found[1]}"', strict=False) if found else ""
        said = f"{detail.rstrip()}…" if detail and found and not found[2] else detail
    told = (status if status != "0" else "", said)
    return ": ".join(part for part in told if part) or "none"


def capitalise(value: str) -> str:
    """The text with a capital at its beginning; the rest stays as it is."""
    return value[:1].upper() + value[1:]


FILTERS: Mapping[str, Callable[[Any], str]] = {
    "moment": moment,
    "day": day,
    "time_of_day": time_of_day,
    "number": number,
    "milliseconds": milliseconds,
    "words": words,
    "coded": coded,
    "span": span,
    "capitalise": capitalise,
}
