"""How the columns and indexes of the tables are made: one function for each kind of column."""

from typing import Any

import sqlalchemy as sa

from hookline_tracking_sql.column_types import BYTES, LONG_TEXT, ROW_ID, Number, short_text
from hookline_tracking_sql.expressions import PREFIX_LENGTH, value_prefix

UNCLUSTERED: dict[str, Any] = {"sqlite_autoincrement": True}  # an id is never used again
CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}  # rows lie in the order of the primary key

PLACE = ("timestamp", "step", "ordinal")
"""The columns behind run and key that tell the segments of a series apart and put them in order."""

STAGE, ID, KEY, NAME = (short_text(length) for length in (32, 100, 255, 500))
"""Types of texts in indexes and keys: stages and kinds, ids of things, keys, and names."""


def text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    """Return the column of a text of any length."""
    return sa.Column(name, LONG_TEXT, nullable=nullable)


def short(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> "sa.Column[str]":
    """Return the column of a text that an index or a key holds."""
    return sa.Column(name, kind, nullable=nullable, **options)


def integer(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    """Return the column of a whole number."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def number(name: str) -> "sa.Column[float]":
    """Return the column of a metric's value; NULL is NaN."""
    return sa.Column(name, Number(), nullable=True)


def identity() -> "sa.Column[int]":
    """Return the column of a row's own id."""
    return sa.Column("id", ROW_ID, primary_key=True)


def owner(name: str, target: str, *, primary_key: bool = False) -> "sa.Column[int]":
    """Return a column that refers to the row of a thing, and goes with it."""
    reference = sa.ForeignKey(f"hookline_{target}.id", ondelete="CASCADE")
    return sa.Column(name, ROW_ID, reference, primary_key=primary_key, nullable=False)


def key(*, primary_key: bool = True) -> "sa.Column[int]":
    """Return the column of the name of a metric, a param or a tag: the id of its row in `hookline_keys`."""
    return sa.Column("key", ROW_ID, sa.ForeignKey("hookline_keys.id"), primary_key=primary_key, nullable=False)


def key_text() -> "sa.Column[str]":
    """Return the column of a key that stands in its own table, as text."""
    return short("key", KEY, primary_key=True)


def index_by_value(table: sa.Table, *columns: "sa.Column[Any]") -> None:
    """Index some columns of a table and the start of `value`, for which MariaDB has words of its own."""
    name = f"{table.name}_by_value"
    start = sa.Index(name, *columns, value_prefix(table.c.value))
    start.ddl_if(callable_=lambda _ddl, _target, connection, **_more: connection.dialect.name != "mysql")
    whole = sa.Index(name, *columns, table.c.value)
    whole.ddl_if(dialect="mysql")

    def cut(_table: sa.Table, connection: sa.Connection, **_more: Any) -> None:
        if connection.dialect.name == "mysql":  # asked for any earlier, the option would import its whole dialect
            whole.dialect_options["mysql"]["length"] = {"value": PREFIX_LENGTH}

    sa.event.listen(table, "before_create", cut)


def place() -> "list[sa.Column[int]]":
    """Return the columns behind run and key that tell the segments of a series apart and put them in order."""
    return [sa.Column(name, sa.BigInteger, primary_key=True, nullable=False, autoincrement=False) for name in PLACE]


def packed() -> "list[sa.Column[Any]]":
    """Return the columns that hold the points of a segment."""
    return [sa.Column(name, BYTES, nullable=True) for name in ("numbers", "steps", "timestamps")]
