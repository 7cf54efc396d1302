"""What a manifest claims besides its files: level and nonce, dates, suite and contracts. Each is held against what is known."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sandbox.conformance.evidence.archive import Archive
from sandbox.conformance.evidence.known import Known
from sandbox.conformance.evidence.manifest import (
    CASE_FOLDER,
    CASES,
    REQUIREMENTS,
    SUBJECT,
    VOLUME_PLAN,
    Level,
    seed_of_nonce,
    sha256,
)
from sandbox.conformance.evidence.refusals import Code, PackRefused, read_json, shown
from sandbox.conformance.evidence.signers import TrustedKey
from sandbox.timestamps import from_text

_SUBJECT_FACTS = ("product", "name", "version", "build", "environment", "role", "features")


def a_year_after(day: date) -> date:
    """The same day twelve months on; of 29 February the last of the month."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def check_claims(archive: Archive, manifest: Mapping[str, Any]) -> None:
    """Refuses records of another run or under another name, and a subject that is not the manifest's. Raises PackRefused."""
    for name in archive.names:
        if name.startswith(CASE_FOLDER):
            record = _json(archive, name, Code.RECORD_FOREIGN)
            case, seed = record.get("case"), record.get("seed")
            if f"{CASE_FOLDER}{case}.json" != name:
                raise PackRefused(
                    Code.RECORD_FOREIGN,
                    f"The record {shown(name)} is of the case {shown(str(case))}.",
                )
            if seed != manifest["seed"]:
                raise PackRefused(
                    Code.RECORD_FOREIGN,
                    f"The record {shown(name)} names the seed {shown(str(seed))}, which is not the run's.",
                )
    if VOLUME_PLAN in archive.names:
        seed = _json(archive, VOLUME_PLAN, Code.RECORD_FOREIGN).get("seed")
        if seed != manifest["seed"]:
            raise PackRefused(
                Code.RECORD_FOREIGN,
                f"The replay was made with the seed {shown(str(seed))}, which is not the run's.",
            )
    if SUBJECT in archive.names:
        subject = _json(archive, SUBJECT, Code.SUBJECT_DIFFERS)
        for fact in _SUBJECT_FACTS:
            if fact in subject and subject[fact] != manifest["subject"][fact]:
                raise PackRefused(
                    Code.SUBJECT_DIFFERS,
                    f"The subject file and the manifest do not agree on {fact}.",
                )


def granted_level(
    manifest: Mapping[str, Any], signers: Iterable[TrustedKey], nonce: str | None
) -> tuple[Level, str]:
    """The level that can be confirmed, and a sentence. Raises PackRefused for one that is claimed wrongly."""
    level = Level(manifest["level"])
    told = manifest.get("nonce")
    if told is not None and manifest["seed"] != seed_of_nonce(told):
        raise PackRefused(
            Code.SEED_NOT_OF_NONCE,
            "The run's seed does not follow from the nonce: the run was made without it.",
        )
    if nonce is not None and told != nonce:
        raise PackRefused(
            Code.NONCE_DIFFERS,
            "The run was not made for this challenge: its nonce is another, or it has none.",
        )
    if not any(level in signer.levels for signer in signers):
        raise PackRefused(
            Code.LEVEL_NOT_GRANTED,
            f"The pack claims to be {level}; none of its signatures is by a key that you trust for that.",
        )
    if level is Level.NONCE_BOUND and nonce is None:
        return (
            Level.SELF_RUN,
            "Counts as self-run: it claims to be nonce-bound, and no challenge was named to compare.",
        )
    if level is Level.NONCE_BOUND:
        return level, "The seed follows from the challenge, and every record names it."
    return level, f"It claims to be {level}, as its signature may."


def check_dates(manifest: Mapping[str, Any], today: date) -> str:
    """Refuses a run that ended before it began, that has not been yet, or that is too old. Raises PackRefused."""
    moments = {}
    for name, text in (
        ("began", manifest["began"]),
        ("ended", manifest["ended"]),
        ("from", manifest["clock"]["from"]),
        ("to", manifest["clock"]["to"]),
    ):
        try:
            moments[name] = from_text(text)
        except (ValueError, OverflowError) as problem:
            raise PackRefused(
                Code.DATE_ORDER, f"{shown(text)} is a moment that no run can be at."
            ) from problem
    if moments["began"] > moments["ended"] or moments["from"] > moments["to"]:
        raise PackRefused(Code.DATE_ORDER, "The run ended before it began.")
    ended = moments["ended"].date()
    if ended > today:
        raise PackRefused(Code.DATE_FUTURE, f"The run ended on {ended}, and today is {today}.")
    until = a_year_after(ended)
    if today > until:
        raise PackRefused(
            Code.PACK_EXPIRED,
            f"The run ended on {ended}; evidence counts for 12 months, to {until}.",
        )
    left = (until - today) // timedelta(days=1)
    return f"The run ended on {ended}; the evidence counts until {until}, {left} days more."


def check_versions(archive: Archive, manifest: Mapping[str, Any], known: Known) -> str:
    """Refuses a suite, a register or a contract that is not known here. Raises PackRefused."""
    suite, role = manifest["suite"], manifest["subject"]["role"]
    if suite["version"] != known.version or suite["digest"] != known.suites.get(role):
        raise PackRefused(
            Code.SUITE_UNKNOWN,
            f"The suite of version {shown(suite['version'])} is not the one that is here ({known.version}); verify with the "
            "release that made the pack.",
        )
    if manifest["requirementSet"] != known.requirement_set:
        raise PackRefused(
            Code.REQUIREMENTS_UNKNOWN,
            "The requirements are not those of this release; verify with the release that made the pack.",
        )
    for code, name, digest in (
        (Code.SUITE_UNKNOWN, CASES, suite["digest"]),
        (Code.REQUIREMENTS_UNKNOWN, REQUIREMENTS, manifest["requirementSet"]),
    ):
        if name not in archive.names or sha256(archive.read(name)) != digest:
            raise PackRefused(code, f"{name} is not what the manifest says the run was judged by.")
    for contract in manifest["contracts"]:
        name = f"{contract['name']} {contract['version']}"
        if known.contracts.get((contract["name"], contract["version"])) != contract["digest"]:
            raise PackRefused(
                Code.CONTRACT_UNKNOWN, f"The contract {shown(name)} is not one that is known here."
            )
    names = ", ".join(f"{item['name']} {item['version']}" for item in manifest["contracts"])
    return f"Suite {suite['version']}, its requirements and the contracts {names} are those of this release."


def _json(archive: Archive, name: str, code: Code) -> Mapping[str, Any]:
    try:
        document = read_json(archive.read(name))
    except ValueError as problem:
        raise PackRefused(code, f"The file {shown(name)} is no JSON.") from problem
    if not isinstance(document, dict):
        raise PackRefused(code, f"The file {shown(name)} is no JSON object.")
    return document
