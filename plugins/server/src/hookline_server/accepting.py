"""Answering once a write is in the server's intake, and before the store has it: what may be, and what is so.

A commit costs more than all else that a point costs, and so one commit takes the points of some milliseconds. A point
that is in the intake is as safe as one that is committed: killing the server takes neither. What a commit would have
found out must be known before: that the run is there, and is not deleted. It is where the server committed something to
it, or made it, a moment ago, and has deleted nothing since. A write that might be refused for anything else, such as a
param, waits for its commit.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from hookline.entities import Batch, Experiment, LifecycleStage, NewRun, RunData, RunRecord, Write
from hookline.errors import HooklineError
from hookline.journal.intake import Intake, hand_over, points_of, portion
from hookline.store_rules import RUN_NAME_TAG, new_run
from hookline_server.services import Services
from hookline_server.settings import Durability

CONFIRMED_SECONDS = 1.0
"""How long it is known that a run or an experiment was there: another process may delete it meanwhile."""
MOST_WAITING, MOST_POINTS_WAITING = 20_000, 200_000
"""Writes, and the points in them, that the store does not have yet."""
MOST_KNOWN = 10_000
log = logging.getLogger("hookline.server")


class Accepting:
    """What is answered for before it is stored. `take` and `take_run` are called on the event loop, all else anywhere.

    Args:
        services: whose tracking store takes it.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._is_possible = services.durability is Durability.INTAKE
        self._intake: Intake | None = None
        self._waiting: deque[tuple[int, Write]] = deque()
        self._in_hand: list[tuple[int, Write]] = []
        self._is_away = False
        self._lock = Lock()
        self._deletions = self._generation = 0
        self._runs: dict[str, float] = {}
        self._experiments: dict[str, tuple[float, Experiment]] = {}
        self.taken = self.stored = 0
        """How many writes were taken, and how many of them are stored."""
        self._points_taken = self._points_stored = self._on_disk = 0

    # On the event loop -----------------------------------------------------------------------------------------------

    def take(self, run_id: str, batch: Batch) -> bool:
        """Keep what is logged into a run, if it may be answered for now."""
        confirmed = self._runs.get(run_id, 0.0) > time.monotonic() - CONFIRMED_SECONDS
        if not confirmed or batch.params or RUN_NAME_TAG in batch.tags:
            return False
        return self._keep((run_id, batch))

    def take_run(self, run: NewRun) -> RunRecord | None:
        """Keep a new run and return it as it will be stored, if it may be answered for now.

        Raises:
            InvalidValue: as `TrackingStore.create_run`.
        """
        confirmed, experiment = self._experiments.get(run.experiment_id, (0.0, None))
        now = time.monotonic()
        if experiment is None or confirmed < now - CONFIRMED_SECONDS:
            return None
        info, tags = new_run(run, experiment)
        if not self._keep(run):
            return None
        self._runs[run.run_id] = now
        return RunRecord(info, RunData(tags=tags))

    def _keep(self, write: Write) -> bool:
        points = points_of(write)
        if not self._is_possible or self._deletions or self._is_away or self._is_full(points):
            return False
        try:
            if self._intake is None:
                self._intake = self._services.workspace.journals.intake()
            number = self._intake.keep(write)
        except (OSError, HooklineError) as error:  # the disk is full, say: the store may lie on another one
            log.debug("The intake does not take a write: %s", error)
            return False
        self._waiting.append((number, write))
        self.taken = number + 1
        self._points_taken += points
        return True

    def _is_full(self, points: int) -> bool:
        waiting = self._points_taken - self._points_stored
        return len(self._waiting) >= MOST_WAITING or waiting + points > MOST_POINTS_WAITING

    def _drained(self) -> Iterator[tuple[int, Write]]:
        while self._waiting:
            yield self._waiting.popleft()

    @property
    def is_behind(self) -> bool:
        """Whether the store does not have all that was taken."""
        return self.stored != self.taken

    @contextmanager
    def deleting(self) -> Iterator[None]:
        """Let nothing be answered for while a request deletes, nor what was known before afterwards."""
        self._forget()
        self._deletions += 1
        try:
            yield
        finally:
            self._deletions -= 1
            self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._generation += 1
            self._runs, self._experiments = {}, {}

    # On other threads ------------------------------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """What tells moments between which something may have been deleted."""
        return self._generation

    def confirm(self, generation: int, run_ids: list[str]) -> None:
        """Note that runs were there, and not deleted, when something was committed to them in a `generation`."""
        if not self._is_possible:
            return
        now = time.monotonic()
        with self._lock:
            if generation == self._generation:
                if len(self._runs) > MOST_KNOWN:
                    self._runs = {}
                self._runs.update(dict.fromkeys(run_ids, now))

    def confirm_experiment(self, generation: int, experiment_id: str) -> None:
        """Note the same of an experiment in which a run was made."""
        if not self._is_possible:
            return
        now = time.monotonic()
        known = self._experiments.get(experiment_id)
        experiment = known[1] if known else self._services.tracking.get_experiment(experiment_id)
        with self._lock:
            if generation == self._generation and experiment.lifecycle_stage is LifecycleStage.ACTIVE:
                self._experiments[experiment_id] = now, experiment

    def store(self) -> list[str]:
        """Store what was taken before; return the ids of the runs that it was of, one for each that a commit was of.

        What is taken meanwhile waits for its turn, as do others who are told that all before them is stored.

        Raises:
            HooklineError: the store is away. What was taken is stored later.
        """
        stored: list[str] = []
        until = self.taken
        while self._in_hand or (self._waiting and self.stored < until):
            stored += self._store_some()
        return stored

    def _store_some(self) -> Iterable[str]:
        assert self._intake is not None
        together = self._in_hand or portion(self._drained())
        self._in_hand, generation = together, self._generation
        try:
            name = self._services.workspace.tracking_uri
            problems = hand_over(self._services.tracking, self._intake.intake_id, together, self._intake.folder, name)
        except HooklineError:
            self._is_away = True
            self.sync()
            raise
        self._in_hand, self._is_away = [], False
        self.stored = together[-1][0] + 1
        self._points_stored += sum(points_of(write) for _, write in together)
        run_ids = [write.run_id if isinstance(write, NewRun) else write[0] for _, write in together]
        refused = {run_id for run_id, problem in zip(run_ids, problems, strict=True) if problem is not None}
        self.confirm(generation, [run_id for run_id in run_ids if run_id not in refused])
        made = {write.experiment_id for _, write in together if isinstance(write, NewRun)}
        if refused:
            self._forget()
        else:
            for experiment_id in made:
                self.confirm_experiment(generation, experiment_id)
        return set(run_ids)

    def sync(self) -> None:
        """Return when what the store does not have is on the disk, as far as the disk takes it."""
        if self._intake is not None:
            try:
                self._intake.sync()
            except OSError as error:
                log.error("What was answered for may not be on the disk: %s", error)

    def on_disk(self, stored: int) -> None:
        """Note that the store's first writes are on the disk."""
        self._on_disk = stored
        if self._intake is not None:
            self._intake.forget(stored)

    def close(self) -> None:
        """Leave what is not stored to whoever opens the store next."""
        if self._intake is not None:
            self._intake.close(self._on_disk)
            self._intake = None
