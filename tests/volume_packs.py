"""The files of a replay that nobody made: every message of a plan, sent when it was due and answered at once."""

import gzip
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import orjson
from evidence_packs import KNOWN, REQUIREMENTS, SUBJECT, TODAY, Desk, recompute, run_files

from loadtests.discrepancies import Reconciliation
from loadtests.ledger import FORMAT, Entry
from loadtests.pacer import Pacer, constant
from loadtests.plan import Plan, Scope, Vacancy, WorldParameters
from loadtests.profiles import Profile
from sandbox.conformance.evidence.eligibility import Eligibility
from sandbox.conformance.evidence.eligibility import Kind as Enough
from sandbox.conformance.evidence.verify import Verification, verify_pack
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.volume.files import (
    ARRIVALS,
    LEDGER,
    PLAN,
    PROFILE,
    RECONCILIATION,
    profile_text,
    reconciliation_file,
)
from sandbox.conformance.volume.judging import VolumeVerdict, judge_volume
from sandbox.conformance.volume.proof import planned
from sandbox.contracts.requirements import load_requirements
from simulators.year import Kind

Files = dict[str, bytes]
ESR_SUBJECT = {**SUBJECT, "role": "esr"}
REGISTER = (
    *(replace(item, actor="esr") for item in REQUIREMENTS),
    *(item for item in load_requirements() if item.suite == "volume"),
)
KNOWN_OF_ESR = replace(KNOWN, suites={"esr": KNOWN.suites["recruitment-system"]})
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


def judge(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The simple judge for the four suites, and the true one for the fifth."""
    found = recompute(files)
    if PLAN in files:
        volume = judge_volume(files)
        found["suites"]["volume"] = str(volume.result)
        found["volume"] = dict(volume.words)
        found["requirements"] |= {name: str(word) for name, word in volume.requirements.items()}
        found["overall"] = str(rolled_up([Result(found["overall"]), volume.result]))
    return found


def sealed(files: Files) -> Files:
    """The files of a whole run, with what they come to."""
    whole = {**run_files(), "subject.json": orjson.dumps(ESR_SUBJECT), **files}
    return {**whole, "results.json": orjson.dumps(judge(whole))}


def verified(desk: Desk, files: Files, kind: Enough = Enough.GO_LIVE) -> Verification:
    """What a verifier says of these files, sealed and signed as they are."""
    path = desk.pack(
        files,
        subject=ESR_SUBJECT,
        suites=("contract", "behaviour", "traffic", "resilience", "volume"),
        result=orjson.loads(files["results.json"])["overall"],
        eligibility=Eligibility(kind),
    )
    return verify_pack(path, [desk.trusted], judge, REGISTER, TODAY, known=KNOWN_OF_ESR)


def judged(files: Files) -> VolumeVerdict:
    """The verdict on a replay alone."""
    return judge_volume({"subject.json": orjson.dumps(ESR_SUBJECT), **files})


def result_of(files: Files, finding: str) -> str:
    """How one of its findings ends."""
    found = {item["finding"]: item["result"] for item in judged(files).words["findings"]}
    return str(found[finding])
