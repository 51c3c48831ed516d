"""Opening what is read, and writing files as a whole or not at all."""

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hookline.entities.scoring import STREAM
from hookline.errors import InvalidValue, Unavailable

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """Open a file to read, or stdin. Raises `InvalidValue` where it cannot be read."""
    if name == STREAM:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:
        raise InvalidValue(f"There is no file {name!r}.") from error
    except OSError as error:
        raise InvalidValue(f"Cannot read {name!r}: {error.strerror or error}.") from error
    with stream:
        yield stream


@contextlib.contextmanager
def writing(name: str) -> Iterator[BinaryIO]:
    """Open a file to write, or stdout.

    A file appears under its name when the block ends without an error; until then what was there stays. Pipes and
    devices are written as they are.

    Raises:
        InvalidValue: it cannot be written. Unavailable: its disk is full, or its owner's share of it used up.
    """
    if name == STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(os.path.realpath(name))  # a link is written through, not replaced
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            stream, temporary = path.open("wb"), None
        else:
            temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
            stream = temporary.open("xb")
    except OSError as error:
        raise InvalidValue(f"Cannot write {name!r}: {error.strerror or error}.") from error
    try:
        with stream:
            yield stream
            stream.flush()
            if temporary is not None:
                os.fsync(stream.fileno())
        if temporary is not None:
            temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise Unavailable(f"Cannot write {name!r}: {error.strerror}. Make room, or write elsewhere.") from error
        raise
