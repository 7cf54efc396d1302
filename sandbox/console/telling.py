"""How an exchange is told to people: who asked whom for what, when, and what came of it."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.console.words import milliseconds, moment, time_of_day
from sandbox.contracts import Contract
from sandbox.contracts.bundle import operations
from sandbox.identity.bearer import ANYBODY

SYSTEMS: Mapping[str, str] = {
    "esr": "ESR",
    "nhs-jobs": "NHS Jobs",
    "receiver": "the receiver of NHS Jobs",
    "control": "the control API",
    "identity": "the token endpoint",
}
"""By the name of a contract: who answers by it."""
HOURLY_FILE = "hourly_file"
"""The operation of a file that went through the hub; no contract has it."""


class Telling:
    """Tells exchanges of one sandbox in words."""

    def __init__(self, contracts: Iterable[Contract], own_urls: Iterable[str]) -> None:
        """`own_urls` are the addresses under which the sandbox reaches itself."""
        self._summaries = {
            item["operationId"]: str(item["summary"])
            for contract in contracts
            for _, _, item in operations(contract.document)
        }
        self._bases = {contract.base_path: contract.name for contract in contracts}
        self._own_urls = tuple(f"{url.rstrip('/')}/" for url in own_urls)

    def row(self, row: Mapping[str, Any], workspace: str) -> dict[str, Any]:
        """What a list shows of an exchange; `row` has the journal's columns."""
        return {
            "id": row["exchange_id"],
            "address": f"/console/w/{workspace}/traffic/{row['exchange_id']}",
            "time": time_of_day(row["started_at"]),
            "moment": moment(row["started_at"]),
            "world": moment(row["world_time"]),
            "way": self.way(row, workspace),
            "what": self.what(row),
            "call": f"{row['method']} {row['path']}",
            "applicant": row["applicant_number"] or "",
            "status": row["status"],
            "says": outcome(row["status"]),
            "took": milliseconds(row["duration_ms"]),
        }

    def way(self, row: Mapping[str, Any], workspace: str) -> str:
        """`client supplier → ESR`."""
        return f"{self.asker(row, workspace)} → {self.asked(row)}"

    def asker(self, row: Mapping[str, Any], workspace: str) -> str:
        """Who called."""
        if row["direction"] == "OUT":
            return SYSTEMS.get(row["system"], row["system"])
        if row["operation_id"] == HOURLY_FILE:
            return "supplier, by file"
        if row["client"] == f"nhs-jobs-{workspace}":
            return "NHS Jobs"
        if row["client"] and row["client"] != ANYBODY:
            return f"client {row['client']}"
        if row["system"] == "receiver":
            return "ESR"
        return "a test or a person" if row["system"] == "control" else "somebody without a token"

    def asked(self, row: Mapping[str, Any]) -> str:
        """Who was called."""
        if row["direction"] == "IN":
            return SYSTEMS.get(row["system"], row["system"])
        if row["operation_id"] == HOURLY_FILE:
            return "supplier, by file"
        inside = self._inside(row["path"])
        if inside is not None:
            return SYSTEMS[inside]
        return f"receiver at {urlsplit(row['path']).netloc}"

    def what(self, row: Mapping[str, Any]) -> str:
        """What was asked for."""
        operation = row["operation_id"]
        if operation == HOURLY_FILE:
            return "A file of the hourly interface"
        if operation in self._summaries:
            return self._summaries[operation]
        if row["direction"] == "OUT":
            is_event = row["system"] == "esr"
            return "Delivery of an event" if is_event else "A call between the two systems"
        return "No operation of the contract"

    def _inside(self, url: str) -> str | None:
        """Whose contract an address of the sandbox's own belongs to."""
        if not url.startswith(self._own_urls):
            return None
        path = urlsplit(url).path
        if path.startswith("/w/"):
            path = "/" + path.split("/", 3)[-1]
        return next((name for base, name in self._bases.items() if path.startswith(base)), None)


def outcome(status: int) -> str:
    """A status in a word."""
    if not status:
        return "no answer"
    if status < 300:
        return "done"
    if status < 400:
        return "elsewhere"
    return "refused" if status < 500 else "failed"
