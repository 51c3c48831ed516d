"""What the run contexts sample while runs are open, logged as metrics of these runs."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from threading import RLock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from attrs import define, field

from hookline.entities import check_key, is_system_metric
from hookline.interfaces import RunContext
from hookline.interfaces.contexts import defines
from hookline.plugins import describe

if TYPE_CHECKING:
    from hookline.run import Run

INTERVAL = 10.0
"""Seconds between two samples, and how old a run is at its first."""
log = logging.getLogger("hookline")


@define(eq=False)
class _Watched:
    """What is known of a run that is watched.

    Attributes:
        first, due: when its first and its next sample are due.
        step: of its next sample, once the store was asked for it.
        lock: held while a sample is stored; reentrant, since a listener may end the run that it hears of.
    """

    first: float
    due: float
    step: int | None = None
    stopped: bool = False
    complained: bool = False
    lock: AbstractContextManager[Any] = field(factory=RLock)


class Sampler:
    """Asks the run contexts for a sample every so often, and logs it to the runs that are open. Thread safe.

    Its one thread is there while a run is watched, wakes when a sample is due and for nothing else, and never keeps the
    process alive. A forked child samples nothing.

    Args:
        contexts: returns run contexts with their names; asked when the first run is watched.
        interval: seconds between two samples of a run, whose steps count them. A run that ends sooner gets none.
    """

    def __init__(self, contexts: Callable[[], Sequence[tuple[str, RunContext]]], interval: float = INTERVAL) -> None:
        self._contexts, self._interval = contexts, interval
        self._process = os.getpid()
        self._runs: WeakKeyDictionary[Run, _Watched] = WeakKeyDictionary()
        self._thread: Thread | None = None
        self._lock = RLock()
        self._asking = RLock()

    @cached_property
    def _sources(self) -> dict[str, RunContext]:
        """The contexts that have something to sample."""
        return {name: each for name, each in self._contexts() if defines(each, "sample")}

    def watch(self, run: "Run") -> None:
        """Sample for a run from now on: first when an interval has passed."""
        if os.getpid() != self._process or not self._sources:
            return
        due = monotonic() + self._interval
        with self._lock:
            self._runs[run] = _Watched(due, due)
            if self._thread is None:
                thread = Thread(target=self._work, name="hookline-sampler", daemon=True)
                with suppress(RuntimeError):  # no more threads for this process, or it is about to end
                    thread.start()
                    self._thread = thread

    def stop(self, run: "Run") -> None:
        """Take the last sample of a run that is older than the interval; nothing is logged to it from here on."""
        if os.getpid() != self._process:
            return
        with self._lock:
            watched = self._runs.pop(run, None)
        if watched is None:
            return
        with watched.lock:  # until the flag is set, else a sample that waits for the lock would come after this
            if monotonic() >= watched.first:
                self._store(run, watched, self._sample(wait=False))
            watched.stopped = True

    def _work(self) -> None:
        while (pause := self._pause()) is not None:
            sleep(pause)
            self._take()

    def _take(self) -> None:
        """Take a sample for the runs that it is due for; not in `_work`, whose variables would hold the last run."""
        now = monotonic()
        with self._lock:
            due = [(run, watched) for run, watched in self._runs.items() if watched.due <= now]
        values = self._sample() if due else {}
        for run, watched in due:
            watched.due = now + self._interval
            self._store(run, watched, values)

    def _pause(self) -> float | None:
        """Return the seconds until a sample is due; None where none will be, and the thread ends."""
        with self._lock:
            moments = [watched.due for watched in self._runs.values()]
            if not moments or not self._sources:
                self._thread = None
                return None
            return max(0.0, min(moments) - monotonic())

    def _sample(self, *, wait: bool = True) -> dict[str, float]:
        """Return what the contexts say now, without those that fail.

        Args:
            wait: for a thread that asks them already; else nothing is returned. Who ends a run must not wait for a
                context that hangs.
        """
        found: dict[str, float] = {}
        if not self._asking.acquire(blocking=wait):
            return found
        try:
            for name, context in list(self._sources.items()):
                try:
                    found.update(_checked(context.sample()))
                except Exception as error:  # noqa: BLE001 - surroundings never hinder a run
                    del self._sources[name]
                    log.warning("The run context %r failed and is not sampled again: %s", name, describe(error))
        finally:
            self._asking.release()
        return found

    def _store(self, run: "Run", watched: _Watched, values: Mapping[str, float]) -> None:
        with watched.lock:
            if not values or watched.stopped or not run.is_open:
                return
            try:
                if watched.step is None:
                    watched.step = _next_step(run)
                run.log_metrics(values, step=watched.step)
            except Exception as error:  # noqa: BLE001 - the same
                if not watched.complained:
                    log.warning("A sample of the run %s could not be stored: %s", run.run_id, describe(error))
                watched.complained = True
            else:
                watched.step += 1


def _next_step(run: "Run") -> int:
    """Return 0 for a new run; one that was opened again goes on counting."""
    steps = [point.step for key, point in run.data.latest.items() if is_system_metric(key)]
    return max(steps, default=-1) + 1


def _checked(sample: Mapping[str, float]) -> dict[str, float]:
    return {check_key("metric", key): float(value) for key, value in sample.items()}
