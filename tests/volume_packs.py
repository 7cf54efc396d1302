"""The files of a replay that nobody made: every message of a plan, sent when it was due and answered at once."""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import orjson

from loadtests.discrepancies import Reconciliation
from loadtests.ledger import FORMAT, Entry
from loadtests.pacer import Pacer, constant
from loadtests.plan import Plan, Scope, Vacancy, WorldParameters
from loadtests.profiles import Profile
from sandbox.conformance.volume.files import (
    ARRIVALS,
    LEDGER,
    PLAN,
    PROFILE,
    RECONCILIATION,
    profile_text,
    reconciliation_file,
)
from sandbox.conformance.volume.proof import planned
from simulators.year import Kind

WORLD = WorldParameters(seed=1, organisations=2, positions_per_organisation=30)
BEGAN = 1_777_626_000.0
"""Wall seconds since the epoch: 1 May 2026, 09:00 UTC."""
CATCHING_UP = 60.0
ANSWER = 0.02
APPLICANTS = 3500
"""Of a year; its busiest day has enough messages of them to be judged."""


def volume_files(
    seed: int,
    profile_name: str = "day",
    applicants: int = APPLICANTS,
    found: Reconciliation | None = None,
    interrupted: str | None = None,
    sent_on: str | None = None,
    alter: Callable[[list[Entry]], Iterable[Entry]] = list,
) -> dict[str, bytes]:
    """The files below `volume/` of a replay with a constant pace; `alter` has the ledger's entries before they are written."""
    text, profile = profile_text(profile_name)
    plan = _plan(seed, profile, applicants, sent_on)
    entries = list(alter(list(_entries(plan, profile))))
    acknowledged = sum(entry.acknowledged for entry in entries) + len(plan.vacancies)
    return {
        PLAN: orjson.dumps(_asked(plan)),
        PROFILE: text,
        LEDGER: gzip.compress(b"".join(_lines(plan, profile, entries)), mtime=0),
        ARRIVALS: gzip.compress(b"".join(_arrivals(plan, entries)), mtime=0),
        RECONCILIATION: reconciliation_file(
            interrupted, found or Reconciliation(acknowledged=acknowledged, confirmed=acknowledged)
        ),
    }


def lines_of(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """The ledger's lines."""
    return [orjson.loads(line) for line in gzip.decompress(files[LEDGER]).splitlines()]


def with_lines(files: dict[str, bytes], lines: Iterable[dict[str, Any]]) -> dict[str, bytes]:
    """The same with another ledger."""
    written = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
    return {**files, LEDGER: gzip.compress(written, mtime=0)}


@cache
def _plan(seed: int, profile: Profile, applicants: int, sent_on: str | None) -> Plan:
    window = profile.window
    assert window is not None
    scope = Scope(
        seed, WORLD, applicants, 0, window.moments, closed=window.closed(), sent_on=sent_on
    )
    vacancies = tuple(
        Vacancy(item["vacancyReference"], item["positionId"], item["odsCode"], item["openings"])
        for item in WORLD.make().vacancies[:40]
    )
    return Plan(scope, vacancies)


@cache
def _asked(plan: Plan) -> dict[str, Any]:
    return {
        "seed": plan.scope.seed,
        "world": asdict(WORLD),
        "applicants": plan.scope.applicants,
        "clock": "wall" if plan.scope.sent_on else "moved",
        "senders": 1,
        "scope": plan.scope.to_dict(),
        "planned": planned(plan.census()),
    }


@cache
def _made(plan: Plan, profile: Profile) -> tuple[Entry, ...]:
    assert plan.scope.window is not None
    first, last = plan.scope.window
    pacer = Pacer(BEGAN + CATCHING_UP, constant(first, last, 0, profile.pace.factor).legs)
    made: list[Entry] = []
    ready: dict[int, float] = {}
    messages = [*plan.caught_up(), *plan.messages()]
    for message in messages:
        is_early = message.intended < first
        due = BEGAN if is_early else pacer.due(message.intended)
        due = max(due, ready.get(message.applicant, 0.0)) if is_early else due
        sent = max(due, ready.get(message.applicant, 0.0))
        ready[message.applicant] = sent + ANSWER
        made.append(
            Entry(
                number=message.number,
                kind=message.counted,
                intended=message.intended,
                due=due,
                sent=sent,
                digest=message.digest,
                lastSent=sent,
                answered=sent + ANSWER,
                status=201 if message.kind is Kind.APPLICANT else 200,
                told=message.applicant + 1 if message.kind is Kind.APPLICANT else message.number,
            )
        )
    return tuple(made)


def _entries(plan: Plan, profile: Profile) -> Iterable[Entry]:
    return map(replace, _made(plan, profile))


def _lines(plan: Plan, profile: Profile, entries: list[Entry]) -> Iterable[bytes]:
    assert plan.scope.window is not None
    stretch = constant(*plan.scope.window, 0, profile.pace.factor)
    told: list[dict[str, Any]] = [
        {"ledger": FORMAT, "scope": plan.scope.to_dict(), "profile": profile.name, "target": "x"},
        *(
            {"vacancy": {"place": place, "supplierReference": f"V{place}", **asdict(vacancy)}}
            for place, vacancy in enumerate(plan.vacancies)
        ),
        {
            "stretch": {
                "number": 0,
                "started": BEGAN + CATCHING_UP,
                "legs": [asdict(leg) for leg in stretch.legs],
            }
        },
    ]
    yield from (orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in told)
    yield from (entry.line() for entry in entries)


def _arrivals(plan: Plan, entries: list[Entry]) -> Iterable[bytes]:
    """The event of each update, a tenth of a second after its answer."""
    assert plan.scope.window is not None
    for entry in entries:
        if entry.kind is Kind.CHECK and entry.intended >= plan.scope.window[0]:
            made = {each.number: each for each in plan.conversation(entry.number // 64)}
            seen = {
                "at": (entry.answered or 0.0) + 0.1,
                "applicant": f"{entry.number // 64 + 1:08d}",
                "check": made[entry.number].checkType,
                "version": entry.told,
            }
            yield orjson.dumps(seen, option=orjson.OPT_APPEND_NEWLINE)
