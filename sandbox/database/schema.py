"""The tables that a database has, and the version of them."""

import sqlalchemy as sa

SCHEMA_VERSION = 5
OLDEST_VERSION = 3
"""What can be brought up to date; what is older still is refused."""

metadata = sa.MetaData()

schema_version = sa.Table(
    "schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True)
)


class DatabaseUnusable(Exception):
    """The database cannot be used at all; the message says why and what to do."""


def prepare_schema(connection: sa.Connection, tables: sa.MetaData = metadata) -> None:
    """Makes the tables of an empty database."""
    if not sa.inspect(connection).get_table_names():
        tables.create_all(connection)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))


def age_of(version: int) -> str:
    """How a schema that is not ours stands to ours."""
    return "newer" if version > SCHEMA_VERSION else "older"
