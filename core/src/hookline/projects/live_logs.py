"""What a command writes, put with its run's artifacts while it runs, so that others can follow it."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from hookline.errors import HooklineError
from hookline.outputs import LOG_NAMES

MOST_BYTES = 256 * 1024
"""Of each log, its end: what is put again and again has to be small."""
PAUSE = 2.0
SHARE = 10
"""Putting takes at most one part in so many of the time, however slow the store is."""
LONGEST_PAUSE = 60.0
NOTE = b"[%d bytes before this come when the command has ended]\n"
log = logging.getLogger("hookline")


class LiveLogs(Thread):
    """Puts the end of each log that has grown, until it is stopped; whoever stops it then stores the whole logs.

    It does its best: a store that is away gets the next end, and a command is never held up.

    Args:
        folder: where the logs are. scratch: a folder for what is put.
        put: stores a file as the log of a name.
    """

    def __init__(self, folder: Path, scratch: Path, put: Callable[[str, Path], None]) -> None:
        super().__init__(name="hookline-live-logs", daemon=True)
        self._folder, self._scratch, self._put = folder, scratch, put
        self._sizes = dict.fromkeys(LOG_NAMES, 0)
        self._stopped = Event()

    def stop(self) -> None:
        """Put nothing more; what is being put is there when this returns."""
        self._stopped.set()
        if self.ident is not None:
            self.join()

    def run(self) -> None:
        """Look again and again."""
        pause = PAUSE
        while not self._stopped.wait(pause):
            began = time.monotonic()
            for name in LOG_NAMES:
                self._look(name)
            pause = min(LONGEST_PAUSE, max(PAUSE, SHARE * (time.monotonic() - began)))

    def _look(self, name: str) -> None:
        path = self._folder / name
        try:
            size = path.stat().st_size
            if size == self._sizes[name]:
                return
            part = self._scratch / f".live-{name}"
            part.write_bytes(end_of(path, size))
            self._put(name, part)
            self._sizes[name] = size
        except (OSError, HooklineError) as error:
            log.debug("%s is not put with its run yet: %s", path, error)


def end_of(path: Path, size: int) -> bytes:
    """Return the last bytes of a log of a size, from the beginning of a line, with a note of what is left out."""
    with path.open("rb") as stream:
        if size <= MOST_BYTES:
            return stream.read(size)
        stream.seek(size - MOST_BYTES)
        found = stream.read(MOST_BYTES)
    begin = found.find(b"\n") + 1
    return NOTE % (size - len(found) + begin) + found[begin:]
