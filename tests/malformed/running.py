"""A run: so many malformed requests against a sandbox of its own, beside a client that does everything right."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from sandbox.server import launch, stop
from simulators.applicants import applicant
from simulators.identifiers import national_insurance_number
from simulators.world import World
from tests.malformed import contents, framing
from tests.malformed.exchange import Malformed, Outcome, converse
from tests.malformed.targets import Operation, operations

_WORKERS = 8
_FULL = 100 * 2**20
"""Bytes of a database that is larger than the writer's cache of 64 MiB."""
_STALLED = 400
"""One in so many waits until the server's patience ends; there are eight at a time."""


def inputs(seed: int, aims: list[Operation], *, stalls: bool = True) -> Iterator[Malformed]:
    """Malformed requests without an end; the same for the same seed. Every operation has its share of every kind."""
    chance = random.Random(seed)
    shares: dict[framing.Kind, int] = {**framing.KINDS, **contents.KINDS}
    for number in itertools.count(1):
        kind = chance.choices(list(shares), list(shares.values()))[0]
        if stalls and number % _STALLED == 0:
            kind = framing.stalled
        yield kind(chance, aims[number % len(aims)])


@dataclass(slots=True)
class Report:
    """What came of a run."""

    seed: int
    inputs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    hangs: int = 0
    neighbour: int = 0
    """How many answers of the client beside were right."""
    neighbour_wrong: list[str] = field(default_factory=list)
    rss_before: int = 0
    """Bytes after the warm-up."""
    rss_after: int = 0

    @property
    def server_faults(self) -> int:
        """How many answers were 5xx."""
        return sum(count for status, count in self.statuses.items() if status >= 500)

    @property
    def growth(self) -> float:
        """By how much the server's memory grew, as a share."""
        return self.rss_after / self.rss_before - 1 if self.rss_before else 0.0

    def add(self, outcome: Outcome) -> None:
        """Counts one conversation."""
        self.inputs += 1
        self.kinds[outcome.sent.kind] += 1
        self.statuses.update(answer.status for answer in outcome.answers)
        self.hangs += outcome.hung
        self.wrong += [
            f"{outcome.sent.kind}: {text}; sent {b''.join(outcome.sent.pieces)[:400]!r}"
            for text in outcome.wrong
        ]

    def __str__(self) -> str:
        statuses = ", ".join(
            f"{status}: {count}" for status, count in sorted(self.statuses.items())
        )
        memory = (
            f"; resident memory {self.rss_before / 2**20:.1f} MiB, then {self.rss_after / 2**20:.1f} MiB "
            f"({self.growth:+.1%})"
            if self.rss_before
            else ""
        )
        return (
            f"seed {self.seed}: {self.inputs} inputs of {len(self.kinds)} kinds, {self.server_faults} x 5xx, {self.hangs} hangs, "
            f"{len(self.wrong)} wrong; {self.neighbour} right answers to the client beside, "
            f"{len(self.neighbour_wrong)} wrong{memory}\nanswers {statuses}"
        )


class Neighbour:
    """A client that does everything right: it sends applicants and reads each back, and knows what it must get."""

    def __init__(self, url: str, token: str, report: Report) -> None:
        self._report = report
        self._done = threading.Event()
        self._world = World.make(7, 1, 10).without_staff()
        self._seed = 7
        headers = {"Authorization": f"Bearer {token}"}
        self._esr = httpx.Client(
            base_url=f"{url}/esr/v1", headers=headers, timeout=30, trust_env=False
        )
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, once the answer that it waits for has come."""
        self._done.set()
        self._thread.join(60)
        self._esr.close()

    def _work(self) -> None:
        for index in itertools.count():
            if self._done.is_set():
                return
            try:
                self._one(index)
            except (httpx.HTTPError, KeyError, ValueError) as problem:
                self._report.neighbour_wrong.append(repr(problem))

    def _one(self, index: int) -> None:
        sent = applicant(self._seed, index, self._world)
        number = national_insurance_number(self._seed, index)
        sent = {**sent, "person": {"niNumber": number, **sent["person"]}}
        request_id = str(UUID(int=index + 1, version=4))
        headers = {
            "X-Request-ID": request_id,
            "NHSD-End-User-Organisation-ODS": str(self._world.organisations[0]["odsCode"]),
        }
        answer = self._esr.post("/applicants", json=sent, headers=headers)
        self._expect(answer, 201, request_id, "the applicant was not taken")
        held = self._esr.get(f"/applicants/{answer.json()['applicantNumber']}", headers=headers)
        self._expect(held, 200, request_id, "the applicant is not there")
        if held.json()["supplierReference"] != sent["supplierReference"]:
            self._report.neighbour_wrong.append("another applicant was answered")

    def _expect(self, answer: httpx.Response, status: int, request_id: str, said: str) -> None:
        if answer.status_code != status or answer.headers.get("x-request-id") != request_id:
            self._report.neighbour_wrong.append(f"{said}: {answer.status_code} {answer.text[:300]}")
        else:
            self._report.neighbour += 1


def run(
    seed: int,
    count: int,
    folder: Path,
    *,
    warm_up: int = 0,
    stalls: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Sends `count` inputs after `warm_up` others, and measures the server's memory between and after."""
    report = Report(seed)
    process, ready = launch(
        "--world",
        "empty",
        "--validate-responses",
        folder=folder,
        database=str(folder / "sandbox.db"),
    )
    try:
        tokens = {
            name: _workspace(ready.url, name) for name in ("malformed", "powers", "neighbour")
        }
        _seed_world(ready.url, "neighbour")
        if warm_up:
            _fill(ready.url, folder / "sandbox.db")
        place = urlsplit(ready.url)
        address = (str(place.hostname), int(place.port or 0))
        stream = inputs(seed, operations(tokens["malformed"], "malformed", "powers"), stalls=stalls)
        neighbour = Neighbour(ready.url, tokens["neighbour"], report)
        neighbour.start()
        with ThreadPoolExecutor(_WORKERS) as pool:
            for outcome in pool.map(
                lambda one: converse(address, one), itertools.islice(stream, warm_up)
            ):
                report.add(outcome)
            report.rss_before = _resident(process.pid) if warm_up else 0
            left = itertools.islice(stream, count)
            for outcome in pool.map(lambda one: converse(address, one), left):
                report.add(outcome)
                if report.inputs % 1000 == 0:
                    tell(str(report))
        neighbour.stop()
        report.rss_after = _resident(process.pid)
        health = httpx.get(f"{ready.url}/health", timeout=30, trust_env=False)
        if health.status_code != 200:
            report.wrong.append(f"afterwards its health is {health.status_code}")
    finally:
        stop(process)
    return report


def _workspace(url: str, name: str) -> str:
    body: dict[str, Any] = {"name": name, "limits": {"mode": "OFF"}}
    answer = httpx.post(f"{url}/control/v1/workspaces", json=body, timeout=30, trust_env=False)
    return str(answer.raise_for_status().json()["token"])


def _seed_world(url: str, name: str) -> None:
    wanted = {"seed": 7, "organisations": 1, "positionsPerOrganisation": 10}
    address = f"{url}/w/{name}/control/v1/seed"
    httpx.post(address, json=wanted, timeout=60, trust_env=False).raise_for_status()


def _fill(url: str, database: Path) -> None:
    """Writes until the writer's page cache is full: it has a bound, and what fills it is no growth that goes on."""
    for number in itertools.count():
        if database.stat().st_size > _FULL:
            return
        name = f"filling-{number}"
        _workspace(url, name)
        wanted = {"seed": number, "organisations": 40, "positionsPerOrganisation": 250}
        address = f"{url}/w/{name}/control/v1/seed"
        httpx.post(address, json=wanted, timeout=300, trust_env=False).raise_for_status()


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell of a process's memory")
