"""Replays a part of the year against a subject, or through it, and leaves the files that the verdict is made of."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from loadtests.errors import ReplayError
from loadtests.ledger import read_ledger
from loadtests.plan import Plan, Scope, WorldParameters
from loadtests.preparation import usable_vacancies, vacancies_of
from loadtests.results import Listener, Progress, ReplayPlan, ReplayResult
from loadtests.runner import run_replay, scope_of
from loadtests.supplier.access import SupplierAccess, SupplierPlan
from loadtests.supplier.runner import check_profile, run_supplier_replay
from loadtests.target import Target
from sandbox.conformance.evidence.archive import LARGEST_ENTRY
from sandbox.conformance.scene import POSITIONS
from sandbox.conformance.subject import Subject, SubjectUnusable
from sandbox.conformance.supplier_load import check_driving
from sandbox.conformance.supplier_stage import EMPLOYERS, SupplierStage
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
from sandbox.conformance.volume.requirements import ESR, SUPPLIER
from sandbox.conformance.volume.sides import side_of
from simulators.credentials import Access

Tell = Callable[[dict[str, Any]], None]
WORLD = WorldParameters(seed=1, organisations=40, positions_per_organisation=60)
"""What an ESR of ours is filled with for a replay, and what another is taken to hold where its bindings name none."""
_CONTROL = "/control/v1"
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of which year is replayed."""

    role: str
    profile_name: str
    """Of a bundled profile, or the path of a TOML file."""
    applicants: int | None
    """Of the year that the profile is a part of; None takes the profile's."""
    seed: int
    world: WorldParameters
    is_clock_moved: bool
    """Whether ESR's clock is moved through the year; else dates are shifted to the day of sending."""

    def files(
        self, scope: Scope | None = None, counted: dict[str, Any] | None = None
    ) -> dict[str, bytes]:
        """What the pack says of it; without a scope, that it was asked for and not begun."""
        text, profile = profile_text(self.profile_name)
        told = {
            "seed": self.seed,
            "world": asdict(self.world),
            "applicants": self.applicants or profile.applicants_per_year,
            "clock": "moved" if self.is_clock_moved else "wall",
            "senders": 1,
            "scope": None if scope is None else scope.to_dict(),
            "planned": counted,
        }
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
        return {PLAN: orjson.dumps(told, option=options) + b"\n", PROFILE: text}

    def plan(
        self, base_url: str, token: Access, ledger: Path, sandbox_url: str | None
    ) -> ReplayPlan:
        """The replay of it. Raises `PlanError` for a profile that is none."""
        _, profile = profile_text(self.profile_name)
        return ReplayPlan(
            base_url=base_url,
            token=token,
            profile=profile,
            world=self.world,
            seed=self.seed,
            ledger=ledger,
            sandbox_url=sandbox_url,
            applicants=self.applicants,
            sent_on=datetime.now(UTC).date().isoformat(),
        )

    def replayed(self, replay: Callable[[Path], ReplayResult]) -> dict[str, bytes]:
        """The files of a replay, which is given the place of its ledger; what stops it is told in them, and not raised."""
        with tempfile.TemporaryDirectory(prefix="esr-volume-") as folder:
            try:
                result = replay(Path(folder) / "ledger.ndjson")
            except ReplayError as problem:
                return {**self.files(), RECONCILIATION: reconciliation_file(str(problem), None)}
            ledger = zipped(result.ledger)
            if len(ledger) > LARGEST_ENTRY:
                why = f"the ledger has {len(ledger):,} bytes, and a pack takes at most {LARGEST_ENTRY:,}: replay less"
                return {**self.files(), RECONCILIATION: reconciliation_file(why, None)}
            scope = Scope.from_dict(result.scope)
            told: Plan = side_of(self.role).plan(scope, vacancies_of(read_ledger(result.ledger)))
            files = {
                **self.files(scope, planned(told.census())),
                LEDGER: ledger,
                RECONCILIATION: reconciliation_file(result.interrupted, result.reconciliation),
            }
            arrivals = result.ledger.with_name(f"{result.ledger.stem}-arrivals.ndjson")
            return {**files, ARRIVALS: zipped(arrivals)} if arrivals.exists() else files


@dataclass(frozen=True, slots=True)
class EsrVolume:
    """The replay against an ESR."""

    of: Asked
    base_url: str
    token: Access
    sandbox_url: str | None
    """Where the ESR is a sandbox, its address: the replay has a workspace there, and moves its clock."""
    operator: Access | None = None
    """What that sandbox asks for where workspaces are made, if it does."""

    def asked(self) -> dict[str, bytes]:
        """The files that say what was asked for, before any of it is done. Raises `PlanError` for what cannot be."""
        scope_of(self._plan(Path()))
        return self.of.files()

    def unready(self) -> str | None:
        """Why the replay could not begin, in a sentence; None where all is there."""
        if self.sandbox_url is not None:
            return None
        try:
            with Target(self.base_url, self.token, patience=_PATIENCE) as target:
                usable_vacancies(target, scope_of(self._plan(Path())))
        except ReplayError as problem:
            return str(problem)
        return None

    def run(self, tell: Tell) -> dict[str, bytes]:
        """Replays, and answers the files of the pack. `tell` hears of the progress a few times a second.

        Ctrl-C before the first message is raised as such; later it ends the replay.
        """
        return self.of.replayed(lambda ledger: run_replay(self._plan(ledger), _listener(tell)))

    def _plan(self, ledger: Path) -> ReplayPlan:
        plan = self.of.plan(self.base_url, self.token, ledger, self.sandbox_url)
        return replace(plan, operator=self.operator)


@dataclass(frozen=True, slots=True)
class SupplierVolume:
    """The replay through a recruitment system: it is given its orders, and told what happens in its ESR."""

    of: Asked
    esr_url: str
    """ESR in the supplier's workspace of a sandbox."""
    esr_token: Access
    access: SupplierAccess

    def asked(self) -> dict[str, bytes]:
        """As `EsrVolume.asked`."""
        plan = self._plan(Path())
        check_profile(plan.profile)
        scope_of(plan)
        return self.of.files()

    def unready(self) -> str | None:
        """Never anything: what a supplier has to offer is looked at for the cases already."""
        return None

    def run(self, tell: Tell) -> dict[str, bytes]:
        """As `EsrVolume.run`."""
        return self.of.replayed(
            lambda ledger: run_supplier_replay(
                SupplierPlan(self._plan(ledger), self.access), _listener(tell)
            )
        )

    def _plan(self, ledger: Path) -> ReplayPlan:
        return self.of.plan(self.esr_url, self.esr_token, ledger, None)


def esr_volume(subject: Subject, seed: int, profile_name: str, applicants: int | None) -> EsrVolume:
    """The replay against an ESR of a subject file. Raises SubjectUnusable for a world that is none."""
    control = subject.addresses.get("control")
    if "esr" not in subject.addresses:
        raise SubjectUnusable("A replay needs the address of your ESR: name it as addresses.esr.")
    return EsrVolume(
        Asked(
            ESR,
            profile_name,
            applicants,
            seed,
            _world(subject.bindings.get("world")),
            control is not None,
        ),
        subject.addresses["esr"],
        subject.tokens.get("esr", ""),
        None if control is None else control.removesuffix(_CONTROL),
        subject.tokens.get("control"),
    )


def supplier_volume(
    subject: Subject, stage: SupplierStage, seed: int, profile_name: str, applicants: int | None
) -> SupplierVolume:
    """The replay through a supplier that a stage is connected to. Raises `PlanError` for one that is not driven inbound."""
    check_driving(subject)
    world = WorldParameters(stage.seed, EMPLOYERS, POSITIONS)
    return SupplierVolume(
        Asked(SUPPLIER, profile_name, applicants, seed, world, is_clock_moved=False),
        # By its path, a call without a token is the workspace's too.
        f"{stage.control.removesuffix(_CONTROL)}/esr/v1",
        stage.supplier_access,
        SupplierAccess(
            stage.control,
            subject.addresses["driver"],
            str(subject.tokens.get("driver", "")),
            stage.receiver_url or None,
        ),
    )


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


def _listener(tell: Tell) -> Listener:
    def heard(step: Progress) -> None:
        tell(
            {
                "phase": step.phase,
                "done": step.done,
                "remaining": step.remaining,
                "rate": step.rate,
                "compression": step.compression,
            }
        )

    return heard
