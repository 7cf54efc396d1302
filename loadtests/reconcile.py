"""Reads ESR back through its contract and holds it against what was sent: every message exactly once, unaltered.

What was sent is made again from the plan (the ledger's digests prove that it is the same) and compared field by
field with what ESR holds. ESR's own record versions, which its contract says count the changes of a record, show a
check update that was swallowed or applied twice even when the last state looks right. Only what was acknowledged
can be lost; what was sent and never acknowledged may be there or not, and is reported apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import local
from typing import Any

from loadtests.check_reconciliation import judge_check
from loadtests.discrepancies import Discrepancy, Reconciliation, about, difference
from loadtests.errors import LedgerError
from loadtests.ledger import Entry, Kind, Ledger
from loadtests.plan import Conversation, DayPlan, Message
from loadtests.target import PAGE, Target

READERS = 4
"""Threads that read employment checks back, each on a connection of its own."""

_ESR_FIELDS = frozenset(
    {
        "applicantNumber",
        "assignmentId",
        "odsCode",
        "status",
        "version",
        "withdrawal",
        "hiredDate",
        "personId",
        "match",
        "submittedAt",
        "updatedAt",
    }
)
"""What ESR adds to the applicant that a supplier sends."""
_DEFAULTS = {"internalCandidate": False}
"""What ESR holds where the submission leaves a property out, by the contract's defaults."""


def reconcile(
    ledger: Ledger,
    plan: DayPlan,
    connect: Callable[[], Target],
    progress: Callable[[int], None] | None = None,
) -> Reconciliation:
    """Read ESR back and judge every message of the ledger. `progress` hears how many applicants were read.

    Raises `TargetError` when ESR cannot be read, `LedgerError` when the ledger is not of this plan.
    """
    found = Reconciliation(
        acknowledged=sum(entry.acknowledged for entry in ledger.entries.values())
    )
    with connect() as target:
        _judge_vacancies(found, ledger, target.pages("/vacancies", "vacancies"))
        seen: dict[str, str] = {}
        references = {vacancy.vacancyReference for vacancy in plan.vacancies}
        ours = (
            held
            for held in target.pages("/applicants", "applicants")
            if held.get("vacancyReference") in references
            or plan.index_of(str(held.get("supplierReference"))) is not None
        )
        for held, checks in _with_checks(ours, connect):
            _judge_held(found, ledger, plan, seen, held, checks)
            if progress is not None:
                progress(len(seen))
    _judge_absent(found, ledger, seen)
    wrong = {
        (item.kind, item.number)
        for item in [*found.lost, *found.duplicated, *found.altered]
        if item.number is not None
    }
    found.confirmed = sum(
        entry.acknowledged and key not in wrong for key, entry in ledger.entries.items()
    )
    return found


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
    sent = {entry.supplierReference: entry for entry in ledger.of(Kind.VACANCY)}
    times: dict[str, int] = {}
    for vacancy in held:
        entry = sent.get(str(vacancy.get("supplierReference")))
        if entry is None:
            continue
        times[entry.supplierReference] = times.get(entry.supplierReference, 0) + 1
        differences = difference(
            entry.answer or {}, {key: vacancy.get(key) for key in entry.answer or {}}
        )
        if times[entry.supplierReference] > 1:
            found.duplicated.append(about(entry, "ESR holds this vacancy more than once."))
        elif entry.acknowledged and differences:
            found.altered.append(
                about(entry, "The vacancy is not as ESR confirmed it.", differences)
            )
    for entry in sent.values():
        if entry.acknowledged and entry.supplierReference not in times:
            found.lost.append(about(entry, "ESR acknowledged this vacancy and does not hold it."))


def _judge_held(
    found: Reconciliation,
    ledger: Ledger,
    plan: DayPlan,
    seen: dict[str, str],
    held: dict[str, Any],
    checks: list[dict[str, Any]],
) -> None:
    reference = str(held.get("supplierReference"))
    number = str(held.get("applicantNumber"))
    index = plan.index_of(reference)
    conversation = plan.conversation(index) if index is not None else None
    entry = (
        ledger.entries.get((Kind.APPLICANT, conversation.messages[0].number))
        if conversation
        else None
    )
    if conversation is None or entry is None:
        found.contradicted.append(
            Discrepancy(
                "ESR holds an applicant that was never sent.",
                Kind.APPLICANT,
                None,
                reference,
                None,
                number,
            )
        )
        return
    if reference in seen:
        what = f"ESR holds this applicant more than once: as {seen[reference]} and as {number}."
        found.duplicated.append(about(entry, what, number=number))
        return
    seen[reference] = number
    _prove_same(entry, conversation.messages[0])
    if entry.refused:
        found.contradicted.append(
            about(entry, "ESR refused this applicant and yet holds it.", number=number)
        )
    elif not entry.acknowledged:
        found.unacknowledged_found.append(
            about(entry, "Sent, not acknowledged, and held.", number=number)
        )
    _judge_applicant(found, entry, conversation.messages[0], held)
    _judge_checks(found, ledger, conversation, held, checks)


def _judge_applicant(
    found: Reconciliation, entry: Entry, message: Message, held: dict[str, Any]
) -> None:
    sent = json.loads(message.body)
    expected = {**_DEFAULTS, **sent, "odsCode": message.odsCode}
    if held.get("match", {}).get("result") == "UNDER_REVIEW":
        # Loaded, while an ESR user still has to say who it is.
        expected["status"] = "ACTIVE_APPLICATION"
    else:
        expected["status"] = "ACCEPTED" if "offerAcceptedDate" in sent else "OFFER"
    if entry.applicantNumber is not None:
        expected["applicantNumber"] = entry.applicantNumber
    ignored = _ESR_FIELDS - expected.keys()
    differences = difference(
        expected, {key: value for key, value in held.items() if key not in ignored}
    )
    if differences:
        what = "The applicant that ESR holds is not the one that was sent."
        found.altered.append(
            about(entry, what, differences, number=str(held.get("applicantNumber")))
        )


def _judge_checks(
    found: Reconciliation,
    ledger: Ledger,
    conversation: Conversation,
    applicant: dict[str, Any],
    checks: list[dict[str, Any]],
) -> None:
    number = str(applicant.get("applicantNumber"))
    sent: dict[str, list[tuple[Entry, Message]]] = {}
    for message in conversation.messages[1:]:
        entry = ledger.entries.get((Kind.CHECK, message.number))
        if entry is not None and message.checkType is not None:
            _prove_same(entry, message)
            sent.setdefault(message.checkType, []).append((entry, message))
    held: dict[str, list[dict[str, Any]]] = {}
    for check in checks:
        held.setdefault(str(check.get("checkType")), []).append(check)
    for check_type, updates in sent.items():
        judge_check(found, updates, held.get(check_type, []), number)
    for check_type in held.keys() - sent.keys():
        if any(check.get("startedBy") == "SUPPLIER" for check in held[check_type]):
            what = "ESR holds a check, said to be the supplier's, that was never sent."
            found.contradicted.append(
                Discrepancy(
                    what, Kind.CHECK, None, conversation.supplierReference, None, number, check_type
                )
            )


def _judge_absent(found: Reconciliation, ledger: Ledger, seen: dict[str, str]) -> None:
    for entry in ledger.of(Kind.APPLICANT, Kind.CHECK):
        if entry.supplierReference in seen or entry.refused:
            continue
        if entry.acknowledged:
            found.lost.append(
                about(entry, f"ESR acknowledged this {entry.kind.value} and does not hold it.")
            )
        else:
            found.unacknowledged_absent.append(about(entry, "Sent, not acknowledged, not held."))


def _prove_same(entry: Entry, message: Message) -> None:
    if entry.digest != message.digest:
        raise LedgerError(
            f"The ledger's message {entry.number} is not what this program would send; "
            "it was written by another version and cannot be reconciled by this one."
        )
