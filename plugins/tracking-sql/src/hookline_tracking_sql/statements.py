"""Statements in the driver's own words, and conditions that every search uses.

Logging executes the same few statements thousands of times a second. They are written in Core, like all others, and
compiled once to the text and the order of parameters that the driver takes.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects import sqlite

from hookline_tracking_sql.engine import driver_of

Row: TypeAlias = Any
"""A row of a result. (The parameters of `sqlalchemy.Row` differ between SQLAlchemy 2.0 and 2.1.)"""

_DIALECT = sqlite.dialect(paramstyle="qmark")


def driver_text(statement: sa.sql.ClauseElement, *parameters: str) -> str:
    """Return a statement as text for the driver, which takes tuples of `parameters` in this order."""
    options: dict[str, Any] = {"column_keys": list(parameters)} if isinstance(statement, sa.Insert) else {}
    if isinstance(statement, sa.Insert):
        statement = statement.inline()  # nobody reads a key that it would return, and many rows may return none
    compiled = statement.compile(dialect=_DIALECT, **options)
    assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
    if tuple(compiled.positiontup or ()) != parameters:
        raise TypeError(f"The parameters of the statement are {compiled.positiontup}, not {parameters}.")
    return str(compiled)


@frozen
class Prepared:
    """A statement in the driver's words, which takes its parameters by their names.

    Attributes:
        text: with a `?` for each of `names`, which may repeat. known: parameters that are the same every time.
    """

    text: str
    names: tuple[str, ...]
    known: Mapping[str, Any]

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """Execute the statement with the values that it needs, among others."""
        given = {**self.known, **values}
        return driver_of(connection).execute(self.text, [given[name] for name in self.names])


def prepared(statement: sa.sql.ClauseElement) -> Prepared:
    """Return a statement that is compiled once. Each of its parameters has a name, or a value."""
    compiled = statement.compile(dialect=_DIALECT)
    assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
    known = {name: value for name, value in compiled.params.items() if value is not None}
    return Prepared(str(compiled), tuple(compiled.positiontup or ()), known)


def insert_row(connection: sa.Connection, table: sa.Table, **values: Any) -> int:
    """Insert a row and return its id."""
    stored = connection.execute(sa.insert(table), values).inserted_primary_key
    if stored is None:
        raise TypeError(f"{table.name} has no id.")
    return int(stored[0])


def among(column: sa.ColumnElement[Any], values: Iterable[int | str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of some values, however many: they travel as one parameter."""
    return in_list(column, sa.bindparam(None, json_list(values), sa.Text))


def among_given(column: sa.ColumnElement[Any], parameter: str) -> sa.ColumnElement[bool]:
    """Return the same condition for a statement that is made once; each execution gives the `json_list` of values."""
    return in_list(column, sa.bindparam(parameter, type_=sa.Text))


def json_list(values: Iterable[int | str]) -> str:
    """Return values as the text that `among_given` takes."""
    return json.dumps(list(values))


def in_list(column: sa.ColumnElement[Any], values: sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of the values of a `json_list`."""
    return column.in_(sa.select(sa.func.json_each(values).table_valued("value").c.value))
