"""How a supplier's test system and the sandbox that is its ESR are reached, and what a replay is asked to do with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadtests.results import ReplayPlan


@dataclass(frozen=True, slots=True)
class SupplierAccess:
    """A supplier's test system, connected to one workspace of a sandbox."""

    control_url: str
    """The control API of that workspace, for instance http://127.0.0.1:8080/w/acme/control/v1."""
    driver_url: str
    """The base of the driver contract at the supplier; its driver is inbound."""
    driver_token: str = field(repr=False)
    receiver_url: str | None = None
    """The base of the receiver contract at the supplier: subscribed for it where it has no subscription of its own."""


@dataclass(frozen=True, slots=True)
class SupplierPlan:
    """A replay through a supplier's system, as asked for."""

    replay: ReplayPlan
    """`base_url` is ESR in the supplier's workspace, `token` the supplier's own, `world` what the workspace holds or, where
    it is empty, is filled with; `sandbox_url` is None, for a supplier lives in wall time."""
    access: SupplierAccess
