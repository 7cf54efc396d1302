"""Rows of people: whom ESR knows, by what tells one person from another."""

from typing import Any

import sqlalchemy as sa

from sandbox.esr.domain.people import Keys, Known, keys
from sandbox.esr.tables import people
from sandbox.prepared import Prepared

_workspace = sa.bindparam("workspace", type_=sa.String)
_insert = Prepared(people.insert())
# Two searches that each follow an index: asked for both at once, a database may walk every person instead.
_alike = Prepared(
    sa.union_all(
        *(
            sa.select(
                people.c.person_id,
                people.c.ni_number,
                people.c.last_name,
                people.c.previous_last_name,
                people.c.date_of_birth,
                people.c.name_key,
                people.c.provisional,
            ).where(people.c.workspace == _workspace, likeness)
            for likeness in (
                people.c.ni_number == sa.bindparam("ni_number"),
                people.c.name_key == sa.bindparam("name_key"),
            )
        )
    )
)


def people_alike(connection: sa.Connection, workspace: str, sent: Keys) -> list[Known]:
    """Everybody who has the NI number, or the name and date of birth; without what ESR has of them."""
    wanted = {"workspace": workspace, "ni_number": sent.ni_number, "name_key": sent.name_key}
    found = {row[0]: row for row in _alike.run(connection, wanted).fetchall()}
    return [
        Known(person_id, Keys(number, last, previous, born, key), bool(provisional))
        for person_id, number, last, previous, born, key, provisional in found.values()
    ]


def insert_person(
    connection: sa.Connection,
    workspace: str,
    person_id: int,
    held: Keys,
    *,
    provisional: bool = False,
) -> None:
    """Adds a person. The database refuses a second one of an NI number, unless an ESR user still has to say who it is."""
    _insert.run(connection, _row(workspace, person_id, held, provisional=provisional))


def insert_people(
    connection: sa.Connection, workspace: str, people: list[tuple[int, dict[str, Any]]]
) -> None:
    """Adds many people: (person id, `Person`)."""
    _insert.run_many(
        connection,
        [_row(workspace, number, keys(person), provisional=False) for number, person in people],
    )


def update_person(
    connection: sa.Connection, workspace: str, person_id: int, held: Keys, *, provisional: bool
) -> None:
    """Replaces what tells a person from others."""
    values = _row(workspace, person_id, held, provisional=provisional)
    connection.execute(sa.update(people).where(*_is(workspace, person_id)).values(values))


def note_ni_number(
    connection: sa.Connection, workspace: str, person_id: int, ni_number: str
) -> None:
    """Adds the NI number of a person of whom it was not known."""
    unknown = people.c.ni_number.is_(None)
    connection.execute(
        sa.update(people).where(*_is(workspace, person_id), unknown).values(ni_number=ni_number)
    )


def delete_person(connection: sa.Connection, workspace: str, person_id: int) -> None:
    """Removes a person of whom ESR has nothing any more."""
    connection.execute(sa.delete(people).where(*_is(workspace, person_id)))


def _is(workspace: str, person_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return people.c.workspace == workspace, people.c.person_id == person_id


def _row(workspace: str, person_id: int, held: Keys, *, provisional: bool) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "person_id": person_id,
        "ni_number": held.ni_number,
        "name_key": held.name_key,
        "last_name": held.last_name,
        "previous_last_name": held.previous_last_name,
        "date_of_birth": held.date_of_birth,
        "provisional": provisional,
    }
