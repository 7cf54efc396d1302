"""The public matrix of defects and requirements: as JSON, against which a later run is held, and as a page to read.

Both are committed. They hold no times and no addresses: the same code and the same cases give the same bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.conformance.gallery.deviation import Deviation, Kind
from sandbox.contracts.library import contracts_folder
from sandbox.contracts.requirements import Requirement

if TYPE_CHECKING:
    # Whoever only reads the matrix need not have what plays the cases.
    from sandbox.conformance.gallery.run import Tour
    from sandbox.conformance.gallery.trial import Trial

LEAST_KILLED = 0.90
LEAST_PROVEN = 0.80
Entry = dict[str, Any]


def gallery_path(name: str = "gallery.json") -> Path:
    """Where the matrix is committed."""
    return contracts_folder().parent / "docs" / name


def committed() -> dict[str, Entry]:
    """By deviation: its entry as committed. Empty where nothing is."""
    path = gallery_path()
    if not path.is_file():
        return {}
    entries: dict[str, Entry] = orjson.loads(path.read_bytes())["deviations"]
    return entries


def hints(entries: Mapping[str, Entry]) -> dict[str, list[str]]:
    """By deviation: the cases that noticed it before."""
    return {name: sorted(set(entry["tripped"].values())) for name, entry in entries.items()}


def entry(deviation: Deviation, trial: "Trial") -> Entry:
    """What is kept of one deviation."""
    return {
        "kind": str(deviation.kind),
        "role": deviation.role,
        "group": deviation.group,
        "title": deviation.title,
        "requirements": list(deviation.requirements),
        "tripped": dict(sorted(trial.tripped.items())),
    }


def entries_of(tour: "Tour") -> dict[str, Entry]:
    """The entries of everything that a run tried."""
    return {item.id: entry(item, tour.trials[item.id]) for item in tour.deviations}


def render_json(entries: Mapping[str, Entry]) -> bytes:
    """The bytes of docs/gallery.json."""
    return orjson.dumps({"deviations": entries}, option=orjson.OPT_INDENT_2) + b"\n"


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of a matrix."""

    named: int
    named_detected: int
    generated: int
    generated_detected: int
    must: int
    """MUST requirements in all."""
    shown: int
    """Of these: those that a case or the traffic can show."""
    proven: int
    """Of these: those that some deviation trips."""

    @property
    def kill_rate(self) -> float:
        """Of the generated deviations: the part that was noticed."""
        return self.generated_detected / self.generated if self.generated else 1.0

    @property
    def proven_rate(self) -> float:
        """Of the MUST requirements that can be shown: the part that was proven."""
        return self.proven / self.shown if self.shown else 1.0


def proven(entries: Mapping[str, Entry]) -> set[str]:
    """The requirements that some deviation trips."""
    return {name for each in entries.values() for name in each["tripped"]}


def totals(entries: Mapping[str, Entry], requirements: Iterable[Requirement]) -> Totals:
    """The numbers of a matrix."""
    named = _detections(entries, Kind.NAMED)
    generated = _detections(entries, Kind.GENERATED)
    must = [item for item in requirements if item.level == "MUST"]
    shown = [item for item in must if not _out_of_reach(item)]
    found = proven(entries)
    return Totals(
        len(named),
        sum(named),
        len(generated),
        sum(generated),
        len(must),
        len(shown),
        sum(item.id in found for item in shown),
    )


def _detections(entries: Mapping[str, Entry], kind: Kind) -> list[bool]:
    """Of each deviation of a kind: whether it was detected."""
    return [bool(item["tripped"]) for item in entries.values() if item["kind"] == kind]


def _out_of_reach(item: Requirement) -> bool:
    # Cases alone are played against the gallery; what a replay catches, the tests of the replay prove.
    return item.uncertified is not None or item.untested is not None or item.suite is not None


def unproven(
    entries: Mapping[str, Entry], requirements: Iterable[Requirement]
) -> list[Requirement]:
    """The MUST requirements that could be shown and that no deviation trips."""
    found = proven(entries)
    return [
        item
        for item in requirements
        if item.level == "MUST" and not _out_of_reach(item) and item.id not in found
    ]


def drops(before: Mapping[str, Entry], now: Mapping[str, Entry]) -> list[str]:
    """What a run found worse than, or other than, what is committed; a part of the gallery is held against its part."""
    told = []
    for name, each in now.items():
        held = before.get(name)
        if held is None:
            told.append(f"{name} is not in docs/gallery.json")
        elif held["tripped"] and not each["tripped"]:
            told.append(f"{name} was detected and is not any more: {each['title']}")
        elif set(held["tripped"]) - set(each["tripped"]):
            lost = sorted(set(held["tripped"]) - set(each["tripped"]))
            told.append(f"{name} no longer trips {', '.join(lost)}")
        elif {**held, "tripped": set(held["tripped"])} != {**each, "tripped": set(each["tripped"])}:
            # Which of several cases notices it first is no matter: those that are named are only played first.
            told.append(f"{name} is out of date in docs/gallery.json")
    return told
