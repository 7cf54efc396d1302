"""Where a case plays: the addresses and tokens of each system, what the case is bound to, and what can be arranged.

A `Stage` opens one `Scene` for each case. `SandboxStage` is a sandbox of ours, in which anything can be arranged: a workspace
for each case. A real ESR or a supplier's system has no world that could be seeded: what its cases are bound to stands in the
subject file.
"""

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import httpx

from sandbox.conformance.bodies import person_of
from sandbox.conformance.case import Case
from sandbox.conformance.driving import Driver, NoDriver
from sandbox.conformance.receiver import EventReceiver
from simulators.credentials import Access, SignedTokens, TokenRefused, authorization
from simulators.workspaces import access_to, as_operator, new_workspace, signed_access_to
from simulators.world import World

POSITIONS = 12
_CASES_OF_A_WORKSPACE = 40
_SETTINGS = {"journalDetail": "FULL", "searchOddities": False}
_TIMEOUT = httpx.Timeout(20.0)


class Unbound(Exception):
    """What a case needs is not to be had here; the message says what."""


class CannotArrange(Exception):
    """The stage itself does not work: a matter of configuration, not of the subject."""


@dataclass(slots=True)
class Scene:
    """One case's place: who is called where, and what the case may name."""

    addresses: Mapping[str, str]
    """By system: the base address of its contract."""
    tokens: Mapping[str, Access]
    """By system, as far as it asks for one; `control` among them where the powers of the sandbox do."""
    bindings: dict[str, Any]
    today: date
    mask_key: str
    client: httpx.Client
    mailbox: str = ""
    receiver: EventReceiver | None = None
    driver: Driver = field(default_factory=NoDriver)
    journal: "Journal | None" = None
    """The subject's own traffic, where somebody keeps it."""
    signed: SignedTokens | None = None
    """The client's key, where it gets tokens with one."""
    made: "itertools.count[int]" = field(default_factory=itertools.count)

    def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A power of the sandbox. Raises Unbound where there is none, CannotArrange where it fails."""
        if "control" not in self.addresses:
            raise Unbound("the subject has no powers of a sandbox, and no person was asked")
        answer = self.client.request(
            method,
            f"{self.addresses['control']}{path}",
            json=body,
            timeout=60,
            headers=as_operator(self.tokens.get("control")),
        )
        if answer.status_code >= 500:
            raise CannotArrange(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        return answer


class Journal(Protocol):
    """Who keeps the subject's traffic."""

    def mark(self) -> int:
        """Where it stands now."""

    def since(self, mark: int) -> list[dict[str, Any]]:
        """The exchanges kept after a mark, in full."""


class Stage(Protocol):
    """Opens a scene for each case."""

    def scene(self, case: Case, seed: int) -> AbstractContextManager[Scene]:
        """A scene in which `case` can be played. Raises Unbound or CannotArrange."""


@lru_cache(maxsize=16)
def world_of(seed: int, employers: int) -> World:
    """The world that a sandbox seeds for these numbers."""
    return World.make(seed, employers, POSITIONS)


@dataclass(slots=True)
class SandboxStage:
    """A sandbox of ours at `url`: a workspace with a freshly seeded world for each case."""

    url: str
    receiver: EventReceiver
    day: date = field(default_factory=lambda: datetime.now(UTC).date() + timedelta(days=1))
    """The world's date at the beginning of each case. It is not come yet, since no clock goes back."""
    client: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=_TIMEOUT, trust_env=False)
    )
    prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    """Keeps the workspaces of two runs against one sandbox apart."""
    operator: Access | None = None
    """The operator's token, where the sandbox's powers ask for it."""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _workspace: tuple[str, Access, SignedTokens] | None = None
    _journal: "SandboxJournal | None" = None
    _cases: int = 0

    @contextmanager
    def scene(self, case: Case, seed: int) -> Iterator[Scene]:
        """As `Stage` says."""
        given = case.given
        employers = int(given.get("employers", 1))
        name, access, signed = self._empty_workspace()
        control = f"{self.url}/w/{name}/control/v1"
        self._made(
            f"{control}/seed",
            {
                "seed": seed,
                "organisations": employers,
                "positionsPerOrganisation": POSITIONS,
            },
        )
        clock = given.get("clock", f"{self.day.isoformat()}T09:00:00Z")
        if clock != "real":
            self._made(f"{control}/clock", {"mode": "FROZEN", "at": clock}, "PUT")
        bound = bindings_in(world_of(seed, employers), given, case, seed, self.day)
        scene = Scene(
            {
                "esr": f"{self.url}/esr/v1",
                # The search takes no token, which would tell the workspace.
                "nhs-jobs": f"{self.url}/w/{name}/nhs-jobs/v1",
                "receiver": f"{self.url}/w/{name}/receiver/v1",
                "control": control,
            },
            {
                "esr": access,
                "nhs-jobs": access,
                **({} if self.operator is None else {"control": self.operator}),
            },
            bound,
            date.fromisoformat(clock[:10]) if clock != "real" else self.day,
            f"{name}/{seed}",
            self.client,
            f"{name}-{self._cases}",
            self.receiver,
            journal=self._journal,
            signed=signed,
        )
        arrange(scene, given)
        yield scene

    def _empty_workspace(self) -> tuple[str, Access, SignedTokens]:
        """Name, access and key of a workspace without a world: the last one emptied, and now and then a new one.

        A sandbox looks after all its workspaces, so that a new one for each case would make each case slower than the last.
        """
        self._cases += 1
        if self._workspace is None or self._cases % _CASES_OF_A_WORKSPACE == 0:
            name = f"c{self.prefix}-{next(self._numbers)}"
            made = self._made(
                f"{self.url}/control/v1/workspaces", new_workspace(name, self.operator, signs=True)
            )
            self._workspace = (name, access_to(made), signed_access_to(made))
            subject = f"nhs-jobs-{name}"
            self._journal = SandboxJournal(
                self.client,
                f"{self.url}/w/{name}/control/v1",
                lambda exchange: (
                    exchange["direction"] == "OUT" or exchange.get("client") == subject
                ),
                self.operator,
            )
        else:
            control = f"{self.url}/w/{self._workspace[0]}/control/v1"
            self._made(f"{control}/reset", {})
            self._made(f"{control}/settings", _SETTINGS, "PUT")
        return self._workspace

    def _made(self, address: str, body: Any, method: str = "POST") -> dict[str, Any]:
        try:
            answer = self.client.request(
                method, address, json=body, timeout=60, headers=as_operator(self.operator)
            )
        except httpx.HTTPError as problem:
            raise CannotArrange(f"{address} does not answer: {problem}") from problem
        if answer.status_code not in (200, 201, 204):
            raise CannotArrange(f"{address} was answered {answer.status_code}: {answer.text[:300]}")
        return dict(answer.json()) if answer.content else {}


def bindings_in(
    world: World, given: Mapping[str, Any], case: Case, seed: int, today: date
) -> dict[str, Any]:
    """What a case may name, from a seeded world: employer, vacancy, position, elsewhere, person, each with its ordinals."""
    bound: dict[str, Any] = {}
    for place, organisation in enumerate(world.organisations, 1):
        bound[_named("employer", place)] = dict(organisation)
    own = world.organisations[0]["odsCode"]
    here = [item for item in world.vacancies if item["odsCode"] == own]
    there = [item for item in world.vacancies if item["odsCode"] != own]
    for noun, place_noun, vacancies in (
        ("vacancy", "position", here),
        ("elsewhere", "elsewherePosition", there),
    ):
        for place, vacancy in enumerate(vacancies[:4], 1):
            bound[_named(noun, place)] = dict(vacancy)
            bound[_named(place_noun, place)] = dict(world.position_by_id[vacancy["positionId"]])
    for place in range(1, int(given.get("people", 1)) + 1):
        bound[_named("person", place)] = person_of(seed, case.id, place - 1, today)
    return bound


def _named(noun: str, place: int) -> str:
    return noun if place == 1 else f"{noun}{place}"


def arrange(scene: Scene, given: Mapping[str, Any]) -> None:
    """Brings about what the case is given beyond its bindings: the employers' profiles, the suite's own subscription."""
    for place in (1, 2):
        change = given.get("organisation" if place == 1 else "organisation2")
        if change:
            ods_code = scene.bindings[_named("employer", place)]["odsCode"]
            answer = scene.control("POST", f"/esr/organisations/{ods_code}/change", change)
            if answer.status_code != 200:
                raise CannotArrange(f"the employer could not be changed: {answer.text[:300]}")
    wanted = given.get("receiver")
    if wanted and scene.receiver is not None:
        more = wanted if isinstance(wanted, dict) else {}
        try:
            answer = scene.client.post(
                f"{scene.addresses['esr']}/event-subscriptions",
                json={"url": scene.receiver.address(scene.mailbox), **more},
                headers={
                    "Authorization": authorization(scene.tokens.get("esr", "")),
                    "X-Request-ID": _uuid(),
                },
            )
        except (httpx.HTTPError, TokenRefused) as problem:
            raise Unbound(f"the suite could not subscribe to events: {problem}") from problem
        if answer.status_code != 201:
            raise Unbound(f"the suite could not subscribe to events: {answer.text[:300]}")
        scene.bindings["subscription"] = answer.json()


def _uuid() -> str:
    from uuid import uuid4

    return str(uuid4())


@dataclass(slots=True)
class SandboxJournal:
    """What a sandbox's journal keeps of a subject: its calls to ESR, and ESR's deliveries. Each exchange is read once."""

    client: httpx.Client
    control: str
    is_own: Callable[[Mapping[str, Any]], bool]
    """Whether an exchange with ESR is the subject's."""
    access: Access | None = None
    """What the powers ask for, if they do."""
    _kept: list[dict[str, Any]] = field(default_factory=list)
    _next: str | None = None

    def begin_at_the_last_reset(self) -> bool:
        """Leaves out what was before the world was emptied for the last time; answers whether it ever was.

        Of the world before, nothing that was said then is true any more.
        """
        found, more = False, True
        cursor: str | None = None
        while more:
            parameters: dict[str, str | int] = {"limit": 100, "operationId": "reset_workspace"}
            if cursor is not None:
                parameters["cursor"] = cursor
            page = good(self._asked("GET", "/exchanges", params=parameters), 200)
            if page["exchanges"]:
                found, self._next = True, page["next"]
            cursor, more = page["next"], page["more"]
        return found

    def mark(self) -> int:
        """How many exchanges of the subject there are."""
        self._read_on()
        return len(self._kept)

    def since(self, mark: int) -> list[dict[str, Any]]:
        """The subject's own exchanges after the mark, and the deliveries, in full."""
        self._read_on()
        return self._kept[mark:]

    def _read_on(self) -> None:
        # What was only read is put into the journal by the way: after a write of ours, all that came before is there.
        settings = good(self._asked("GET", "/settings"), 200)
        # Left out, they stay as they are; only the operator of a hosted sandbox may set them higher.
        for name in ("limits", "quota"):
            settings.pop(name, None)
        good(self._asked("PUT", "/settings", json=settings), 200)
        more = True
        while more:
            parameters: dict[str, str | int] = {"limit": 100, "system": "esr"}
            if self._next is not None:
                parameters["cursor"] = self._next
            page = good(self._asked("GET", "/exchanges", params=parameters), 200)
            for summary in page["exchanges"]:
                exchange = good(self._asked("GET", f"/exchanges/{summary['exchangeId']}"), 200)
                if self.is_own(exchange):
                    self._kept.append(exchange)
            self._next, more = page["next"], page["more"]

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = as_operator(self.access)
        return self.client.request(method, f"{self.control}{path}", headers=headers, **more)


def good(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """What an answer holds. Raises CannotArrange where its status is another."""
    if answer.status_code not in statuses:
        told = f"{answer.request.url} was answered {answer.status_code}: {answer.text[:300]}"
        raise CannotArrange(told)
    return dict(answer.json())
