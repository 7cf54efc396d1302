"""The matrix of defects and requirements, cut so that people can read it: by area, by group, by filters."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Self

from sandbox.conformance.gallery.matrix import Entry
from sandbox.console.proof import AREAS, Proof, area_of, deviations, proofs

SUBJECTS: Mapping[str, str] = {
    "esr": "ESR",
    "nhs-jobs": "NHS Jobs",
    "recruitment-system": "the recruitment system",
}
KINDS: Mapping[str, str] = {
    "named": "made by hand",
    "generated": "a row of a rule table",
}
COLUMNS = (
    "ESR, by hand",
    "ESR, rules",
    "NHS Jobs, by hand",
    "NHS Jobs, rules",
    "Recruitment system, by hand",
)
_COLUMN = {
    ("esr", "named"): 0,
    ("esr", "generated"): 1,
    ("nhs-jobs", "named"): 2,
    ("nhs-jobs", "generated"): 3,
    ("recruitment-system", "named"): 4,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One area in numbers."""

    area: str
    name: str
    requirements: int
    proven: int
    """Requirements that some defect trips."""
    defects: int
    """Defects that break a requirement of the area."""
    noticed: int
    """Of these: those that were noticed for such a requirement."""


@cache
def lines() -> tuple[Line, ...]:
    """Every area, in their order."""
    return tuple(_line(area, name) for area, name in AREAS.items())


def _line(area: str, name: str) -> Line:
    own = [proof for proof in proofs().values() if proof.area == area]
    return Line(
        area,
        name,
        len(own),
        sum(bool(proof.caught) for proof in own),
        len({defect for proof in own for defect in proof.defects}),
        len({defect for proof in own for defect in proof.caught}),
    )


@dataclass(frozen=True, slots=True)
class HeatMap:
    """How many defects were noticed, by area and by who deviates and how."""

    rows: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    broken: tuple[tuple[int, ...], ...]
    """How many there are."""

    @property
    def says(self) -> str:
        """The map in a sentence."""
        sums = {name: sum(values) for name, values in zip(self.rows, self.values, strict=True)}
        first, second, *_ = sorted(sums, key=lambda name: -sums[name])
        none = [name for name, total in sums.items() if not total]
        return (
            f"Most defects are noticed in {first} ({sums[first]:,}) and {second} ({sums[second]:,}). "
            f"None is tried in {', '.join(none) or 'no area'}; what shows those requirements stands on their pages."
        )

    @property
    def table(self) -> Mapping[str, object]:
        """The numbers behind it: noticed of tried."""
        rows = [
            (name, *(f"{part:,} of {whole:,}" if whole else "none" for part, whole in zip(*cells, strict=True)))
            for name, *cells in zip(self.rows, self.values, self.broken, strict=True)
        ]  # fmt: skip
        return {"head": ("Area", *COLUMNS), "rows": rows}


@cache
def heat_map() -> HeatMap:
    """The map of the whole gallery."""
    noticed: Counter[tuple[str, int]] = Counter()
    broken: Counter[tuple[str, int]] = Counter()
    for entry in deviations().values():
        column = _COLUMN[entry["role"], entry["kind"]]
        noticed.update({(area_of(name), column) for name in entry["tripped"]})
        broken.update({(area_of(name), column) for name in entry["requirements"]})

    def cells(counted: Counter[tuple[str, int]]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(counted[area, at] for at in range(len(COLUMNS))) for area in AREAS)

    return HeatMap(tuple(AREAS.values()), cells(noticed), cells(broken))


@dataclass(frozen=True, slots=True)
class Column:
    """One group of defects beside the requirements of an area: by requirement, how many it catches of how many."""

    role: str
    group: str
    caught: Mapping[str, int]
    broken: Mapping[str, int]


def columns_of(own: Iterable[Proof]) -> list[Column]:
    """The groups of which some defect breaks one of these requirements, the largest first."""
    caught: dict[tuple[str, str], Counter[str]] = {}
    broken: dict[tuple[str, str], Counter[str]] = {}
    for proof in own:
        for name in proof.defects:
            entry = deviations()[name]
            place = entry["role"], entry["group"]
            broken.setdefault(place, Counter())[proof.requirement.id] += 1
            caught.setdefault(place, Counter())[proof.requirement.id] += name in proof.caught
    order = sorted(broken, key=lambda place: (-broken[place].total(), place))
    return [Column(*place, caught[place], broken[place]) for place in order]


@cache
def groups() -> Mapping[str, str]:
    """What defects are listed under, as words."""
    found = {entry["group"] for entry in deviations().values()}
    return {name: name.replace("-", " ") for name in sorted(found)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of defects is narrowed to; an empty text narrows nothing."""

    role: str = ""
    kind: str = ""
    group: str = ""
    noticed: str = ""
    """`yes` or `no`."""
    area: str = ""
    requirement: str = ""
    text: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """What a query asks for."""
        return cls(**{name: query.get(name, "").strip() for name in cls.__slots__})

    def kept(self) -> dict[str, str]:
        """The query that asks for it."""
        return {name: value for name, value in asdict(self).items() if value}

    def fits(self, name: str, entry: Entry) -> bool:
        """Whether a defect is among them."""
        told = " ".join((name, entry["title"], *entry["requirements"], *entry["tripped"].values()))
        return (
            self.role in ("", entry["role"])
            and self.kind in ("", entry["kind"])
            and self.group in ("", entry["group"])
            and self.noticed in ("", "yes" if entry["tripped"] else "no")
            and (not self.area or self.area in map(area_of, entry["requirements"]))
            and (not self.requirement or self.requirement in entry["requirements"])
            and self.text.lower() in told.lower()
        )


def chosen(wanted: Wanted) -> list[str]:
    """The ids of the defects that fit, in the gallery's order."""
    return [name for name, entry in deviations().items() if wanted.fits(name, entry)]
