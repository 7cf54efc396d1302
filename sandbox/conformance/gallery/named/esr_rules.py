"""ESR does not do what it says of checks, transfers, positions and vacancies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox import rules
from sandbox.conformance.gallery.deviation import Deviation, together
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.patching import attribute, instead, rebound, row, unguarded
from sandbox.errors import Code
from sandbox.esr.domain import applicants, check_profiles, portable_data, registers, transfers
from sandbox.esr.domain import employment_checks as check_rules
from sandbox.esr.domain import positions as position_rules
from sandbox.esr.domain.vacancies import check_status_change, status_after_hire
from sandbox.esr.service import employment_checks as checks
from sandbox.esr.service import positions, vacancies
from sandbox.esr.service import registers as register_service
from sandbox.esr.service import transfers as transfer_service
from sandbox.esr.service.applicants import read_applicant
from sandbox.esr.store import applicants as applicant_store
from sandbox.esr.store import positions as position_store

_REGULATOR = registers.Regulator("somebody", timedelta(hours=2), "the gallery")
_BY_HAND = sorted({f"{number:02d}" for number in range(1, 19)} - registers.REGULATORS.keys())


def _nothing(*_given: Any) -> None:
    """Does nothing."""


def _only_first(findings: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: findings(*given)[:1]


def _still_accepted(read: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: {**read(*given), "status": "ACCEPTED"}


def _consent(told: Callable[[Any], Any]) -> property:
    return property(lambda facts: told(facts.applicant.get("dataSharingConsent")))


def _listed(**fixed: Any) -> Any:
    """The store's list of positions with some of what it is asked changed."""
    listed = position_store.list_positions

    def changed(
        connection: Any,
        workspace: str,
        after: int,
        limit: int,
        ods_code: str | None,
        cost_centre: str | None,
        with_deleted: bool,
    ) -> Any:
        asked = {
            "after": after,
            "cost_centre": cost_centre,
            "with_deleted": with_deleted,
            **fixed,
        }
        return listed(connection, workspace, limit=limit, ods_code=ods_code, **asked)

    return attribute(position_store, "list_positions", changed)


def _at_once(change: Callable[..., Any]) -> Callable[..., Any]:
    def changed(unit: Any, position_id: int, wanted: dict[str, Any]) -> Any:
        now = {name: value for name, value in wanted.items() if name != "effectiveOn"}
        return change(unit, position_id, now)

    return changed


def _unshared(context: Callable[..., Any]) -> Callable[..., Any]:
    def held(*given: Any) -> Any:
        found = context(*given)
        if found.position is None:
            return found
        return replace(found, position={**found.position, "shared": False})

    return held


def _always_told(_moved: Callable[..., Any]) -> Callable[..., Any]:
    def moved(unit: Any, vacancy: dict[str, Any], status: str) -> Any:
        if vacancy["status"] == status:
            vacancies._announce(unit, "vacancy.status-changed", vacancy)  # noqa: SLF001
        return _moved(unit, vacancy, status)

    return moved


def _any_closing_date(publish: Callable[..., Any]) -> Callable[..., Any]:
    def published(unit: Any, wanted: dict[str, Any]) -> Any:
        return publish(unit, {key: item for key, item in wanted.items() if key != "closingDate"})

    return published


def _any_position(_usable: Callable[..., Any]) -> Callable[..., Any]:
    return lambda unit, _ods_code, position_id: positions.read_position(unit, position_id, None)


def _untrained(data: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: {**data(*given), "training": []}


def _update_service_alone(facts: check_rules.CheckFacts) -> bool:
    detail = facts.update.get("dbs", {})
    levels = check_rules.UPDATE_SERVICE_LEVELS
    return not detail.get("updateService") or detail.get("level") in levels


[_LEVEL_RULE] = [rule for rule in check_rules.UPDATE_RULES if rule.code is Code.DBS_LEVEL_TOO_LOW]


def _always_counted(_status: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _present, openings, hired: status_after_hire("01", openings, hired)


DEFECTS: tuple[Deviation, ...] = (
    defect(
        "esr.checks.any-direction",
        "Any party may start and update any check under 2015",
        ["ESR-CHK-025", "ESR-CHK-026", "ESR-CHK-028", "ESR-CHK-037", "ESR-CHK-039"],
        instead(check_profiles.check_direction, lambda _check: _nothing),
    ),
    defect(
        "esr.checks.first-rule-only",
        "Of several rules that a check breaks only the first is told",
        ["ESR-CHK-023"],
        instead(rules.findings, _only_first),
    ),
    defect(
        "esr.checks.barred-lists-anywhere",
        "Barred lists may stand with a certificate of any level",
        ["ESR-CHK-016"],
        attribute(_LEVEL_RULE, "holds", _update_service_alone),
    ),
    defect(
        "esr.checks.after-the-end",
        "A check is taken of somebody who was hired or whose application has ended",
        ["ESR-CHK-004"],
        attribute(checks, "read_applicant", _still_accepted(read_applicant)),
    ),
    defect(
        "esr.checks.regulator-never-answers",
        "No regulator ever answers",
        ["ESR-CHK-048", "ESR-CHK-049", "ESR-CHK-051"],
        instead(register_service.ask_regulator, lambda _ask: _nothing),
    ),
    defect(
        "esr.checks.by-hand-answered",
        "A body answers by itself that is asked by hand",
        ["ESR-CHK-050"],
        together(*(row(registers.REGULATORS, body, _REGULATOR) for body in _BY_HAND)),
    ),
    defect(
        "esr.checks.answer-too-late",
        "A regulator's answer undoes a check that was completed or cancelled meanwhile",
        ["ESR-CHK-052"],
        rebound(registers.ANSWERED_IN, (*registers.ANSWERED_IN, "COMPLETE", "CANCELLED")),
    ),
    defect(
        "esr.checks.answer-to-another",
        "The answer to one registration is taken for that to another",
        ["ESR-CHK-058"],
        instead(register_service.question, lambda _question: lambda number, _item: str(number)),
    ),
    defect(
        "esr.checks.status-kept",
        "The status of a registration that is not found is told as active",
        ["ESR-CHK-056"],
        row(registers.ANSWERS, "NOT_FOUND", replace(registers.ANSWERS["NOT_FOUND"], status="03")),
    ),
    defect(
        "esr.transfers.without-consent",
        "A transfer runs though nobody has answered the data-sharing question",
        ["ESR-IAT-001"],
        attribute(transfers.TransferFacts, "consent", _consent(lambda told: told is not False)),
    ),
    defect(
        "esr.transfers.against-consent",
        "A transfer runs though the applicant does not agree",
        ["ESR-IAT-002"],
        attribute(
            transfers.TransferFacts,
            "consent",
            _consent(lambda told: None if told is None else True),
        ),
    ),
    defect(
        "esr.transfers.never-an-approver",
        "Data are released without an approver, whatever differs",
        ["ESR-IAT-010", "ESR-IAT-011", "ESR-IAT-012", "ESR-IAT-013"],
        instead(transfers.approver_reason, lambda _reason: lambda _facts: None),
    ),
    defect(
        "esr.transfers.training-lost",
        "The data that are released have no training",
        ["ESR-IAT-018"],
        instead(portable_data.portable_data, _untrained),
    ),
    defect(
        "esr.transfers.unannounced",
        "A transfer changes and nobody is told",
        ["ESR-IAT-019"],
        attribute(transfer_service, "announce", _nothing),
    ),
    defect(
        "esr.positions.deleted-unseen",
        "A position that was deleted is not in the delta",
        ["ESR-POS-004"],
        _listed(with_deleted=False),
    ),
    defect(
        "esr.positions.deleted-loaded",
        "A full load has positions that were deleted before",
        ["ESR-POS-001"],
        _listed(with_deleted=True),
    ),
    defect(
        "esr.positions.delta-is-full",
        "A delta has every position again",
        ["ESR-POS-002"],
        _listed(after=0),
    ),
    defect(
        "esr.positions.cost-centre-ignored",
        "A list for one cost centre has the positions of all",
        ["ESR-POS-005"],
        _listed(cost_centre=None),
    ),
    defect(
        "esr.positions.changed-at-once",
        "A change for a day to come is made at once",
        ["ESR-POS-024"],
        attribute(positions, "change_position", _at_once(positions.change_position)),
    ),
    defect(
        "esr.positions.shared-is-full",
        "A position that is shared takes nobody beside the one who is in it",
        ["ESR-POS-015"],
        attribute(
            applicant_store, "submission_context", _unshared(applicant_store.submission_context)
        ),
    ),
    defect(
        "esr.positions.window-for-amendments",
        "An amendment is held against the send window",
        ["ESR-POS-021"],
        attribute(
            applicants,
            "AMENDMENT_RULES",
            (*applicants.AMENDMENT_RULES, *position_rules.SEND_WINDOW_RULES),
        ),
    ),
    defect(
        "esr.positions.deleted-changed",
        "A position that was deleted can be changed and deleted again",
        ["ESR-POS-025"],
        instead(positions._check_not_deleted, lambda _check: _nothing),  # noqa: SLF001
    ),
    defect(
        "esr.positions.ends-before-it-begins",
        "A position may end before it begins",
        ["ESR-POS-026"],
        instead(positions._check_dates, lambda _check: _nothing),  # noqa: SLF001
    ),
    defect(
        "esr.positions.hired-all-the-same",
        "Somebody is hired into a position that does not allow it",
        ["ESR-POS-012"],
        instead(positions.check_start, lambda _check: _nothing),
    ),
    defect(
        "esr.vacancies.any-status",
        "A vacancy goes to a status that the national list does not have",
        ["ESR-VAC-012"],
        together(unguarded("/status"), instead(check_status_change, lambda _check: _nothing)),
    ),
    defect(
        "esr.vacancies.hires-not-counted",
        "A vacancy is never filled",
        ["ESR-VAC-016"],
        instead(vacancies.count_hire, lambda _count: _nothing),
    ),
    defect(
        "esr.vacancies.on-hold-filled",
        "A vacancy on hold is filled by a hire",
        ["ESR-VAC-017"],
        instead(status_after_hire, _always_counted),
    ),
    defect(
        "esr.vacancies.told-without-change",
        "A status that stays is announced",
        ["ESR-VAC-015"],
        instead(vacancies._moved, _always_told),  # noqa: SLF001
    ),
    defect(
        "esr.vacancies.closed-before-published",
        "ESR publishes a vacancy whose closing date has passed",
        ["ESR-VAC-007"],
        attribute(
            vacancies, "publish_esr_vacancy", _any_closing_date(vacancies.publish_esr_vacancy)
        ),
    ),
    defect(
        "esr.vacancies.any-position",
        "A vacancy is created for a position of another employer, or for one that takes nobody",
        ["ESR-VAC-003", "ESR-VAC-005"],
        instead(vacancies._usable_position, _any_position),  # noqa: SLF001
    ),
)
