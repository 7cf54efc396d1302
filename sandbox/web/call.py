"""One request on its way through the sandbox, and the unit of work that serves it."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import sqlalchemy as sa

from sandbox.clock import wall_now
from sandbox.contracts.requirements import clauses
from sandbox.database import Transaction, Undone
from sandbox.errors import Refusal, not_found
from sandbox.journal.recording import IN, Half, Spoken, applicant_in, record
from sandbox.rules import ERROR
from sandbox.settings import Level
from sandbox.web.outcomes import find_outcome, forget_outcome, keep_outcome
from sandbox.web.reply import PROBLEM, Reply
from sandbox.web.spoiling import Spoil
from sandbox.workspaces.quota import RELIEVING, check_room, has_room_for_exchanges
from sandbox.workspaces.store import Workspace, find_workspace

if TYPE_CHECKING:
    from sandbox.runtime import Runtime

logger = logging.getLogger(__name__)

T = TypeVar("T")
_SERVER_FAULT = 500
_QUOTED = frozenset({"esr", "nhs-jobs"})
_DEFAULT_LIMIT = 25
_ABOUT_WORKSPACES = frozenset(
    {"create_workspace", "delete_workspace", "list_workspaces", "read_workspace"}
)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a service works with: one transaction, in one workspace, at one moment of its world."""

    transaction: Transaction
    workspace: Workspace
    wall: datetime
    client: str = ""
    employers: frozenset[str] | None = None
    """The ODS codes of the employers for whom the caller may act; None for every employer of the workspace."""
    door: str = "API"
    """The way by which the work came in; ESR has a second, `FILES`."""
    scenario: str | None = None
    """The scenario that the call names, where it is about what the call causes."""

    @property
    def connection(self) -> sa.Connection:
        """The connection that all reads and writes of the unit go through."""
        return self.transaction.connection

    @property
    def now(self) -> datetime:
        """World time."""
        return self.workspace.clock.now(self.wall)

    @property
    def today(self) -> date:
        """The world's date, in UTC."""
        return self.now.date()


def open_unit(
    transaction: Transaction,
    workspace: str,
    wall: datetime,
    client: str = "",
    employers: frozenset[str] | None = None,
) -> Unit:
    """A unit in `workspace`. Raises Refusal NOT_FOUND when there is no such workspace."""
    found = find_workspace(transaction.connection, workspace)
    if found is None:
        raise not_found("workspace", workspace)
    return Unit(transaction, found, wall, client, employers)


VISITOR = "esr-sandbox.visitor"
"""In the scope of a request that the console makes: in whose name. Nothing that comes over the network can set it."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the console."""

    workspace: str | None = None
    """The one that is a supplier's own; None for the ESR team, who reach every one."""

    @property
    def is_operator(self) -> bool:
        """Whether it is the ESR team."""
        return self.workspace is None

    def may_see(self, workspace: str) -> bool:
        """Whether a workspace is this visitor's."""
        return self.workspace in (None, workspace)


@dataclass(slots=True)
class Call:
    """One request: what was asked, by whom, and what the contract made of it."""

    runtime: "Runtime"
    method: str
    path: str
    query_text: str
    headers: dict[str, str]
    workspace: str
    is_placed: bool = False
    """Whether the path names the workspace."""
    system: str = ""
    operation_id: str | None = None
    client: str | None = None
    employers: frozenset[str] | None = None
    """The ODS codes of the employers for whom the caller may act; None for every employer of the workspace."""
    is_internal: bool = False
    """Whether the caller is one of the sandbox's own systems, which nothing limits."""
    visitor: Visitor | None = None
    """In whose name the console calls, where it does."""
    is_operator: bool = False
    """Whether the caller may reach every workspace by the control API, and change who may call."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Path, query and header parameters by their names in the contract, typed."""
    raw_body: bytes = b""
    body: Any = None
    journalled: bool = False
    quota: dict[str, str] = field(default_factory=dict)
    """The headers that tell a limited client how many requests are left to it."""
    leave: Callable[[], None] | None = None
    """To be called once it has been answered, where it counts among those of its client that are served at once."""
    spoil: Spoil | None = None
    """What a fault makes of the answer on its way."""
    code: str = ""
    """The code of the refusal that it was answered with, if it was."""
    scenario: str | None = None
    """The scenario that it names, where that is about what the call causes."""
    hold_seconds: float = 0.0
    """For how long a fault keeps the answer back."""
    spread_seconds: float = 0.0
    """Over how long a fault spreads the body of the answer."""
    wall: datetime = field(default_factory=wall_now)
    began: float = field(default_factory=time.perf_counter)
    ended: float | None = None
    """When the answer was ready, where it does not wait for the journal."""

    @property
    def request_id(self) -> str | None:
        """X-Request-ID as sent."""
        return self.headers.get("x-request-id")

    def argument(self, name: str) -> Any:
        """A parameter's value, or None when it was left out."""
        return self.arguments.get(name)

    @property
    def employer(self) -> str | None:
        """The ODS code of the employer for whom the call is made, where it names one."""
        employer: str | None = self.argument("NHSD-End-User-Organisation-ODS")
        return employer

    @property
    def is_the_operators(self) -> bool:
        """Whether it tells of workspaces beside the one in whose journal it would stand: of other tenants' names and clients."""
        return (
            self.is_operator
            and self.operation_id in _ABOUT_WORKSPACES
            and self.runtime.settings.level is Level.PLATFORM
        )

    @property
    def limit(self) -> int:
        """How many items a page may hold; the contract's default where the call does not say."""
        return int(self.arguments.get("limit", _DEFAULT_LIMIT))

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Runs `work`, which must only read."""

        def run(transaction: Transaction) -> T:
            unit = self._unit(transaction)
            if self.system in _QUOTED:
                check_room(unit.workspace)
            return work(unit)

        result: T = await asyncio.wrap_future(self.runtime.database.read(run))
        return result

    async def write(self, work: Callable[[Unit], Reply]) -> Reply:
        """Runs `work` and answers once it is durable.

        A request id that was seen before gets its first outcome again and `work` is not run. What `work` refuses is
        undone and answered as a problem. Change, outcome and journal row are one transaction.
        """
        with self.runtime.tracer.unit():
            reply: Reply = await self.runtime.database.written(
                lambda transaction: self._serve(transaction, work), self.workspace
            )
        self.journalled = True
        return reply

    def _unit(self, transaction: Transaction) -> Unit:
        client = self.client or ""
        unit = open_unit(transaction, self.workspace, self.wall, client, self.employers)
        return unit if self.scenario is None else replace(unit, scenario=self.scenario)

    def _serve(self, transaction: Transaction, work: Callable[[Unit], Reply]) -> Reply:
        unit = self._unit(transaction)
        if self.operation_id not in RELIEVING:
            check_room(unit.workspace)
        key = self._key(unit)
        try:
            known = find_outcome(transaction.connection, key, self._digest()) if key else None
        except Refusal as refusal:
            return self._answer(unit, None, self.refused(refusal))
        if known is not None:
            return self._answer(unit, None, known)
        try:
            reply = work(unit)
        except Refusal as refusal:
            refused = self.refused(refusal)
            raise Undone(lambda _transaction: self._answer(unit, key, refused)) from refusal
        return self._answer(unit, key, reply)

    def _key(self, unit: Unit) -> tuple[str, str, str, str] | None:
        """Under what the outcome is kept; None where the request has no id."""
        if not self.request_id or not self.operation_id:
            return None
        return self.workspace, unit.client, self.operation_id, self.request_id.lower()

    def forget_outcome(self, unit: Unit) -> None:
        """Forgets an outcome under the request's id that came into the world while it was served: with another world."""
        key = self._key(unit)
        if key is not None:
            forget_outcome(unit.connection, key)

    def _answer(self, unit: Unit, key: tuple[str, str, str, str] | None, reply: Reply) -> Reply:
        """Keeps outcome and exchange in the unit's transaction."""
        if key and reply.status < _SERVER_FAULT:
            keep_outcome(unit.connection, key, self._digest(), reply)
        self.keep_exchange(unit, reply)
        return reply

    def refused(self, refusal: Refusal) -> Reply:
        """The reply that tells of a refusal."""
        self.code = str(refusal.code)
        document = refusal.document(self.path)
        messages = (refusal.confirmation or {}).get("messages", [])
        errors = {item["messageCode"] for item in messages if item["messageType"] == ERROR}
        found = clauses(self.operation_id, {str(refusal.code), *errors})
        if found:
            document["clauses"] = found
        return Reply(refusal.status, orjson.dumps(document), PROBLEM, refusal.headers)

    def _digest(self) -> str:
        """What makes two requests the same: operation, place, employer, condition and body."""
        digest = hashlib.sha256(self.path.encode())
        for name in ("nhsd-end-user-organisation-ods", "if-match"):
            digest.update(f"\n{self.headers.get(name, '')}".encode())
        digest.update(b"\n" + self.raw_body)
        return digest.hexdigest()

    def on_the_wire(self, reply: Reply) -> Reply:
        """What goes over the wire for `reply`: another answer where a fault spoils it, status 0 where none goes."""
        return reply if self.spoil is None else self.spoil(reply)

    def keep_exchange(self, unit: Unit, reply: Reply) -> None:
        """Has the exchange appended to the journal when the unit's transaction commits, unless it is the operator's."""
        if self.is_the_operators:
            return
        sent = self.on_the_wire(reply)
        spoken = Spoken(
            direction=IN,
            system=self.system,
            method=self.method,
            path=self.path,
            query=self.query_text or None,
            request=Half(self.headers, self.raw_body),
            status=sent.status,
            answer=Half({**sent.headers, **self.quota}, sent.body, sent.media_type),
            started=self.wall,
            duration_ms=((self.ended or time.perf_counter()) - self.began) * 1000,
            world=unit.now,
            operation_id=self.operation_id,
            client=self.client,
            applicant_number=self._applicant_number(reply),
            names={
                "request_id": self.request_id,
                "correlation_id": self.headers.get("x-correlation-id"),
            },
        )
        record(unit.transaction, unit.workspace, spoken)

    def _applicant_number(self, reply: Reply) -> str | None:
        """The applicant that the exchange is about: named in the path, new with the answer, or the subject of an event."""
        if self.operation_id == "submit_applicant":
            return applicant_in(reply.body.decode())
        if self.operation_id == "receive_event":
            return applicant_in(self.raw_body.decode("utf-8", "replace"))
        return applicant_in(self.path)

    def journal(self, reply: Reply) -> None:
        """Puts an exchange that changed nothing into the journal, without waiting for it."""
        self.ended = time.perf_counter()

        def run(transaction: Transaction) -> None:
            unit = open_unit(transaction, self.workspace, self.wall)
            if has_room_for_exchanges(unit.workspace):
                self.keep_exchange(unit, reply)

        self.runtime.database.write(run, self.workspace).add_done_callback(_tell_of_loss)
        self.journalled = True


def _tell_of_loss(written: "Future[None]") -> None:
    problem = None if written.cancelled() else written.exception()
    if problem is not None and not isinstance(problem, Refusal):
        logger.error("an exchange could not be put into the journal", exc_info=problem)
