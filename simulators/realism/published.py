"""What is published, and what is only assumed: `published.toml`, where each figure names its population, date and source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Kind(StrEnum):
    """What a figure's values are."""

    SHARES = "shares"
    """Parts of a whole, of any sum."""
    RATES = "rates"
    """Values that stand each for itself: shares in a hundred, or means."""


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """Values that somebody has published, by label."""

    id: str
    title: str
    kind: Kind
    basis: str
    """Who says so: an official statistic, a quotation, one organisation, a vendor, or derived from such."""
    population: str
    date: str
    source: str
    """Who published it, or the table or calculation that it comes from."""
    url: str
    values: Mapping[str, float]
    unit: str = "%"
    note: str = ""
    also: tuple[str, ...] = ()
    """More addresses that it rests on."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What the simulators assume because nothing is published."""

    id: str
    title: str
    text: str


@cache
def _file() -> Mapping[str, list[dict[str, object]]]:
    return tomllib.loads((files(__package__) / "published.toml").read_text("utf-8"))


@cache
def published_figures() -> tuple[PublishedFigure, ...]:
    """Every published figure, in the order of the file."""
    return tuple(_figure(**row) for row in _file()["figure"])  # type: ignore[arg-type]


@cache
def assumptions() -> tuple[Assumption, ...]:
    """Every assumption, in the order of the file."""
    return tuple(Assumption(**row) for row in _file()["assumption"])  # type: ignore[arg-type]


def _figure(*, kind: str, also: tuple[str, ...] = (), **row: object) -> PublishedFigure:
    return PublishedFigure(kind=Kind(kind), also=tuple(also), **row)  # type: ignore[arg-type]
