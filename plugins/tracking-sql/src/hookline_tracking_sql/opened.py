"""Which database files this process has open.

Whoever closes a file gives up all locks that his process has on it, those of SQLite's connections too
(https://www.sqlite.org/howtocorrupt.html, "POSIX advisory locks canceled by a separate thread doing close()"). Another
process then takes itself for the last one, and removes the log that the connections here still write. So a file that is
open here is opened by nothing but SQLite, which knows this of itself.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_lock = threading.Lock()
_opened: Counter[str] = Counter()


@contextmanager
def unless_opened(path: Path) -> Iterator[bool]:
    """Give whether a file may be opened and closed by other means, and keep it from becoming a database meanwhile."""
    with _lock:
        yield not _opened[os.path.realpath(path)]


def note(path: Path) -> str:
    """Note a database before its first connection; return what `forget` takes."""
    key = os.path.realpath(path)
    with _lock:
        _opened[key] += 1
    return key


def forget(key: str) -> None:
    """Note that a database has no connections any more."""
    with _lock:
        _opened[key] -= 1
        if _opened[key] <= 0:
            del _opened[key]


def _begin_anew() -> None:
    """A thread of the parent may have held the lock when this process was forked."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
