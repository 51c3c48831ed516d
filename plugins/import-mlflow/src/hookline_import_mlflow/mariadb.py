"""A database of MLflow's on MariaDB or MySQL, read in one transaction that may not write."""

import configparser
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

try:
    import pymysql
except ImportError as missing:
    raise ImportError("databases on MariaDB need PyMySQL: pip install 'hookline-import-mlflow[mariadb]'") from missing
from pymysql.constants import ER
from pymysql.cursors import DictCursor, SSCursor

from hookline.errors import HooklineError, InvalidValue, NotSupported, PluginError, Refused, Unavailable
from hookline.uris import without_secrets
from hookline_import_mlflow.database import DatabaseSource, Row

SECONDS_TO_CONNECT = 15
PASSWORDS = "~/.my.cnf"
EXAMPLE = "mysql+pymysql://USER:PASSWORD@db.example/mlflow"
_TABLES = "SELECT table_name AS listed FROM information_schema.tables WHERE table_schema = DATABASE()"
_BEGINNING = (
    # ANSI_QUOTES: names are quoted as in the other systems. While points are stored, the server waits for us.
    "SET SESSION sql_mode = 'ANSI_QUOTES', SESSION net_write_timeout = 86400, SESSION wait_timeout = 86400",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
)
_OF_MARIADB = "SET SESSION idle_transaction_timeout = 0, SESSION idle_readonly_transaction_timeout = 0"
_BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_PATHS = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key")
_FLAGS = ("ssl_verify_cert", "ssl_verify_identity", "ssl_disabled")
_PASSED_OVER = ("charset", "binary_prefix")
"""What MLflow's drivers are told of texts; they are read as what they are anyway."""
_TRUTHS: Mapping[str, bool] = MappingProxyType({"true": True, "1": True, "false": False, "0": False})
_REFUSED = {
    ER.ACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.BAD_DB_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.COLUMNACCESS_DENIED_ERROR,
    ER.HOST_NOT_PRIVILEGED,
    ER.HOST_IS_BLOCKED,
    1698,  # access denied by a plugin
    4151,  # the account is locked
}
_UNKNOWN = {ER.BAD_FIELD_ERROR, ER.NO_SUCH_TABLE}


class MariadbSource(DatabaseSource):
    """A database of MLflow's on MariaDB or MySQL. Whoever writes it meanwhile is neither waited for nor stopped.

    Args:
        uri: as MLflow has it, with or without the name of a driver (`mysql+pymysql://...`). User and password that it
            leaves out come from `MYSQL_PWD` and `~/.my.cnf`, as for the programs of these systems.

    Raises:
        InvalidValue: the URI cannot be read, or the database is none of MLflow's.
        Refused: the server refuses the user. Unavailable: it cannot be reached.
    """

    # These systems take `Loss` and `loss` for equal, and would mix their rows.
    _points_of_run = (
        'SELECT "key", step, timestamp, CASE WHEN is_nan THEN NULL ELSE value END FROM metrics WHERE run_uuid = ? '
        'ORDER BY CAST("key" AS BINARY), timestamp, step, value, is_nan'
    )

    def __init__(self, uri: str) -> None:
        address = f"mysql:{uri.partition(':')[2]}"
        parameters = _parameters(address)
        self._streaming: Generator[tuple[Any, ...], None, None] = (row for row in ())
        self._place = f"The database {without_secrets(address).partition('?')[0]}"
        with self._failures():
            self._connection = _connected(parameters)
        try:
            super().__init__(self._place, self._begin())
        except BaseException:
            self.close()
            raise

    def _begin(self) -> frozenset[str]:
        """Begin to read one state of the database; return the names of its tables."""
        is_mariadb = "MariaDB" in self._connection.get_server_info()
        with self._failures(), self._connection.cursor() as cursor:
            for statement in (*_BEGINNING, *([_OF_MARIADB] if is_mariadb else []), _BEGIN):
                cursor.execute(statement)
            cursor.execute(_TABLES)
            return frozenset(name for (name,) in cursor.fetchall())

    def close(self) -> None:
        """Close the connection, and with it the transaction."""
        with suppress(HooklineError):
            self._streaming.close()  # the driver reads what is left of an answer, and must do so before
        with suppress(pymysql.Error):
            self._connection.close()

    def _rows(self, asked: str, *values: object) -> list[Row]:
        with self._failures(), self._connection.cursor(DictCursor) as cursor:
            cursor.execute(_with_marks(asked), values)
            return list(cursor.fetchall())

    def _stream(self, asked: str, *values: object) -> Iterator[tuple[Any, ...]]:
        self._streaming = self._streamed(asked, values)
        return self._streaming

    def _streamed(self, asked: str, values: Sequence[object]) -> Generator[tuple[Any, ...], None, None]:
        with self._failures(), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(_with_marks(asked), values)
            yield from cursor

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What the server or its driver says comes as an error of ours, without the address as it was given."""
        try:
            yield
        except pymysql.Error as error:
            raise _failure(self._place, error) from None


def _connected(parameters: Mapping[str, Any]) -> "pymysql.Connection[Any]":
    try:
        return pymysql.connect(**parameters, autocommit=True, charset="utf8mb4")
    except configparser.Error:  # whose text repeats lines of the file
        raise InvalidValue(f"{PASSWORDS} cannot be read: it is not of the form of MySQL's option files.") from None
    except RuntimeError as error:  # a way of MySQL's to send passwords that the driver knows only with a library
        raise PluginError(f"{error}: pip install cryptography, or connect over TLS with ?ssl_ca=FILE.") from None


def _with_marks(asked: str) -> str:
    return asked.replace("?", "%s")


def _parameters(address: str) -> dict[str, Any]:
    """Return the parameters of a connection. Raises `InvalidValue`, which repeats nothing that may be a password."""
    try:
        parts = urlsplit(address)
        host, port, user, password = parts.hostname, parts.port, parts.username, parts.password
    except ValueError:  # whose text repeats parts of the URI
        raise _malformed() from None
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database or "@" in f"{host}{database}" or parts.netloc.count("@") > 1 or parts.fragment:
        raise _malformed()
    return {
        "host": host,
        "port": port or 0,  # the usual one
        "user": unquote(user) if user else None,
        "password": unquote(password) if password else os.environ.get("MYSQL_PWD", ""),
        "database": database,
        "connect_timeout": SECONDS_TO_CONNECT,
        "program_name": "hookline import mlflow",
        "read_default_file": PASSWORDS,
        **_options(parts.query),
    }


def _options(query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in _PATHS:
            options[name] = value
        elif name in _FLAGS and value.lower() in _TRUTHS:
            options[name] = _TRUTHS[value.lower()]
        elif name not in _PASSED_OVER:
            allowed = ", ".join((*_PATHS, *(f"{each} (true or false)" for each in _FLAGS)))
            raise InvalidValue(
                f"The database's URI has a parameter {name!r} that is not known here. Known are: {allowed}."
            )
    return options


def _malformed() -> InvalidValue:
    return InvalidValue(
        f"The database's URI is not of the form of {EXAMPLE}; characters such as @, :, /, ? or # in a user or password "
        "are written as %40, %3A, %2F, %3F and %23."
    )


def _failure(place: str, error: pymysql.Error) -> HooklineError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = without_secrets(str(error.args[1]) if len(error.args) > 1 else str(error)).rstrip(".")
    if number in _REFUSED:
        return Refused(f"{place} refused: {said}. Check user, password, database, and the right to read its tables.")
    if number in _UNKNOWN:
        return NotSupported(f"{place} has not the tables of an MLflow that is known here: {said}.")
    return Unavailable(f"{place} cannot be read now: {said}. What was brought is kept; call it again.")
