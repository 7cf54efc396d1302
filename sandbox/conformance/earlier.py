"""What is taken over from an earlier run, so that only the rest is played again: the cases that passed, and the replay."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import orjson

from sandbox.conformance.evidence.archive import Archive
from sandbox.conformance.evidence.refusals import PackRefused
from sandbox.conformance.subject import Subject

_SAME = ("role", "product", "name", "version", "build", "environment")
_PREFIX, _VOLUME = "cases/", "volume/"


class EarlierUnusable(Exception):
    """An earlier pack cannot be gone on from; the message says why."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The files to take over, by their names in the pack."""

    files: dict[str, bytes]


def read_earlier(path: Path, subject: Subject, seed: int) -> Earlier:
    """What of `path` passed: the records of cases, and the files of the replay.

    Raises EarlierUnusable for another subject, version, build or seed.
    """
    if not path.is_file():
        raise EarlierUnusable(f"There is no pack {path}.")
    try:
        with Archive(path) as archive:
            archive.check_names()
            archive.check_sizes()
            told = orjson.loads(archive.read("subject.json"))
            manifest = orjson.loads(archive.read("manifest.json"))
            results = orjson.loads(archive.read("results.json"))
            own = subject.without_secrets()
            for name in _SAME:
                if told.get(name) != own[name]:
                    raise EarlierUnusable(
                        f"{path} is about another subject: its {name} is {told.get(name)!r}, this one's {own[name]!r}."
                    )
            if manifest.get("seed") != seed:
                raise EarlierUnusable(
                    f"{path} was made with the seed {manifest.get('seed')}; go on with the same one."
                )
            passed = {
                item["case"] for item in results["cases"] if item["result"] in ("pass", "warn")
            }
            replayed = bool(results["suites"].get("volume") == "pass")

            def is_taken(name: str) -> bool:
                if name.startswith(_VOLUME):
                    return replayed
                case = name.removeprefix(_PREFIX).removesuffix(".json")
                return name.startswith(_PREFIX) and case in passed

            return Earlier({name: archive.read(name) for name in archive.names if is_taken(name)})
    except (
        PackRefused,
        zipfile.BadZipFile,
        orjson.JSONDecodeError,
        KeyError,
        TypeError,
    ) as problem:
        raise EarlierUnusable(f"{path} cannot be read as a pack: {problem}") from problem
