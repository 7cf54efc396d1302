"""ESR as its contract offers it, for the quiet parts of a replay: looking round, setting up and reading back.

Uses nothing but operations of `openapi/esr/v1`, so that it serves a real ESR test environment as well as the mock.
Calls go one at a time on a kept connection; each thread makes a `Target` of its own.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from loadtests.errors import PlanError, TargetError
from loadtests.pacer import RetryRule
from simulators.credentials import Access, TokenRefused, authorization, refused
from simulators.workspaces import access_to, new_workspace

_UNAUTHORIZED = 401
PAGE = 100
"""Items asked for in one page: the most that the contract allows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` and the parsed body (None where there was none)."""

    status: int
    body: Any
    attempts: int

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str | None:
        """The problem code of a refusal."""
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return code if isinstance(code, str) else None


def retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header, or None where it is missing or is a date (the contract sends seconds)."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


class Target:
    """A client of one ESR, or of what `name` says. `patience` is how long (wall seconds) a call is tried while it is away."""

    def __init__(
        self,
        base_url: str,
        token: Access,
        patience: float = 30.0,
        timeout: float = 30.0,
        name: str = "ESR",
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PlanError(
                f"{base_url!r} is not an address of {name}; give one such as http://127.0.0.1:8080/esr/v1."
            )
        self.base_url = base_url.rstrip("/")
        self._name = name
        self._path = parts.path.rstrip("/")
        self._access = token
        self._rule = RetryRule(give_up_after=patience)
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            self._connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=timeout
            )

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The body of a read. Raises `TargetError` for anything but 200."""
        answer = self.call("GET", f"{path}?{urlencode(query)}" if query else path)
        if answer.status != 200:
            raise TargetError(
                f"{self._name} answered GET {self.base_url}{path} with {answer.status}{_because(answer)}."
            )
        return answer.body

    def move_clock(self, setting: Mapping[str, Any]) -> None:
        """Set the clock of a sandbox's workspace, to `setting` with its `at`, and wait until the world is quiet there.

        Raises `TargetError` when it is refused.
        """
        # A replay that goes on finds the clock where it was left; it never goes backwards.
        stands = self.get("/clock")["now"]
        if datetime.fromisoformat(stands) >= datetime.fromisoformat(setting["at"]):
            setting = {key: value for key, value in setting.items() if key != "at"}
        self._act("PUT", "/clock", setting)
        while not self.settle():
            pass

    def settle(self) -> bool:
        """Wait until nothing that is due is undone in the world, for half a minute; False when something still is."""
        waiting = self._act("POST", "/settle", {"timeoutSeconds": 30})
        return not (isinstance(waiting, dict) and waiting.get("settled") is False)

    def create_workspace(
        self, name: str, clock: Mapping[str, Any], operator: Access | None
    ) -> Access:
        """A new workspace whose clock begins at a moment of its own, for a load run; returns the access to it.

        Raises `PlanError` where there is one of that name, `TargetError` when it is refused.
        """
        about = new_workspace(name, operator, journalDetail="LEDGER", clock=clock)
        created = self.call("POST", "/workspaces", json.dumps(about).encode())
        if created.status == 409:
            raise PlanError(
                f"The sandbox already holds workspace {name} of this very replay. "
                "Take another seed, go on with that replay's ledger, or start the sandbox afresh."
            )
        self._prove_done(created, "POST", "/workspaces")
        return access_to(created.body)

    def seed(self, seed: int, organisations: int, positions: int) -> None:
        """Fill the workspace with a world. Raises `TargetError` when it is refused."""
        sizes = {"organisations": organisations, "positionsPerOrganisation": positions}
        self._act("POST", "/seed", {"seed": seed, **sizes})

    def _act(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        answer = self.call(method, path, json.dumps(body).encode())
        self._prove_done(answer, method, path)
        return answer.body

    def _prove_done(self, answer: Answer, method: str, path: str) -> None:
        if not answer.ok:
            raise TargetError(
                f"The sandbox answered {method} {self.base_url}{path} with {answer.status}{_because(answer)}."
            )

    def pages(
        self, path: str, items: str, query: Mapping[str, str | int] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every item of a paged list, page after page. `items` is the property that holds them."""
        asked: dict[str, str | int] = {**(query or {}), "limit": PAGE}
        while True:
            page = self.get(path, asked)
            if not isinstance(page, dict) or not isinstance(page.get(items), list):
                raise TargetError(
                    f"{self._name} answered GET {self.base_url}{path} without a list of {items}."
                )
            yield from page[items]
            following = page.get("next")
            if not following or page.get("more") is False:
                return
            if asked.get("cursor") == following:
                raise TargetError(
                    f"The pages of {self.base_url}{path} do not end: the cursor stays {following!r}."
                )
            asked["cursor"] = following

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call, tried again by the contract's rule while ESR is away. Raises `TargetError` when it stays away."""
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        started = time.monotonic()
        attempts = 0
        while True:
            attempts += 1
            sent["Authorization"] = shown = self._shown()
            status, content, pause, trouble = self._attempt(method, self._path + path, body, sent)
            if status == _UNAUTHORIZED and attempts == 1 and refused(self._access, shown):
                continue
            wait = self._rule.wait(status, attempts, time.monotonic() - started, pause)
            if wait is not None:
                time.sleep(wait)
                continue
            if status == 0:
                raise TargetError(
                    f"{self._name} does not answer at {self.base_url} ({trouble}); is it running there?"
                )
            return Answer(status, _parse(content), attempts)

    def _shown(self) -> str:
        try:
            return authorization(self._access)
        except TokenRefused as refusal:
            raise TargetError(str(refusal)) from refusal

    def _attempt(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, float | None, str]:
        try:
            self._connection.request(method, path, body=body, headers=headers)
            response = self._connection.getresponse()
            return (
                response.status,
                response.read(),
                retry_after(response.getheader("Retry-After")),
                "",
            )
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 0, b"", None, str(error) or type(error).__name__


def _parse(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return None


def _because(answer: Answer) -> str:
    detail = answer.body.get("detail") if isinstance(answer.body, dict) else None
    return f": {str(detail).rstrip('.')}" if detail else ""
