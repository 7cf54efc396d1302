"""An answer of ESR as it came, or the fact that none did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

NONE_CAME = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `document` is the JSON object of the body, or None where there was none that could be read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    document: dict[str, Any] | None = None
    reason: str = ""
    """Why no answer came."""

    @property
    def is_success(self) -> bool:
        """Whether ESR has done what it was asked."""
        return 200 <= self.status < 300

    @property
    def etag(self) -> str | None:
        """The version of what was answered."""
        return self.headers.get("etag")

    @property
    def code(self) -> str:
        """The stable code of a refusal; `HTTP_<status>` where none could be read."""
        code = (self.document or {}).get("code")
        return code if isinstance(code, str) and code else f"HTTP_{self.status}"

    @property
    def detail(self) -> str:
        """Why it was refused, for people."""
        detail = (self.document or {}).get("detail")
        return detail if isinstance(detail, str) else f"ESR answered {self.status}."

    @property
    def message_codes(self) -> list[str]:
        """The codes of ESR's messages about an applicant: those of a confirmation, or of the one inside a refusal."""
        document = self.document or {}
        confirmation = document.get("confirmation")
        messages = (confirmation if isinstance(confirmation, dict) else document).get("messages")
        listed = messages if isinstance(messages, list) else []
        codes = [item.get("messageCode") for item in listed if isinstance(item, dict)]
        return [code for code in codes if isinstance(code, str)]

    @property
    def retry_after(self) -> float | None:
        """The seconds that Retry-After asks us to wait, from now on."""
        text = self.headers.get("retry-after", "").strip()
        if text.isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def read_answer(response: httpx.Response) -> Answer:
    """The answer that a response holds; a body that is no JSON object is left out, never an error."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    document = None
    if media_type.endswith("json"):
        try:
            document = response.json()
        except ValueError:
            document = None
    return Answer(response.status_code, headers, document if isinstance(document, dict) else None)
