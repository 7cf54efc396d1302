"""Rows of NHS Jobs: the lives of adverts, applications, offers and checks, their rules, what is read of events, the search."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.patching import (
    attribute,
    instead,
    rebound,
    row,
    rule_gone,
    unguarded,
    without,
)
from sandbox.conformance.gallery.rule_rows.generated import NHS_JOBS, deviation, of_code
from sandbox.errors import Code
from sandbox.nhsjobs.domain import adverts, applications, events, offers, search
from sandbox.nhsjobs.domain import pre_employment_checks as checks
from sandbox.nhsjobs.service import events as told
from sandbox.nhsjobs.service import search as searching
from sandbox.nhsjobs.store import offers as offer_store
from sandbox.nhsjobs.store import search as board

_OPERATIONS: tuple[tuple[str, tuple[Any, ...], tuple[str, ...]], ...] = (
    ("push-rules", adverts.PUSH_RULES, ("push_advert", "publish_advert")),
    ("apply-rules", applications.APPLY_RULES, ("apply_for_advert",)),
    ("offer-rules", offers.OFFER_RULES, ("make_offer",)),
    ("answer-rules", offers.ANSWER_RULES, ("answer_offer",)),
    ("check-rules", checks.UPDATE_RULES, ("record_pre_employment_check",)),
)
_ETHNIC_ORIGIN = "/candidate/ethnicOrigin"
_CODES_AT = {
    "/candidate/nationality": "NHSJ-APL-004",
    "/candidate/address/country": "NHSJ-APL-004",
    _ETHNIC_ORIGIN: "NHSJ-APL-005",
    "/registrations": "NHSJ-APL-005",
}
_APPLICATION_ACTS: Mapping[applications.Act, tuple[str, ...]] = {
    applications.Act.OFFER: ("NHSJ-APL-006",),
    applications.Act.ACCEPT: ("NHSJ-APL-006", "NHSJ-APL-007"),
    applications.Act.DECLINE: ("NHSJ-APL-006", "NHSJ-OFF-003", "NHSJ-OFF-005"),
    applications.Act.TAKE: ("NHSJ-APL-008", "NHSJ-APL-007"),
    applications.Act.REJECT: ("NHSJ-APL-008",),
    applications.Act.HIRE: ("NHSJ-APL-009",),
    applications.Act.WITHDRAW: ("NHSJ-APL-009",),
}
_READ = {
    "vacancy.published": "NHSJ-ADV-011",
    "vacancy.status-changed": "NHSJ-ADV-012",
    "position.changed": "NHSJ-ADV-013",
    "position.deleted": "NHSJ-ADV-008",
    "employment-check.started": "NHSJ-CHK-009",
    "employment-check.updated": "NHSJ-CHK-009",
}


def rows() -> Iterator[Deviation]:
    """Every row."""
    yield from _adverts()
    yield from _applications()
    yield from _offers()
    yield from _rules()
    yield from _checks()
    yield from _events()
    yield from _search()


def _adverts() -> Iterator[Deviation]:
    for status in adverts.Status:
        for act in adverts.Act:
            key = (status, act)
            allowed = key in adverts.LIFE_CYCLE
            if not allowed and act is adverts.Act.CLOSE:
                continue  # It is closed already.
            if act is adverts.Act.CLOSE:
                names = ["NHSJ-ADV-012"]
            else:
                names = ["NHSJ-ADV-001", "NHSJ-ADV-011"] if allowed else ["NHSJ-ADV-009"]
            published = adverts.Status.PUBLISHED
            found = _turned("advert-life-cycle", adverts.LIFE_CYCLE, key, published, names)
            # The board has an advert once.
            once = attribute(board, "put_on_board", _put_anew(board.put_on_board))
            yield found if allowed else replace(found, apply=together(found.apply, once))


def _put_anew(put: Callable[..., None]) -> Callable[..., None]:
    def anew(connection: Any, workspace: str, advert: dict[str, Any]) -> None:
        board.take_off_board(connection, workspace, advert["advertId"])
        put(connection, workspace, advert)

    return anew


def _applications() -> Iterator[Deviation]:
    life = applications.LIFE_CYCLE
    for status, act in life:
        names = _APPLICATION_ACTS[act]
        if act in (applications.Act.TAKE, applications.Act.REJECT):
            # ESR has answered, and a refusal would only have the message sent again.
            title = f"An application that is {status} stays so when it is {act}"
            apply = row(life, (status, act), status)
            key = (status, act.name)
            yield deviation(NHS_JOBS, "application-life-cycle", key, title, names, apply)
        else:
            yield _turned("application-life-cycle", life, (status, act), status, names)
    for status in applications.Status:
        if (status, applications.Act.OFFER) not in life:
            title = f"What is {status} can be {applications.Act.OFFER}"
            key = (status, applications.Act.OFFER.name)
            apply = offered_again(status)
            yield deviation(NHS_JOBS, "application-life-cycle", key, title, ["NHSJ-APL-006"], apply)
    for status in sorted(applications.AWAITS_ESR):
        title = f"An application that is {status} does not wait for ESR"
        apply = rebound(applications.AWAITS_ESR, applications.AWAITS_ESR - {status})
        yield deviation(NHS_JOBS, "awaits-esr", (status,), title, ["NHSJ-APL-008"], apply)


def offered_again(status: applications.Status) -> Apply:
    """An offer to somebody in a status in which none is made; the database has one offer of an application, which stays."""

    def make(insert: Callable[..., None]) -> Callable[..., None]:
        def inserted(connection: Any, workspace: str, offer: dict[str, Any]) -> None:
            if offer_store.find_offer(connection, workspace, offer["applicationId"]) is None:
                insert(connection, workspace, offer)

        return inserted

    return together(
        row(
            applications.LIFE_CYCLE,
            (status, applications.Act.OFFER),
            applications.Status.OFFERED,
        ),
        attribute(offer_store, "insert_offer", make(offer_store.insert_offer)),
    )


def _offers() -> Iterator[Deviation]:
    for status in offers.Status:
        for answer in offers.Answer:
            leads = offers.LIFE_CYCLE[offers.Status.MADE, answer]
            if (status, answer) in offers.LIFE_CYCLE:
                names = ["NHSJ-APL-006", "NHSJ-APL-007"]
                yield _turned("offer-life-cycle", offers.LIFE_CYCLE, (status, answer), leads, names)
                continue
            title = f"What is {status} can be {answer}"
            apply = together(row(offers.LIFE_CYCLE, (status, answer), leads), *_any_status(answer))
            key = (status, answer)
            yield deviation(NHS_JOBS, "offer-life-cycle", key, title, ["NHSJ-OFF-005"], apply)


def _any_status(answer: offers.Answer) -> list[Apply]:
    """The application does not stand in the way of an answer that its offer allows."""
    accepts = answer is offers.Answer.ACCEPT
    act = applications.Act.ACCEPT if accepts else applications.Act.DECLINE
    leads = applications.LIFE_CYCLE[applications.Status.OFFERED, act]
    return [row(applications.LIFE_CYCLE, (status, act), leads) for status in applications.Status]


def _turned(
    table: str, life: dict[Any, Any], key: tuple[Any, Any], leads_to: Any, names: Any
) -> Deviation:
    """The row gone, or there where there is none."""
    status, act = key
    if key in life:
        title, apply = f"What is {status} cannot be {act}", without(life, key)
    else:
        title, apply = f"What is {status} can be {act}", row(life, key, leads_to)
    return deviation(NHS_JOBS, table, (status, act.name), title, names, apply)


def _rules() -> Iterator[Deviation]:
    for table, rules, operations in _OPERATIONS:
        for rule in rules:
            names = of_code(rule.code, *operations, role=NHS_JOBS)
            key: tuple[str, ...] = (rule.code,)
            if rule.code is Code.CODE_UNKNOWN:
                names, key = [_CODES_AT[rule.pointer]], (rule.code, rule.pointer[1:])
            title = f"What breaks {rule.code} at {rule.pointer or 'the whole'} is taken"
            apply = rule_gone(rule)
            if rule.pointer == _ETHNIC_ORIGIN:
                apply = together(apply, unguarded(rule.pointer))
            yield deviation(NHS_JOBS, table, key, title, names, apply)


def _checks() -> Iterator[Deviation]:
    for present, follows in checks.STATES.items():
        shown = present or "NONE"
        for wanted in dict.fromkeys(state for state in (*checks.STATES, *follows) if state):
            can = wanted not in follows
            title = f"A check in state {shown} {'can' if can else 'cannot'} become {wanted}"
            kept = tuple(state for state in follows if state != wanted)
            apply = row(checks.STATES, present, (*follows, wanted) if can else kept)
            yield deviation(
                NHS_JOBS, "check-states", (shown, wanted), title, ["NHSJ-CHK-002"], apply
            )
    for status in applications.Status:
        takes = status in checks.TAKES_CHECKS
        title = f"An application that is {status} takes {'no checks' if takes else 'checks'}"
        apply = rebound(checks.TAKES_CHECKS, checks.TAKES_CHECKS ^ {status})
        yield deviation(NHS_JOBS, "takes-checks", (status,), title, ["NHSJ-CHK-001"], apply)
    for check_type, name in checks.DETAILS.items():
        rest = {each: held for each, held in checks.DETAILS.items() if each != check_type}
        title = f"{name} may stand in a check of any type"
        apply = attribute(checks, "DETAILS", rest)
        yield deviation(NHS_JOBS, "check-details", (check_type,), title, ["NHSJ-CHK-005"], apply)
    for name in checks.CONTENT:
        rest_of_it = tuple(each for each in checks.CONTENT if each != name)
        title = f"{name} of a check is not taken over from ESR"
        apply = rebound(checks.CONTENT, rest_of_it)
        yield deviation(NHS_JOBS, "check-content", (name,), title, ["NHSJ-CHK-009"], apply)


def _events() -> Iterator[Deviation]:
    for kind in events.READ:
        title = f"{kind} of ESR is passed over"
        names = [_READ.get(kind, "NHSJ-APL-009")]
        yield deviation(NHS_JOBS, "read-events", (kind,), title, names, without(events.READ, kind))
    for status in sorted(events.FINAL_VACANCY_STATUSES):
        rest = events.FINAL_VACANCY_STATUSES - {status}
        title = f"A vacancy that goes to {status} does not close its advert"
        apply = rebound(events.FINAL_VACANCY_STATUSES, rest)
        yield deviation(NHS_JOBS, "final-statuses", (status,), title, ["NHSJ-ADV-012"], apply)
    for kind in told._ACTS:  # noqa: SLF001
        title = f"{kind} does not move an application"
        apply = without(told._ACTS, kind)  # noqa: SLF001
        yield deviation(NHS_JOBS, "event-acts", (kind,), title, ["NHSJ-APL-009"], apply)


def _search() -> Iterator[Deviation]:
    for code in search.STAFF_GROUPS:
        other = "09" if search.STAFF_GROUPS[code] != "09" else "08"
        title = f"The search takes {code} for the staff group {other}"
        apply = row(search.STAFF_GROUPS, code, other)
        yield deviation(NHS_JOBS, "search-groups", (code,), title, ["NHSJ-SEA-001"], apply)
    for country in sorted(search.ENGLAND):
        title = f"The search does not know {country} for England"
        apply = rebound(search.ENGLAND, search.ENGLAND - {country})
        yield deviation(NHS_JOBS, "search-countries", (country,), title, ["NHSJ-SEA-001"], apply)
    for field in fields(search.Wanted):
        names = ["NHSJ-SEA-003"] if field.name == "limit" else ["NHSJ-SEA-001"]
        title = f"The search does not heed {field.name}"
        apply = instead(search.wanted, _unheeded(field.name, getattr(search.Wanted(), field.name)))
        yield deviation(NHS_JOBS, "search-filters", (field.name,), title, names, apply)
    title = "The search gives more than 100 adverts on a page"
    apply = attribute(search, "LARGEST_PAGE", 100_000)
    yield deviation(NHS_JOBS, "search-bounds", ("largest",), title, ["NHSJ-SEA-003"], apply)
    title = "The search answers a page however far past the end"
    apply = attribute(searching, "FAR_PAST_THE_END", 10**9)
    yield deviation(NHS_JOBS, "search-bounds", ("far",), title, ["NHSJ-SEA-004"], apply)


def _unheeded(name: str, default: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(wanted: Callable[..., Any]) -> Callable[..., Any]:
        return lambda arguments: replace(wanted(arguments), **{name: default})

    return make
