"""Types of columns, as each database system keeps them.

Migrations use them too: what a type means in a system never changes, a new meaning gets a new name.
"""

import struct
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, UserDefinedType

_PG = "postgresql"
_MARIADB = "mysql"  # SQLAlchemy's name for the family
_COLLATION = "utf8mb4_nopad_bin"
"""MariaDB compares and sorts texts by their characters, spaces at the end too."""
_LONGEST = 2**32 - 1
"""A text or bytes of this length are MariaDB's LONGTEXT and LONGBLOB, for whose own types SQLAlchemy's part for MySQL
would be imported whatever the store is.
"""
_DOUBLE, _INTEGER = struct.Struct("<d"), struct.Struct("<q")
_BELOW_ZERO = 2**63 - 1

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), _PG)
LONG_TEXT = _TEXT.with_variant(sa.Text(_LONGEST, collation=_COLLATION), _MARIADB)
"""A text of any length, compared and sorted by its characters."""
BYTES = sa.LargeBinary().with_variant(sa.LargeBinary(_LONGEST), _MARIADB)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""The id of a row. (SQLite numbers rows by itself where the type is INTEGER and nothing else.)"""


def short_text(length: int) -> sa.types.TypeEngine[str]:
    """Return the type of a text in an index or a key, which MariaDB wants to know a greatest length of."""
    return _TEXT.with_variant(sa.String(length, collation=_COLLATION), _MARIADB)


class _AsItIs(UserDefinedType[float]):
    """No affinity, since a column that SQLite knows to be REAL turns -0.0 into 0.0."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the type's name in a table's definition."""
        return "BLOB"


class Number(TypeDecorator[float]):
    """A double, bit for bit, which the database compares; NaN is NULL.

    MariaDB's doubles know no infinity: there a number is an integer that is ordered as the number is.
    """

    impl = sa.Double
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Return the type in a database system."""
        match dialect.name:
            case "sqlite":
                return dialect.type_descriptor(_AsItIs())
            case "mysql":
                return dialect.type_descriptor(sa.BigInteger())
            case _:
                return dialect.type_descriptor(sa.Double())

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> Any:
        """Return a number as the driver takes it."""
        return ordered_integer(value) if dialect.name == _MARIADB else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return a number that the driver gave."""
        return number_of(value) if dialect.name == _MARIADB else value


def ordered_integer(number: float | None) -> int | None:
    """Return an integer that is ordered among others as the number is; -0.0 comes directly before 0.0."""
    if number is None:
        return None
    [bits] = _INTEGER.unpack(_DOUBLE.pack(number))
    return bits if bits >= 0 else bits ^ _BELOW_ZERO


def number_of(integer: int | None) -> float | None:
    """Return the number of an `ordered_integer`."""
    if integer is None:
        return None
    [number] = _DOUBLE.unpack(_INTEGER.pack(integer if integer >= 0 else integer ^ _BELOW_ZERO))
    return number
