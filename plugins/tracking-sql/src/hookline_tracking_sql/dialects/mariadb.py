"""MariaDB, by PyMySQL.

Writers take one lock of the server by name for each transaction, so that they come one after the other as on SQLite.
Changes of tables cannot be taken back here: what makes tables can be done again instead.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

try:
    import pymysql
except ImportError as missing:
    raise ImportError("stores on MariaDB need PyMySQL: pip install 'hookline-tracking-sql[mariadb]'") from missing
from pymysql.constants import ER
from sqlalchemy.dialects.mysql import pymysql as mysql

from hookline.errors import HooklineError, InvalidValue, Refused, Unavailable
from hookline_tracking_sql.column_types import number_of, ordered_integer
from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.dialects.server import ServerDialect
from hookline_tracking_sql.statements import Statement

OLDEST = (10, 6)
_LOST = (2006, 2013, 2055)
_REFUSED = {ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, ER.BAD_DB_ERROR, ER.TABLEACCESS_DENIED_ERROR, 1698, 1290}
_LONG_WAIT = {ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK}
_FULL = {ER.DISK_FULL, ER.RECORD_FILE_FULL}


class MariadbDriver(Driver):
    """See `Driver`."""

    system = "mysql"
    compiler = mysql.dialect(paramstyle="format")

    def __init__(self, connection: "pymysql.Connection[Any]", lock: str) -> None:
        self.connection, self.lock = connection, lock

    def execute(self, statement: Statement, values: Sequence[Any] = ()) -> Any:
        """See `Driver.execute`."""
        cursor = self.connection.cursor()
        cursor.execute(statement.of(self).text, values)
        return cursor

    def executemany(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        """See `Driver.executemany`."""
        with self.connection.cursor() as cursor:
            cursor.executemany(statement.of(self).text, rows)

    def insert(self, statement: Statement, values: Sequence[Any]) -> int:
        """See `Driver.insert`."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement.of(self).text, values)
            return int(cursor.lastrowid)

    def command(self, text: str, values: Sequence[Any] = ()) -> Any:
        """Execute a command and return the first value of its answer."""
        with self.connection.cursor() as cursor:
            cursor.execute(text, values)
            row = cursor.fetchone()
        return None if row is None else row[0]

    def stored(self, number: float | None) -> int | None:
        """See `Driver.stored`."""
        return ordered_integer(number)

    def read(self, stored: Any) -> float | None:
        """See `Driver.read`."""
        return number_of(stored)

    def totals(self, totals: Sequence[Any]) -> Sequence[Any]:
        """See `Driver.totals`."""
        size, last, last_step, last_timestamp, least, least_step, greatest, greatest_step = totals
        numbers = (ordered_integer(last), ordered_integer(least), ordered_integer(greatest))
        return (size, numbers[0], last_step, last_timestamp, numbers[1], least_step, numbers[2], greatest_step)


class MariadbDialect(ServerDialect):
    """MariaDB 10.6 or newer; MySQL, whose collations and JSON have other names, is refused."""

    failures: ClassVar[tuple[type[Exception], ...]] = (*ServerDialect.failures, pymysql.Error)
    is_transactional = False
    example = "mariadb://hookline:PASSWORD@db.example/hookline"
    drivername = "mysql+pymysql"

    def engine_options(self) -> Mapping[str, Any]:
        """See `Dialect.engine_options`. SQLAlchemy takes joins of joins in this dialect for cartesian products."""
        return {**super().engine_options(), "enable_from_linting": False}

    def connect_args(self) -> dict[str, Any]:
        """See `Dialect.connect_args`."""
        return {
            "connect_timeout": max(1, round(self._options.connect_timeout)),
            "charset": "utf8mb4",
            "autocommit": True,  # the driver begins no transactions: `begin` does
        }

    def driver(self, connection: "pymysql.Connection[Any]") -> MariadbDriver:
        """See `Dialect.driver`. Raises `Refused` where the server is none that can be used."""
        version = connection.get_server_info()
        if "MariaDB" not in version or _numbers(version) < OLDEST:
            raise Refused(f"{self.place} is on a server {version}. Needed is MariaDB {OLDEST[0]}.{OLDEST[1]} or newer.")
        # The server's own limits hold for names of locks (64 characters).
        place = f"{connection.host}/{self._url.database}".encode()
        driver = MariadbDriver(connection, f"hookline_{hashlib.sha256(place).hexdigest()[:32]}")
        driver.command("SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin")
        driver.command(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,"
            "ERROR_FOR_DIVISION_BY_ZERO', SESSION default_storage_engine = InnoDB"
        )
        return driver

    def begin(self, driver: MariadbDriver, *, writes: bool) -> None:
        """See `Dialect.begin`: a writer sees what was committed before it got the lock."""
        if not writes:
            driver.command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            return
        if driver.command("SELECT GET_LOCK(%s, %s)", (driver.lock, self._options.busy_timeout)) != 1:
            raise pymysql.OperationalError(ER.LOCK_WAIT_TIMEOUT, "the lock of writers was not free")
        driver.command("START TRANSACTION")

    def release(self, driver: MariadbDriver) -> None:
        """See `Dialect.release`."""
        driver.command("SELECT RELEASE_LOCK(%s)", (driver.lock,))

    def is_lost(self, driver: MariadbDriver) -> bool:
        """See `Dialect.is_lost`."""
        return not driver.connection.open

    def failure(self, error: BaseException) -> HooklineError:
        """See `Dialect.failure`."""
        if not isinstance(error, pymysql.Error):
            return Unavailable(f"{self.place}: all its connections are in use. Try again, or set `connections` higher.")
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        said = str(error.args[1]) if len(error.args) > 1 else str(error)
        if number in _LONG_WAIT:
            return Unavailable(
                f"{self.place}: another process was writing for longer than the busy timeout. Try again, or give the "
                "store's option busy_timeout more seconds."
            )
        if number in _REFUSED:
            return Refused(f"{self.place} refused: {said}. Check user, password, database, rights.")
        if number in _FULL:
            return Unavailable(f"{self.place} has no room left.")
        if isinstance(error, pymysql.DataError):
            return InvalidValue(f"MariaDB cannot store a value: {said}.")
        if isinstance(error, pymysql.OperationalError) and (number in _LOST or 2000 <= number < 3000):
            return Unavailable(f"{self.place} cannot be reached: {said}.")
        return Unavailable(f"{self.place} failed (error {number} of MariaDB).")


def _numbers(version: str) -> tuple[int, int]:
    """Return the first two numbers of a version, which old servers write as `5.5.5-10.11.6-MariaDB`."""
    first, second = version.removeprefix("5.5.5-").split(".")[:2]
    return int(first), int("".join(digit for digit in second if digit.isdigit()) or "0")
