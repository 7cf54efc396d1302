"""How a subject that runs in this process is made to deviate: rows, attributes and functions, changed and put back.

What the suite itself uses (`sandbox.conformance`, the contracts, the journal's masks) is never changed: only the subject is.
"""

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from sandbox.conformance.gallery.deviation import Apply
from sandbox.errors import Place
from sandbox.rules import Rule
from sandbox.web import validation

_SUBJECT = ("sandbox.esr.", "sandbox.nhsjobs.", "sandbox.web.", "sandbox.outbox.", "sandbox.jobs.")
_ABSENT = object()


def row(table: Any, key: Any, value: Any) -> Apply:
    """The table with another value under the key."""

    @contextmanager
    def apply() -> Iterator[None]:
        before = table.get(key, _ABSENT)
        table[key] = value
        try:
            yield
        finally:
            if before is _ABSENT:
                del table[key]
            else:
                table[key] = before

    return apply


def without(table: Any, key: Any) -> Apply:
    """The table without the row; its order is as before afterwards."""

    @contextmanager
    def apply() -> Iterator[None]:
        before = dict(table)
        del table[key]
        try:
            yield
        finally:
            _restore(table, before)

    return apply


def _restore(table: MutableMapping[Any, Any], before: dict[Any, Any]) -> None:
    table.clear()
    table.update(before)


def attribute(owner: Any, name: str, value: Any) -> Apply:
    """The owner (a module, a class, a frozen record) with another value under the name."""

    @contextmanager
    def apply() -> Iterator[None]:
        before = getattr(owner, name)
        # A frozen record refuses `setattr`; what is changed here is put back.
        put = setattr if isinstance(owner, ModuleType | type) else object.__setattr__
        put(owner, name, value)
        try:
            yield
        finally:
            put(owner, name, before)

    return apply


def rebound(before: Any, after: Any) -> Apply:
    """`after` in place of `before` wherever a module of the subject has it under a name of its own."""

    @contextmanager
    def apply() -> Iterator[None]:
        found = [
            (module, name)
            for module in _modules()
            for name, value in vars(module).items()
            if value is before
        ]
        assert found, f"no module of the subject has {before!r}"
        for module, name in found:
            setattr(module, name, after)
        try:
            yield
        finally:
            for module, name in found:
                setattr(module, name, before)

    return apply


def instead(before: Callable[..., Any], make: Callable[[Callable[..., Any]], Any]) -> Apply:
    """What `make` makes of a function in place of the function, wherever the subject calls it by a name."""
    return rebound(before, make(before))


def unguarded(*pointers: str) -> Apply:
    """The contract's schemas without what they say of these places of a body, where a rule says the same."""

    def make(faults: Callable[..., list[Place]]) -> Callable[..., list[Place]]:
        return lambda *given: [place for place in faults(*given) if place.pointer not in pointers]

    return attribute(validation, "_faults", make(validation._faults))  # noqa: SLF001


def rule_gone(rule: Rule[Any]) -> Apply:
    """Every table of the subject without the rule."""

    @contextmanager
    def apply() -> Iterator[None]:
        found = [
            (module, name, value)
            for module in _modules()
            for name, value in vars(module).items()
            if isinstance(value, tuple) and any(item is rule for item in value)
        ]
        assert found, f"no table of the subject has {rule.code}"
        for module, name, value in found:
            setattr(module, name, tuple(item for item in value if item is not rule))
        try:
            yield
        finally:
            for module, name, value in found:
                setattr(module, name, value)

    return apply


def _modules() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.startswith(_SUBJECT)]
