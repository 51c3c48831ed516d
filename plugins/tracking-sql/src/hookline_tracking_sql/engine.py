"""One database: its connections and its transactions. What its system wants differently is in `dialects`.

Readers take a connection from a pool and see one moment of the database. Writers queue, first on a lock among the
threads of this process, then on the database's own among processes, so that none of them fails for being second, and
what one of them reads before it writes is still so when it writes.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from hookline.errors import InvalidState
from hookline_tracking_sql.dialects.base import Dialect, Driver
from hookline_tracking_sql.statements import driver_of

_WRITES = "hookline_writes"
_BEGUN = "hookline_begun"
"""Options of a connection of SQLAlchemy: its transactions write; they were begun before it knows of them."""


class Database:
    """A database. Thread safe; in a forked child it opens connections of its own.

    Raises:
        Refused: it may not be opened or made.
        Unavailable: it cannot be reached, or another process kept it for longer than the busy timeout.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._abandoned: list[object] = []
        self._closed = False
        dialect.open()
        self._start()

    @property
    def place(self) -> str:
        """What messages call the database."""
        return self.dialect.place

    def _start(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._engine = self._make_engine()
        self._writer: sa.Connection | None = None

    def _make_engine(self) -> sa.Engine:
        engine = sa.create_engine(
            self.dialect.url(),
            poolclass=sa.QueuePool,
            connect_args=self.dialect.connect_args(),
            **self.dialect.engine_options(),
        )
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "checkout", self._on_checkout)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "commit", lambda connection: self.dialect.finish(driver_of(connection), commit=True))
        event.listen(engine, "rollback", self._roll_back)
        event.listen(engine, "before_cursor_execute", self._catch_up)
        return engine

    def _on_connect(self, connection: Any, record: Any) -> None:
        record.info["driver"] = self.dialect.driver(connection)

    def _on_checkout(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if self.dialect.is_stale(record.info["driver"]):
            raise sa.exc.DisconnectionError("another connection takes its place")

    def _begin(self, connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if not options.get(_BEGUN, False):
            self.dialect.begin(driver_of(connection), writes=options.get(_WRITES, False))

    def _roll_back(self, connection: sa.Connection) -> None:
        if not connection.invalidated:  # a lost one has no driver any more
            self.dialect.finish(driver_of(connection), commit=False)

    def _catch_up(self, connection: sa.Connection, _cursor: object, text: str, *_: object) -> None:
        self.dialect.catch_up(driver_of(connection), text)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a read transaction: all its statements see the same moment, those by `driver_of` too."""
        self._require_open()
        with _explained(self.dialect), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def asking(self) -> Iterator[Driver]:
        """Lend a connection for one statement that reads: it sees one moment without a transaction around it."""
        self._require_open()
        with _explained(self.dialect):
            connection = self._engine.raw_connection()
            try:
                yield connection.info["driver"]
            finally:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a write transaction: committed at the end, rolled back where an error leaves the block.

        Not to be nested: writers queue.

        Raises:
            Unavailable: another process was writing for longer than the busy timeout, or the connection was lost. Then
                the transaction may have been committed, if it was lost at the very end.
        """
        self._require_open()
        with _explained(self.dialect), self._lock:
            writer, driver = self._begun()
            try:
                try:
                    yield writer
                except BaseException:
                    self._end(writer, driver, commit=False)
                    raise
                self._end(writer, driver, commit=True)
            finally:
                self._release(driver)

    def _begun(self) -> tuple[sa.Connection, Driver]:
        """Begin a transaction on the writer's connection; return that and its driver.

        SQLAlchemy is not asked: it takes as long as the rows of a small run, and most transactions execute nothing
        through it. The connection is open for long: where it was lost meanwhile, which shows at the first use, another
        one takes its place.
        """
        writer = self._writer or self._new_writer()
        driver = driver_of(writer)
        try:
            self.dialect.begin(driver, writes=True)
        except self.dialect.failures:
            if not self.dialect.is_lost(driver):
                raise
        else:
            return writer, driver
        self._drop_writer()
        writer = self._new_writer()
        driver = driver_of(writer)
        self.dialect.begin(driver, writes=True)
        return writer, driver

    def _end(self, writer: sa.Connection, driver: Driver, *, commit: bool) -> None:
        """Commit or roll back, also what SQLAlchemy takes for its transaction; what cannot commit is rolled back."""
        try:
            transaction = writer.get_transaction()
            if transaction is not None:
                transaction.commit() if commit else transaction.rollback()
            elif not writer.invalidated:
                self.dialect.finish(driver, commit=commit)
                end = self._engine.dialect.do_commit if commit else self._engine.dialect.do_rollback
                end(writer.connection)
        except self.dialect.failures:
            if commit:
                with suppress(*self.dialect.failures):
                    self._end(writer, driver, commit=False)
                raise
            if not self.dialect.is_lost(driver):
                raise

    def _new_writer(self) -> sa.Connection:
        self._writer = self._engine.connect().execution_options(**{_BEGUN: True})
        return self._writer

    def _release(self, driver: Driver) -> None:
        try:
            self.dialect.release(driver)
        except self.dialect.failures:
            if not self.dialect.is_lost(driver):
                raise
        if self.dialect.is_lost(driver):
            self._drop_writer()

    def _drop_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(*self.dialect.failures, sa.exc.SQLAlchemyError):
                writer.invalidate()
                writer.close()

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Open a write transaction in which tables may be replaced."""
        self._require_open()
        with _explained(self.dialect), self._lock, self._engine.connect() as connection:
            driver = driver_of(connection)
            with self.dialect.migrating(driver):
                try:
                    with connection.execution_options(**{_WRITES: True}).begin():
                        yield connection
                finally:
                    self.dialect.release(driver)

    def set_up(self) -> None:
        """Set what the whole database remembers."""
        with _explained(self.dialect), self._engine.connect() as connection:
            self.dialect.set_up(driver_of(connection))

    def sync(self) -> None:
        """Return when all that was committed survives a power failure.

        Raises:
            Unavailable: the disk failed, now or in an earlier call.
        """
        self._require_open()
        self.dialect.sync()

    def close(self) -> None:
        """Close all connections. Closing twice is no error; other use after it is."""
        if not self._closed and os.getpid() == self._process:
            with self._lock:
                if self._writer is not None:
                    self._writer.close()
                self._engine.dispose()
        self.dialect.close()
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise InvalidState("The store was closed; open it again to use it.")
        if os.getpid() != self._process:
            # A connection must not be used, nor even closed, by a forked child: keep the parent's alive and unused.
            self._abandoned.append((self._engine, self._writer))
            self._start()


@contextmanager
def _explained(dialect: Dialect) -> Iterator[None]:
    """Turn errors of the database and of its driver into ours."""
    try:
        yield
    except dialect.failures as error:
        raise dialect.meaning(error) from error
