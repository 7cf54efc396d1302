"""A workspace of the sandbox for a rehearsal: its clock stands still until it is moved, from hour to hour."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from sandbox.timestamps import from_text, to_text
from simulators.credentials import Access
from simulators.workspaces import access_to, as_operator, new_workspace

_SETTLE_SECONDS = 300


class SandboxFails(Exception):
    """The sandbox does not do what a rehearsal needs of it; the message says what."""


@dataclass(frozen=True, slots=True)
class WorldSize:
    """How large a world is."""

    employers: int
    positions: int
    """Of each employer."""


class Tenant:
    """A workspace, through the sandbox's own powers."""

    def __init__(self, url: str, name: str, operator: Access | None = None) -> None:
        """`operator` is what the sandbox's powers ask for, where they do."""
        self.name = name
        self._operator = operator
        self._client = httpx.Client(base_url=url, timeout=_SETTLE_SECONDS + 60, trust_env=False)
        self._control = f"/w/{name}/control/v1"
        self.access: Access = ""

    def close(self) -> None:
        """Lets the connection go."""
        self._client.close()

    def make(self, at: datetime, seed: int, size: WorldSize) -> None:
        """Makes the workspace with its clock at `at`, and its world. Raises SandboxFails."""
        made = self._ask(
            "POST",
            "/control/v1/workspaces",
            new_workspace(self.name, self._operator, journalDetail="LEDGER"),
        )
        self.access = access_to(made)
        self._ask("PUT", f"{self._control}/clock", {"mode": "FROZEN", "at": to_text(at)})
        wanted = {
            "seed": seed,
            "organisations": size.employers,
            "positionsPerOrganisation": size.positions,
        }
        self._ask("POST", f"{self._control}/seed", wanted)

    def advance(self, to: datetime) -> float:
        """Moves the clock and waits until all that fell due is done; answers when it began, in seconds since the epoch.

        Raises SandboxFails.
        """
        began = time.time()
        self._ask("POST", f"{self._control}/clock/advance", {"to": to_text(to)})
        settled = self._ask("POST", f"{self._control}/settle", {"timeoutSeconds": _SETTLE_SECONDS})
        now = from_text(self._ask("GET", f"{self._control}/clock")["now"])
        if not settled["settled"] or now != to:
            raise SandboxFails(
                f"The clock of workspace {self.name} did not come to {to_text(to)}: {settled['waiting'][:3]}"
            )
        return began

    def switch(self, ods_code: str, interfaces: Mapping[str, bool]) -> None:
        """Switches doors of an employer. Raises SandboxFails."""
        path = f"{self._control}/esr/organisations/{ods_code}/change"
        self._ask("POST", path, {"interfaces": dict(interfaces)})

    def files(self, ods_code: str) -> list[dict[str, Any]]:
        """The files that came from an employer's supplier, with what became of each. Raises SandboxFails."""
        found: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"odsCode": ods_code, "direction": "IN", "limit": 100}
        while True:
            page = self._ask("GET", f"{self._control}/esr/files", query=query)
            found += page["files"]
            if not page["more"]:
                return found
            query["cursor"] = page["next"]

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Any:
        try:
            shown = as_operator(self._operator)
            answer = self._client.request(method, path, json=body, params=query, headers=shown)
        except httpx.HTTPError as problem:
            raise SandboxFails(
                f"{method} {path} was not answered ({type(problem).__name__})."
            ) from problem
        if answer.status_code >= 300:
            raise SandboxFails(
                f"{method} {path} was answered {answer.status_code}: {answer.text[:300]}"
            )
        return answer.json()
