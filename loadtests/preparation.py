"""The set-up of a replay: look at what ESR holds, and create the vacancies that the day's applicants are sent to.

Nothing is assumed of the target: positions of the world that ESR does not hold, or holds otherwise, are left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import date, timedelta
from typing import Any

from loadtests.errors import PlanError, TargetError
from loadtests.ledger import Ledger, LedgerWriter
from loadtests.plan import Scope, Vacancy, request_id
from loadtests.target import Target
from simulators.world import TODAY

_MUST_AGREE = ("odsCode", "staffGroup", "jobRole")
"""Properties of a position on which an applicant's own details rest."""
_EVERY_CHECK = "api-1"
_ENOUGH = 60
"""Vacancies that make a year's mix of posts, where the world has so many."""
_APPLICANTS_EACH = 100
_STAYS_OPEN_DAYS = 470
"""A year of submissions, and the weeks in which the last of them go on."""


def usable_vacancies(target: Target, scope: Scope) -> tuple[Mapping[str, Any], ...]:
    """The world's vacancies whose position ESR holds as the world has it and opens to applicants.

    Raises `PlanError` when there is none.
    """
    held = {position["positionId"]: position for position in _full_load(target)}
    enabled = {
        organisation["odsCode"]
        for organisation in target.pages("/organisations", "organisations")
        if organisation["interfaces"]["vacancies"]
        and organisation["interfaces"]["applicants"]
        and _takes_every_check(organisation)
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


def _takes_every_check(organisation: Mapping[str, Any]) -> bool:
    """Whether each side may start and update every check: under another rule profile some of a year's are refused."""
    profiles = organisation.get("ruleProfiles", {})
    return bool(profiles.get("employmentChecks", _EVERY_CHECK) == _EVERY_CHECK)


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
    done = vacancies_of(known)
    if not known.begun:  # once messages were sent, the vacancies they were sent to are fixed
        if not done:
            _refuse_second_run(target, scope)
        chosen = _chosen(usable_vacancies(target, scope), scope)
        for number, wanted in enumerate(chosen):
            if number >= len(done):
                done = (*done, _create(target, scope, number, wanted, writer))
            progress(number + 1, len(chosen) - number - 1)
    return done


def vacancies_of(ledger: Ledger) -> tuple[Vacancy, ...]:
    """The vacancies that a ledger's set-up created, in the plan's order."""
    names = [field.name for field in fields(Vacancy)]
    told = sorted(ledger.vacancies, key=lambda line: int(line["place"]))
    return tuple(Vacancy(**{name: line[name] for name in names}) for line in told)


def _chosen(usable: tuple[Mapping[str, Any], ...], scope: Scope) -> list[Mapping[str, Any]]:
    """Models for as many vacancies as make a mix of posts, each with more openings until there are enough for all."""
    places = sorted(
        range(len(usable)), key=lambda place: (scope.stream("vacancy", place).word(), place)
    )
    wanted = max(_ENOUGH, scope.applicants // _APPLICANTS_EACH)
    chosen = [usable[place] for place in places[:wanted]]
    more = max(1, -(-scope.applicants // sum(vacancy["openings"] for vacancy in chosen)))
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
    target: Target, scope: Scope, place: int, wanted: Mapping[str, Any], writer: LedgerWriter
) -> Vacancy:
    reference = f"{scope.run}-V{place:05d}"
    asked = {name: wanted[name] for name in ("positionId", "title", "openings")}
    closes = _closing_date(scope)
    body = json.dumps({"supplierReference": reference, "closingDate": closes, **asked}).encode()
    headers = {
        "X-Request-ID": request_id(scope, -1 - place),
        "NHSD-End-User-Organisation-ODS": wanted["odsCode"],
    }
    answer = target.call("POST", "/vacancies", body, headers)
    told = answer.body if isinstance(answer.body, dict) else {}
    if answer.status != 201 or "vacancyReference" not in told:
        raise TargetError(
            f"ESR refused the vacancy {reference} with {answer.status} {answer.code or ''}: {told.get('detail', '')}"
        )
    vacancy = Vacancy(
        told["vacancyReference"], wanted["positionId"], wanted["odsCode"], wanted["openings"]
    )
    writer.note({"vacancy": {"place": place, "supplierReference": reference, **asdict(vacancy)}})
    return vacancy


def _closing_date(scope: Scope) -> str:
    """A day after everything was sent: applicants come all through the year."""
    begins = date.fromisoformat(scope.sent_on) if scope.sent_on else TODAY
    return (begins + timedelta(days=_STAYS_OPEN_DAYS)).isoformat()
