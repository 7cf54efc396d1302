"""What was replayed, in a sentence for people."""

from collections.abc import Mapping
from typing import Any


def replayed(words: Mapping[str, Any]) -> str:
    """The sentence, from the words that results.json and a certificate have of a replay."""
    limits = ", with limits of its own" if words["ownProfile"] else ""
    pace = f" at {words['factor']:g} times real time" if words["factor"] else ""
    sent = f"; {words['counts']['sent']:,} messages{pace}" if "counts" in words else ""
    dates = "" if words["clock"] == "moved" else ", dates shifted to the day of sending"
    return f"{words['title']} ({words['profile']}{limits}), of {words['applicants']:,} applicants a year{sent}{dates}."
