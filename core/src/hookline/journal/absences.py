"""Stores that are away: they are asked again less and less often, and are named once in the log."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hookline.errors import HooklineError

FILES = "of files and models"
"""The name under which the stores that staged files wait for may be away."""
_LONGEST_PAUSE = 30.0
log = logging.getLogger("hookline")


class Absences:
    """Which stores are away, by their names, and when they are asked again.

    Args:
        root: returns the folder of the journals, in which everything waits meanwhile.
    """

    def __init__(self, root: Callable[[], Path]) -> None:
        self._root = root
        self._away: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._away)

    def clear(self) -> None:
        """Ask every store at the next occasion."""
        self._away.clear()

    def rests(self, name: str) -> bool:
        """Return whether a store was away and is not to be asked again yet."""
        return self._away.get(name, (0.0, 0.0))[0] > time.monotonic()

    @contextlib.contextmanager
    def tolerated(self, name: str, *, raises: bool = False) -> Iterator[None]:
        """Let a store be away while the block asks it: its error is logged once, and raised only on request."""
        try:
            yield
        except HooklineError as error:
            _, pause = self._away.get(name, (0.0, 0.5))
            if name not in self._away:
                log.warning("The store %s is away; what is logged waits in %s: %s", name, self._root(), error)
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._away[name] = (time.monotonic() + pause, pause)
            if raises:
                raise
        else:
            if self._away.pop(name, None):
                self._away.pop(FILES, None)  # what kept one store away may have kept the other
