"""Expressions that database systems write differently."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import replacement_traverse

PREFIX_LENGTH = 100
"""Indexes hold this many characters of a text, so that long texts cost no more than short ones."""
_ESCAPED = r"REPLACE({}, '\\', '\\\\')"
"""A pattern whose backslashes, which MariaDB takes for escapes, stand for themselves."""
_SMALL = "CAST('-Infinity' AS DOUBLE PRECISION)"


class _Expression(FunctionElement[Any]):
    inherit_cache = True

    def __init__(self, *clauses: Any, type_: Any = None) -> None:
        super().__init__(*clauses)
        if type_ is not None:
            self.type = sa.types.to_instance(type_)


class _Test(_Expression):
    """A condition. Its type is unknown to SQLAlchemy, which would compare a boolean with 1 where none are native."""


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> list[str]:
    return [compiler.process(each, **options) for each in element.clauses]


# Lists ---------------------------------------------------------------------------------------------------------------


class in_list(_Test):  # noqa: N801 - used as a function
    """The condition that a column holds one of the values of a JSON list, which is one parameter, however long."""

    name = "in_list"
    inherit_cache = True


@compiles(in_list)
def _in_list(element: in_list, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _parts(element, compiler, options)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - made of what the compiler made


@compiles(in_list, "postgresql")
def _in_array(element: in_list, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _parts(element, compiler, options)
    kind = "bigint" if _is_integer(element) else "text"
    return f"({column} = ANY(ARRAY(SELECT json_array_elements_text(CAST({values} AS json)))::{kind}[]))"


@compiles(in_list, "mysql")
def _in_table(element: in_list, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _parts(element, compiler, options)
    kind = "BIGINT" if _is_integer(element) else "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    return f"({column} IN (SELECT value FROM JSON_TABLE({values}, '$[*]' COLUMNS (value {kind} PATH '$')) AS t))"  # noqa: S608 - as above


def _is_integer(element: FunctionElement[Any]) -> bool:
    return element.clauses.clauses[0].type._type_affinity is sa.Integer


class listed_texts(_Expression):  # noqa: N801 - used as a function
    """The texts of a JSON list as a table: `.table_valued("value")`."""

    name = "listed_texts"
    inherit_cache = True


@compiles(listed_texts)
def _json_each(element: listed_texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({', '.join(_parts(element, compiler, options))})"


@compiles(listed_texts, "postgresql")
def _json_elements(element: listed_texts, compiler: SQLCompiler, **options: Any) -> str:
    [values] = _parts(element, compiler, options)
    return f"json_array_elements_text(CAST({values} AS json))"


@compiles(listed_texts, "mysql")
def _json_table(element: listed_texts, compiler: SQLCompiler, **options: Any) -> str:
    [values] = _parts(element, compiler, options)
    kind = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    return f"JSON_TABLE({values}, '$[*]' COLUMNS (value {kind} PATH '$'))"


# Texts ---------------------------------------------------------------------------------------------------------------


class like(_Test):  # noqa: N801 - used as a function
    """The condition that a text matches a pattern with `%` and `_`, without an escape; missing texts match none.

    On SQLite, whose LIKE ignores the case of ASCII letters and whose GLOB can be made to backtrack for very long, it is
    a function of ours: see `hookline_tracking_sql.functions`.
    """

    name = "like"
    inherit_cache = True


class ilike(_Test):  # noqa: N801 - used as a function
    """The same, where two characters are equal if their lower cases are."""

    name = "ilike"
    inherit_cache = True


@compiles(like)
def _like(element: like, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _parts(element, compiler, options)
    return f"({text} LIKE {pattern} ESCAPE '')"


@compiles(like, "sqlite")
def _like_function(element: like, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _parts(element, compiler, options)
    return f"(hookline_like({pattern}, {text}) = 1)"


@compiles(ilike, "sqlite")
def _ilike_function(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _parts(element, compiler, options)
    return f"(hookline_ilike({pattern}, {text}) = 1)"


@compiles(ilike, "postgresql")
def _ilike_icu(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (f'lower({each} COLLATE "und-x-icu")' for each in _parts(element, compiler, options))
    return f"({text} LIKE {pattern} ESCAPE '')"


@compiles(like, "mysql")
def _like_escaped(element: like, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _parts(element, compiler, options)
    return f"({text} LIKE {_ESCAPED.format(pattern)})"


@compiles(ilike, "mysql")
def _ilike_lower(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (f"LOWER({each})" for each in _parts(element, compiler, options))
    return f"({text} LIKE {_ESCAPED.format(pattern)})"


def value_prefix(value: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return the start of a text as indexes hold it; the numbers are literals since databases compare expressions."""
    return sa.func.substr(value, sa.literal_column("1"), sa.literal_column(str(PREFIX_LENGTH)), type_=value.type)


# Numbers -------------------------------------------------------------------------------------------------------------


class least_number(_Expression):  # noqa: N801 - used as a function
    """Minus infinity as a literal, which an index of numbers understands."""

    name = "least_number"
    inherit_cache = True


@compiles(least_number)
def _minus_infinity(_element: least_number, _compiler: SQLCompiler, **_options: Any) -> str:
    return "-9e999"


@compiles(least_number, "postgresql")
def _minus_infinity_cast(_element: least_number, _compiler: SQLCompiler, **_options: Any) -> str:
    return _SMALL


@compiles(least_number, "mysql")
def _least_integer(_element: least_number, _compiler: SQLCompiler, **_options: Any) -> str:
    return str(-(2**63))


class lower_zero(_Expression):  # noqa: N801 - used as a function
    """The least number that is equal to a number: itself, but -0.0 for zero where the two are told apart (MariaDB)."""

    name = "lower_zero"
    inherit_cache = True


@compiles(lower_zero)
def _same(element: lower_zero, compiler: SQLCompiler, **options: Any) -> str:
    return _parts(element, compiler, options)[0]


@compiles(lower_zero, "mysql")
def _one_below(element: lower_zero, compiler: SQLCompiler, **options: Any) -> str:
    [number] = _parts(element, compiler, options)
    return f"COALESCE(NULLIF({number}, 0), -1)"


class equals_number(_Test):  # noqa: N801 - used as a function
    """The condition that a column of numbers is equal to a number; -0.0 is equal to 0.0."""

    name = "equals_number"
    inherit_cache = True


@compiles(equals_number)
def _equal(element: equals_number, compiler: SQLCompiler, **options: Any) -> str:
    column, number = _parts(element, compiler, options)
    return f"({column} = {number})"


@compiles(equals_number, "mysql")
def _equal_integers(element: equals_number, compiler: SQLCompiler, **options: Any) -> str:
    column, number = _parts(element, compiler, options)
    least = compiler.process(lower_zero(element.clauses.clauses[1]), **options)
    return f"({column} BETWEEN {least} AND {number})"


class unindexed(_Expression):  # noqa: N801 - used as a function
    """A column as an expression that SQLite uses no index for."""

    name = "unindexed"
    inherit_cache = True


@compiles(unindexed)
def _plain(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return _parts(element, compiler, options)[0]


@compiles(unindexed, "sqlite")
def _plus(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(+ {_parts(element, compiler, options)[0]})"


class OrderedJoin(sa.sql.selectable.Join):
    """An inner join that SQLite carries out from left to right, as its planner does where it reads CROSS JOIN."""

    inherit_cache = True


@compiles(OrderedJoin, "sqlite")
def _cross_join(join: OrderedJoin, compiler: SQLCompiler, **options: Any) -> str:
    left, right = (compiler.process(side, **{**options, "asfrom": True}) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"


# Upserts: written with SQLAlchemy's `insert` for SQLite -----------------------------------------------------------


@compiles(OnConflictDoNothing, "postgresql")
def _do_nothing(_clause: OnConflictDoNothing, _compiler: SQLCompiler, **_options: Any) -> str:
    return "ON CONFLICT DO NOTHING"


@compiles(OnConflictDoUpdate, "postgresql")
def _do_update(clause: OnConflictDoUpdate, compiler: SQLCompiler, **options: Any) -> str:
    quote = compiler.preparer.quote
    target = ", ".join(quote(_name(each)) for each in clause.inferred_target_elements or ())
    changes = ", ".join(f"{quote(name)} = {text}" for name, text in _changes(clause, compiler, options))
    where = ""
    if clause.update_whereclause is not None:
        where = f" WHERE {compiler.process(clause.update_whereclause, use_schema=False, **options)}"
    return f"ON CONFLICT ({target}) DO UPDATE SET {changes}{where}"


@compiles(OnConflictDoNothing, "mysql")
def _same_key(_clause: OnConflictDoNothing, compiler: SQLCompiler, **_options: Any) -> str:
    """Set a column to what it is: INSERT IGNORE would also cut what is too long, and say nothing."""
    table: Any = compiler.current_executable.table
    column = compiler.preparer.quote(next(iter(table.primary_key.columns)).name)
    return f"ON DUPLICATE KEY UPDATE {column} = {compiler.preparer.format_table(table)}.{column}"


@compiles(OnConflictDoUpdate, "mysql")
def _on_duplicate(clause: OnConflictDoUpdate, compiler: SQLCompiler, **options: Any) -> str:
    """Write the changes in their order, in which MariaDB makes them: later ones see what earlier ones changed."""
    quote = compiler.preparer.quote
    changes = ", ".join(f"{quote(name)} = {text}" for name, text in _changes(clause, compiler, options, where=True))
    return f"ON DUPLICATE KEY UPDATE {changes}"


def _changes(
    clause: OnConflictDoUpdate, compiler: SQLCompiler, options: dict[str, Any], *, where: bool = False
) -> list[tuple[str, str]]:
    """Return the names of the columns that are changed, and the texts of their new values."""
    table: Any = compiler.current_executable.table
    condition = clause.update_whereclause if where else None
    found = []
    for key, value in dict(clause.update_values_to_set).items():
        name = _name(key)
        if condition is not None:
            value = sa.case((condition, value), else_=table.c[name])
        if where:
            value = replacement_traverse(value, {}, _as_inserted)
        found.append((name, compiler.process(value.self_group(), use_schema=False, **options)))
    return found


def _as_inserted(element: Any, **_options: Any) -> Any:
    """Return what MariaDB calls the value that was to be inserted into a column."""
    if isinstance(element, sa.Column) and getattr(element.table, "name", "") == "excluded":
        return inserted_value(sa.literal_column(element.name), type_=element.type)
    return None


class inserted_value(_Expression):  # noqa: N801 - used as a function
    """The value that was to be inserted into a column, on MariaDB."""

    name = "inserted_value"
    inherit_cache = True


@compiles(inserted_value, "mysql")
def _values(element: inserted_value, compiler: SQLCompiler, **_options: Any) -> str:
    [column] = element.clauses.clauses
    return f"VALUES({compiler.preparer.quote(str(column.name))})"


def _name(column: Any) -> str:
    return str(getattr(column, "name", column))
