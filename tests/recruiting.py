"""A recruiter at the example supplier, as a test is one: gives orders to its driver, and looks at what it shows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from harness import Workspace

from simulators.supplier import Office, Policies, Settings, Supplier, running_supplier

_PATIENCE = 30.0
_NOT_OFFERED = ("recruitmentSource", "previousEmployer", "endDate")


@dataclass
class Recruiter:
    """Gives orders to a supplier by its inbound driver."""

    supplier: Supplier

    def __post_init__(self) -> None:
        self.driver = httpx.Client(
            base_url=self.supplier.driver_url,
            headers={"Authorization": f"Bearer {self.supplier.settings.driver_token}"},
            timeout=30,
            trust_env=False,
        )

    def order(self, hook: str, action_id: str | None = None, **arguments: Any) -> dict[str, Any]:
        """The outcome of an order, whatever it is."""
        order = {"actionId": action_id or str(uuid4()), "hook": hook, "arguments": arguments}
        answer = self.driver.post("/actions", json=order)
        assert answer.status_code in (200, 202), answer.text
        return dict(answer.json())

    def act(self, hook: str, **arguments: Any) -> dict[str, Any]:
        """The result of an order that is done."""
        outcome = self.order(hook, **arguments)
        assert outcome["state"] == "DONE", outcome
        return dict(outcome["result"])

    def view(self, reference: str) -> dict[str, Any]:
        return self.act("REPORT_VIEW", supplierReference=reference)

    def until(self, reference: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The view of an application once it is as it is waited for."""
        view: dict[str, Any] = {}

        def looked() -> bool:
            nonlocal view
            view = self.view(reference)
            return condition(view)

        until(looked, lambda: f"the view stays {view}")
        return view

    def all_sent(self, reference: str) -> dict[str, Any]:
        return self.until(reference, lambda view: view["unsent"] == 0)


def until(condition: Callable[[], bool], otherwise: Callable[[], str] = lambda: "never") -> None:
    """Waits until the condition holds; fails when it never does."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, otherwise()
        threading.Event().wait(0.02)


def settings_for(workspace: Workspace, **more: Any) -> Settings:
    """What a supplier of a workspace is told."""
    waits: dict[str, Any] = {"first_wait_seconds": 0.05, "longest_wait_seconds": 1.0}
    return Settings(f"{workspace.url}/esr/v1", workspace.token, **{**waits, **more})


@contextmanager
def recruiting(
    workspace: Workspace,
    policies: type[Policies] = Policies,
    office: type[Office] | None = None,
    **more: Any,
) -> Iterator[Recruiter]:
    """A recruiter at a supplier that runs while the block does."""
    with running_supplier(settings_for(workspace, **more), policies, office) as supplier:
        recruiter = Recruiter(supplier)
        with recruiter.driver:
            yield recruiter


def offer(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """The arguments of START_OFFER for the next applicant whom nobody knows, the offer not yet answered."""
    sent = workspace.submission()
    for name in (*_NOT_OFFERED, "offerAcceptedDate", "dataSharingConsent"):
        sent.pop(name, None)
    position = workspace.world.position_by_id[sent["positionId"]]
    start = workspace.world.today + timedelta(days=42)
    return {**sent, "odsCode": position["odsCode"], "startDate": start.isoformat(), **changes}


def acceptance(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ACCEPT_OFFER for an offer."""
    return {
        "supplierReference": arguments["supplierReference"],
        "offerAcceptedDate": arguments["offerDate"],
    }


def exchanges(workspace: Workspace, operation: str) -> list[dict[str, Any]]:
    """The exchanges of one operation that ESR's journal has, oldest first."""
    found, cursor = [], {}
    while True:
        page = workspace.control.get("/exchanges", params={"limit": 100, **cursor}).json()
        found += [item for item in page["exchanges"] if item.get("operationId") == operation]
        if not page["more"]:
            return [
                dict(workspace.control.get(f"/exchanges/{item['exchangeId']}").json())
                for item in found
            ]
        cursor = {"cursor": page["next"]}


def fault(workspace: Workspace, **wanted: Any) -> None:
    """Has ESR fail."""
    answer = workspace.control.post("/faults", json={"system": "esr", **wanted})
    assert answer.status_code == 201, answer.text


def applicants(workspace: Workspace) -> list[dict[str, Any]]:
    """All that ESR holds."""
    return workspace.walk("/applicants")[0]
