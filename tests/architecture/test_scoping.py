"""Every statement that a module keeps names the tenant whose rows it reads or changes."""

import pkgutil
from importlib import import_module

import pytest
import sqlalchemy as sa
from scoping import careless, kept, ready, unscoped

import sandbox
from sandbox.esr.tables import applicants, employees
from sandbox.nhsjobs.tables import adverts, board
from sandbox.workspaces.tables import workspaces

_PACKAGES = ("control", "esr", "faults", "identity", "jobs", "journal", "limits", "nhsjobs")
_MORE = ("outbox", "web", "workspaces")
# What is about all workspaces on purpose, and the parts of such a statement.
_OF_ALL = {
    "identity.store._by_token": "the token says which workspace it is",
    "jobs.store._ahead": "in which workspace something is to be done next",
    "jobs.store._first_due": "a part of `_ahead`",
    "outbox.store._waiting": "in which workspace something is to be sent next",
    "workspaces.store._names": "the list of workspaces itself",
}
_workspace = sa.bindparam("workspace", type_=sa.String)
_own = applicants.c.workspace == _workspace
_number = applicants.c.applicant_number == "10000001"
_both = sa.and_(adverts.c.workspace == board.c.workspace, adverts.c.advert_id == board.c.advert_id)

SCOPED = {
    "a criterion": sa.select(applicants).where(_own, _number),
    "a criterion among others": sa.select(applicants).where(sa.and_(_number, _own)),
    "a join": sa.select(adverts)
    .select_from(board)
    .join(adverts, _both)
    .where(board.c.workspace == _workspace),
    "a part that leans on the whole": sa.select(workspaces.c.name).where(
        workspaces.c.name == _workspace,
        sa.exists().where(applicants.c.workspace == workspaces.c.name),
    ),
    "a change": sa.update(applicants).where(_own).values(status="HIRED"),
    "a removal": sa.delete(applicants).where(_own),
    "a new row": applicants.insert(),
    "an alias": sa.select(alias := applicants.alias()).where(alias.c.workspace == _workspace),
}
UNSCOPED = {
    "nothing": (sa.select(applicants), ["esr_applicants"]),
    "another column": (sa.select(applicants).where(_number), ["esr_applicants"]),
    "an alternative": (sa.select(applicants).where(sa.or_(_own, _number)), ["esr_applicants"]),
    "its opposite": (sa.select(applicants).where(~_own), ["esr_applicants"]),
    "its own column": (
        sa.select(applicants).where(applicants.c.workspace == applicants.c.workspace),
        ["esr_applicants"],
    ),
    "one of two": (
        sa.select(applicants, employees).where(
            _own, applicants.c.person_id == employees.c.person_id
        ),
        ["esr_employees"],
    ),
    "a join of the open": (
        sa.select(adverts).select_from(board).join(adverts, _both),
        ["nhsjobs_adverts", "nhsjobs_board"],
    ),
    "a part": (
        sa.select(sa.select(employees.c.employee_number).limit(1).scalar_subquery()),
        ["esr_employees"],
    ),
    "one side of two": (
        sa.union_all(sa.select(applicants).where(_own), sa.select(applicants)),
        ["esr_applicants"],
    ),
    "a change": (sa.update(applicants).where(_number), ["esr_applicants"]),
    "a removal": (sa.delete(applicants), ["esr_applicants"]),
    "a text": (sa.text("SELECT document FROM esr_applicants"), ["esr_applicants"]),
    "every workspace": (sa.select(workspaces.c.name), ["workspaces"]),
}


@pytest.mark.parametrize("name", SCOPED)
def test_a_statement_that_names_the_tenant_is_scoped(name: str) -> None:
    assert unscoped(SCOPED[name]) == []


@pytest.mark.parametrize("name", UNSCOPED)
def test_a_statement_that_does_not_name_the_tenant_is_seen(name: str) -> None:
    statement, tables = UNSCOPED[name]

    assert unscoped(statement) == tables


def test_every_statement_that_is_kept_names_the_tenant() -> None:
    for package in (*_PACKAGES, *_MORE):
        for found in pkgutil.walk_packages([f"{sandbox.__path__[0]}/{package}"]):
            if not found.ispkg:
                import_module(f"sandbox.{package}.{found.name}")
    for system in ("control", "esr", "nhsjobs"):
        for found in pkgutil.iter_modules([f"{sandbox.__path__[0]}/{system}/store"]):
            import_module(f"sandbox.{system}.store.{found.name}")

    statements = kept()

    open_ones = {name for name, statement in statements.items() if unscoped(statement)}
    assert open_ones == _OF_ALL.keys()
    assert len(statements) > 80
    of_all = [statements[name] for name in _OF_ALL]
    assert [item for item in ready() if unscoped(item) and item not in of_all] == []
    # The look at statements can fail: without what it says of the tenant, hardly one passes.
    closed = [item for item in statements.values() if hasattr(item, "_where_criteria")]
    assert sum(bool(unscoped(careless(item))) for item in closed) > len(closed) / 2
