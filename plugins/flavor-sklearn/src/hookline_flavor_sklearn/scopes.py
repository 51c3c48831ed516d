"""The run that a training logs into, and the promise that logging never disturbs the training."""

import contextlib
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from hookline.plugins import describe
from hookline.run import Run

log = logging.getLogger("hookline")


class OpenRun(Protocol):
    """Gives the run to log into, as `autolog` describes."""

    def __call__(self, *, parent: Run | None = None) -> AbstractContextManager[Run]:
        """Return the scope of the active run or of a new one; with a parent, of a new one nested in it."""


class SafeScope:
    """Opens and leaves the scope of a run without ever raising; gives None where the run cannot be opened."""

    def __init__(self, open_run: OpenRun) -> None:
        self._open_run = open_run
        self._scope: AbstractContextManager[Run] | None = None

    def __enter__(self) -> Run | None:
        with harmless("this training"):
            scope = self._open_run()
            run = scope.__enter__()
            self._scope = scope
            return run
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scope is not None:
            with harmless("the end of the run"):
                self._scope.__exit__(kind, error, trace)


@contextlib.contextmanager
def harmless(what: str) -> Iterator[None]:
    """Turn an error into a warning in the log."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - logging never disturbs a training
        log.warning("Automatic logging could not log %s: %s", what, describe(error))
