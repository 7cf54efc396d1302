"""Rows about inter-authority transfers: what the facts lead to, who must decide, every move, and what is released."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.patching import instead, rebound, row, without
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation
from sandbox.esr.domain import portable_data, transfers
from sandbox.esr.domain.transfers import Act, Status

# In the order of the tables.
_DECISIONS = (
    "ESR-IAT-001",
    "ESR-IAT-002",
    "ESR-IAT-003",
    "ESR-IAT-004",
    "ESR-IAT-005",
    "ESR-IAT-006",
    "ESR-IAT-007",
    "ESR-IAT-008",
    "ESR-IAT-009",
    "ESR-IAT-010",
)
_REASONS = ("ESR-IAT-011", "ESR-IAT-012", "ESR-IAT-013")
_OF_ACT = {
    Act.REST: ("ESR-IAT-001", "ESR-IAT-004", "ESR-IAT-008"),
    Act.RULE_OUT: ("ESR-IAT-002", "ESR-IAT-003", "ESR-IAT-005", "ESR-IAT-006", "ESR-IAT-007"),
    Act.ASK: ("ESR-IAT-010", "ESR-IAT-011", "ESR-IAT-012", "ESR-IAT-013"),
    Act.MATCH: ("ESR-IAT-009",),
    Act.START: ("ESR-IAT-008", "ESR-IAT-016", "ESR-IAT-017"),
    Act.RELEASE: ("ESR-IAT-010", "ESR-IAT-016", "ESR-IAT-018"),
    Act.REFUSE: ("ESR-IAT-010", "ESR-IAT-016", "ESR-IAT-017"),
}
_BY_PEOPLE = (Act.START, Act.RELEASE, Act.REFUSE)


def rows() -> Iterator[Deviation]:
    """Every row."""
    for place, name in enumerate(_DECISIONS):
        title = f"The row of {name} decides nothing; what comes after it does"
        yield deviation(ESR, "transfer-decisions", (name,), title, [name], _undecided(place))
    for place, name in enumerate(_REASONS):
        rest = _less(transfers.APPROVER_REASONS, place)
        title = f"The reason of {name} asks for no approver"
        apply = rebound(transfers.APPROVER_REASONS, rest)
        yield deviation(ESR, "transfer-reasons", (name,), title, [name], apply)
    for item in transfers.MATCHED:
        title = f"A release needs no agreement of the {item}"
        apply = without(transfers.MATCHED, item)
        yield deviation(ESR, "transfer-matched", (item,), title, ["ESR-IAT-013"], apply)
    yield from _life_cycle()
    for name, told in portable_data.PARTS.items():
        title = f"{told} is not told as released"
        apply = without(portable_data.PARTS, name)
        yield deviation(ESR, "portable-parts", (told,), title, ["ESR-IAT-018"], apply)


def _less(table: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return table[:place] + table[place + 1 :]


def _undecided(place: int) -> Apply:
    table = transfers.DECISIONS
    if place == len(table) - 1:
        # Some row must decide: the last one leaves the transfer as it is.
        last = replace(table[place], act=Act.REST)
        return rebound(table, (*table[:place], last))
    return rebound(table, _less(table, place))


def _life_cycle() -> Iterator[Deviation]:
    for status in Status:
        for act in Act:
            follows = transfers.LIFE_CYCLE.get((status, act))
            if follows is None and act not in _BY_PEOPLE:
                continue
            key = (status, act.name)
            names = [*_OF_ACT[act]]
            if status is Status.RELEASED:
                names = ["ESR-IAT-015", "ESR-IAT-016"]
            elif status is Status.REFUSED:
                names.append("ESR-IAT-017")
            if follows is None:
                title = f"A transfer in status {status} can be {act}"
                apply = row(transfers.LIFE_CYCLE, (status, act), _leads_to(act))
                if act is Act.RELEASE:
                    apply = together(apply, instead(transfers.approved, _of_whatever))
            elif act in _BY_PEOPLE:
                title = f"A transfer in status {status} cannot be {act}"
                apply = without(transfers.LIFE_CYCLE, (status, act))
            else:
                # The facts decide and nobody is refused: the move leads somewhere else.
                other = status if follows is not status else _elsewhere(status)
                title = (
                    f"A transfer in status {status} that is {act} becomes {other}, not {follows}"
                )
                apply = row(transfers.LIFE_CYCLE, (status, act), other)
            yield deviation(ESR, "transfer-moves", key, title, names, apply)


def _of_whatever(_approved: Callable[..., Any]) -> Callable[..., Any]:
    """A release of what nobody has asked for: it has no reason, and perhaps no previous employer."""

    def approved(held: dict[str, Any], moment: str) -> dict[str, Any]:
        status = transfers.after(held["status"], Act.RELEASE)
        kept = {name: value for name, value in held.items() if name != "reason"}
        return {"previousEmployer": "RX1", **kept, "status": status, "updatedAt": moment}

    return approved


def _leads_to(act: Act) -> Status:
    return {
        Act.START: Status.NOT_REQUESTED,
        Act.RELEASE: Status.RELEASED,
        Act.REFUSE: Status.REFUSED,
    }[act]


def _elsewhere(status: Status) -> Status:
    return Status.NOT_REQUESTED if status is not Status.NOT_REQUESTED else Status.NOT_RUN
