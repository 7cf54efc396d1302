"""What a supplier meant ESR to hold in the end, record by record, and how what ESR holds is judged against it.

Lost: a record, or a change of one, that is not there. Doubled: two records for one. Contradictory: something that nobody
ever meant, or a record that goes on although it was ended.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.rehearsal.comparison import ABSENT, Document, Held, State, flat
from sandbox.rehearsal.messages import Kind, Message

_TERMINATED = "TERMINATED"
_REGULATOR = "REGULATOR"
_GIVEN_BY_ESR = frozenset(
    {
        "applicantNumber",
        "assignmentId",
        "personId",
        "match",
        "odsCode",
        "status",
        "version",
        "submittedAt",
        "updatedAt",
        "internalCandidate",
        "withdrawal",
        "checkType",
        "startedBy",
        "updatedBy",
    }
)


class Verdict(StrEnum):
    """What is wrong with a record."""

    LOST = "lost"
    DOUBLED = "doubled"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that is not as it was meant."""

    verdict: Verdict
    reference: str
    record: str
    pointer: str = ""


@dataclass(slots=True)
class Intention:
    """What is meant for one applicant; the versions of a document follow each other, the last one counts."""

    submissions: list[Document] = field(default_factory=list)
    checks: dict[str, list[Document]] = field(default_factory=dict)
    withdrawal: Mapping[str, Any] | None = None

    def mean(self, message: Message) -> None:
        """Takes what a message says for meant."""
        match message.kind:
            case Kind.SUBMISSION:
                self.submissions = self.submissions or [dict(message.body)]
            case Kind.AMENDMENT:
                self.submissions.append(merged(self.submissions[-1], message.body))
            case Kind.WITHDRAWAL:
                self.withdrawal = message.body
            case Kind.CHECK:
                assert message.check_type is not None
                self.checks.setdefault(message.check_type, []).append(dict(message.body))


def merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> Document:
    """A document after a JSON merge patch (RFC 7396)."""
    found = dict(document)
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping):
            inner = found.get(name)
            found[name] = merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            found[name] = value
    return found


def judge(meant: Mapping[str, Intention], state: State) -> tuple[Fault, ...]:
    """Everything that ESR does not hold as it was meant, by the supplier's reference."""
    held: dict[str, list[Held]] = {}
    for item in state:
        held.setdefault(item.applicant["supplierReference"], []).append(item)
    return tuple(_faults(meant, held))


def _faults(
    meant: Mapping[str, Intention],
    held: Mapping[str, list[Held]],
) -> Iterator[Fault]:
    for reference in sorted(held.keys() - meant.keys()):
        yield Fault(Verdict.CONTRADICTORY, reference, "applicant")
    for reference, intention in sorted(meant.items()):
        found = held.get(reference, [])
        if not found:
            yield Fault(Verdict.LOST, reference, "applicant")
        elif len(found) > 1:
            yield Fault(Verdict.DOUBLED, reference, "applicant")
        else:
            yield from _of_applicant(reference, intention, found[0].applicant, found[0].checks)
    yield from _one_person_twice(held)


def _one_person_twice(
    held: Mapping[str, list[Held]],
) -> Iterator[Fault]:
    """Live applicants of one person for one vacancy, whatever their references are."""
    live = Counter(
        (item.applicant["personId"], item.applicant["vacancyReference"])
        for found in held.values()
        for item in found
        if item.applicant["status"] != _TERMINATED
    )
    for reference, found in held.items():
        for applicant, _, _ in found:
            person = applicant["personId"], applicant["vacancyReference"]
            if applicant["status"] != _TERMINATED and live[person] > 1:
                yield Fault(Verdict.DOUBLED, reference, "applicant", "/personId")


def _of_applicant(
    reference: str, intention: Intention, applicant: Document, checks: list[Document]
) -> Iterator[Fault]:
    for pointer, is_older in _unequal(intention.submissions, applicant):
        verdict = Verdict.LOST if is_older else Verdict.CONTRADICTORY
        yield Fault(verdict, reference, "applicant", pointer)
    has_ended = applicant["status"] == _TERMINATED
    if intention.withdrawal is None and has_ended:
        yield Fault(Verdict.CONTRADICTORY, reference, "applicant", "/status")
    elif intention.withdrawal is not None and not has_ended:
        yield Fault(Verdict.LOST, reference, "withdrawal")
    elif intention.withdrawal is not None and applicant["withdrawal"] != intention.withdrawal:
        yield Fault(Verdict.CONTRADICTORY, reference, "withdrawal")
    by_type = {check["checkType"]: check for check in checks}
    for check_type in sorted(by_type.keys() - intention.checks.keys()):
        yield Fault(Verdict.CONTRADICTORY, reference, f"check {check_type}")
    for check_type, updates in sorted(intention.checks.items()):
        check = by_type.get(check_type)
        if check is None:
            yield Fault(Verdict.LOST, reference, f"check {check_type}")
            continue
        if check["updatedBy"] == _REGULATOR:
            # The regulator has answered since: what was asked for must still be what the answer is about.
            if check["registration"]["number"] != updates[-1]["registration"]["number"]:
                yield Fault(Verdict.CONTRADICTORY, reference, f"check {check_type}")
            continue
        unequal = list(_unequal(updates, check))
        if unequal:
            was_meant = any(not list(_unequal([older], check)) for older in updates[:-1])
            verdict = Verdict.LOST if was_meant else Verdict.CONTRADICTORY
            yield Fault(verdict, reference, f"check {check_type}", unequal[0][0])


def _unequal(versions: list[Document], held: Document) -> Iterator[tuple[str, bool]]:
    """The pointers whose value is not the last that was meant, and whether it is one that was meant before."""
    own = {name: value for name, value in held.items() if name not in _GIVEN_BY_ESR}
    wanted = [
        flat({name: value for name, value in item.items() if name not in _GIVEN_BY_ESR})
        for item in versions
    ]
    found = flat(own)
    for pointer in sorted(wanted[-1].keys() | found.keys()):
        value = found.get(pointer, ABSENT)
        if value != wanted[-1].get(pointer, ABSENT):
            yield pointer, any(value == item.get(pointer, ABSENT) for item in wanted[:-1])
