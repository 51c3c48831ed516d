"""How often somebody may try: so many wrong passwords within a window, of a user or of an address."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from hookline_auth_basic.options import BasicOptions
from hookline_lib_wire.errors import WireError

REMEMBERED = 10_000
"""Pairs of a user and an address whose attempts are counted."""


class Attempts:
    """Counts attempts that failed. Thread safe."""

    def __init__(self, options: BasicOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._options, self._clock = options, clock
        self._lock = Lock()
        self._counts: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()

    def begin(self, name: str, address: str) -> None:
        """Count an attempt, which has failed until `succeeded` says otherwise.

        Raises:
            WireError: there were too many; the attempt is not to be made.
        """
        limits = {(name, address): self._options.failures}
        if self._options.address_failures:
            limits[(address,)] = self._options.address_failures
        with self._lock:
            now = self._clock()
            counts = {key: self._count(key, now) for key in limits}
            began = [since for key, (count, since) in counts.items() if count >= limits[key]]
            if began:
                raise too_many(math.ceil(max(began) + self._options.window_seconds - now))
            for key, (count, since) in counts.items():
                self._counts[key] = (count + 1, since)
                self._counts.move_to_end(key)
            while len(self._counts) > REMEMBERED:
                self._counts.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Note that an attempt was right: the user is known, and their mistakes before it are forgotten."""
        with self._lock:
            self._counts.pop((name, address), None)
            count, since = self._counts.get((address,), (0, 0.0))
            if count:
                self._counts[(address,)] = (count - 1, since)

    def _count(self, key: tuple[str, ...], now: float) -> tuple[int, float]:
        count, since = self._counts.get(key, (0, now))
        return (count, since) if now - since < self._options.window_seconds else (0, now)


def too_many(seconds: int) -> WireError:
    """Return the error for somebody who has to wait."""
    return WireError(
        "REQUEST_LIMIT_EXCEEDED",
        f"Too many attempts to sign in failed. Try again in {max(1, seconds)} seconds.",
        retry_after=max(1, seconds),
    )
