"""The interface of a tracking store.

Laws, for every implementation (`hookline.testing.TrackingStoreSuite` holds them):

- Thread safe: any method may be called from any thread at any time; several processes on one store queue.
- What a method returned from is stored: it is there after the process is killed, and other processes see it.
- `log_batch` stores a batch whole or not at all. It never reads what is not its business: logging is O(batch).
- Making a run again with the same id returns the run that is there (a retry is harmless).
- Delete and restore are idempotent; a deleted run or experiment is readable and refuses writes with `InvalidValue`.
- Not there: `NotFound`. Name taken, also by something deleted: `AlreadyExists`. Bad value: `InvalidValue`.
- A chart is exact: what its buckets say is what their points say, in whatever way the store came to know it.
- Long values are kept whole, NaN and infinities are values, keys and text compare by case.
- Journals are delivered exactly once: `apply` stores records and moves their writer's cursor in one transaction.
- What was deleted for good (`purge`) is not there, and never comes back: making it again is `Gone`.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import ClassVar

from attrs import evolve

from hookline.entities import (
    Batch,
    DatasetInput,
    DatasetSummary,
    Delivery,
    Experiment,
    ExperimentChange,
    IntakePart,
    KeyKind,
    ModelInput,
    ModelOutput,
    NewRun,
    Page,
    Purged,
    RunChange,
    RunInfo,
    RunKey,
    RunRecord,
    ValueType,
    ViewType,
    Write,
    Writer,
)
from hookline.errors import HooklineError, NotSupported
from hookline.interfaces.series import SeriesReading
from hookline.pages import all_pages
from hookline.search.syntax import Columns, Query
from hookline.search.vocabulary import RUNS
from hookline.store_rules import reads_as_number

PURGE = "purge"
"""The capability of a store that deletes for good."""
INTAKES = "intakes"
"""The capability of a store that takes what servers answered for before, each once: see `write_together`."""
OWN_PLACES = "own places"
"""The capability of a store that decides by itself where the artifacts of a run are: only its record of it tells."""


class TrackingStore(SeriesReading):
    """Keeps experiments and runs with their metrics, params, tags and inputs.

    A provider's target is called as `target(uri, options)`; `uri` is the whole URI.

    Attributes:
        capabilities: names of differences that the conformance suite reads.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def create_experiment(
        self, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """Create an experiment. Where no location is given it becomes `artifacts:/EXPERIMENT_ID`.

        A new store holds the experiment `Default` with the id "0".

        Raises:
            AlreadyExists: the name is taken, perhaps by a deleted experiment.
        """

    @abstractmethod
    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment, deleted ones too.

        Raises:
            NotFound: there is none with this id.
        """

    @abstractmethod
    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Return the experiment of this name, deleted ones too, or None."""

    @abstractmethod
    def update_experiment(self, experiment_id: str, change: ExperimentChange) -> Experiment:
        """Apply a change. Deleting marks the active runs deleted too; restoring restores all its runs.

        Raises:
            NotFound: there is none with this id.
            AlreadyExists: the new name is taken.
            InvalidState: a new name for a deleted experiment.
        """

    @abstractmethod
    def search_experiments(self, query: Query) -> Page[Experiment]:
        """Return the experiments that a query (vocabulary `search.EXPERIMENTS`) asks for."""

    @abstractmethod
    def create_run(self, run: NewRun) -> RunRecord:
        """Create a run in an active experiment; return it as stored, with its name and artifact URI.

        The artifact URI is `<artifact_location>/<run_id>/artifacts`, unless the store has the capability `OWN_PLACES`.
        Where neither `run_name` nor the tag `mlflow.runName` is given a name is made up; the tag always holds the name.

        Raises:
            NotFound: no such experiment. InvalidValue: the experiment is deleted.
        """

    @abstractmethod
    def get_run(self, run_id: str) -> RunRecord:
        """Return a run with its data, inputs and outputs, deleted ones too.

        Raises:
            NotFound: there is none with this id.
        """

    @abstractmethod
    def update_run(self, run_id: str, change: RunChange) -> RunInfo:
        """Apply a change and return the run's info. `run_name` also sets the tag `mlflow.runName`.

        Raises:
            NotFound: there is none with this id.
            InvalidValue: the run is deleted and the change does not restore it.
        """

    @abstractmethod
    def log_batch(self, run_id: str, batch: Batch) -> None:
        """Store metrics, params and tags of an active run, all or none.

        Each metric is a point of its own, equal ones too. The tag `mlflow.runName` renames the run.

        Raises:
            NotFound: there is no such run.
            InvalidValue: the run is deleted, or a param already has another value.
        """

    def write_together(
        self, writes: Sequence[Write], intake: IntakePart | None = None
    ) -> Sequence[HooklineError | None]:
        """Create runs and store batches of several runs, each whole or not at all; return what became of each.

        For servers, which are given many small writes at once. They are stored in this order, but that runs may be
        created first. This body stores one after the other; a store whose commits cost more than what they commit
        replaces it.

        Args:
            intake: where the writes stand in a log of such as were answered for before. Only a store with the
                capability `INTAKES` takes it. The log's cursor moves to `intake.after` in the transaction that stores
                the writes, and so each is stored once, whoever delivers it. What was deleted meanwhile takes it still.

        Returns:
            For each write None, or the error that `create_run` or `log_batch` would have raised. With an intake it is
            `StoredThoughDeleted` for what went into something deleted.

        Raises:
            CursorMoved: the log's cursor is beyond `intake.first`; it says where it is. NotSupported: an intake is
            given, and the store takes none. Unavailable: with an intake, the store is away, and nothing was stored.
        """
        if intake is not None:
            raise NotSupported(f"{type(self).__name__} takes no intakes.")
        return [self._attempt(write) for write in writes]

    def forget_intake(self, intake_id: str) -> None:
        """Forget the cursor of an intake: nothing comes from it any more. One that is not known is no error."""

    def _attempt(self, write: Write) -> HooklineError | None:
        try:
            if isinstance(write, NewRun):
                self.create_run(write)
            else:
                self.log_batch(*write)
        except HooklineError as error:
            return error
        return None

    @abstractmethod
    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag of an active run.

        Raises:
            NotFound: there is no such run, or the run has no such tag.
        """

    @abstractmethod
    def search_runs(self, experiment_ids: Sequence[str], query: Query) -> Page[RunRecord]:
        """Return the runs of these experiments that a query (vocabulary `search.RUNS`) asks for.

        With `query.columns` a run has those metrics, params and tags only, and neither inputs nor outputs.
        """

    def count_runs(self, experiment_ids: Sequence[str], query: Query) -> int:
        """Return how many runs all pages of a search hold together. This body walks them: stores know better ways."""
        return sum(1 for _ in self._all_runs(experiment_ids, evolve(query, columns=Columns(), page_token=None)))

    def run_keys(self, experiment_ids: Sequence[str]) -> Sequence[RunKey]:
        """Return every metric, param and tag that runs of these experiments have, ordered by kind and key.

        This body reads all runs: stores know better ways.
        """
        counts: dict[tuple[KeyKind, str], int] = {}
        texts: set[tuple[KeyKind, str]] = set()
        for run in self._all_runs(experiment_ids, Query(order_by=RUNS.tie_break, view=ViewType.ALL)):
            kinds = {KeyKind.METRIC: run.data.metrics, KeyKind.PARAM: run.data.params, KeyKind.TAG: run.data.tags}
            for kind, values in kinds.items():
                for key, value in values.items():
                    counts[kind, key] = counts.get((kind, key), 0) + 1
                    if isinstance(value, str) and not reads_as_number(value):
                        texts.add((kind, key))
        return [
            RunKey(kind, key, ValueType.TEXT if (kind, key) in texts else ValueType.NUMBER, counts[kind, key])
            for kind, key in sorted(counts)
        ]

    def _all_runs(self, experiment_ids: Sequence[str], query: Query) -> Iterator[RunRecord]:
        return all_pages(
            lambda size, token: self.search_runs(experiment_ids, evolve(query, max_results=size, page_token=token)),
            None,
        )

    def compact(self, run_id: str) -> None:
        """Rearrange what an active run logged so far, so that it takes less space and is read faster.

        What can be read stays the same. Whoever sends points in the background calls this now and then, every second
        or so; it does its work in short steps, between which others write, and costs next to nothing where there is
        nothing to do. Ending a run does the same.
        """

    @abstractmethod
    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[ModelInput] = ()) -> None:
        """Note what an active run read. The same dataset (name and digest) again replaces its tags.

        Raises:
            NotFound: there is no such run. InvalidValue: the run is deleted.
        """

    @abstractmethod
    def log_outputs(self, run_id: str, models: Sequence[ModelOutput]) -> None:
        """Note which logged models an active run made.

        Raises:
            NotFound: there is no such run. InvalidValue: the run is deleted.
        """

    @abstractmethod
    def search_datasets(self, experiment_ids: Sequence[str]) -> Sequence[DatasetSummary]:
        """Return the distinct datasets (experiment, name, digest, context) that runs of these experiments read."""

    def purge(
        self, until: int, *, keep: Collection[str] = (), discard: Callable[[Purged], object] | None = None
    ) -> Sequence[Purged]:
        """Delete for good what was soft-deleted at `until` or earlier: runs, logged models, and whole experiments.

        An experiment goes with all its runs and logged models, once no run in it is active; the one that a new store
        holds stays. A thing is claimed, so
        that nothing can restore it, then handed to `discard`, which removes its files, and then forgotten. Where
        `discard` fails, or the process ends before it returned, the next call hands the thing to it again. Purging
        again is harmless, and so is purging while others delete, restore and log.

        Args:
            until: milliseconds since the Unix epoch.
            keep: ids of runs and logged models to leave as they are, and so the experiments that they are in; also of
                what was claimed before, whose files are then left for another time.
            discard: without it nothing changes.

        Returns:
            What went, or would go: runs and logged models before their experiments.

        Raises:
            NotSupported: the store does not have the capability `PURGE`. Whatever `discard` raises.
        """
        raise NotSupported(f"{type(self).__name__} deletes nothing for good.")

    @abstractmethod
    def apply(self, delivery: Delivery) -> None:
        """Store the next records of a writer and move its cursor, all or nothing.

        What is delivered means what `create_run`, `log_batch`, `log_inputs`, `log_outputs` and `update_run` mean, in
        this order. One that changes nothing of the run moves the cursor and notes the lease, also of a deleted run.

        Raises:
            CursorMoved: the writer's cursor is not `delivery.first`; it says where it is.
            NotFound: there is no such run, and the delivery creates none.
            InvalidValue: the run or its experiment is deleted, or a param already has another value.
        """

    @abstractmethod
    def writers(self, run_id: str) -> Sequence[Writer]:
        """Return what is known of the writers of a run, in the order of their first delivery; empty for no run."""

    def sync(self) -> None:
        """Return when everything stored so far survives a power failure. Default: it always does."""
        return

    @abstractmethod
    def close(self) -> None:
        """Give back what the store holds open. Closing twice is no error."""
