"""The files of a pack below `volume/`: how they are written, and how they are read from a pack that nobody trusts yet."""

import gzip
import io
import shutil
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.profiles import BUNDLED, Profile, bundled_profiles, load_profile, parse_profile
from sandbox.conformance.evidence.manifest import VOLUME_PLAN
from sandbox.conformance.evidence.refusals import Code, PackRefused, read_json, shown

FOLDER = "volume/"
PLAN = VOLUME_PLAN
"""What was asked and, once it was begun, what the replay sends: its scope and how many messages that makes."""
PROFILE = "volume/profile.toml"
"""The profile as it was read, with every limit."""
LEDGER = "volume/ledger.ndjson.gz"
ARRIVALS = "volume/arrivals.ndjson.gz"
"""When each event reached a receiver, where one listened."""
RECONCILIATION = "volume/reconciliation.json"
"""What only the run itself could see: how it ended, and what reading the subject back found."""

LARGEST_UNZIPPED = 1024 * 1024 * 1024
"""Bytes: a year's ledger has under half of it."""
_LONGEST_LINE = 1024 * 1024
_CHUNK = 256 * 1024
_MOST_SHOWN = 200
"""Discrepancies of one kind that are told in full; of the rest only the numbers."""
_KINDS = {
    "lost": "lost",
    "duplicated": "duplicated",
    "altered": "altered",
    "contradicted": "contradicted",
    "reordered": "reordered",
    "unacknowledged_found": "unacknowledgedFound",
    "unacknowledged_absent": "unacknowledgedAbsent",
}


def zipped(path: Path) -> bytes:
    """A file as gzip: the same bytes for the same content, whatever it was called and whenever it was written."""
    made = io.BytesIO()
    with (
        path.open("rb") as source,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=made, mtime=0) as target,
    ):
        shutil.copyfileobj(source, target, _CHUNK)
    return made.getvalue()


def unzipped_lines(content: bytes, name: str) -> Iterator[bytes]:
    """The lines of a file that `zipped` made, each with its end, a piece at a time.

    Raises PackRefused: LEDGER_CUT where the end is missing, LEDGER_MALFORMED where it is no such file or beyond all bounds.
    """
    stream = zlib.decompressobj(wbits=31)
    rest, size = b"", 0
    waiting = content
    while not stream.eof:
        try:
            piece = stream.decompress(waiting, _CHUNK)
        except zlib.error as problem:
            raise PackRefused(
                Code.LEDGER_MALFORMED, f"The file {name} is no gzip: {problem}."
            ) from problem
        waiting = stream.unconsumed_tail
        if not piece and not waiting and not stream.eof:
            raise PackRefused(Code.LEDGER_CUT, f"The file {name} ends before its end: it was cut.")
        size += len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        if size > LARGEST_UNZIPPED or len(rest) > _LONGEST_LINE:
            raise PackRefused(
                Code.LEDGER_MALFORMED,
                f"The file {name} has more than {LARGEST_UNZIPPED:,} bytes, or a line of more than {_LONGEST_LINE:,}.",
            )
        yield from (line + b"\n" for line in whole)
    if stream.unused_data:
        raise PackRefused(Code.LEDGER_MALFORMED, f"Something stands behind the end of {name}.")
    if rest:
        raise PackRefused(
            Code.LEDGER_CUT, f"The file {name} ends in the middle of a line: it was cut."
        )


def profile_text(name_or_path: str) -> tuple[bytes, Profile]:
    """A profile as it stands in its file, and as it was read. Raises `PlanError` as `load_profile` does."""
    profile = load_profile(name_or_path)
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = BUNDLED / f"{name_or_path}.toml"
    return path.read_bytes(), profile


def read_profile(files: Mapping[str, bytes]) -> Profile:
    """The profile of a pack. Raises PackRefused, and `PlanError` for one that contradicts itself."""
    try:
        document = tomllib.loads(_held(files, PROFILE).decode())
    except ValueError as problem:
        raise PackRefused(
            Code.VOLUME_MALFORMED, f"{PROFILE} is no TOML: {shown(str(problem))}."
        ) from problem
    return parse_profile(document, PROFILE)


def is_bundled(profile: Profile) -> bool:
    """Whether it is a profile of this release, in every limit."""
    return profile.name in bundled_profiles() and load_profile(profile.name) == profile


def read_plan(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The plan of a pack, well formed and within bounds. Raises PackRefused."""
    return _read(files, PLAN, "plan")


def read_reconciliation(files: Mapping[str, bytes]) -> tuple[str | None, Reconciliation | None]:
    """How the replay ended (None: at its end) and what was found, of each discrepancy kind and number alone.

    Raises PackRefused.
    """
    told = _read(files, RECONCILIATION, "reconciliation")
    found = told["found"]
    if found is None:
        return told["interrupted"], None
    return told["interrupted"], Reconciliation(
        acknowledged=found["acknowledged"],
        confirmed=found["confirmed"],
        unreported=found["unreported"],
        state=int(found["stateDigest"], 16),
        moved_on=found["movedOn"],
        **{
            field: [
                Discrepancy("", kind, number, "")
                for kind, numbers in found[name]["numbers"].items()
                for number in numbers
            ]
            for field, name in _KINDS.items()
        },
    )


def reconciliation_file(interrupted: str | None, found: Reconciliation | None) -> bytes:
    """`reconciliation.json`. Values of people are left out: a difference is told by the place where it is."""
    told: dict[str, Any] = {"interrupted": interrupted, "found": None}
    if found is not None:
        told["found"] = {
            "acknowledged": found.acknowledged,
            "confirmed": found.confirmed,
            "unreported": found.unreported,
            "movedOn": found.moved_on,
            "stateDigest": found.state_digest,
            **{name: _listed(getattr(found, field)) for field, name in _KINDS.items()},
        }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"


def _listed(items: list[Discrepancy]) -> dict[str, Any]:
    numbers: dict[str, list[int | None]] = {}
    for item in items:
        numbers.setdefault(item.kind, []).append(item.number)
    return {
        "numbers": numbers,
        "shown": [_without_values(item) for item in items[:_MOST_SHOWN]],
    }


def _without_values(item: Discrepancy) -> dict[str, Any]:
    return {
        "what": item.what,
        "kind": item.kind,
        "number": item.number,
        "supplierReference": item.supplierReference,
        "requestId": item.requestId,
        "applicantNumber": item.applicantNumber,
        "checkType": item.checkType,
        "pointers": [difference.pointer for difference in item.differences],
    }


def _held(files: Mapping[str, bytes], name: str) -> bytes:
    content = files.get(name)
    if content is None:
        raise PackRefused(Code.VOLUME_MALFORMED, f"The pack has a {PLAN} and no {name}.")
    return content


def _read(files: Mapping[str, bytes], name: str, kind: str) -> dict[str, Any]:
    try:
        document = read_json(_held(files, name))
    except ValueError as problem:
        raise PackRefused(Code.VOLUME_MALFORMED, f"{name} is no JSON.") from problem
    for error in _schema(kind).iter_errors(document):
        place = "/".join(str(part) for part in error.instance_path)
        raise PackRefused(
            Code.VOLUME_MALFORMED,
            f"{name} breaks its schema at /{place[:100]}: {error.message[:300]}.",
        )
    return dict(document)


@cache
def _schema(kind: str) -> jsonschema_rs.Draft202012Validator:
    path = Path(__file__).with_name("volume-schema.json")
    document = orjson.loads(path.read_bytes())
    return jsonschema_rs.Draft202012Validator(
        {**document, "$ref": f"#/$defs/{kind}"}, validate_formats=True
    )
