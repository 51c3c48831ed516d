"""Locks among processes, by files."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hookline.errors import Unavailable

if sys.platform == "win32":  # pragma: no cover - the pure-Python parts import there, locks are advisory
    import msvcrt

    def _lock(handle: IO[str] | int) -> None:
        msvcrt.locking(handle if isinstance(handle, int) else handle.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: IO[str] | int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def file_lock(path: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold an exclusive lock among processes, by a file that stays; the lock goes when the process dies.

    Raises:
        Unavailable: another process held it for `timeout` seconds, or the file system cannot lock.
    """
    deadline = time.monotonic() + timeout
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a", encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"Cannot open the lock file {str(path)!r}: {error.strerror or error}.") from error
    with handle:
        while not try_lock(handle, path):
            if time.monotonic() >= deadline:
                raise Unavailable(f"Another process has held {path.name!r} locked for {timeout:g} s.")
            time.sleep(0.02)
        yield


def try_lock(handle: IO[str] | int, path: Path) -> bool:
    """Lock an open file, until it is closed everywhere; False where another process has the lock.

    Raises:
        Unavailable: the file system cannot lock.
    """
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise Unavailable(f"Cannot lock {str(path)!r}: {error.strerror or error}.") from error
    return True


class HeldLock:
    """An exclusive lock among processes that is held until it is released, or until its process dies.

    A forked child does not hold it: to release its copy leaves the lock with the parent.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def try_take(cls, path: Path, *, make: bool = True) -> "HeldLock | None":
        """Take the lock of a file; None where another process holds it.

        Args:
            make: whether a file that is not there is made.

        Raises:
            OSError: the file cannot be made, or opened, or who held it has removed it. Unavailable: the file system
                cannot lock.
        """
        flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | (os.O_CREAT if make else 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            if not try_lock(descriptor, path):
                return None
            if not os.fstat(descriptor).st_nlink:  # another file may have its name by now, and another one its lock
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
            descriptor, held = -1, cls(descriptor)
            return held
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def release(self) -> None:
        """Give the lock back. Its file stays. Releasing twice is no error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.release()
