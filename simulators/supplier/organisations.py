"""The employers as ESR has them: what each has switched on decides what may be sent for it."""

import time
from typing import Any
from urllib.parse import quote

from simulators.supplier.answers import Answer
from simulators.supplier.connection import Connection
from simulators.supplier.settings import Settings


class Organisations:
    """Reads employers at ESR, and believes what it read for as long as the settings say."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        self._connection = connection
        self._known: dict[str, tuple[float, dict[str, Any] | None]] = {}

    async def read(self, ods_code: str) -> tuple[dict[str, Any] | None, Answer | None]:
        """The employer, or None where ESR knows none; and the answer in place of it, where ESR gave no definite one."""
        read_at, held = self._known.get(ods_code, (0.0, None))
        if read_at and time.monotonic() - read_at < self._settings.organisation_seconds:
            return held, None
        answer = await self._connection.get(f"/organisations/{quote(ods_code, safe='')}")
        if answer.is_success and answer.document is not None:
            found: dict[str, Any] | None = answer.document
        elif answer.status == 404:
            found = None
        else:
            return None, answer
        self._known[ods_code] = (time.monotonic(), found)
        return found, None

    def forget(self, ods_code: str) -> None:
        """Has the employer read again: ESR has just said that things have changed."""
        self._known.pop(ods_code, None)
