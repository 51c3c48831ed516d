"""One SQLite file: its connections, its transactions, and what its errors mean.

Readers take a connection from a pool and see one moment of the database. Writers queue, first on a lock among the
threads of this process, then on SQLite's own among processes, so that none of them fails for being second.
"""

import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from hookline import system
from hookline.errors import DigestMismatch, HooklineError, InvalidState, InvalidValue, Refused, Unavailable
from hookline_tracking_sql import opened
from hookline_tracking_sql.functions import register_functions
from hookline_tracking_sql.options import SqlOptions, Synchronous

_log = logging.getLogger("hookline")
_WRITES = "hookline_writes"
_SYNCHRONOUS = {Synchronous.NORMAL: "PRAGMA synchronous = NORMAL", Synchronous.FULL: "PRAGMA synchronous = FULL"}
_FAILURES = (sa.exc.DBAPIError, sqlite3.Error, UnicodeEncodeError, OverflowError)


class Database:
    """A SQLite file. Thread safe; in a forked child it opens connections of its own.

    Args:
        path: created with its folder where it is not there.

    Raises:
        Refused: the folder cannot be made or the file not be written.
        Unavailable: another process held it for longer than the busy timeout.
    """

    def __init__(self, path: Path, options: SqlOptions) -> None:
        self.path = path
        self._options = options
        self._abandoned: list[object] = []
        self._closed = False
        self._not_on_disk = ""
        self._shared = system.is_network_filesystem(path)
        if self._shared:
            _log.warning(
                "%s lies on a network file system: the store waits for the disk at every commit and does without "
                "write-ahead logging, which is safe and slower. Local disk is better for it.",
                path,
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"The folder {path.parent} cannot be made: {error.strerror or error}.") from error
        self._forget = weakref.finalize(self, opened.forget, opened.note(path))
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._engine = self._make_engine()
        self._writer: sa.Connection | None = None

    def _make_engine(self) -> sa.Engine:
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(self.path)),
            poolclass=sa.QueuePool,
            pool_size=4,
            max_overflow=-1,
            connect_args={
                "timeout": self._options.busy_timeout,
                "check_same_thread": False,
                "isolation_level": None,  # the driver begins no transactions: `_begin` does
            },
        )
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "begin", _begin)
        return engine

    def _on_connect(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(_SYNCHRONOUS[Synchronous.FULL if self._shared else self._options.synchronous])
        connection.execute("PRAGMA cache_size = -65536")  # at most 64 MiB
        register_functions(connection)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a read transaction: all its statements see the same moment, those by `driver_of` too."""
        self._require_open()
        with _explained(self), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a write transaction: committed at the end, rolled back where an error leaves the block.

        Not to be nested: writers queue.

        Raises:
            Unavailable: another process was writing for longer than the busy timeout.
        """
        self._require_open()
        with _explained(self), self._lock:
            if self._writer is None:
                self._writer = self._engine.connect().execution_options(**{_WRITES: True})
            with self._writer.begin():
                yield self._writer

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Open a write transaction in which tables may be replaced: foreign keys do not act meanwhile."""
        self._require_open()
        with _explained(self), self._lock, self._engine.connect() as connection:
            driver = driver_of(connection)
            driver.execute("PRAGMA foreign_keys = OFF")
            try:
                with connection.execution_options(**{_WRITES: True}).begin():
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys = ON")

    @property
    def readers_block_writers(self) -> bool:
        """Whether writers wait for those who read: without write-ahead logging."""
        return self._shared

    def set_journal(self) -> None:
        """Switch to write-ahead logging, or back from it on a network file system. The file remembers."""
        wanted = "delete" if self._shared else "wal"
        deadline = time.monotonic() + self._options.busy_timeout
        with _explained(self), self._engine.connect() as connection:
            driver = driver_of(connection)
            # SQLite does not wait for others by itself when the mode changes.
            while driver.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
                try:
                    driver.execute("PRAGMA journal_mode = DELETE" if self._shared else "PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(0.02)

    def sync(self) -> None:
        """Return when all that was committed survives a power failure.

        In write-ahead mode the log holds all commits since the last checkpoint, which has waited for the disk itself.
        (SQLite takes no locks on the log's file, so that closing it here gives up none.)

        Raises:
            Unavailable: the disk failed, now or in an earlier call. A failure is not tried again, since the system may
                have forgotten what it could not write, and say that all is well the next time.
        """
        self._require_open()
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

    def close(self) -> None:
        """Close all connections. Closing twice is no error; other use after it is."""
        if not self._closed and os.getpid() == self._process:
            with self._lock:
                if self._writer is not None:
                    self._writer.close()
                self._engine.dispose()
        self._forget()
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise InvalidState("The store was closed; open it again to use it.")
        if os.getpid() != self._process:
            # A connection must not be used, nor even closed, by a forked child: keep the parent's alive and unused.
            self._abandoned.append((self._engine, self._writer))
            self._start()


def driver_of(connection: sa.Connection) -> sqlite3.Connection:
    """Return the driver's own connection, for statements that are executed too often to pass through SQLAlchemy."""
    driver: Any = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    driver_of(connection).execute("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _explained(database: Database) -> Iterator[None]:
    """Turn errors of SQLite and of its driver into ours."""
    try:
        yield
    except _FAILURES as error:
        cause = getattr(error, "orig", None) or error
        raise _meaning(cause, database.path) from error


def _meaning(error: BaseException, path: Path) -> HooklineError:
    if isinstance(error, UnicodeEncodeError):
        return InvalidValue(f"A text holds {error.object[error.start]!r}, which is no character (a lone surrogate).")
    if isinstance(error, OverflowError):
        return InvalidValue(f"A value is too large to be stored: {error}.")
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
