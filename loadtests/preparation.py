"""The set-up of a replay: look at what ESR holds, and create the vacancies that the day's applicants are sent to.

Nothing is assumed of the target: positions of the world that ESR does not hold, or holds otherwise, are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from loadtests.errors import PlanError, TargetError
from loadtests.ledger import Entry, Kind, Ledger, LedgerWriter
from loadtests.plan import Scope, Vacancy, request_id
from loadtests.target import Answer, Target

_MUST_AGREE = ("odsCode", "staffGroup", "jobRole")
"""Properties of a position on which an applicant's own details rest."""


def usable_vacancies(target: Target, scope: Scope) -> tuple[Mapping[str, Any], ...]:
    """The world's vacancies whose position ESR holds as the world has it and opens to applicants.

    Raises `PlanError` when there is none.
    """
    held = {position["positionId"]: position for position in _full_load(target)}
    enabled = {
        organisation["odsCode"]
        for organisation in target.pages("/organisations", "organisations")
        if organisation["interfaces"]["vacancies"] and organisation["interfaces"]["applicants"]
    }
    world = scope.world.make()

    def usable(vacancy: Mapping[str, Any]) -> bool:
        ours = world.position_by_id[vacancy["positionId"]]
        known = held.get(vacancy["positionId"])
        if (
            known is None
            or known["changeDeleteIndicator"] != "C"
            or known["hiringStatus"] != "ACTIVE"
        ):
            return False
        return known["odsCode"] in enabled and all(
            known[name] == ours[name] for name in _MUST_AGREE
        )

    found = tuple(filter(usable, world.vacancies))
    if not found:
        raise PlanError(
            f"Of the {len(held)} positions that ESR at {target.base_url} holds, none belongs to world "
            f"seed={scope.world.seed} organisations={scope.world.organisations} "
            f"positions={scope.world.positions_per_organisation} and takes applicants; "
            "seed the sandbox with that world."
        )
    return found


def _full_load(target: Target) -> list[dict[str, Any]]:
    """Every position. Their feed pages by `since` where other lists have `cursor`."""
    positions: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"limit": 100}
    while True:
        page = target.get("/positions", query)
        positions += page["positions"]
        if not page["more"] or not page["positions"]:
            return positions
        query["since"] = page["next"]


def create_vacancies(
    target: Target,
    scope: Scope,
    known: Ledger,
    writer: LedgerWriter,
    progress: Callable[[int, int], None],
) -> tuple[Vacancy, ...]:
    """Create the vacancies that the ledger does not have yet; each is written to it. Returns all, in the plan's order.

    `progress` hears how many are there and how many are still to come. Raises `PlanError` when ESR holds vacancies
    of this replay that the ledger knows nothing of, and `TargetError` when ESR refuses one.
    """
    done = {
        entry.number: Vacancy(**entry.answer)
        for entry in known.of(Kind.VACANCY)
        if entry.acknowledged and entry.answer
    }
    if not known.paces:  # once messages were sent, the vacancies they were sent to are fixed
        if not done:
            _refuse_second_run(target, scope)
        chosen = _chosen(usable_vacancies(target, scope), scope)
        for number, wanted in enumerate(chosen):
            if number not in done:
                done[number] = _create(target, scope, number, wanted, writer)
            progress(number + 1, len(chosen) - number - 1)
    return tuple(done[number] for number in sorted(done))


def _chosen(usable: tuple[Mapping[str, Any], ...], scope: Scope) -> list[Mapping[str, Any]]:
    """Models for as many vacancies as have openings for all applicants, or all of them with more openings each."""
    places = sorted(
        range(len(usable)), key=lambda place: (scope.stream("vacancy", place).word(), place)
    )
    chosen: list[Mapping[str, Any]] = []
    openings = 0
    for place in places:
        if openings >= scope.applicants:
            break
        chosen.append(usable[place])
        openings += usable[place]["openings"]
    more = max(1, -(-scope.applicants // openings))
    return [{**vacancy, "openings": min(999, vacancy["openings"] * more)} for vacancy in chosen]


def _refuse_second_run(target: Target, scope: Scope) -> None:
    for vacancy in target.pages("/vacancies", "vacancies"):
        if str(vacancy.get("supplierReference", "")).startswith(f"{scope.run}-"):
            raise PlanError(
                f"ESR at {target.base_url} already holds replay {scope.run}: "
                "sent again it would only be answered again. "
                "Take another seed, go on with that replay's ledger, or reset the sandbox."
            )


def _create(
    target: Target, scope: Scope, number: int, wanted: Mapping[str, Any], writer: LedgerWriter
) -> Vacancy:
    reference = f"{scope.run}-V{number:05d}"
    identifier = request_id(scope, Kind.VACANCY, number)
    asked = {name: wanted[name] for name in ("positionId", "title", "openings", "closingDate")}
    body = json.dumps(
        {"supplierReference": reference, **asked}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    sent = time.time()
    headers = {"X-Request-ID": identifier, "NHSD-End-User-Organisation-ODS": wanted["odsCode"]}
    answer = target.call("POST", "/vacancies", body, headers)
    vacancy = _created(answer, wanted)
    writer.write(
        Entry(
            number=number,
            kind=Kind.VACANCY,
            supplierReference=reference,
            requestId=identifier,
            intended=0.0,
            due=sent,
            sent=sent,
            lastSent=sent,
            answered=time.time(),
            digest=sha256(body).hexdigest(),
            status=answer.status,
            attempts=answer.attempts,
            code=answer.code if not answer.ok else None,
            answer=asdict(vacancy) if vacancy else None,
        )
    )
    if vacancy is None:
        told = answer.body.get("detail", "") if isinstance(answer.body, dict) else ""
        raise TargetError(
            f"ESR refused the vacancy {reference} with {answer.status} {answer.code or ''}: {told}"
        )
    return vacancy


def _created(answer: Answer, wanted: Mapping[str, Any]) -> Vacancy | None:
    if (
        answer.status != 201
        or not isinstance(answer.body, dict)
        or "vacancyReference" not in answer.body
    ):
        return None
    return Vacancy(
        answer.body["vacancyReference"], wanted["positionId"], wanted["odsCode"], wanted["openings"]
    )
