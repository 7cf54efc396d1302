"""The fifth suite of `esr-sandbox certify`: whether it is asked for, of whom, and what an earlier run leaves of it."""

from collections.abc import Mapping
from typing import Any

import orjson

from loadtests.errors import PlanError
from sandbox.cli import Stop
from sandbox.conformance.evidence.eligibility import MANDATORY_SUITES, VOLUME
from sandbox.conformance.evidence.manifest import VOLUME_PLAN
from sandbox.conformance.preflight import Check
from sandbox.conformance.references import Reached
from sandbox.conformance.supplier_stage import SupplierStage
from sandbox.conformance.verdict import SUITES
from sandbox.conformance.volume.files import FOLDER, PROFILE
from sandbox.conformance.volume.replaying import (
    EsrVolume,
    SupplierVolume,
    esr_volume,
    supplier_volume,
)

SubjectVolume = EsrVolume | SupplierVolume

PROFILES = {"esr": "peak-hour", "recruitment-system": "supplier"}
"""By role: the profile that is replayed unless another is named."""
NOTHING_TO_REPLAY = (
    "NHS Jobs has no suite of volume: a replay sends to an ESR, or through a recruitment system. "
    "A certificate of NHS Jobs is functional."
)
_ASKED = ("seed", "world", "applicants", "clock", "senders")


def wanted_suites(
    suites: tuple[str, ...], go_live: bool, profile: str | None, applicants: int | None
) -> tuple[str, ...]:
    """The suites that the options ask for. Raises Stop for options that contradict each other."""
    if suites and go_live:
        raise Stop("--go-live runs every suite; leave --suite out, or name `volume` among them.")
    wanted = suites or (SUITES if go_live else MANDATORY_SUITES)
    if VOLUME not in wanted and (profile is not None or applicants is not None):
        raise Stop(
            "--volume-profile and --applicants are about the suite of volume; add --go-live or --suite volume."
        )
    return wanted


def volume_of(
    reached: Reached, seed: int, profile: str | None, applicants: int | None
) -> SubjectVolume:
    """The replay of a subject whose role has one. Raises Stop for what cannot be replayed."""
    subject, stage = reached.subject, reached.stage
    name = profile or PROFILES[subject.role]
    volume: SubjectVolume
    try:
        if isinstance(stage, SupplierStage):
            volume = supplier_volume(subject, stage, seed, name, applicants)
        else:
            volume = esr_volume(subject, seed, name, applicants)
        volume.asked()
    except PlanError as problem:
        raise Stop(str(problem)) from problem
    return volume


def check_volume(volume: SubjectVolume) -> Check:
    """Whether the subject has what the replay needs."""
    trouble = volume.unready()
    return Check(
        "the replay finds its world",
        trouble is None,
        trouble or "positions that take applicants",
        ""
        if trouble is None
        else "Name under bindings.world the seeded world that your ESR holds.",
    )


def taken_over(earlier: Mapping[str, bytes], volume: SubjectVolume | None) -> dict[str, bytes]:
    """The files of an earlier run to go on from: without its replay where none, or another, is asked for now."""
    cases = {name: content for name, content in earlier.items() if not name.startswith(FOLDER)}
    if volume is None or VOLUME_PLAN not in earlier:
        return cases
    asked = volume.asked()
    same = earlier[PROFILE] == asked[PROFILE] and _named(earlier[VOLUME_PLAN]) == _named(
        asked[VOLUME_PLAN]
    )
    return dict(earlier) if same else cases


def _named(plan: bytes) -> dict[str, Any]:
    told = orjson.loads(plan)
    return {name: told[name] for name in _ASKED}
