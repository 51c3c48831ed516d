"""Statements in the words of a database system, and conditions that every search uses.

Logging executes the same few statements thousands of times a second. They are written in Core, like all others, and
compiled once for each database system to the text and the order of parameters that its driver takes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from attrs import frozen

from hookline_tracking_sql.dialects.base import Driver, Rows
from hookline_tracking_sql.expressions import in_list

Row: TypeAlias = Any
"""A row of a result. (The parameters of `sqlalchemy.Row` differ between SQLAlchemy 2.0 and 2.1.)"""


@frozen
class Compiled:
    """A statement as a driver takes it.

    Attributes:
        text: with a placeholder for each of `names`, which may repeat. known: parameters that are the same every time.
    """

    text: str
    names: tuple[str, ...]
    known: Mapping[str, Any]


class Statement:
    """A statement that is compiled once for each database system, with the names of its parameters.

    Args:
        returned: of an insertion, the column whose new value `Driver.insert` returns.
    """

    def __init__(
        self,
        clause: sa.sql.ClauseElement,
        parameters: Sequence[str] | None = None,
        returned: "sa.Column[int] | None" = None,
    ) -> None:
        self._clause, self._parameters, self._returned = clause, parameters, returned
        self._compiled: dict[str, Compiled] = {}

    def of(self, driver: Driver) -> Compiled:
        """Return the statement for a driver."""
        found = self._compiled.get(driver.system)
        if found is None:
            found = self._compiled[driver.system] = self._compile(driver)
        return found

    def _compile(self, driver: Driver) -> Compiled:
        clause = self._clause
        options: dict[str, Any] = {}
        if isinstance(clause, sa.Insert):
            if self._parameters is not None:
                options["column_keys"] = list(self._parameters)
            if self._returned is not None and driver.returns_ids:
                clause = clause.returning(self._returned)
            else:
                clause = clause.inline()  # nobody reads a key that it would return, and many rows may return none
        compiled = clause.compile(dialect=driver.compiler, **options)
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
        names = tuple(compiled.positiontup or ())
        if self._parameters is not None and names != tuple(self._parameters):
            raise TypeError(f"The parameters of the statement are {names}, not {self._parameters}.")
        known = {name: value for name, value in compiled.params.items() if value is not None}
        return Compiled(str(compiled), names, known)


def driver_text(
    statement: sa.sql.ClauseElement, *parameters: str, returned: "sa.Column[int] | None" = None
) -> Statement:
    """Return a statement for the driver, which takes tuples of `parameters` in this order."""
    return Statement(statement, parameters, returned)


@frozen
class Prepared:
    """A statement that takes its parameters by their names."""

    statement: Statement

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> Rows:
        """Execute the statement with the values that it needs, among others."""
        driver = driver_of(connection)
        return driver.execute(*self.asked(driver, values))

    def asked(self, driver: Driver, values: Mapping[str, Any]) -> tuple[Statement, list[Any]]:
        """Return what `Driver.ask` takes, with the values that the statement needs, among others."""
        compiled = self.statement.of(driver)
        known = compiled.known
        return self.statement, [values[name] if name in values else known[name] for name in compiled.names]


def prepared(statement: sa.sql.ClauseElement) -> Prepared:
    """Return a statement that is compiled once. Each of its parameters has a name, or a value."""
    return Prepared(Statement(statement))


def driver_of(connection: sa.Connection) -> Driver:
    """Return the driver of a connection, for statements that are executed too often to pass through SQLAlchemy."""
    driver: Driver = connection.info["driver"]
    return driver


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
