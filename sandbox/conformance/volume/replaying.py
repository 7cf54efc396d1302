"""Replays a part of the year against a subject, and leaves the files that the verdict is made of."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from loadtests.errors import ReplayError
from loadtests.ledger import read_ledger
from loadtests.plan import Plan, Scope, WorldParameters
from loadtests.preparation import usable_vacancies, vacancies_of
from loadtests.results import Progress, ReplayPlan, ReplayResult
from loadtests.runner import run_replay, scope_of
from loadtests.target import Target
from sandbox.conformance.subject import Subject, SubjectUnusable
from sandbox.conformance.volume.files import (
    ARRIVALS,
    LEDGER,
    PLAN,
    PROFILE,
    RECONCILIATION,
    profile_text,
    reconciliation_file,
    zipped,
)
from sandbox.conformance.volume.proof import planned

Tell = Callable[[dict[str, Any]], None]
WORLD = WorldParameters(seed=1, organisations=40, positions_per_organisation=60)
"""What an ESR of ours is filled with for a replay, and what another is taken to hold where its bindings name none."""
_CONTROL = "/control/v1"
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class EsrVolume:
    """The replay of one profile against one ESR."""

    base_url: str
    token: str
    sandbox_url: str | None
    """Where the ESR is a sandbox, its address: the replay has a workspace there, and moves its clock."""
    profile_name: str
    """Of a bundled profile, or the path of a TOML file."""
    applicants: int | None
    """Of the year that the profile is a part of; None takes the profile's."""
    seed: int
    world: WorldParameters

    def asked(self) -> dict[str, bytes]:
        """The files that say what was asked for, before any of it is done. Raises `PlanError` for what cannot be."""
        scope_of(self._plan(Path(), _today()))
        return self._files(None, None)

    def unready(self) -> str | None:
        """Why the replay could not begin, in a sentence; None where all is there."""
        if self.sandbox_url is not None:
            return None
        try:
            with Target(self.base_url, self.token, patience=_PATIENCE) as target:
                usable_vacancies(target, scope_of(self._plan(Path(), _today())))
        except ReplayError as problem:
            return str(problem)
        return None

    def run(self, tell: Tell) -> dict[str, bytes]:
        """Replays, and answers the files of the pack. What stops the replay is told in them, and not raised.

        `tell` hears of the progress a few times a second. Ctrl-C before the first message is raised as such.
        """
        with tempfile.TemporaryDirectory(prefix="esr-volume-") as folder:
            plan = self._plan(Path(folder) / "ledger.ndjson", _today())
            try:
                result = run_replay(plan, lambda step: tell(_shown(step)))
            except ReplayError as problem:
                return {
                    **self._files(None, None),
                    RECONCILIATION: reconciliation_file(str(problem), None),
                }
            return self._of(result)

    def _of(self, result: ReplayResult) -> dict[str, bytes]:
        scope = Scope.from_dict(result.scope)
        census = Plan(scope, vacancies_of(read_ledger(result.ledger))).census()
        files = {
            **self._files(scope, planned(census)),
            LEDGER: zipped(result.ledger),
            RECONCILIATION: reconciliation_file(result.interrupted, result.reconciliation),
        }
        if result.propagation is not None:
            files[ARRIVALS] = zipped(arrivals_beside(result.ledger))
        return files

    def _files(self, scope: Scope | None, counted: dict[str, Any] | None) -> dict[str, bytes]:
        text, profile = profile_text(self.profile_name)
        told = {
            "seed": self.seed,
            "world": asdict(self.world),
            "applicants": self.applicants or profile.applicants_per_year,
            "clock": "wall" if self.sandbox_url is None else "moved",
            "senders": 1,
            "scope": None if scope is None else scope.to_dict(),
            "planned": counted,
        }
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
        return {PLAN: orjson.dumps(told, option=options) + b"\n", PROFILE: text}

    def _plan(self, ledger: Path, today: str) -> ReplayPlan:
        _, profile = profile_text(self.profile_name)
        return ReplayPlan(
            base_url=self.base_url,
            token=self.token,
            profile=profile,
            world=self.world,
            seed=self.seed,
            ledger=ledger,
            sandbox_url=self.sandbox_url,
            applicants=self.applicants,
            sent_on=today,
        )


def esr_volume(subject: Subject, seed: int, profile_name: str, applicants: int | None) -> EsrVolume:
    """The replay against an ESR of a subject file. Raises SubjectUnusable for a world that is none."""
    control = subject.addresses.get("control")
    return EsrVolume(
        subject.addresses["esr"],
        subject.tokens.get("esr", ""),
        None if control is None else control.removesuffix(_CONTROL),
        profile_name,
        applicants,
        seed,
        _world(subject.bindings.get("world")),
    )


def arrivals_beside(ledger: Path) -> Path:
    """Where a replay notes when events arrived."""
    return ledger.with_name(f"{ledger.stem}-arrivals.ndjson")


def _world(told: Any) -> WorldParameters:
    if told is None:
        return WORLD
    try:
        world = WorldParameters(
            told["seed"], told["organisations"], told["positionsPerOrganisation"]
        )
        world.make()
    except (KeyError, TypeError, ValueError) as problem:
        raise SubjectUnusable(
            "bindings.world names the seeded world that your ESR holds: the numbers seed, organisations and "
            f"positionsPerOrganisation ({type(problem).__name__}: {problem})."
        ) from problem
    return world


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _shown(step: Progress) -> dict[str, Any]:
    return {
        "phase": step.phase,
        "done": step.done,
        "remaining": step.remaining,
        "rate": step.rate,
        "compression": step.compression,
    }
