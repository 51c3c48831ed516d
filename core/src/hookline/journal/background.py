"""Work that is done every so often by a thread of its own, while there is any."""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

log = logging.getLogger("hookline")


class Background:
    """Calls `work` every `pause` seconds from `start` on, until it says that nothing is left. Thread safe.

    Args:
        name: of the thread, which never keeps the process alive.
        work: returns whether there is more to come; an error is logged, and it is called again.
    """

    def __init__(self, name: str, pause: float, work: Callable[[], bool]) -> None:
        self._name, self._pause, self._work = name, pause, work
        self._lock = Lock()
        self._asked = 0
        self._stopped: Event | None = None

    def start(self) -> None:
        """Say that there is something to do."""
        with self._lock:
            self._asked += 1
            if self._stopped is None:
                stopped = Event()
                thread = Thread(target=self._run, args=(stopped,), name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # no more threads for this process, or it is about to end
                    return
                self._stopped = stopped

    def stop(self) -> None:
        """Let the thread end. What it is doing now goes on."""
        with self._lock:
            if self._stopped is not None:
                self._stopped.set()
                self._stopped = None

    def _run(self, stopped: Event) -> None:
        while not stopped.wait(self._pause):
            asked = self._asked
            try:
                more = self._work()
            except Exception:
                log.exception("%s failed; it is tried again.", self._name)
                continue
            with self._lock:
                if not more and asked == self._asked and self._stopped is stopped:
                    self._stopped = None
                    return
