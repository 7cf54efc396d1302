"""Reads a YAML source and remembers on which line each value stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.contracts.faults import ContractError, Fault

Pointer = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Dates and timestamps stay text, as in JSON: a contract's example must be what goes over the wire.
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
# Far more than any source of ours. An alias stands for all that it names: a few lines of them would fill the memory.
_LARGEST_BYTES = 4 * 1024 * 1024
_MOST_VALUES = 200_000
_DEEPEST = 100
_SURELY_SHALLOW = 4_000


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file: its value, and the line of each value by its JSON pointer."""

    path: Path
    value: Any
    lines: dict[Pointer, int]

    def line(self, pointer: Pointer) -> int:
        """The line of the nearest value on the way to `pointer` (1-based)."""
        while pointer and pointer not in self.lines:
            pointer = pointer[:-1]
        return self.lines.get(pointer, 1)


def read_source(path: Path) -> Source:
    """Parses `path`.

    Raises ContractError, with file and line, when the file cannot be read or is no YAML or repeats a key, or holds more, or
    nests deeper, than any source has reason to.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ContractError(
                [Fault(path, 1, f"more than {_LARGEST_BYTES:,} bytes are not read")]
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ContractError([Fault(path, 1, f"the file cannot be read: {problem}")]) from problem
    try:
        _check_depth(text, path)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise ContractError([Fault(path, line, f"not valid YAML: {problem.problem}")]) from problem
    except yaml.YAMLError as problem:
        raise ContractError([Fault(path, 1, f"not valid YAML: {problem}")]) from problem
    lines: dict[Pointer, int] = {}
    constructor = yaml.SafeLoader("")
    try:
        value = _build(root, (), lines, path, constructor)
    except yaml.MarkedYAMLError as problem:
        # A tag that no plain value has, such as one that would make an object of Python's.
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise ContractError([Fault(path, line, f"not valid YAML: {problem.problem}")]) from problem
    except ValueError as problem:
        raise ContractError([Fault(path, 1, f"not valid YAML: {problem}")]) from problem
    return Source(path, value, lines)


def _check_depth(text: str, path: Path) -> None:
    """Raises ContractError for what would run the composer, which is recursive and written in C, out of its stack."""
    if len(text) < _SURELY_SHALLOW:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ContractError([Fault(path, line, f"nested deeper than {_DEEPEST} levels")])


def _build(
    node: yaml.Node | None,
    pointer: Pointer,
    lines: dict[Pointer, int],
    path: Path,
    constructor: yaml.SafeLoader,
) -> Any:
    if node is None:
        return None
    line = lines[pointer] = node.start_mark.line + 1
    if len(lines) > _MOST_VALUES:
        raise ContractError([Fault(path, line, f"more than {_MOST_VALUES:,} values are not read")])
    if len(pointer) > _DEEPEST:
        raise ContractError([Fault(path, line, f"nested deeper than {_DEEPEST} levels")])
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        constructor.flatten_mapping(node)  # Writes out what `<<` merges in.
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in mapping:
                line = key_node.start_mark.line + 1
                raise ContractError([Fault(path, line, f"the key {key!r} stands here twice")])
            mapping[key] = _build(value_node, (*pointer, key), lines, path, constructor)
            lines[(*pointer, key)] = key_node.start_mark.line + 1
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [
            _build(item, (*pointer, position), lines, path, constructor)
            for position, item in enumerate(node.value)
        ]
    if node.tag == _TIMESTAMP:
        return node.value
    return constructor.construct_object(node)
