"""What the fixtures of the pytest plugin are: a workspace of a running sandbox, and its clock."""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx

from sandbox.server import Started
from simulators.credentials import Access, BearerAuth, token_now
from simulators.workspaces import access_to, as_operator, new_workspace
from simulators.world import TODAY

_SECONDS = 60.0
_SHOWN = 10
_PAGES = 20
_MORNING = datetime.combine(TODAY, time(9), UTC)
"""Where each world's clock stands: on the day for which the worlds are made, so that a test is as good in a year as today."""


class Refused(AssertionError):
    """The sandbox refused one of its powers, or could not; the message is its own sentence."""


@dataclass(frozen=True)
class EsrWorkspace:
    """A workspace for one test."""

    name: str
    url: str
    """The sandbox's address."""
    esr: httpx.Client = field(repr=False)
    """A client of ESR in the workspace's own name, to look at what came of it: `esr.get("/applicants/…")`."""
    nhs_jobs: httpx.Client = field(repr=False)
    control: "EsrControl" = field(repr=False)
    """The sandbox's powers; they raise Refused."""
    access: Access = field(repr=False)

    @classmethod
    @contextmanager
    def make(
        cls, sandbox: Started, name: str, seed: int, organisations: int, positions: int
    ) -> Iterator["EsrWorkspace"]:
        """A workspace with a seeded world, whose clock stands still. Raises Refused."""
        headers = as_operator(sandbox.operator_token)
        clock = {"mode": "FROZEN", "at": _rfc3339(_MORNING)}
        made = new_workspace(name, sandbox.operator_token, clock=clock)
        with _client(f"{sandbox.url}/control/v1", headers=headers) as powers:
            access = access_to(EsrControl(powers).post("/workspaces", json=made).json())
        own = f"{sandbox.url}/w/{name}"
        auth = BearerAuth(access) if access else None
        with (
            _client(f"{own}/control/v1", headers=headers) as powers,
            _client(f"{own}/esr/v1", auth=auth) as esr,
            _client(f"{own}/nhs-jobs/v1", auth=auth) as nhs_jobs,
        ):
            size = {"organisations": organisations, "positionsPerOrganisation": positions}
            control = EsrControl(powers)
            control.post("/seed", json={"seed": seed, **size})
            yield cls(name, sandbox.url, esr, nhs_jobs, control, access)

    @property
    def esr_url(self) -> str:
        """The base address of ESR, for the system under test."""
        return f"{self.url}/w/{self.name}/esr/v1"

    @property
    def nhs_jobs_url(self) -> str:
        """The base address of NHS Jobs."""
        return f"{self.url}/w/{self.name}/nhs-jobs/v1"

    @property
    def token(self) -> str:
        """A bearer token that is good now."""
        return token_now(self.access)

    @property
    def clock(self) -> "EsrClock":
        """Its clock."""
        return EsrClock(self.control)

    def settle(self, seconds: float = 30) -> None:
        """Waits until nothing that is due is left unsent. Raises Refused when `seconds` have gone by."""
        told = self.control.post("/settle", json={"timeoutSeconds": seconds}).json()
        if not told["settled"]:
            raise Refused(f"After {seconds:g} seconds there still waits: {told['waiting']}")

    def events(self) -> list[dict[str, Any]]:
        """Every event that ESR has published so far, oldest first."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.esr.get("/events", params=cursor).raise_for_status().json()
            found += page["events"]
            if not page["more"]:
                return found
            cursor = {"cursor": page["next"]}

    def event_types(self) -> list[str]:
        """The type of each of them."""
        return [str(event["type"]) for event in self.events()]

    def refusals(self) -> str:
        """The last exchanges of the test that were refused, one a paragraph; empty where none was or nobody can say."""
        wrong: deque[dict[str, Any]] = deque(maxlen=_SHOWN)
        asked: dict[str, str | int] = {"limit": 100}
        try:
            for _ in range(_PAGES):
                page = self.control.get("/exchanges", params=asked).json()
                wrong += [each for each in page["exchanges"] if not 200 <= each["status"] < 400]
                if not page["more"]:
                    break
                asked["cursor"] = page["next"]
            return "\n".join(map(self._told, wrong))
        except (httpx.HTTPError, Refused, KeyError, ValueError) as problem:
            return f"(The sandbox did not say: {problem})"

    def _told(self, summary: dict[str, Any]) -> str:
        exchange = self.control.get(f"/exchanges/{summary['exchangeId']}").json()
        try:
            said = _sentences(json.loads(exchange.get("responseBody", "")))
        except (ValueError, TypeError, AttributeError):
            said = ""
        return (
            f"{exchange['method']} {exchange['path']} -> {exchange['status'] or 'no answer'}{said}"
        )

    def remove(self) -> None:
        """Takes the workspace away, with all that it holds."""
        self.control.delete(f"/workspaces/{self.name}")


@dataclass(frozen=True, slots=True)
class EsrControl:
    """The sandbox's powers over a workspace, by their paths in the control contract. Each raises Refused where it is not done."""

    _client: httpx.Client

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        """Reads."""
        __tracebackhide__ = True
        return self._asked("GET", path, params=params)

    def post(self, path: str, json: Any = None) -> httpx.Response:
        """Makes somebody act."""
        __tracebackhide__ = True
        return self._asked("POST", path, json=json)

    def put(self, path: str, json: Any = None) -> httpx.Response:
        """Sets."""
        __tracebackhide__ = True
        return self._asked("PUT", path, json=json)

    def delete(self, path: str) -> httpx.Response:
        """Takes away."""
        __tracebackhide__ = True
        return self._asked("DELETE", path)

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        __tracebackhide__ = True
        answer = self._client.request(method, path, **more)
        if answer.is_success:
            return answer
        try:
            told = _sentences(answer.json())
        except ValueError:
            told = f": {answer.text[:200]}"
        raise Refused(f"{method} {path} -> {answer.status_code}{told}")


@dataclass(frozen=True, slots=True)
class EsrClock:
    """The clock of a workspace: business dates, events, jobs and redelivery follow it. It never goes back."""

    _control: "EsrControl"

    @property
    def now(self) -> datetime:
        """The world's time, in UTC."""
        return _moment(self._control.get("/clock").json())

    def freeze(self, at: datetime | None = None) -> datetime:
        """Stops it, at a moment ahead where one is given; answers where it stands. Raises Refused."""
        setting = {"mode": "FROZEN"} if at is None else {"mode": "FROZEN", "at": _rfc3339(at)}
        return _moment(self._control.put("/clock", json=setting).json())

    def advance(self, by: timedelta | None = None, *, to: datetime | None = None) -> datetime:
        """Moves it on, and stops on the way wherever something is due; answers where it stands. Raises Refused."""
        if (by is None) is (to is None):
            raise ValueError("say by how much, or to which moment")
        move = {"by": f"PT{round(by.total_seconds())}S"} if by is not None else {"to": _rfc3339(to)}
        return _moment(self._control.post("/clock/advance", json=move).json())

    def run(self, factor: float = 1) -> datetime:
        """Lets it go on by itself, at so many seconds of the world in one second."""
        setting = {"mode": "RUNNING", "factor": factor}
        return _moment(self._control.put("/clock", json=setting).json())


def _client(
    base: str, *, headers: dict[str, str] | None = None, auth: httpx.Auth | None = None
) -> httpx.Client:
    return httpx.Client(
        base_url=base, headers=headers, auth=auth, timeout=_SECONDS, trust_env=False
    )


def _sentences(problem: dict[str, Any]) -> str:
    """`, CODE: the sentence`, and a line for each fault with its pointer."""
    lines = [f", {problem.get('code', '')}: {problem.get('detail') or problem.get('title', '')}"]
    for fault in [*problem.get("errors", ()), *problem.get("messages", ())]:
        where = fault.get("pointer") or fault.get("parameter") or fault.get("code", "")
        lines.append(f"    {where}: {fault.get('detail') or fault.get('text', '')}")
    return "\n".join(lines)


def _rfc3339(moment: datetime | None) -> str:
    assert moment is not None
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; write datetime(…, tzinfo=UTC)")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(clock: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(re.sub("Z$", "+00:00", clock["now"]))
