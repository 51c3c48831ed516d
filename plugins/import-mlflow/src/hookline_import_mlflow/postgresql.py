"""A database of MLflow's on PostgreSQL, read in one transaction that may not write."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

try:
    import psycopg
except ImportError as missing:
    raise ImportError(
        "databases on PostgreSQL need psycopg: pip install 'hookline-import-mlflow[postgresql]'"
    ) from missing
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row, tuple_row

from hookline.errors import HooklineError, InvalidValue, NotSupported, Refused, Unavailable
from hookline.uris import without_secrets
from hookline_import_mlflow.database import DatabaseSource, Row

SECONDS_TO_CONNECT = 15
EXAMPLE = "postgresql://USER:PASSWORD@db.example/mlflow"
_AT_ONCE = 20_000
"""Rows that are fetched together."""
_TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
_BEGINNING = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    # For this transaction alone: a pooler may give the session to somebody else afterwards.
    "SET LOCAL idle_in_transaction_session_timeout = 0",  # while points are stored, nothing is asked
    # A cursor is taken to be broken off early; then the points of one run would be looked for in the order of the
    # primary key, which begins with the metric: in those of all runs.
    "SET LOCAL cursor_tuple_fraction = 1",
)
_REFUSED = ("28", "42501", "3D000", "3F000")
_SAID_WHEN_REFUSED = ("authentication failed", "does not exist", "not permitted", "no password", "permission denied")
"""Before there is a connection, there are no codes."""


class PostgresqlSource(DatabaseSource):
    """A database of MLflow's on PostgreSQL. Whoever writes it meanwhile is neither waited for nor stopped.

    Args:
        uri: as MLflow has it, with or without the name of a driver (`postgresql+psycopg2://...`). What it leaves out
            comes from where PostgreSQL's programs look for it too: `PGPASSWORD`, `~/.pgpass` and so on.

    Raises:
        InvalidValue: the URI cannot be read, or the database is none of MLflow's.
        Refused: the server refuses the user. Unavailable: it cannot be reached.
    """

    def __init__(self, uri: str) -> None:
        address = f"postgresql:{uri.partition(':')[2]}"
        parameters = _parameters(address)
        self._place = f"The database {without_secrets(address).partition('?')[0]}"
        self._numbers = itertools.count()
        with self._failures():
            # The driver begins no transactions, and prepares no statements, which a pooler would keep.
            self._connection = psycopg.connect(
                **parameters, row_factory=dict_row, autocommit=True, prepare_threshold=None
            )
        try:
            super().__init__(self._place, self._begin())
        except BaseException:
            self._connection.close()
            raise

    def _begin(self) -> frozenset[str]:
        """Begin to read one state of the database; return the names of its tables."""
        with self._failures():
            for statement in _BEGINNING:
                self._connection.execute(statement)
            return frozenset(row["tablename"] for row in self._connection.execute(_TABLES))

    def close(self) -> None:
        """Close the connection, and with it the transaction."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _rows(self, asked: str, *values: object) -> list[Row]:
        with self._failures():
            return self._connection.execute(_with_marks(asked), values).fetchall()

    def _stream(self, asked: str, *values: object) -> Iterator[tuple[Any, ...]]:
        name = f"points_{next(self._numbers)}"
        with self._failures(), self._connection.cursor(name, row_factory=tuple_row) as cursor:
            cursor.itersize = _AT_ONCE
            yield from cursor.execute(_with_marks(asked), values, binary=True)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What PostgreSQL says comes as an error of ours, without the address as it was given."""
        try:
            yield
        except psycopg.Error as error:
            raise _failure(self._place, error) from None


def _with_marks(asked: str) -> bytes:
    return asked.replace("?", "%s").encode()


def _parameters(address: str) -> dict[str, Any]:
    """Return the parameters of a connection. Raises `InvalidValue`, which repeats nothing that may be a password."""
    try:
        given: dict[str, Any] = conninfo_to_dict(address)
    except psycopg.Error:  # whose text repeats parts of the URI
        given = {"host": "@"}
    places = (str(given.get(name, "")) for name in ("host", "port", "dbname"))
    if any("@" in each for each in places) or not set(str(given.get("port", ""))) <= set("0123456789,"):
        raise InvalidValue(
            f"The database's URI is not of the form of {EXAMPLE}; characters such as @, : or / in a user or password "
            "are written as %40, %3A and %2F."
        )
    return {"connect_timeout": SECONDS_TO_CONNECT, "application_name": "hookline import mlflow", **given}


def _failure(place: str, error: psycopg.Error) -> HooklineError:
    said = without_secrets(error.diag.message_primary or str(error).strip().partition("\n")[0]).rstrip(".")
    state = error.sqlstate or ""
    if state.startswith(_REFUSED) or (not state and any(each in said for each in _SAID_WHEN_REFUSED)):
        return Refused(f"{place} refused: {said}. Check user, password, database, and the right to read its tables.")
    if state.startswith("42"):
        return NotSupported(f"{place} has not the tables of an MLflow that is known here: {said}.")
    return Unavailable(f"{place} cannot be read now: {said}. What was brought is kept; call it again.")
