"""Whether small files may be read and written in the event loop, where a thread would cost more than that."""

import time
from collections.abc import Callable
from typing import TypeVar

from hookline.interfaces import ArtifactStore
from hookline.system import is_network_filesystem

T = TypeVar("T")
SMALL = 65_536
"""Bytes that are read or written at once."""
SLOW = 0.02
"""Seconds after which a disk keeps others from being answered; less may be due to other programs."""
REST = 1.0
"""For how many seconds a disk that was slow is waited for on threads."""


class NearDisk:
    """The disk of an artifact store: near is one of this machine that answers at once.

    A disk that is busy or asleep is found out by one file in each second, and asked by threads for the others.

    Args:
        store: kept by this machine or not.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._is_local: bool | None = None
        self._slow_until = 0.0

    def is_quick(self) -> bool:
        """Return whether a file may be read or written here and now."""
        if self._is_local is None:
            root = self._store.local_root()
            self._is_local = root is not None and not is_network_filesystem(root)
        return self._is_local and time.monotonic() >= self._slow_until

    def use(self, call: Callable[..., T], *arguments: object) -> T:
        """Read or write here, and note how long that takes."""
        began = time.perf_counter()
        try:
            return call(*arguments)
        finally:
            if time.perf_counter() - began > SLOW:
                self._slow_until = time.monotonic() + REST
