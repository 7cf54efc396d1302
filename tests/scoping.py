"""Which statements touch tenants' rows without naming the tenant.

A tenant's table has a column `workspace`; the table of workspaces itself is one too, by its `name`. A statement is scoped
when each such table in it has a criterion on that column that must hold: against a value, or against the column of another
table that is scoped. An `OR` scopes nothing.
"""

import gc
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, BooleanClauseList

from sandbox.database import metadata
from sandbox.prepared import Prepared

OF_ALL_ON_PURPOSE = {
    # The token says which workspace it is.
    ("identity.store.find_client", "clients"),
    ("identity.store.find_registration", "clients"),
    # What is to be done next is looked for in every workspace; what is found is done in its own.
    ("jobs.store.workspaces_with_work", "workspaces"),
    ("outbox.store.earliest_due", "workspaces"),
    # The list of workspaces itself.
    ("workspaces.store.workspace_names", "workspaces"),
}
"""(function, table): the statements that are about all workspaces, each with its reason. There are no others."""


def key_of(table: sa.Table) -> sa.Column[Any] | None:
    """The column that says whose a row of the table is; None for a table that is no tenant's."""
    if table.name == "workspaces":
        return table.c.name
    return table.c.get("workspace")


def unscoped(statement: Any) -> list[str]:
    """The tenants' tables that a statement reads or changes without naming the tenant, by name."""
    if isinstance(statement, sa.TextClause):
        if re.search(r"\b(workspace|name) = :", statement.text):
            return []
        words = set(re.findall(r"\w+", statement.text))
        return sorted(
            table.name
            for table in metadata.tables.values()
            if key_of(table) is not None and table.name in words
        )
    return sorted(set(_in(statement, frozenset())))


def _in(statement: Any, around: frozenset[Any]) -> Iterator[str]:
    """As `unscoped`, of one statement and those within it; the tables `around` it belong to another."""
    if isinstance(statement, sa.CompoundSelect):
        for part in statement.selects:
            yield from _in(part, around)
        return
    if isinstance(statement, sa.Select):
        given = list(statement.get_final_froms())
        froms = [*_tables(given)]
        criteria = [*statement._where_criteria, *_on_clauses(given)]
    elif isinstance(statement, sa.Update | sa.Delete):
        froms, criteria = [statement.table], list(statement._where_criteria)
    elif isinstance(statement, sa.Insert):
        froms, criteria = [], []
    else:
        return
    own = [table for table in froms if table not in around]
    yield from (table.name for table in _open(own, list(_all_of(criteria)), around))
    for inner in _within(statement):
        yield from _in(inner, around | frozenset(froms))


def _open(own: list[Any], criteria: list[Any], around: frozenset[Any]) -> list[Any]:
    """The tenants' tables among `own` that no criterion closes. Those `around` are looked at where they belong."""
    left = [table for table in own if key_of(_plain(table)) is not None]
    closed = set(around)
    while True:
        found = [table for table in left if any(_closes(table, item, closed) for item in criteria)]
        if not found:
            return left
        closed |= set(found)
        left = [table for table in left if table not in found]


def _closes(table: Any, criterion: Any, closed: set[Any]) -> bool:
    if not isinstance(criterion, BinaryExpression) or criterion.operator is not operators.eq:
        return False
    key = table.c[key_of(_plain(table)).key]  # type: ignore[union-attr]
    for one, other in (criterion.left, criterion.right), (criterion.right, criterion.left):
        if one is key or (getattr(one, "table", None) is table and one.key == key.key):
            if isinstance(other, BindParameter):
                return True
            their = getattr(other, "table", None)
            if their is not None and their in closed:
                held = key_of(_plain(their))
                return held is not None and other.key == held.key
    return False


def _plain(table: Any) -> Any:
    return table.element if isinstance(table, sa.Alias) else table


def _tables(froms: Iterable[Any]) -> Iterator[Any]:
    for item in froms:
        if isinstance(item, sa.Join):
            yield from _tables((item.left, item.right))
        elif isinstance(_plain(item), sa.Table):
            yield item


def _on_clauses(froms: Iterable[Any]) -> Iterator[Any]:
    for item in froms:
        if isinstance(item, sa.Join):
            yield item.onclause
            yield from _on_clauses((item.left, item.right))


def _all_of(criteria: Iterable[Any]) -> Iterator[Any]:
    """Every criterion that must hold, those joined by AND one by one."""
    for item in criteria:
        if isinstance(item, BooleanClauseList) and item.operator is operators.and_:
            yield from _all_of(item.clauses)
        else:
            yield item


def _within(statement: Any) -> list[Any]:
    """The statements that stand directly in a statement."""
    found: list[Any] = []

    def look(element: Any) -> None:
        for child in element.get_children():
            if isinstance(child, sa.Select | sa.CompoundSelect):
                found.append(child)
            elif not isinstance(child, sa.Table):
                look(child)

    look(statement)
    return found


def kept() -> dict[str, Any]:
    """Every statement that a module of the sandbox keeps, by the name under which it does; the ready ones among them."""
    found: dict[str, Any] = {}
    for name, module in sorted(sys.modules.items()):
        if name.startswith("sandbox."):
            for attribute, value in vars(module).items():
                for suffix, item in _items(value):
                    found[f"{name.removeprefix('sandbox.')}.{attribute}{suffix}"] = item
    return {
        name: item._statement if isinstance(item, Prepared) else item
        for name, item in found.items()
    }


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    kinds = (Prepared, sa.Select, sa.CompoundSelect, sa.Update, sa.Delete, sa.Insert)
    if isinstance(value, kinds):
        yield "", value
    elif isinstance(value, dict):
        yield from ((f"[{key}]", item) for key, item in value.items() if isinstance(item, kinds))


def ready() -> list[Any]:
    """Every ready statement that there is, wherever it is kept."""
    return [item._statement for item in gc.get_objects() if isinstance(item, Prepared)]


@dataclass
class Watch:
    """What has run while it was watched: who ran a statement that is not scoped, and how many statements ran."""

    strays: set[tuple[str, str]] = field(default_factory=set)
    """(function of the sandbox, table)."""
    statements: set[Any] = field(default_factory=set)
    _verdicts: dict[int, list[str]] = field(default_factory=dict)

    def see(self, statement: Any) -> None:
        verdict = self._verdicts.get(id(statement))
        if verdict is None:
            # Held, so that no other statement gets its id.
            self.statements.add(statement)
            verdict = self._verdicts[id(statement)] = unscoped(statement)
        if verdict:
            asked_by = _asker()
            self.strays |= {(asked_by, table) for table in verdict}


@contextmanager
def watched(careless_one: str = "") -> Iterator[Watch]:
    """Sees every statement that any database of this process runs.

    A function of the sandbox, named as in `OF_ALL_ON_PURPOSE`, can be made to forget to name the tenant in what it runs.
    """
    watch = Watch()
    run, run_many = Prepared.run, Prepared.run_many
    forgetful: dict[int, Prepared] = {}

    def seen(self: Prepared, *given: Any) -> Any:
        if _asker() == careless_one:
            self = forgetful.setdefault(id(self), Prepared(careless(self._statement)))
        watch.see(self._statement)
        return run(self, *given)

    def seen_many(self: Prepared, *given: Any) -> Any:
        watch.see(self._statement)
        return run_many(self, *given)

    def listen(_connection: Any, statement: Any, many: Any, one: Any, _options: Any) -> Any:
        is_meant = isinstance(statement, sa.Select | sa.Update | sa.Delete)
        if is_meant and _asker() == careless_one:
            statement = careless(statement)
        watch.see(statement)
        return statement, many, one

    Prepared.run, Prepared.run_many = seen, seen_many  # type: ignore[method-assign, assignment]
    sa.event.listen(sa.Engine, "before_execute", listen, retval=True)
    try:
        yield watch
    finally:
        sa.event.remove(sa.Engine, "before_execute", listen)
        Prepared.run, Prepared.run_many = run, run_many  # type: ignore[method-assign]


def careless(statement: Any) -> Any:
    """The statement without what it says of the tenant."""
    if isinstance(statement, sa.CompoundSelect):
        return sa.union_all(*map(careless, statement.selects))
    made = statement._generate()
    made._where_criteria = tuple(
        item
        for item in _all_of(statement._where_criteria)
        if not (
            isinstance(item, BinaryExpression)
            and any(_is_key(side) for side in (item.left, item.right))
        )
    )
    return made


def _is_key(side: Any) -> bool:
    table = getattr(side, "table", None)
    return table is not None and key_of(_plain(table)) is not None and side.key == "workspace"


def _asker() -> str:
    """The function of the sandbox that runs the statement at hand."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("sandbox.") and module != "sandbox.prepared":
            return f"{module.removeprefix('sandbox.')}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "nobody of the sandbox"


__all__ = ["OF_ALL_ON_PURPOSE", "Watch", "careless", "kept", "ready", "unscoped", "watched"]
