"""A bar on a terminal that shows how far a transfer, or other work, is."""

import sys
from contextlib import ExitStack
from threading import Lock
from types import TracebackType
from typing import Any

import click


class Bar:
    """Shows a transfer on stderr, from its first byte on, where a person reads that; elsewhere nothing is written.

    Args:
        label: what is done. hidden: show nothing.
    """

    def __init__(self, label: str, *, hidden: bool = False) -> None:
        self._label, self._shown = label, sys.stderr.isatty() and not hidden
        self._held = ExitStack()
        self._bar: Any = None
        self._size = self._left = 0
        self._lock = Lock()

    def __enter__(self) -> "Bar":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the bar's line."""
        self._held.__exit__(kind, error, _trace)

    def expect(self, size: int) -> None:
        """Show an empty bar."""
        with self._lock:
            if self._shown and self._bar is None and size:
                bar = click.progressbar(length=size, label=self._label, file=sys.stderr, show_eta=True)
                self._bar = self._held.enter_context(bar)
                self._size = self._left = size

    def moved(self, count: int) -> None:
        """Fill the bar further; what was sent twice does not go beyond its end."""
        with self._lock:
            step = min(count, self._left)
            if self._bar is not None and step:
                self._left -= step
                self._bar.update(step)

    def reached(self, done: int, size: int | None) -> None:
        """Fill the bar as far as work is done; where nobody knows how much there is, nothing is shown."""
        self.expect(size or 0)
        self.moved(max(0, done - (self._size - self._left)))
