"""Reads ESR back through its contract and holds it against what was sent: every message exactly once, unaltered.

What was sent is made again from the plan (the ledger's digests prove that it is the same) and compared field by
field with what ESR holds. ESR's own record versions, which its contract says count the changes of a record, show a
check update that was swallowed or applied twice even when the last state looks right. Only what was acknowledged
can be lost; what was sent and never acknowledged may be there or not, and is reported apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from threading import local
from typing import Any

import numpy as np
import orjson

from loadtests.applicant_reconciliation import judge_applicant
from loadtests.check_reconciliation import ANSWERED_BY_REGULATORS, judge_check
from loadtests.discrepancies import Discrepancy, Reconciliation, Told, about, difference
from loadtests.errors import LedgerError
from loadtests.ledger import Entry, Ledger
from loadtests.plan import Message, Plan
from loadtests.target import PAGE, Target
from simulators.year import STEPS, Kind

READERS = 4
"""Threads that read employment checks back, each on a connection of its own."""
_OF_THE_SERVER = frozenset(
    {
        "applicantNumber", "assignmentId", "version", "personId", "match", "submittedAt", "updatedAt", "startedBy",
        "updatedBy", "vacancyReference",
    }
)  # fmt: skip
"""What ESR assigns, and what depends on when things came: no part of the state's digest."""


def reconcile(
    ledger: Ledger,
    plan: Plan,
    connect: Callable[[], Target],
    progress: Callable[[int], None] | None = None,
) -> Reconciliation:
    """Read ESR back and judge every message of the ledger. `progress` hears how many applicants were read.

    Raises `TargetError` when ESR cannot be read, `LedgerError` when the ledger is not of this plan.
    """
    status = ledger.rows["status"]
    acknowledged = int(((status >= 200) & (status < 300)).sum())
    found = Reconciliation(acknowledged=acknowledged + len(ledger.vacancies))
    may_lack = _may_lack(ledger)
    with connect() as target:
        _judge_vacancies(found, ledger, target.pages("/vacancies", "vacancies"))
        seen: dict[int, str] = {}
        references = {vacancy.vacancyReference for vacancy in plan.vacancies}
        ours = (
            held
            for held in target.pages("/applicants", "applicants")
            if held.get("vacancyReference") in references
            or plan.index_of(str(held.get("supplierReference"))) is not None
        )
        for held, checks in _with_checks(ours, connect):
            _judge_held(found, ledger, plan, seen, held, checks, may_lack)
            if progress is not None:
                progress(len(seen))
    _judge_absent(found, ledger, plan, seen)
    wrong = {
        item.number
        for item in [*found.lost, *found.duplicated, *found.altered]
        if item.number is not None
    }
    found.confirmed = found.acknowledged - len(wrong & _acknowledged(ledger, wrong))
    return found


def _acknowledged(ledger: Ledger, numbers: set[int]) -> set[int]:
    """Which of these numbers ESR acknowledged; those of vacancies always were."""
    return {
        number
        for number in numbers
        if number < 0
        or ((entry := ledger.of(number // STEPS).get(number)) is not None and entry.acknowledged)
    }


def _may_lack(ledger: Ledger) -> Callable[[int], bool]:
    """Whether messages about an applicant may have been sent of which the ledger has no line: ESR may hold them.

    So it is where the sending was cut off, and of the share of a worker that was lost.
    """
    if not ledger.finished:
        return lambda _: True
    lost = [note["lost"] for note in ledger.notes if "lost" in note]
    return lambda applicant: any(applicant % each["of"] == each["share"] for each in lost)


def _with_checks(
    applicants: Iterator[dict[str, Any]], connect: Callable[[], Target]
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each applicant with its employment checks, read a page at a time so that memory stays flat."""
    own = local()
    opened: list[Target] = []

    def read(held: dict[str, Any]) -> list[dict[str, Any]]:
        if not hasattr(own, "target"):
            own.target = connect()
            opened.append(own.target)
        body = own.target.get(f"/applicants/{held['applicantNumber']}/employment-checks")
        checks = body.get("employmentChecks") if isinstance(body, dict) else None
        return checks if isinstance(checks, list) else []

    try:
        with ThreadPoolExecutor(READERS) as readers:
            while page := list(islice(applicants, PAGE)):
                yield from zip(page, readers.map(read, page), strict=True)
    finally:
        for target in opened:
            target.close()


def _judge_vacancies(found: Reconciliation, ledger: Ledger, held: Iterable[dict[str, Any]]) -> None:
    sent = {line["supplierReference"]: line for line in ledger.vacancies}
    times: dict[str, int] = {}
    for vacancy in held:
        reference = str(vacancy.get("supplierReference"))
        line = sent.get(reference)
        if line is None:
            continue
        times[reference] = times.get(reference, 0) + 1
        told = {key: value for key, value in line.items() if key != "place"}
        differences = difference(told, {key: vacancy.get(key) for key in told})
        if times[reference] > 1:
            found.duplicated.append(_of_vacancy(line, "ESR holds this vacancy more than once."))
        elif differences:
            what = "The vacancy is not as ESR confirmed it."
            found.altered.append(_of_vacancy(line, what, differences))
    for reference, line in sent.items():
        if reference not in times:
            what = "ESR acknowledged this vacancy and does not hold it."
            found.lost.append(_of_vacancy(line, what))


def _of_vacancy(line: dict[str, Any], what: str, differences: Any = ()) -> Discrepancy:
    return Discrepancy(
        what, "vacancy", -1 - int(line["place"]), line["supplierReference"], differences=differences
    )


def _judge_held(
    found: Reconciliation,
    ledger: Ledger,
    plan: Plan,
    seen: dict[int, str],
    held: dict[str, Any],
    checks: list[dict[str, Any]],
    may_lack: Callable[[int], bool],
) -> None:
    reference = str(held.get("supplierReference"))
    number = str(held.get("applicantNumber"))
    applicant = plan.index_of(reference)
    told = _told(ledger, plan, applicant, may_lack(applicant)) if applicant is not None else []
    if applicant is None or not told or told[0].message.number % STEPS:
        what = "ESR holds an applicant that was never sent."
        found.contradicted.append(Discrepancy(what, Kind.APPLICANT, None, reference, None, number))
        return
    if applicant in seen:
        what = f"ESR holds this applicant more than once: as {seen[applicant]} and as {number}."
        found.duplicated.append(about(told[0], what, number=number))
        return
    seen[applicant] = number
    found.state = (found.state + _digest(held, checks)) % (1 << 256)
    sent = _without_again(found, told, number)
    submission = sent[0]
    if submission.entry.refused:
        what = "ESR refused this applicant and yet holds it."
        found.contradicted.append(about(submission, what, number=number))
    elif not submission.entry.acknowledged:
        found.not_acknowledged(submission, True, number)
    judge_applicant(found, sent, held)
    _judge_checks(found, sent, reference, number, checks)


def _told(ledger: Ledger, plan: Plan, applicant: int, may_lack: bool) -> list[Told]:
    """What was sent about an applicant, in its order, beside what came of it; with `may_lack`, also what may have been.

    Raises LedgerError.
    """
    entries = ledger.of(applicant)
    if not entries and not may_lack:
        return []
    told = []
    for message in plan.conversation(applicant):
        entry = entries.get(message.number)
        if entry is not None:
            told.append(Told(message, entry))
            _prove_same(told[-1])
        elif may_lack:
            told.append(Told(message, _unknown(message)))
    return told


def _unknown(message: Message) -> Entry:
    return Entry(
        message.number,
        message.counted,
        message.intended,
        due=0.0,
        sent=0.0,
        digest=message.digest,
        attempts=0,
    )


def _without_again(found: Reconciliation, told: list[Told], number: str) -> list[Told]:
    """The messages without those sent again; each of these must have been answered as its first sending was."""
    by_request: dict[str, Told] = {}
    for each in told:
        first = by_request.setdefault(each.message.requestId, each)
        if first is each:
            continue
        if not first.entry.settled and each.entry.settled:
            by_request[each.message.requestId] = Told(first.message, each.entry)
        elif each.entry.acknowledged and each.entry.told != first.entry.told:
            what = (
                f"Sent again under its request id, this was answered {each.entry.told}; "
                f"the first answer was {first.entry.told}."
            )
            found.duplicated.append(about(each, what, number=number))
    return list(by_request.values())


def _judge_checks(
    found: Reconciliation,
    told: list[Told],
    reference: str,
    number: str,
    checks: list[dict[str, Any]],
) -> None:
    sent: dict[str, list[Told]] = {}
    for each in told:
        if each.message.checkType is not None:
            sent.setdefault(each.message.checkType, []).append(each)
    held: dict[str, list[dict[str, Any]]] = {}
    for check in checks:
        held.setdefault(str(check.get("checkType")), []).append(check)
    for check_type, updates in sent.items():
        judge_check(found, updates, held.get(check_type, []), number)
    for check_type in held.keys() - sent.keys():
        if any(check.get("startedBy") == "SUPPLIER" for check in held[check_type]):
            what = "ESR holds a check, said to be the supplier's, that was never sent."
            found.contradicted.append(
                Discrepancy(what, Kind.CHECK, None, reference, None, number, check_type)
            )


def _judge_absent(found: Reconciliation, ledger: Ledger, plan: Plan, seen: dict[int, str]) -> None:
    for applicant in np.unique(ledger.rows["number"] // STEPS).tolist():
        if applicant in seen:
            continue
        for each in _told(ledger, plan, applicant, may_lack=False):
            if each.entry.refused:
                continue
            if each.entry.acknowledged:
                what = f"ESR acknowledged this {each.message.counted} and does not hold it."
                found.lost.append(about(each, what))
            else:
                found.not_acknowledged(each, False)


def _prove_same(told: Told) -> None:
    if told.entry.digest != told.message.digest:
        raise LedgerError(
            f"The ledger's message {told.message.number} is not what this program would send; "
            "it was written by another version and cannot be reconciled by this one."
        )


def _digest(held: dict[str, Any], checks: list[dict[str, Any]]) -> int:
    """An applicant with its checks as a number: sums of such numbers do not depend on the order.

    Of a check that regulators answer only its being there counts: when they answer follows from when it came.
    """
    of_checks = sorted(
        (
            str(check.get("checkType")),
            {} if check.get("checkType") == ANSWERED_BY_REGULATORS else _own(check),
        )
        for check in checks
    )
    state = orjson.dumps([_own(held), of_checks], option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(sha256(state).digest(), "big")


def _own(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in _OF_THE_SERVER}


def sent_digest(ledger: Ledger, run: str) -> str:
    """The same for two ledgers in which the same messages were acknowledged, whoever sent them in which order."""
    total = 0
    for entry in ledger.entries():
        if entry.acknowledged:
            told = f"{run}/{entry.number}/{entry.kind}/{entry.digest}".encode()
            total += int.from_bytes(sha256(told).digest(), "big")
    return f"{total % (1 << 256):064x}"
