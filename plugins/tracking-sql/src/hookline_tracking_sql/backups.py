"""A copy of a database while others write to it.

SQLite's backup interface copies pages as they are, so that it is bound by the disk and not by rebuilding indexes, as
`VACUUM INTO` does. It starts anew whenever another process writes between two of its steps, and would never end beside
busy writers; so all steps are taken within one read transaction, which sees one moment. With write-ahead logging that
hinders no writer.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from hookline.errors import AlreadyExists, NotFound, Refused, Unavailable
from hookline_tracking_sql.dialects.sqlite import SqliteDriver
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.statements import driver_of

STEP_PAGES = 1024
_ANY_READ = sa.text("SELECT count(*) FROM sqlite_master")


def back_up(database: Database, target: Path) -> int:
    """Copy a database into a new file that only this user may read; return the file's size.

    The file has its name once it is complete and on the disk; where the copy fails there is none.

    Raises:
        AlreadyExists: something has this name; it is left as it is. NotFound: there is no such folder.
        Refused: this user may not write there. Unavailable: the disk is full or failed.
    """
    if os.path.lexists(target):
        raise _taken(target)
    if not target.parent.is_dir():
        raise NotFound(f"There is no folder {target.parent} to put the copy into.")
    with database.reading() as connection:
        source = driver_of(connection)
        assert isinstance(source, SqliteDriver)
        connection.execute(_ANY_READ).all()  # the transaction begins, and sees this moment, with its first read
        with _written(target), _new_file(target) as unfinished:
            _copy(source.connection, unfinished)
            _to_disk(unfinished)
            _give_name(unfinished, target)
        _to_disk(target.parent)
    return target.stat().st_size


def _copy(source: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        source.backup(copy, pages=STEP_PAGES)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be read where nothing can be written


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Give an empty file beside the target, which only this user may read; it is gone afterwards."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".unfinished", dir=target.parent)
    os.close(handle)  # SQLite loses its locks on a file when another handle on it is closed
    try:
        yield Path(name)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(name + suffix).unlink()


def _give_name(unfinished: Path, target: Path) -> None:
    """Let a file appear under its name, where nothing else has it."""
    try:
        os.link(unfinished, target)  # unlike a rename it replaces nothing
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise _taken(target) from None
        unfinished.rename(target)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _written(target: Path) -> Iterator[None]:
    """Turn what may go wrong with the copy into errors that name it, and not the database."""
    try:
        yield
    except FileExistsError as error:
        raise _taken(target) from error
    except PermissionError as error:
        raise Refused(f"{target} cannot be written: this user may not write into {target.parent}.") from error
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The copy {target} could not be written: {error}.") from error


def _taken(target: Path) -> AlreadyExists:
    return AlreadyExists(f"{target} is there already and was left as it is. Name another file.")
