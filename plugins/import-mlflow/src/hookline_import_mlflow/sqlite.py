"""An SQLite database of MLflow's, opened for reading alone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hookline.errors import InvalidValue, NotFound, Unavailable
from hookline_import_mlflow.database import DatabaseSource, Row


class SqliteSource(DatabaseSource):
    """An SQLite database of MLflow's.

    Args:
        path: its file. Reading waits for whoever writes it just then, and sees one state of it throughout.

    Raises:
        NotFound: there is no such file. InvalidValue: it is no database of MLflow's. Unavailable: it is locked.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(f"There is no database {str(path)!r}.")
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            super().__init__(str(path), self._begin(path))
        except BaseException:
            self._connection.close()
            raise

    def _begin(self, path: Path) -> frozenset[str]:
        """Begin to read one state of the database; return the names of its tables."""
        try:
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("BEGIN")
            listed = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        except sqlite3.OperationalError as error:
            raise Unavailable(f"{path} cannot be read now: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise InvalidValue(f"{path} is no SQLite database: {error}.") from error
        return frozenset(name for (name,) in listed)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _rows(self, asked: str, *values: object) -> list[Row]:
        cursor = self._connection.execute(asked, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _stream(self, asked: str, *values: object) -> Iterator[tuple[Any, ...]]:
        return self._connection.execute(asked, values)
