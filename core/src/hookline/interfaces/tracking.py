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

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import ClassVar

from attrs import evolve

from hookline.bands import PointsInView, bands_of
from hookline.charts import chart_history, points_in_view
from hookline.entities import (
    Batch,
    ChartAxis,
    ChartBand,
    ChartPairs,
    ChartSeries,
    ChartView,
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
    PairsView,
    Points,
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
from hookline.pages import all_pages
from hookline.pairs import pairs_of
from hookline.samples import check_sample, sample
from hookline.search.syntax import Columns, Query
from hookline.search.vocabulary import RUNS
from hookline.store_rules import reads_as_number

PURGE = "purge"
"""The capability of a store that deletes for good."""
INTAKES = "intakes"
"""The capability of a store that takes what servers answered for before, each once: see `write_together`."""
OWN_PLACES = "own places"
"""The capability of a store that decides by itself where the artifacts of a run are: only its record of it tells."""


class TrackingStore(ABC):
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

    def forget_intake(self, intake_id: str) -> None:  # noqa: B027 - most stores have no cursors of intakes
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

    @abstractmethod
    def metric_history(self, run_id: str, key: str) -> Iterator[Points]:
        """Yield all points of a series in blocks, ordered by (timestamp, step, value); nothing where there is none.

        Raises:
            NotFound: there is no such run.
        """

    def metric_sample(
        self, run_id: str, key: str, size: int, *, start: int | None = None, end: int | None = None
    ) -> Points:
        """Return the points of a series at `size` of its steps, evenly spread, ordered by (step, timestamp, value).

        Where it has no more steps than `size`, all points are returned. Else its steps are cut into `size` parts of
        nearly equal length, the longer ones first, and the points at the first step of each part are returned, but of
        the last part those at its last step.

        The sample is taken from `metric_history` here; a store that knows better replaces this method.

        Args:
            size: how many steps, at least 1. start, end: the first and the last step, both included; default all.

        Raises:
            NotFound: there is no such run. InvalidValue: a size below 1, or an end before the start.
        """
        check_sample(size, start, end)
        return sample(key, self.metric_history(run_id, key), size, start, end)

    def chart(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartSeries]:
        """Return the series of a key in runs, deleted ones too, as at most `width` buckets each, in the given order.

        The points whose x lies from `start` to `end` are those that are shown, each in one bucket. Where they are no
        more than `width`, each point is a bucket. Where they are more, x is cut into columns, and the points of a
        column are a bucket: x lies in column `(x + 2**63) // 2**n`, where n is the least whole number, 0 or more, with
        which there are no more than `width` columns from the first x to the last. So columns begin at multiples of
        their length, whatever part of a series is shown, and a store can keep summaries that are cut at the same
        places. Columns without points are left out. A run without such points has a series without buckets.

        The buckets are computed from `metric_history` here; a store that knows better replaces this method.

        Args:
            x: `step`; `time`, milliseconds since the Unix epoch; or `relative`, milliseconds since the run's start.
            width: as many as there are pixels is enough.
            start, end: both included; default all.

        Raises:
            NotFound: there is no such run. InvalidValue: an unknown axis, or a width below 1.
        """
        view = ChartView(x, width, start, end)
        origins = {run_id: self.get_run(run_id).info.start_time if x == "relative" else 0 for run_id in run_ids}
        return [
            chart_history(run_id, key, self.metric_history(run_id, key), view, origins[run_id]) for run_id in run_ids
        ]

    def chart_bands(
        self,
        groups: Mapping[str, Sequence[str]],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartBand]:
        """Return the series of a key in groups of runs as one band of at most `width` buckets each, in the given order.

        The range from the first x that is shown of any run to the last is cut into at most `width` columns, as that of
        a series of `chart` is; all groups have the same columns. A group has a bucket for each column in which
        one of its runs has points. A run counts in the buckets from its first finite value to its last point, by its
        latest finite value there or before, so that runs that log at different x are compared at each of them. The
        mean is over these values, one for each run however many points it has; the least and the greatest value are
        over them and over all finite points of the column. What is not finite is counted.

        The buckets are computed from `metric_history` here; a store that knows better replaces this method.

        Args:
            groups: the ids of the runs of each group by its name; a run may be in several, and counts once in each.
            x, width, start, end: as in `chart`.

        Raises:
            NotFound: there is no such run. InvalidValue: an unknown axis, or a width below 1.
        """
        view = ChartView(x, width, start, end)
        runs = {}
        for run_id in dict.fromkeys(run_id for run_ids in groups.values() for run_id in run_ids):
            origin = self.get_run(run_id).info.start_time if x == "relative" else 0
            points = points_in_view(self.metric_history(run_id, key), view, origin)
            runs[run_id] = PointsInView(origin, *points)
        return bands_of(groups, key, runs, width)

    def chart_pairs(
        self,
        run_ids: Sequence[str],
        key: str,
        x_key: str,
        *,
        width: int = 1000,
        start: float | None = None,
        end: float | None = None,
    ) -> Sequence[ChartPairs]:
        """Return a key over another one in runs, deleted ones too, as at most `width` buckets each, in the given order.

        The two are joined by step: a pair is the points of `key` at a step, and the last finite value of `x_key` there,
        which is its x. Points whose step has no such value are left out, as are those of `x_key` at steps without
        `key`, and both are counted. Where one of the two has more than 10,000 points, columns of steps take the place
        of steps: x lies in column `(step + 2**63) // 2**n`, where n is the least whole number, 0 or more, with which
        neither of the two has more than 1,024 columns from its first step to its last. `steps` says how many there are
        in a column.

        Pairs are shown of whose finite values of `x_key` the range from `start` to `end` has a part. Where the
        steps of a column were taken together, the steps from the first to the last pair that is shown are joined anew,
        for as long as that makes columns shorter: a closer look ends at single steps.

        The pairs are ordered by x, then by step. Where they are no more than `width`, each is a bucket. Where they are
        more, x is cut into columns, and the pairs of a column are a bucket: x lies in column
        `(x + 2**1024) // 2**n`, where n is the least whole number, negative ones too, with which there are no more than
        `width` columns from the first pair to the last. Columns without pairs are left out.

        The buckets are computed from `chart` here, so that a run costs a few charts however long it is.

        Args:
            x_key: the metric on the x axis.
            width, start, end: as in `chart`, but that `start` and `end` are values of `x_key`.

        Raises:
            NotFound: there is no such run. InvalidValue: a width below 1, or a range of no finite numbers.
        """
        view = PairsView(width, start, end)

        def pairs(run_id: str) -> ChartPairs:
            def draw(key: str, width: int, start: int | None, end: int | None) -> ChartSeries:
                return self.chart([run_id], key, width=width, start=start, end=end)[0]

            return pairs_of(run_id, (key, x_key), draw, view)

        return [pairs(run_id) for run_id in run_ids]

    def compact(self, run_id: str) -> None:  # noqa: B027 - most stores have nothing to do
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
