"""PostgreSQL, by psycopg 3.

Writers take one advisory lock for each transaction, so that they come one after the other as on SQLite: no deadlock is
possible, and what a writer has read is still so when it writes. Batches that wait are stored together. A writer waits
for the server where it reads something and at the end, see `round_trips`.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

try:
    import psycopg
except ImportError as missing:
    raise ImportError("stores on PostgreSQL need psycopg: pip install 'hookline-tracking-sql[postgresql]'") from missing
from sqlalchemy.dialects.postgresql import psycopg as postgresql

from hookline.errors import HooklineError, InvalidValue, Refused, Unavailable
from hookline_tracking_sql.dialects.base import Driver, Rows
from hookline_tracking_sql.dialects.round_trips import RoundTrips
from hookline_tracking_sql.dialects.server import ServerDialect
from hookline_tracking_sql.statements import Statement

_LOCK = "SELECT pg_advisory_xact_lock(1212894286, hashtext(current_schema()))"
"""For each schema of each database one lock; the number is "HKLN"."""
_GIVES_UP = ("DROP", "ALTER")
"""Statements with which psycopg gives up all prepared statements of a connection."""
_REFUSED = ("28", "42501", "3D000", "3F000", "25006")
_INVALID = ("22", "23")


class PostgresqlDriver(Driver):
    """See `Driver`."""

    system = "postgresql"
    compiler = postgresql.dialect(paramstyle="format")
    returns_ids = True

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self.connection, self.round_trips = connection, RoundTrips(connection)
        self.is_inside = False  # of a transaction

    def execute(self, statement: Statement, values: Sequence[Any] = ()) -> Rows:
        """See `Driver.execute`."""
        if self.is_inside:
            return self.ask((statement, values))[0]
        return self.connection.execute(statement.of(self).text, values)

    def ask(self, *asked: tuple[Statement, Sequence[Any]]) -> list[Rows]:
        """See `Driver.ask`."""
        for statement, values in asked:
            self.round_trips.add(numbered(statement.of(self).text), values)
        return [*self.round_trips.run()[-len(asked) :]]

    def executemany(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """See `Driver.executemany`."""
        text = numbered(statement.of(self).text)
        for row in rows:
            self.round_trips.add(text, row)

    def insert(self, statement: Statement, values: Sequence[Any]) -> int:
        """See `Driver.insert`."""
        return int(self.execute(statement, values).fetchone()[0])


@lru_cache(maxsize=1024)
def numbered(text: str) -> str:
    """Return a statement with `$1` and so on for the placeholders `%s`."""
    numbers = itertools.count(1)
    return re.sub("%[s%]", lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", text)


class PostgresqlDialect(ServerDialect):
    """PostgreSQL 12 or newer. Parameters of the URI are those of libpq, such as `sslmode` and `options`."""

    failures: ClassVar[tuple[type[Exception], ...]] = (*ServerDialect.failures, psycopg.Error)
    example = "postgresql://hookline:PASSWORD@db.example/hookline"
    drivername = "postgresql+psycopg"

    def connect_args(self) -> dict[str, Any]:
        """See `Dialect.connect_args`."""
        return {"connect_timeout": max(1, round(self._options.connect_timeout)), "application_name": "hookline"}

    def engine_options(self) -> Mapping[str, Any]:
        """See `Dialect.engine_options`."""
        return {**super().engine_options(), "pool_pre_ping": False}  # `is_stale` knows mostly without asking

    def is_stale(self, driver: PostgresqlDriver) -> bool:
        """See `Dialect.is_stale`."""
        if driver.round_trips.may_be_lost:
            try:
                driver.connection.execute("SELECT 1")
            except psycopg.Error:
                return True
        return False

    def driver(self, connection: "psycopg.Connection[Any]") -> PostgresqlDriver:
        """See `Dialect.driver`."""
        connection.autocommit = True  # the driver begins no transactions: `begin` does
        milliseconds = max(1, round(self._options.busy_timeout * 1000))
        settings = {
            "lock_timeout": str(milliseconds),
            "idle_in_transaction_session_timeout": "0",
            "client_encoding": "UTF8",  # as `round_trips` writes texts
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        # What was answered is on the disk, whatever the server's own setting.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        return PostgresqlDriver(connection)

    def begin(self, driver: PostgresqlDriver, *, writes: bool) -> None:
        """See `Dialect.begin`: each statement of a writer sees what was committed, since it waits at the first one.

        That one goes with the beginning, unless the connection may be lost: only here another one takes its place.
        """
        driver.is_inside = True
        if not writes:
            driver.round_trips.add("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return
        for statement in ("BEGIN", _LOCK):
            driver.round_trips.add(statement)
        if driver.round_trips.may_be_lost:
            try:
                driver.round_trips.run()
            except psycopg.Error:
                self.finish(driver, commit=False)
                raise

    def finish(self, driver: PostgresqlDriver, *, commit: bool) -> None:
        """See `Dialect.finish`: where something waits, the end goes with it."""
        driver.is_inside = False
        if not commit:
            driver.round_trips.roll_back()
        elif driver.round_trips:
            driver.round_trips.add("COMMIT")
            driver.round_trips.run()

    def catch_up(self, driver: PostgresqlDriver, text: str) -> None:
        """See `Dialect.catch_up`."""
        if driver.round_trips:
            driver.round_trips.run()
        if text.lstrip().startswith(_GIVES_UP):
            driver.round_trips.prepare_anew()

    def is_lost(self, driver: PostgresqlDriver) -> bool:
        """See `Dialect.is_lost`."""
        return driver.connection.closed

    def failure(self, error: BaseException) -> HooklineError:
        """See `Dialect.failure`."""
        if not isinstance(error, psycopg.Error):
            return Unavailable(f"{self.place}: all its connections are in use. Try again, or set `connections` higher.")
        state = error.sqlstate or ""
        said = error.diag.message_primary or ""
        if state in ("55P03", "57014"):
            return Unavailable(
                f"{self.place}: another process was writing for longer than the busy timeout. Try again, or give the "
                "store's option busy_timeout more seconds."
            )
        if state.startswith(_INVALID):
            return InvalidValue(f"PostgreSQL cannot store a value: {said}.")
        if isinstance(error, psycopg.DataError):  # a NUL, which psycopg itself refuses
            return InvalidValue(f"PostgreSQL cannot store a value: {_first_line(error)}.")
        if state.startswith(_REFUSED) or _says(error, "authentication failed", "does not exist", "no password"):
            return Refused(
                f"{self.place} refused: {said or _first_line(error)}. Check user, password, database, rights."
            )
        if state.startswith("53"):
            return Unavailable(f"{self.place} has no room left: {said}.")
        return Unavailable(f"{self.place} cannot be used now: {said or _first_line(error)}.")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def _says(error: BaseException, *texts: str) -> bool:
    return any(text in str(error) for text in texts)
