"""Where a store's file is and what it holds, found out without changing a byte of it or of its folder."""

import sqlite3
from contextlib import closing, suppress
from enum import Enum
from pathlib import Path

from hookline.errors import HooklineError, InvalidValue, Refused, Unavailable
from hookline.uris import without_secrets
from hookline_tracking_sql.dialects.base import VERSION_TABLE, is_mlflow
from hookline_tracking_sql.opened import unless_opened

APPLICATION_ID = 0x484B4C4E
"""Marks a database as ours, in the four bytes that SQLite's file header has for that: "HKLN"."""
MARK_AS_OURS = "PRAGMA application_id = 1212894286"

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_READ_VERSION, _WRITE_AHEAD = 19, 2  # https://www.sqlite.org/fileformat.html#file_format_version_numbers
_APPLICATION_ID = slice(68, 72)


class Contents(Enum):
    """What a file holds before it is opened."""

    NOTHING = "nothing"
    OURS = "our tables"
    OTHERS = "other tables"


def database_path(uri: str) -> Path:
    """Return the absolute path that a `sqlite:///PATH` URI names; a relative path starts at the current folder.

    Raises:
        InvalidValue: the URI has another form, has options, or names a database in memory.
    """
    _scheme, _, rest = uri.partition(":")
    shown = without_secrets(uri)
    if rest in ("", "//", "///", "///:memory:") or rest.startswith("///file:"):
        raise InvalidValue(
            f"{shown!r} names no file. A database in memory would end with its process and is not offered; "
            "name a file: sqlite:///runs.db, or sqlite:////data/runs.db for an absolute path."
        )
    if not rest.startswith("///"):
        name = rest.lstrip("/") or "runs.db"
        raise InvalidValue(f"{shown!r} is not of the form sqlite:///PATH; to name the file {name!r}: sqlite:///{name}")
    if "?" in rest or "\0" in rest:
        raise InvalidValue(
            f"{shown!r}: the path of a SQLite store holds no '?'. Its settings (busy_timeout, synchronous) are options "
            "of the store: tracking.options and registry.options in hookline.yaml."
        )
    return Path(rest[3:]).expanduser().absolute()


def inspect(path: Path) -> Contents:
    """Return what a file holds; it is only read, and nothing appears beside it.

    Raises:
        InvalidValue: it is a folder or no SQLite database.
        Refused: it is MLflow's database, or may not be read.
        Unavailable: another process holds it locked.
    """
    with unless_opened(path) as may_open:
        if not may_open:  # looked at before, by whoever opened it
            return Contents.OURS
        header = _header(path)
    if not header:
        return Contents.NOTHING
    if not header.startswith(_MAGIC):
        raise InvalidValue(
            f"{path} is not a SQLite database and was left as it is. Name another file, or one that is not there yet."
        )
    if int.from_bytes(header[_APPLICATION_ID], "big") == APPLICATION_ID:
        return Contents.OURS
    tables = _tables(path, write_ahead=header[_READ_VERSION] == _WRITE_AHEAD)
    if is_mlflow(tables):
        raise is_mlflows(path)
    if VERSION_TABLE in tables:
        return Contents.OURS
    return Contents.OTHERS if tables else Contents.NOTHING


def is_mlflows(path: Path) -> HooklineError:
    """Return the error for a file of MLflow."""
    return Refused(
        f"{path} is a database of MLflow. Hookline never writes into one, and nothing in it was changed. "
        "Choose another file for Hookline, such as sqlite:///hookline.db (HOOKLINE_TRACKING_URI, or tracking.uri "
        "in hookline.yaml), and keep this one for MLflow."
    )


def _header(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise InvalidValue(f"{path} is a folder or a device; a SQLite store is a file. Name a file in it.")
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from error


def _tables(path: Path, *, write_ahead: bool) -> frozenset[str]:
    """Return the names of all tables.

    Reading a database in WAL mode creates files beside it, unless it is declared immutable. That may miss what is not
    yet in the main file, so an answer without tables is asked for again.
    """
    if write_ahead:
        with suppress(sqlite3.Error):
            found = _read_tables(path, "immutable=1")
            if found:
                return found
    try:
        return _read_tables(path, "mode=ro")
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{path} cannot be read now: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise InvalidValue(f"{path} is a damaged SQLite database ({error}) and was left as it is.") from error


def _read_tables(path: Path, mode: str) -> frozenset[str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=5.0)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return frozenset(name for (name,) in rows)
