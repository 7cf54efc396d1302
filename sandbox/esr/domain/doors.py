"""The two doors of ESR, and which of them an employer has open: one, the other, or both while it changes over."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Door(StrEnum):
    """Through what something came in."""

    API = "API"
    FILES = "FILES"


API, FILES = Door.API, Door.FILES
_FLAGS: Mapping[str, str] = {API: "api", FILES: "files"}


def door_is_open(organisation: Mapping[str, Any], door: str) -> bool:
    """Whether the employer writes through the door; reading is never refused."""
    return bool(organisation["interfaces"].get(_FLAGS[door], True))
