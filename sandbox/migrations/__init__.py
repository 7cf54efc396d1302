"""Brings a database that an earlier version of the sandbox has written to the present schema.

Each step is a module of its own, `to_<version>`, and does with Alembic's operations what changed with that version. All steps
that are needed are one transaction: a database is of one version or of another, never between two. What a step needs to know
of the tables it says itself: the tables of today are another version's tomorrow. On a PostgreSQL server a new column of text
has the collation "C", as `sandbox.database.postgresql` makes it.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from sandbox.database.schema import SCHEMA_VERSION, schema_version


def migrate(connection: sa.Connection, version: int) -> None:
    """Takes a database of schema `version` to SCHEMA_VERSION, in the transaction of `connection`, which it leaves open."""
    operations = Operations(MigrationContext.configure(connection))
    for number in range(version + 1, SCHEMA_VERSION + 1):
        import_module(f"sandbox.migrations.to_{number}").upgrade(operations)
        connection.execute(sa.update(schema_version).values(version=number))
