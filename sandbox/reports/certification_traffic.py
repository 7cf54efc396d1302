"""What a certification report says of the subject's own traffic, requirement by requirement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.conformance.contract_suite import read_lines
from sandbox.conformance.results import Result
from sandbox.conformance.run_traffic import TRAFFIC_FILE
from sandbox.reports.certification_exchanges import ShownExchange, printable, shown

_MOST_EXCHANGES = 2
_NOT_EXERCISED = frozenset({Result.INCONCLUSIVE, Result.REVIEW})


@dataclass(frozen=True, slots=True)
class TrafficLine:
    """One consumer rule."""

    requirement: str
    text: str
    result: Result
    found: str
    numbers: tuple[int, ...]
    """The exchanges of traffic.ndjson that show it."""
    exchanges: tuple[ShownExchange, ...] = ()
    """The first of them, where it failed."""

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return f"traffic-{self.requirement}"

    def counts_for(self, role: str) -> bool:
        """Whether it bears on the suite's result: what another role's rule did not see is nothing against this one."""
        return role == "recruitment-system" or self.result not in _NOT_EXERCISED


def traffic_lines(
    files: Mapping[str, bytes],
    told: Mapping[str, Mapping[str, Any]],
    register: Iterable[Mapping[str, Any]],
    subject: Mapping[str, Any],
) -> tuple[TrafficLine, ...]:
    """Every rule that was asked, in the order of the ids; none where no traffic was kept."""
    texts = {item["id"]: item["text"] for item in register}
    wanted = {number for word in told.values() for number in _first(word)}
    kept = {
        exchange["exchangeId"]: exchange
        for exchange in (read_lines(files[TRAFFIC_FILE]) if wanted else ())
        if exchange["exchangeId"] in wanted
    }
    return tuple(
        TrafficLine(
            name,
            texts.get(name, ""),
            Result(word["result"]),
            printable(word["found"]),
            tuple(word.get("exchanges", ())),
            tuple(
                shown(kept[number], subject["role"], subject["addresses"])
                for number in _first(word)
                if number in kept
            ),
        )
        for name, word in sorted(told.items())
    )


def _first(word: Mapping[str, Any]) -> list[int]:
    return list(word.get("exchanges", ()))[:_MOST_EXCHANGES]
