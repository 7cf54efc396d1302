"""The inbound driver: the suite calls the hooks that the subject offers (`perform_action` of the contract `driver`)."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from sandbox.conformance.driving.driver import NO_ANSWER, Outcome
from sandbox.conformance.driving.reading import RUNNING, outcome_of

_LARGEST_ANSWER = 262_144
_PATIENCE_SECONDS = 15.0
_LOOK_SECONDS = 0.05


class InboundDriver:
    """A subject whose driver can be called. Bounded in time and size, whatever it answers."""

    def __init__(
        self, url: str, token: str, client: httpx.Client, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = client
        self._patience = patience

    def perform(self, hook: str, arguments: Mapping[str, Any], say: str = "") -> Outcome:  # noqa: ARG002
        """Gives the order and waits until it is over, or for the time to be up."""
        action = str(uuid4())
        deadline = time.monotonic() + self._patience
        body = {"actionId": action, "hook": hook, "arguments": dict(arguments)}
        outcome = self._asked("POST", f"{self._url}/actions", body, deadline)
        while outcome.state == RUNNING:
            if time.monotonic() >= deadline:
                return Outcome(NO_ANSWER, reason=f"{hook} was not over after {self._patience:g} s")
            time.sleep(_LOOK_SECONDS)
            outcome = self._asked("GET", f"{self._url}/actions/{action}", None, deadline)
        return outcome

    def _asked(self, method: str, address: str, body: Any, deadline: float) -> Outcome:
        left = max(0.5, deadline - time.monotonic())
        content = bytearray()
        try:
            with self._client.stream(
                method, address, json=body, headers=self._headers, timeout=left
            ) as answer:
                for part in answer.iter_raw():
                    content += part
                    if len(content) > _LARGEST_ANSWER:
                        return Outcome(NO_ANSWER, reason="the driver's answer does not end")
                    if time.monotonic() > deadline:
                        return Outcome(NO_ANSWER, reason="the driver's answer came too slowly")
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return Outcome(NO_ANSWER, reason=f"{type(problem).__name__}: {problem}")
        if status not in (200, 202):
            return Outcome(NO_ANSWER, reason=f"{address} was answered {status}")
        return outcome_of(bytes(content))
