"""What is asked of a sandbox that may be killed at any moment, and what it has acknowledged."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import httpx
import orjson

_TIMEOUT = 90.0


@dataclass
class Act:
    """One request under a request id. `status` is 0 until it has been acknowledged."""

    name: str
    method: str
    url: str
    request_id: str
    headers: Mapping[str, str]
    body: Any
    status: int = 0
    answer: bytes = b""

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        return dict(orjson.loads(self.answer))


class Cut(Exception):
    """No answer came: whether it was done is not known."""


@dataclass
class Gate:
    """Holds those who ask while the sandbox is down or looked at."""

    _condition: threading.Condition = field(default_factory=threading.Condition)
    _is_open: bool = True
    _life: int = 0
    _is_over: bool = False
    parked: int = 0

    def shut(self) -> None:
        with self._condition:
            self._is_open = False

    def open(self, *, over: bool = False) -> None:
        with self._condition:
            self._is_open, self._is_over = True, over
            self._life += 1
            self.parked = 0
            self._condition.notify_all()

    def has_parked(self, count: int, timeout: float) -> bool:
        """Whether so many wait, or do so in time."""
        with self._condition:
            return self._condition.wait_for(lambda: self.parked >= count, timeout)

    def passes(self) -> None:
        """Waits while it is shut."""
        with self._condition:
            if not self._is_open:
                self._park()
            if self._is_over:
                raise Over

    def park(self) -> None:
        """Waits until it is opened the next time."""
        with self._condition:
            self._park()
            if self._is_over:
                raise Over

    def _park(self) -> None:
        life = self._life
        self.parked += 1
        self._condition.notify_all()
        self._condition.wait_for(lambda: self._life > life)


class Over(Exception):
    """There is nothing more to ask."""


class Asker:
    """Asks in one workspace, one request after another, through one connection."""

    def __init__(self, url: str, workspace: str, token: str, gate: Gate, seed: int) -> None:
        self.workspace = workspace
        self.url = url
        self._token = token
        self._gate = gate
        self._ids = Random(f"{seed}/{workspace}/ids")
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False)
        self.acknowledged: list[Act] = []
        self.counted: Counter[str] = Counter()
        """All that were ever acknowledged, by name."""
        self.pending: Act | None = None
        self.sending = ""
        """What is on its way, by name."""
        self.cut: Counter[str] = Counter()

    def request_id(self) -> str:
        return str(UUID(int=self._ids.getrandbits(128), version=4))

    def esr(self, name: str, method: str, path: str, body: Any = None, **headers: str) -> Act:
        sent = {"Authorization": f"Bearer {self._token}"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return self._do(name, method, f"{self.url}/esr/v1{path}", body, sent)

    def control(self, name: str, method: str, path: str, body: Any = None) -> Act:
        return self._do(name, method, self.control_url(path), body, {})

    def control_url(self, path: str) -> str:
        return f"{self.url}/w/{self.workspace}/control/v1{path}"

    def _do(self, name: str, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Act:
        act = Act(name, method, url, self.request_id(), headers, body)
        self._gate.passes()
        self.sending = name
        try:
            self.send(act, once=True)
        except Cut:
            self.pending = act
            self.cut[name] += 1
            self._gate.park()
        finally:
            self.sending = ""
        assert act.status, f"{name} was left without an answer"
        return act

    def send(self, act: Act, *, once: bool = False) -> None:
        """Sends an act and keeps its answer. Where it is sent `once`, raises Cut."""
        status, answer = self.ask(act) if once else self.ask_until_answered(act)
        act.status, act.answer = status, answer
        self.acknowledged.append(act)
        self.counted[act.name] += 1

    def ask(self, act: Act) -> tuple[int, bytes]:
        """What an act is answered. Raises Cut."""
        headers = {"X-Request-ID": act.request_id, **act.headers}
        try:
            answer = self._client.request(act.method, act.url, json=act.body, headers=headers)
        except httpx.HTTPError as problem:
            raise Cut from problem
        if answer.status_code == 503:
            raise Cut
        assert answer.status_code < 500, f"{act.name}: {answer.status_code} {answer.text}"
        return answer.status_code, answer.content

    def ask_until_answered(self, act: Act) -> tuple[int, bytes]:
        """What an act is answered by a sandbox that may just have been started: a connection may be of the life before."""
        deadline = time.monotonic() + _TIMEOUT
        while True:
            try:
                return self.ask(act)
            except Cut:
                assert time.monotonic() < deadline, f"{act.name} is not answered"
                threading.Event().wait(0.05)

    def read(self, url: str) -> dict[str, Any]:
        """What is read now."""
        headers = {"Authorization": f"Bearer {self._token}"} if "/esr/v1" in url else {}
        status, body = self.ask_until_answered(
            Act("read", "GET", url, self.request_id(), headers, None)
        )
        assert status == 200, (url, status, body)
        return dict(orjson.loads(body))

    def done(self, name: str) -> list[Act]:
        """The acts of a name that were done in this world."""
        return [act for act in self.acknowledged if act.name == name and act.is_done]

    def forget_since(self, count: int) -> None:
        """What was acknowledged after the first `count` acts is no more to be found: an earlier world was put back."""
        del self.acknowledged[count:-1]
