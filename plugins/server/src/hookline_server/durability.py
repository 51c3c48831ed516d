"""When what was committed is on the disk: within a second of its answer, or before it."""

import logging
import threading

from hookline.errors import HooklineError
from hookline_server.accepting import Accepting
from hookline_server.services import Services
from hookline_server.settings import Durability

WINDOW = 1.0
"""Seconds within which the disk has what was answered, where an answer does not wait for it."""
log = logging.getLogger("hookline.server")


class DiskKeeper:
    """Has the store written to the disk, after each commit or once a second. Thread safe.

    Args:
        services: whose tracking store is written.
        accepting: what is in the intake, which need not keep what is on the disk elsewhere.

    Attributes:
        waits: whether `wrote` waits for the disk.
    """

    def __init__(self, services: Services, accepting: Accepting) -> None:
        self._services, self._accepting = services, accepting
        self.waits = services.durability is Durability.FULL
        self._dirty, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wrote(self) -> None:
        """Note a commit, before it is answered. Raises `Unavailable` where answers wait for the disk and it fails."""
        if self.waits:
            self._services.tracking.sync()
            return
        self._dirty.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="hookline-disk", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Return when all that was committed is on the disk, as far as the disk takes it."""
        self._ended.set()
        self._dirty.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._dirty.wait()
            self._ended.wait(WINDOW / 2)  # what else is written meanwhile goes with it
            ended = self._ended.is_set()
            self._dirty.clear()
            try:
                stored = self._accepting.stored
                self._services.tracking.sync()
                self._accepting.on_disk(stored)
            except HooklineError as error:
                log.error("What was answered may not be on the disk: %s", error)
            if ended:
                return
