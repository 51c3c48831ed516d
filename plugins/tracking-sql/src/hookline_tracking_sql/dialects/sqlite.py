"""SQLite: one file, one writer at a time."""

import logging
import sqlite3
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from hookline import system
from hookline.errors import DigestMismatch, HooklineError, InvalidValue, Refused, Unavailable
from hookline_tracking_sql import opened
from hookline_tracking_sql.dialects.base import Dialect, Driver
from hookline_tracking_sql.functions import register_functions
from hookline_tracking_sql.location import MARK_AS_OURS, Contents, database_path, inspect, is_mlflows
from hookline_tracking_sql.options import SqlOptions, Synchronous
from hookline_tracking_sql.statements import Statement

_log = logging.getLogger("hookline")
_SYNCHRONOUS = {Synchronous.NORMAL: "PRAGMA synchronous = NORMAL", Synchronous.FULL: "PRAGMA synchronous = FULL"}


class SqliteDriver(Driver):
    """See `Driver`."""

    system = "sqlite"
    compiler = sqlite.dialect(paramstyle="qmark")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def execute(self, statement: Statement, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """See `Driver.execute`."""
        return self.connection.execute(statement.of(self).text, values)

    def executemany(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """See `Driver.executemany`."""
        self.connection.executemany(statement.of(self).text, rows)

    def insert(self, statement: Statement, values: Sequence[Any]) -> int:
        """See `Driver.insert`."""
        return self.connection.execute(statement.of(self).text, values).lastrowid or 0


class SqliteDialect(Dialect):
    """SQLite, for the file that a `sqlite:///PATH` URI names.

    Raises:
        InvalidValue: the URI names no file.
    """

    failures: ClassVar[tuple[type[Exception], ...]] = (*Dialect.failures, sqlite3.Error)

    def __init__(self, uri: str, options: SqlOptions | None = None) -> None:
        self.path = database_path(uri)
        self.place = str(self.path)
        self._options = options or SqlOptions()
        self._not_on_disk = ""

    def url(self) -> sa.URL:
        """See `Dialect.url`."""
        return sa.URL.create("sqlite", database=str(self.path))

    def connect_args(self) -> dict[str, Any]:
        """See `Dialect.connect_args`."""
        return {
            "timeout": self._options.busy_timeout,
            "check_same_thread": False,
            "isolation_level": None,  # the driver begins no transactions: `begin` does
        }

    def driver(self, connection: sqlite3.Connection) -> SqliteDriver:
        """See `Dialect.driver`."""
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(_SYNCHRONOUS[Synchronous.FULL if self._shared else self._options.synchronous])
        connection.execute("PRAGMA cache_size = -16384")  # 16 MiB; what is not there the system has, about as fast
        # The writer waits for the disk twice whenever the log has so many pages, 16 MiB; SQLite's own 4 MiB are thirty
        # small runs.
        connection.execute("PRAGMA wal_autocheckpoint = 4096")
        register_functions(connection)
        return SqliteDriver(connection)

    def begin(self, driver: SqliteDriver, *, writes: bool) -> None:
        """See `Dialect.begin`: a writer takes SQLite's lock at once, since one that waited could fail later."""
        driver.connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    def failure(self, error: BaseException) -> HooklineError:
        """See `Dialect.failure`."""
        path = self.path
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError) and "binding parameter" in str(error):
            return InvalidValue(f"A value is of a type that cannot be stored: {error}.")
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Unavailable(
                f"Another process kept {path} locked for longer than the busy timeout. Try again, or give the store's "
                "option busy_timeout more seconds."
            )
        if name.startswith("SQLITE_READONLY"):
            return Refused(f"{path} cannot be written: the file or its folder is read-only for this user.")
        if name.startswith("SQLITE_CANTOPEN"):
            return Refused(f"{path} cannot be opened: this user may not read it, or not write into its folder.")
        if name.startswith("SQLITE_FULL"):
            return Unavailable(f"The disk that holds {path} is full; what was given was not stored.")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return DigestMismatch(f"The database {path} is damaged ({error}). `hookline db check` says more.")
        if name.startswith("SQLITE_TOOBIG"):
            return InvalidValue("A text is longer than SQLite can store (a thousand million bytes).")
        return Unavailable(f"The database {path} failed: {error}.")

    # The life of a database

    def open(self) -> None:
        """See `Dialect.open`. Raises `Refused` where the folder cannot be made."""
        self._shared = self.readers_block_writers = system.is_network_filesystem(self.path)
        if self._shared:
            _log.warning(
                "%s lies on a network file system: the store waits for the disk at every commit and does without "
                "write-ahead logging, which is safe and slower. Local disk is better for it.",
                self.path,
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"The folder {self.path.parent} cannot be made: {error.strerror or error}.") from error
        self._forget = weakref.finalize(self, opened.forget, opened.note(self.path))

    def close(self) -> None:
        """See `Dialect.close`."""
        self._forget()

    def holds_our_tables(self) -> bool:
        """See `Dialect.holds_our_tables`. Raises what `location.inspect` does."""
        return inspect(self.path) is Contents.OURS

    def is_mlflows(self) -> HooklineError:
        """See `Dialect.is_mlflows`."""
        return is_mlflows(self.path)

    def mark(self, driver: SqliteDriver) -> None:
        """See `Dialect.mark`."""
        driver.connection.execute(MARK_AS_OURS)

    def set_up(self, driver: SqliteDriver) -> None:
        """See `Dialect.set_up`: switch to write-ahead logging, or back from it on a network file system."""
        wanted = "delete" if self._shared else "wal"
        deadline = time.monotonic() + self._options.busy_timeout
        connection = driver.connection
        # SQLite does not wait for others by itself when the mode changes.
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
            try:
                connection.execute("PRAGMA journal_mode = DELETE" if self._shared else "PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.02)

    def sync(self) -> None:
        """See `Dialect.sync`.

        In write-ahead mode the log holds all commits since the last checkpoint, which has waited for the disk itself.
        (SQLite takes no locks on the log's file, so that closing it here gives up none.) A failure is not tried again,
        since the system may have forgotten what it could not write, and say that all is well the next time.
        """
        if self._shared or self._options.synchronous is Synchronous.FULL:
            return
        try:
            if not self._not_on_disk:
                system.sync_file(self.path.with_name(f"{self.path.name}-wal"))
        except FileNotFoundError:
            return
        except OSError as error:
            self._not_on_disk = error.strerror or str(error)
        if self._not_on_disk:
            raise Unavailable(f"The disk did not take what {self.path} holds: {self._not_on_disk}. Check the disk.")

    @contextmanager
    def migrating(self, driver: SqliteDriver) -> Iterator[None]:
        """See `Dialect.migrating`: foreign keys do not act meanwhile."""
        driver.connection.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            driver.connection.execute("PRAGMA foreign_keys = ON")

    def damage(self, connection: sa.Connection) -> list[str]:
        """See `Dialect.damage`."""
        found = [str(row[0]) for row in connection.execute(sa.text("PRAGMA integrity_check"))]
        return [line for line in found if line != "ok"]

    def lost_references(self, connection: sa.Connection) -> list[str]:
        """See `Dialect.lost_references`."""
        return sorted({str(row[0]) for row in connection.execute(sa.text("PRAGMA foreign_key_check"))})
