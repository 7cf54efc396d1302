"""What ESR holds after the same conversation through two doors, compared field by field.

What is left out stands in a table, each with its reason; everything else has to be equal. Personal values never leave
this module: a difference shows a digest of them, under a key that is thrown away with the run.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, NamedTuple

import orjson

from sandbox.journal.masking import masked_body

Document = dict[str, Any]


class Held(NamedTuple):
    """What ESR holds of one applicant."""

    applicant: Document
    checks: list[Document]
    transfer: Document | None = None
    """The inter-authority transfer, where it was read."""


State = list[Held]

APPLICANT, CHECK, TRANSFER = "applicant", "check", "transfer"
ABSENT = "(absent)"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that is not compared, and why."""

    record: str
    pointer: str
    """A regular expression of the whole pointer."""
    reason: str
    updated_by: str | None = None
    """Only in a check that this party updated last."""

    def covers(self, record: str, pointer: str, updated_by: str | None) -> bool:
        """Whether it leaves out a field of such a record."""
        if self.record != record or self.updated_by not in (None, updated_by):
            return False
        return re.fullmatch(self.pointer, pointer) is not None


_NUMBERS = "ESR numbers records as they come; the other door's come in another order"
_VERSIONS = "counts ESR's changes; how many there are follows from how messages are bundled"
_MOMENTS = "a file is loaded on the hour, a message of the API when it comes"
_REGULATOR = "when the simulated regulator answers follows from the applicant number"

LEFT_OUT: tuple[LeftOut, ...] = (
    LeftOut(APPLICANT, "/applicantNumber", _NUMBERS),
    LeftOut(APPLICANT, "/assignmentId", _NUMBERS),
    LeftOut(APPLICANT, "/personId", _NUMBERS),
    LeftOut(APPLICANT, "/match/candidates/[0-9]+/personId", _NUMBERS),
    LeftOut(APPLICANT, "/version", _VERSIONS),
    LeftOut(APPLICANT, "/submittedAt", _MOMENTS),
    LeftOut(APPLICANT, "/updatedAt", _MOMENTS),
    LeftOut(CHECK, "/applicantNumber", _NUMBERS),
    LeftOut(CHECK, "/version", _VERSIONS),
    LeftOut(CHECK, "/updatedAt", _MOMENTS),
    LeftOut(CHECK, "/completedDate", _REGULATOR, updated_by="REGULATOR"),
    LeftOut(CHECK, "/registration/expiryDate", _REGULATOR, updated_by="REGULATOR"),
    LeftOut(TRANSFER, "/applicantNumber", _NUMBERS),
    LeftOut(TRANSFER, "/(requested|released|updated)At", _MOMENTS),
)
"""Everything that is not compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the two doors do not agree on."""

    reference: str
    """The supplier's reference of the applicant."""
    record: str
    pointer: str
    files: str
    api: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison saw."""

    applicants: int
    checks: int
    transfers: int
    fields: int
    differences: tuple[Difference, ...]


def compare(files: State, api: State) -> Comparison:
    """Two states of ESR, field by field."""
    key = token_bytes(32)
    left, right = _by_record(files), _by_record(api)
    found: list[Difference] = []
    fields = 0
    for reference, record in sorted(left.keys() | right.keys()):
        one, other = left.get((reference, record)), right.get((reference, record))
        if one is None or other is None:
            held = [ABSENT if item is None else "(there)" for item in (one, other)]
            found.append(Difference(reference, record, "", *held))
            continue
        kind = record.split()[0]
        names = _compared(kind, one, other)
        fields += len(names)
        unequal = [name for name in names if one[1].get(name) != other[1].get(name)]
        if unequal:
            shown = [_masked(item[0], key) for item in (one, other)]
            found += [
                Difference(
                    reference, record, name, *(str(item.get(name, ABSENT)) for item in shown)
                )
                for name in unequal
            ]
    return Comparison(
        applicants=sum(record.startswith(APPLICANT) for _, record in left),
        checks=sum(record.startswith(CHECK) for _, record in left),
        transfers=sum(record.startswith(TRANSFER) for _, record in left),
        fields=fields,
        differences=tuple(found),
    )


_Record = tuple[Document, Mapping[str, Any]]


def _by_record(state: State) -> dict[tuple[str, str], _Record]:
    """By (supplier's reference, name of the record): the document, and its values by pointer."""
    found: dict[tuple[str, str], _Record] = {}
    times: dict[str, int] = {}
    for applicant, checks, transfer in state:
        reference = applicant["supplierReference"]
        times[reference] = times.get(reference, 0) + 1
        # A reference that has come twice is told apart, not laid over the first.
        again = f" {times[reference]}" if times[reference] > 1 else ""
        found[reference, APPLICANT + again] = applicant, flat(applicant)
        for check in checks:
            name = f"{CHECK} {check['checkType']}{again}"
            found[reference, name] = check, flat(check)
        if transfer is not None:
            found[reference, TRANSFER + again] = transfer, flat(transfer)
    return found


def _compared(kind: str, one: _Record, other: _Record) -> list[str]:
    by = {item[0].get("updatedBy") for item in (one, other)}
    updated_by = by.pop() if len(by) == 1 else None
    return [
        pointer
        for pointer in sorted(one[1].keys() | other[1].keys())
        if not is_left_out(kind, pointer, updated_by)
    ]


def is_left_out(record: str, pointer: str, updated_by: str | None) -> bool:
    """Whether a field is not compared."""
    return any(row.covers(record, pointer, updated_by) for row in LEFT_OUT)


def flat(document: Document) -> dict[str, Any]:
    """A document's values by their JSON pointers; an empty object or list is a value."""
    return dict(_values("", document))


def _values(pointer: str, value: Any) -> Iterator[tuple[str, Any]]:
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, dict) and value:
        items = value.items()
    elif isinstance(value, list) and value:
        items = enumerate(value)
    else:
        yield pointer, value
        return
    for name, item in items:
        yield from _values(f"{pointer}/{name}", item)


def _masked(document: Document, key: bytes) -> dict[str, Any]:
    text = masked_body(orjson.dumps(document), key, _JSON)
    assert text is not None
    return flat(orjson.loads(text))
