"""Writes applicants to a stream, as NDJSON or CSV, in constant memory. The same seed gives the same
bytes.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Literal

import numpy as np

from simulators.applicants import applicants
from simulators.world import World

Format = Literal["ndjson", "csv"]
_TOLD_EVERY = 1000
FORMATS: tuple[Format, ...] = ("ndjson", "csv")

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection); a
# quote in front stops it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

# One column for each property of an ApplicantSubmission, by its path; applicants made here have one
# registration at most.
COLUMNS = (
    "supplierReference",
    "vacancyReference",
    "positionId",
    "person.title",
    "person.firstName",
    "person.middleNames",
    "person.lastName",
    "person.previousLastName",
    "person.dateOfBirth",
    "person.gender",
    "person.niNumber",
    "person.nationality",
    "person.ethnicOrigin",
    "person.maritalStatus",
    "person.disability",
    "person.religiousBelief",
    "person.sexualOrientation",
    "person.emailAddress",
    "person.mobileNumber",
    "person.homeNumber",
    "person.address.line1",
    "person.address.line2",
    "person.address.town",
    "person.address.county",
    "person.address.postcode",
    "person.address.country",
    "registrations.0.body",
    "registrations.0.number",
    "registrations.0.type",
    "registrations.0.expiryDate",
    "staffGroup",
    "jobRole",
    "contractType",
    "assignmentType",
    "hoursPerWeek",
    "recruitmentSource",
    "offerDate",
    "offerAcceptedDate",
    "startDate",
    "endDate",
    "dataSharingConsent",
    "internalCandidate",
    "previousEmployer.name",
    "previousEmployer.odsCode",
    "previousEmployer.endDate",
)


_AT_ONCE = 256


def made(seed: int, world: World, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Applicants `start` to `stop` - 1 of a seed, a block at a time."""
    for first in range(start, stop, _AT_ONCE):
        yield from applicants(
            seed, np.arange(first, min(first + _AT_ONCE, stop)), world
        ).submissions


def write_applicants(
    out: BinaryIO,
    count: int,
    seed: int,
    file_format: Format = "ndjson",
    world: World | None = None,
    start: int = 0,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Writes `count` applicants from index `start`, UTF-8, lines ended by a line feed (CSV: CRLF,
    RFC 4180; header first).

    `watch` is told now and then how many are made. Without a `world` they are for the world of the
    same seed with its default sizes. Raises ValueError for another format or a negative count,
    before anything is written; what `out` raises passes through.
    """
    if file_format not in FORMATS:
        raise ValueError(f"file_format must be one of {', '.join(FORMATS)}, not {file_format}")
    if count < 0 or start < 0:
        raise ValueError("count and start must not be negative")
    found = made(seed, world or World.make(seed), start, start + count)
    if watch is not None:
        found = _watched(found, watch)
    if file_format == "ndjson":
        _write_ndjson(out, found)
    else:
        _write_csv(out, found)


def _watched(
    found: Iterator[dict[str, Any]], watch: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    for done, each in enumerate(found, start=1):
        if done % _TOLD_EVERY == 0:
            watch(done)
        yield each


def _write_ndjson(out: BinaryIO, found: Iterator[Mapping[str, Any]]) -> None:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    out.writelines(encode(each).encode() + b"\n" for each in found)


def _write_csv(out: BinaryIO, found: Iterator[Mapping[str, Any]]) -> None:
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    out.write(line.getvalue().encode())
    for each in found:
        line.seek(0)
        line.truncate()
        cells = dict(_flat(each))
        writer.writerow([safe_cell(cells.get(column)) for column in COLUMNS])
        out.write(line.getvalue().encode())


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        pairs: Iterator[tuple[Any, Any]] = iter(value.items())
    elif isinstance(value, list):
        pairs = iter(enumerate(value))
    else:
        yield path, value
        return
    for key, inner in pairs:
        yield from _flat(inner, f"{path}.{key}" if path else str(key))


def safe_cell(value: Any) -> str:
    """The text of a cell that no spreadsheet takes for a formula; empty for None, `true` and
    `false` for booleans.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text
