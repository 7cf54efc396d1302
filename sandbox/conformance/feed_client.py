"""How a feed reaches its target: over HTTP, each write under a request id that follows from the run."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

import httpx

from sandbox.conformance.world_feed import FeedExhaustedError
from simulators.credentials import Access, BearerAuth, TokenRefused

EMPLOYER = "NHSD-End-User-Organisation-ODS"
CHECK_TYPES = (
    "identity",
    "right-to-work",
    "registration-and-qualifications",
    "employment-history-and-references",
    "dbs",
    "work-health-assessment",
    "alert-notice",
)
CHECK = {"state": "IN_PROGRESS", "requestedDate": "2026-03-02"}
"""An update that starts a check of any type."""
_NAMESPACE = UUID("3c0b8f2e-91d4-5a0f-8a77-6f1d2c3b4a59")


class FeedClient:
    """A client of one API for one run, and the run's counter."""

    def __init__(self, base_url: str, access: Access, run_id: str) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            auth=BearerAuth(access),
            timeout=30,
            trust_env=False,
        )
        self._run_id = run_id
        self.count = 0

    @property
    def first_person(self) -> int:
        """Where this run's people begin: another place for every run, so that a world can be fuzzed again and again."""
        return int.from_bytes(uuid5(_NAMESPACE, self._run_id).bytes[:2], "big") * 100

    def reference(self, letter: str) -> str:
        """A supplier reference that no other thing has."""
        self.count += 1
        return f"{self._run_id[:8]}-{letter}{self.count}"

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> httpx.Response:
        """Reads. Raises FeedExhaustedError when the target does not answer well."""
        return self._send("GET", path, query=query)

    def pages(self, path: str, name: str) -> list[dict[str, Any]]:
        """Every item of a list."""
        items: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"limit": 100}
        while True:
            page = self.get(path, query).json()
            items += page[name]
            if not page["more"]:
                return items
            query["cursor"] = page["next"]

    def write(
        self, method: str, path: str, body: Any = None, employer: str | None = None
    ) -> dict[str, Any]:
        """Writes; answers the body. Raises FeedExhaustedError when the target refuses."""
        answer = self._send(method, path, body=body, employer=employer)
        return dict(answer.json()) if answer.content else {}

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        employer: str | None = None,
    ) -> httpx.Response:
        self.count += 1
        headers = {"X-Request-ID": str(uuid5(_NAMESPACE, f"{self._run_id}/{self.count}"))}
        if employer:
            headers[EMPLOYER] = employer
        try:
            answer = self._client.request(
                method, path, params=dict(query or {}), json=body, headers=headers
            )
        except (httpx.HTTPError, TokenRefused) as problem:
            raise FeedExhaustedError(f"{method} {path} was not answered: {problem}") from problem
        if answer.status_code >= 300:
            raise FeedExhaustedError(
                f"{method} {path} was answered with {answer.status_code}: {answer.text[:300]}"
            )
        return answer
