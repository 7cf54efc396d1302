"""The orders that the runner leaves for the sending process in a file: what to send, and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from loadtests.ledger import Kind, read_ledger
from loadtests.plan import Conversation, DayPlan, Scope, Vacancy

ORDERS_VARIABLE = "ESR_SANDBOX_REPLAY"
"""The environment variable that holds the path of the orders."""


@dataclass(frozen=True, slots=True)
class SendingOrders:
    """Everything one sending process needs."""

    base_url: str
    token: str = field(repr=False)
    scope: Scope
    vacancies: tuple[Vacancy, ...]
    ledger: Path
    """Where to append; also read once, for what an earlier run of the same replay has done."""
    factor: float
    connections: int
    answer_timeout_seconds: float
    retry_for_seconds: float
    parent_pipe: int | None = None
    """A file descriptor that reads as ended when the runner is gone."""
    worker: int = 0
    workers: int = 1

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }

    def remaining(self) -> Iterator[Conversation]:
        """This process's share of the plan without the messages that the ledger says were answered."""
        entries = read_ledger(self.ledger).entries
        done = {
            entry.number: entry
            for entry in entries.values()
            if entry.kind is not Kind.VACANCY and entry.settled
        }
        for conversation in DayPlan(self.scope, self.vacancies).conversations(
            self.worker, self.workers
        ):
            first = done.get(conversation.messages[0].number)
            if first is not None and not first.acknowledged:
                continue
            left = tuple(message for message in conversation.messages if message.number not in done)
            if left:
                number = first.applicantNumber if first is not None else None
                yield replace(conversation, messages=left, applicant_number=number)


def write_orders(path: Path, orders: SendingOrders) -> None:
    """Write the orders where only this account can read them: they hold the token."""
    path.touch(mode=0o600)
    path.write_text(json.dumps({**asdict(orders), "ledger": str(orders.ledger)}), encoding="utf-8")


def read_orders(path: Path) -> SendingOrders:
    """The orders that `write_orders` wrote."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return SendingOrders(
        **{
            **told,
            "scope": Scope.from_dict(told["scope"]),
            "vacancies": tuple(Vacancy(**vacancy) for vacancy in told["vacancies"]),
            "ledger": Path(told["ledger"]),
        }
    )
