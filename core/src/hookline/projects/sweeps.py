"""Sweeps: a project, once for each combination of its parameters' values, several at a time, below one parent run."""

import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

from hookline.entities import RunStatus
from hookline.errors import InvalidValue
from hookline.projects.project_run import ProjectRun
from hookline.system import terminations_interrupt

if TYPE_CHECKING:
    from hookline.run import Run

SWEEP_TAG = "hookline.sweep"
"""Of the parent run: the values of each parameter, as JSON."""
LOOK = 0.5
"""Seconds after which a signal is seen that another thread took."""
Combination: TypeAlias = Mapping[str, object]


def combinations(parameters: Mapping[str, Sequence[object]]) -> list[Combination]:
    """Return every combination of the parameters' values, in the order in which they are given.

    Raises:
        InvalidValue: a parameter has no value, or one of them twice.
    """
    for name, values in parameters.items():
        if not values:
            raise InvalidValue(f"The parameter {name!r} has no value to try.")
        twice = [each for at, each in enumerate(values) if each in values[:at]]
        if twice:
            raise InvalidValue(f"The parameter {name!r} has the value {twice[0]!r} twice.")
    return [dict(zip(parameters, values, strict=True)) for values in product(*parameters.values())]


class Sweep:
    """The executions of a project below a parent run. `wait` starts them, some at a time, and brings the end.

    Args:
        run: the parent, which is open.
        planned: what is run, in this order. parallel: how many at a time.
        start: starts one.
    """

    def __init__(
        self,
        run: "Run",
        planned: Sequence[Combination],
        parallel: int,
        start: Callable[[Combination], ProjectRun],
    ) -> None:
        self.run, self.planned, self._parallel, self._start = run, planned, parallel, start
        self._running: list[ProjectRun] = []
        self._ended: queue.SimpleQueue[ProjectRun] = queue.SimpleQueue()

    @property
    def run_id(self) -> str:
        """The id of the parent run."""
        return self.run.run_id

    def wait(self, ended: Callable[[ProjectRun, RunStatus], None] = lambda _child, _status: None) -> RunStatus:
        """Run all combinations and end the parent: FINISHED where every child is, else FAILED; return its status.

        A child that fails hinders no other. Ctrl-C, SIGTERM, and an error that keeps a child from being started, end
        the children that run, then the parent, and are raised again.

        Args:
            ended: called with each child that has ended, and its status.
        """
        statuses = []
        try:
            with terminations_interrupt():
                for child in self._children():
                    statuses.append(child.poll())
                    ended(child, statuses[-1])
        except BaseException as error:
            for child in self._running:
                child.cancel()
            self.run.end(RunStatus.KILLED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED)
            raise
        final = RunStatus.FINISHED if set(statuses) <= {RunStatus.FINISHED} else RunStatus.FAILED
        self.run.end(final)
        return final

    def _children(self) -> Iterator[ProjectRun]:
        """Yield the children as they end."""
        for combination in self.planned:
            if len(self._running) == self._parallel:
                yield self._next()
            child = self._start(combination)
            self._running.append(child)
            Thread(target=self._follow, args=(child,), name="hookline-sweep", daemon=True).start()
        while self._running:
            yield self._next()

    def _follow(self, child: ProjectRun) -> None:
        try:
            child.wait(check=False)
        finally:
            self._ended.put(child)

    def _next(self) -> ProjectRun:
        while True:
            with suppress(queue.Empty):
                child = self._ended.get(timeout=LOOK)
                self._running.remove(child)
                return child
