"""Makes one document of a contract's files.

Two kinds of reference lead out of a file:

- a path item, `/applicants: {$ref: 'paths/applicants.yaml#/applicants'}`, is written in place of the reference;
- everything else must point at `#/components/<section>/<name>` of the other file and keeps that pointer in the bundle.

So a name means one thing in the whole contract; two different things under one name are an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.contracts.faults import ContractError, Fault
from sandbox.contracts.sources import Pointer, Source, read_source

__all__ = ["Bundle", "ContractError", "Fault", "bundle_contract"]

_COMPONENT_DEPTH = 3  # components, section, name


@dataclass(slots=True)
class Bundle:
    """One whole contract, and where each part of it was written."""

    document: dict[str, Any]
    files: list[Path]
    origins: dict[Pointer, tuple[Source, Pointer]] = field(default_factory=dict)

    def locate(self, pointer: Pointer) -> tuple[Path, int]:
        """The file and the line (1-based) in which what stands at `pointer` of the bundle was written."""
        for depth in range(len(pointer), -1, -1):
            found = self.origins.get(pointer[:depth])
            if found:
                source, base = found
                return source.path, source.line((*base, *pointer[depth:]))
        return self.files[0], 1


def bundle_contract(root: Path) -> Bundle:
    """Bundles the contract whose main file is `root`.

    Raises ContractError when a file cannot be read, a reference leads nowhere, or two files give one name two meanings.
    """
    return _Bundler(root).run()


class _Bundler:
    def __init__(self, root: Path) -> None:
        self._sources: dict[Path, Source] = {}
        self._root = self._open(root.resolve())
        self._bundle = Bundle(document={}, files=[])
        self._hoisted: dict[Pointer, tuple[Path, Pointer]] = {}
        self._compared: set[tuple[Path, Pointer]] = set()
        self._waiting: list[Pointer] = []

    def run(self) -> Bundle:
        bundle = self._bundle
        bundle.origins[()] = (self._root, ())
        if not isinstance(self._root.value, dict):
            raise ContractError([Fault(self._root.path, 1, "a contract is a mapping")])
        components = self._mapping(("components",))
        for section in components:
            for name, value in self._mapping(("components", section)).items():
                target: Source = self._root
                where: Pointer = ("components", section, name)
                if isinstance(value, dict) and "$ref" in value:
                    target, where = self._target(value["$ref"], self._root, (*where, "$ref"))
                self._hoist(target, where, self._root, ("components", section, name))
        document = {
            key: self._resolve(value, self._root, (key,))
            for key, value in self._root.value.items()
            if key not in {"components", "paths"}
        }
        document["paths"] = {
            path: self._path_item(path, item) for path, item in self._mapping(("paths",)).items()
        }
        hoisted: dict[str, dict[str, Any]] = {}
        while self._waiting:
            pointer = self._waiting.pop()
            source, where = bundle.origins[pointer]
            value = self._resolve(_at(source.value, where), source, where)
            hoisted.setdefault(str(pointer[1]), {})[str(pointer[2])] = value
        document["components"] = {
            section: dict(sorted(named.items())) for section, named in sorted(hoisted.items())
        }
        bundle.document = document
        bundle.files = sorted(self._sources)
        bundle.files.remove(self._root.path)
        bundle.files.insert(0, self._root.path)
        return bundle

    def _mapping(self, pointer: Pointer) -> dict[str, Any]:
        """The mapping at `pointer` of the main file, empty where nothing stands; anything else there is a fault."""
        try:
            value = _at(self._root.value, pointer)
        except KeyError:
            return {}
        if not isinstance(value, dict):
            raise self._fault(self._root, pointer, f"{pointer[-1]} is a mapping")
        return value

    def _path_item(self, path: str, item: Any) -> Any:
        source: Source = self._root
        where: Pointer = ("paths", path)
        if isinstance(item, dict) and "$ref" in item:
            source, where = self._target(item["$ref"], self._root, (*where, "$ref"))
            item = _at(source.value, where)
        self._bundle.origins["paths", path] = (source, where)
        return self._resolve(item, source, where)

    def _resolve(self, value: Any, source: Source, pointer: Pointer) -> Any:
        if isinstance(value, list):
            return [
                self._resolve(item, source, (*pointer, position))
                for position, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str) and not _is_named(pointer, "examples", "example"):
            target, where = self._target(reference, source, (*pointer, "$ref"))
            return {"$ref": self._hoist(target, where, source, (*pointer, "$ref"))}
        return {key: self._resolve(item, source, (*pointer, key)) for key, item in value.items()}

    def _hoist(self, target: Source, where: Pointer, source: Source, pointer: Pointer) -> str:
        """Gives `where` of `target` its place in the bundle, and answers a reference to it."""
        if len(where) != _COMPONENT_DEPTH or where[0] != "components":
            raise self._fault(
                source, pointer, "a reference must point at #/components/<section>/<name>"
            )
        owner = self._hoisted.setdefault(where, (target.path, where))
        if owner[0] != target.path:
            here, there = _at(target.value, where), _at(self._sources[owner[0]].value, where)
            if here != there:
                raise self._fault(
                    source, pointer, f"{where[2]!r} means another thing in {owner[0]} already"
                )
            if (target.path, where) not in self._compared:
                # The words are the same; what they refer to must be so too.
                self._compared.add((target.path, where))
                self._resolve(here, target, where)
        elif where not in self._bundle.origins:
            self._bundle.origins[where] = (target, where)
            self._waiting.append(where)
        return "#/" + "/".join(str(part) for part in where)

    def _target(self, reference: str, source: Source, pointer: Pointer) -> tuple[Source, Pointer]:
        file, _, fragment = reference.partition("#")
        target = source
        if file:
            path = (source.path.parent / file).resolve()
            if not path.is_file():
                raise self._fault(source, pointer, f"there is no file {file}")
            target = self._open(path)
        where: Pointer = tuple(
            part.replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:]
        )
        try:
            _at(target.value, where)
        except KeyError:
            raise self._fault(source, pointer, f"there is nothing at {reference}") from None
        return target, where

    def _open(self, path: Path) -> Source:
        if path not in self._sources:
            self._sources[path] = read_source(path)
        return self._sources[path]

    @staticmethod
    def _fault(source: Source, pointer: Pointer, message: str) -> ContractError:
        return ContractError([Fault(source.path, source.line(pointer), message)])


def _is_named(pointer: Pointer, *names: str) -> bool:
    return any(part in names for part in pointer)


def _at(value: Any, pointer: Pointer) -> Any:
    for part in pointer:
        if not isinstance(value, dict):
            raise KeyError(part)
        value = value[part]
    return value


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a bundled document as (path, method, operation)."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "put", "post", "delete", "options", "head", "patch", "trace"}:
                yield path, method, operation
