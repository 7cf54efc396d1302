"""The orders of a sending process, what it and its workers tell each other, and what is read of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import simulators
from loadtests.plan import Plan, Scope, Vacancy
from loadtests.supplier.access import SupplierAccess
from loadtests.supplier.actions import SupplierActions
from simulators.credentials import Access, authorization, read, written

ORDERS_VARIABLE = "ESR_SANDBOX_REPLAY"
"""The environment variable that holds the path of the orders; a worker of another machine has none."""
SEED_VARIABLE = "ESR_SANDBOX_REPLAY_SEED"
"""The environment variable that holds the seed for which a worker was started, where it was told one."""

PIPE_VARIABLE = "ESR_SANDBOX_REPLAY_PIPE"
"""The environment variable that holds the file descriptor that reads as ended when the process that started it is gone."""

BEGIN, SEND, FINISH = "replay-begin", "replay-send", "replay-finish"
"""What the lead tells its senders: their share, or why they get none; a stretch to send; to end when all is answered."""
HERE, READY, SENT, LINES, FINISHED, BROKEN = (
    "replay-here",
    "replay-ready",
    "replay-sent",
    "replay-lines",
    "replay-finished",
    "replay-broken",
)
"""What a sender tells its lead: that it is there; that it is ready; that a stretch is sent; ledger lines; its end; why it
cannot go on."""


@dataclass(frozen=True, slots=True)
class SendingOrders:
    """Everything the sending processes need."""

    base_url: str
    """Of ESR."""
    token: Access = field(repr=False)
    scope: Scope
    vacancies: tuple[Vacancy, ...]
    ledger: Path
    """Where the lead appends; also read once, for what an earlier run of the same replay has done."""
    by_hour: dict[int, int]
    """Messages of the plan by the hour (seconds since the epoch) in which they are intended."""
    caught_up: int
    """Messages of the time before the window, sent first."""
    factor: float
    """Simulated seconds per second: throughout, or of an hour that need not be stretched."""
    share_of_capacity: float | None
    """Given, idle time is skipped and no hour sends more than this share of what the target was seen to take."""
    connections: int
    answer_timeout_seconds: float
    retry_for_seconds: float
    control_url: str | None = None
    """Of the sandbox's control API, where there is one: there the workspace's clock is moved."""
    events_to: str | None = None
    """Where a receiver awaits the events of what is sent in the window; it is subscribed when the window begins."""
    senders: int = 1
    """How many processes send."""

    supplier: SupplierAccess | None = None
    """Given, what a recruitment system does is given to this supplier's driver."""

    @property
    def target(self) -> str:
        """Whom messages go to: ESR's address, or that of the supplier's driver."""
        return self.base_url if self.supplier is None else self.supplier.driver_url

    def plan(self) -> Plan:
        """The messages to send."""
        plan = Plan if self.supplier is None else SupplierActions
        return plan(self.scope, self.vacancies)

    def headers(self) -> dict[str, str]:
        """What a request carries now. May wait for a token; raises `TokenRefused`."""
        return {
            "Authorization": authorization(self.token),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }

    def to_dict(self) -> dict[str, Any]:
        """The orders as JSON takes them."""
        return {
            **asdict(replace(self, token="")),
            "token": written(self.token),
            "ledger": str(self.ledger),
            "by_hour": {str(hour): count for hour, count in self.by_hour.items()},
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> SendingOrders:
        """The orders of which `told` is the `to_dict`."""
        return cls(
            **{
                **told,
                "token": read(told["token"]),
                "scope": Scope.from_dict(told["scope"]),
                "vacancies": tuple(Vacancy(**vacancy) for vacancy in told["vacancies"]),
                "ledger": Path(told["ledger"]),
                "supplier": SupplierAccess(**told["supplier"]) if told["supplier"] else None,
                "by_hour": {int(hour): count for hour, count in told["by_hour"].items()},
            }
        )


def write_orders(path: Path, orders: SendingOrders) -> None:
    """Write the orders where only this account can read them: they hold the token, or the key."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(orders.to_dict()), encoding="utf-8")


def read_orders(path: Path) -> SendingOrders:
    """The orders that `write_orders` wrote."""
    return SendingOrders.from_dict(json.loads(path.read_text(encoding="utf-8")))


@cache
def program() -> str:
    """A digest of the programs that make and send messages: two senders with one make the same bytes."""
    roots = (Path(__file__).parent, Path(simulators.__file__).parent)
    return _digest(path for root in roots for path in sorted(root.rglob("*.py")))


def _digest(paths: Iterable[Path]) -> str:
    digest = sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
