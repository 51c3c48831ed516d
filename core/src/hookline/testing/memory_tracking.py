"""The in-memory reference of `TrackingStore` and `LoggedModels`: the laws in their plainest form."""

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from attrs import evolve

from hookline.entities import (
    DEFAULT_EXPERIMENT_ID,
    DEFAULT_EXPERIMENT_NAME,
    Batch,
    DatasetInput,
    DatasetSummary,
    Delivery,
    Experiment,
    ExperimentChange,
    IntakePart,
    LifecycleStage,
    LoggedModel,
    LoggedModelChange,
    Metric,
    ModelInput,
    ModelOutput,
    NewLoggedModel,
    NewRun,
    Page,
    Points,
    Purged,
    PurgedKind,
    RunChange,
    RunInfo,
    RunRecord,
    Write,
    Writer,
    now_ms,
)
from hookline.errors import CursorMoved, HooklineError
from hookline.interfaces import LoggedModels, TrackingStore
from hookline.interfaces.tracking import INTAKES, PURGE
from hookline.search import evaluate
from hookline.search.syntax import Query
from hookline.store_rules import (
    DATASET_CONTEXT_TAG,
    RUN_NAME_TAG,
    changed_experiment,
    changed_logged_model,
    changed_run,
    experiment_exists,
    experiment_not_found,
    logged_model_not_found,
    logged_model_purged,
    new_experiment,
    new_logged_model,
    new_params,
    new_run,
    require_active_run,
    run_not_found,
    run_purged,
    run_tag_not_found,
    stored_though_deleted,
)
from hookline.testing.memory_documents import MemoryDocuments
from hookline.testing.memory_run import StoredRun

_BLOCK = 1000
_ModelPoint = tuple[str, str, str | None, str | None]


class MemoryTrackingStore(MemoryDocuments, TrackingStore, LoggedModels):
    """Keeps everything in dictionaries under one lock. Nothing outlives the object; may be a provider's target.

    Args:
        clock: gives the time of each change, in milliseconds since the Unix epoch; whoever does changes again that were
            noted gives the times of then, and gets the same store.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset({PURGE, INTAKES})

    def __init__(self, uri: str = "memory:", options: object = None, clock: Callable[[], int] = now_ms) -> None:
        super().__init__()
        self.uri = uri
        self._clock = clock
        self._experiments: dict[str, Experiment] = {}
        self._runs: dict[str, StoredRun] = {}
        self._models: dict[str, LoggedModel] = {}
        self._model_points: dict[str, dict[_ModelPoint, Metric]] = {}
        self._purged: dict[tuple[PurgedKind, str], Purged | None] = {}
        """What was deleted for good; None where its files are gone too."""
        self._intakes: dict[str, int] = {}
        self._made = 1
        default = new_experiment(DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, None, None, self._clock())
        self._experiments[default.experiment_id] = default

    # Experiments

    def create_experiment(
        self, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """See `TrackingStore.create_experiment`."""
        with self._lock:
            created = new_experiment(str(self._made), name, artifact_location, tags, self._clock())
            self._require_free(created.name)
            self._experiments[created.experiment_id] = created
            self._made += 1
            return created

    def get_experiment(self, experiment_id: str) -> Experiment:
        """See `TrackingStore.get_experiment`."""
        with self._lock:
            try:
                return self._experiments[experiment_id]
            except KeyError:
                raise experiment_not_found(experiment_id) from None

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """See `TrackingStore.get_experiment_by_name`."""
        with self._lock:
            return next((found for found in self._experiments.values() if found.name == name), None)

    def update_experiment(self, experiment_id: str, change: ExperimentChange) -> Experiment:
        """See `TrackingStore.update_experiment`."""
        with self._lock:
            present = self.get_experiment(experiment_id)
            changed = changed_experiment(present, change, self._clock())
            if changed.name != present.name:
                self._require_free(changed.name)
            self._experiments[experiment_id] = changed
            if changed.lifecycle_stage is not present.lifecycle_stage:
                for run in self._runs.values():
                    if run.info.experiment_id == experiment_id:
                        run.move(changed.lifecycle_stage, changed.last_update_time)
            return changed

    def search_experiments(self, query: Query) -> Page[Experiment]:
        """See `TrackingStore.search_experiments`."""
        with self._lock:
            return evaluate.page(query, list(self._experiments.values()))

    def _require_free(self, name: str) -> None:
        taken = self.get_experiment_by_name(name)
        if taken is not None:
            raise experiment_exists(name, taken.lifecycle_stage)

    # Runs

    def create_run(self, run: NewRun) -> RunRecord:
        """See `TrackingStore.create_run`."""
        with self._lock:
            if run.run_id not in self._runs:
                self._runs[run.run_id] = self._new_run(run)
            return self._runs[run.run_id].record()

    def _new_run(self, run: NewRun) -> StoredRun:
        if (PurgedKind.RUN, run.run_id) in self._purged:
            raise run_purged(run.run_id)
        return StoredRun(*new_run(run, self.get_experiment(run.experiment_id)))

    def get_run(self, run_id: str) -> RunRecord:
        """See `TrackingStore.get_run`."""
        with self._lock:
            return self._run(run_id).record()

    def update_run(self, run_id: str, change: RunChange) -> RunInfo:
        """See `TrackingStore.update_run`."""
        with self._lock:
            run = self._run(run_id)
            run.info = changed_run(run.info, change)
            run.move(run.info.lifecycle_stage, self._clock())
            if change.run_name:
                run.tags[RUN_NAME_TAG] = change.run_name
            return run.info

    def log_batch(self, run_id: str, batch: Batch) -> None:
        """See `TrackingStore.log_batch`."""
        with self._lock:
            run = self._active_run(run_id)
            # The only step that may fail, so that a refused batch leaves nothing behind.
            params = new_params(run_id, run.params, batch.params)
            run.params.update(params)
            run.tags.update(batch.tags)
            if RUN_NAME_TAG in batch.tags:
                run.info = evolve(run.info, run_name=batch.tags[RUN_NAME_TAG])
            for point in batch.each_metric():
                run.series.setdefault(point.key, []).append(point)
                self._note_model_point(run_id, point)

    def write_together(
        self, writes: Sequence[Write], intake: IntakePart | None = None
    ) -> Sequence[HooklineError | None]:
        """See `TrackingStore.write_together`."""
        if intake is None:
            return super().write_together(writes)
        with self._lock:
            cursor = self._intakes.get(intake.intake_id, 0)
            if cursor > intake.first:
                raise CursorMoved(f"intake {intake.intake_id}", intake.first, cursor)
            self._intakes[intake.intake_id] = intake.after
            return [self._attempt_answered(write) for write in writes]

    def forget_intake(self, intake_id: str) -> None:
        """See `TrackingStore.forget_intake`."""
        with self._lock:
            self._intakes.pop(intake_id, None)

    def _attempt_answered(self, write: Write) -> HooklineError | None:
        """Store what was answered for before, also into what was deleted meanwhile."""
        owner = self._experiments.get(write.experiment_id) if isinstance(write, NewRun) else self._runs.get(write[0])
        if isinstance(owner, Experiment) and isinstance(write, NewRun):
            self._experiments[owner.experiment_id] = evolve(owner, lifecycle_stage=LifecycleStage.ACTIVE)
            problem = self._attempt(write)
            self._experiments[owner.experiment_id] = owner
            run, stage = self._runs.get(write.run_id), owner.lifecycle_stage
        elif isinstance(owner, StoredRun):
            run, stage = owner, owner.info.lifecycle_stage
            run.info = evolve(run.info, lifecycle_stage=LifecycleStage.ACTIVE)
            problem = self._attempt(write)
        else:
            return self._attempt(write)
        if run is not None and stage is LifecycleStage.DELETED:
            run.move(stage, self._clock())
            problem = problem or stored_though_deleted(run.info.run_id)
        return problem

    def delete_tag(self, run_id: str, key: str) -> None:
        """See `TrackingStore.delete_tag`."""
        with self._lock:
            if self._active_run(run_id).tags.pop(key, None) is None:
                raise run_tag_not_found(run_id, key)

    def search_runs(self, experiment_ids: Sequence[str], query: Query) -> Page[RunRecord]:
        """See `TrackingStore.search_runs`."""
        wanted = frozenset(experiment_ids)
        with self._lock:
            records = [run.record() for run in self._runs.values() if run.info.experiment_id in wanted]
        found = evaluate.page(query, records, scope=sorted(wanted))
        return evolve(found, items=[evaluate.selected_columns(each, query.columns) for each in found.items])

    def metric_history(self, run_id: str, key: str) -> Iterator[Points]:
        """See `TrackingStore.metric_history`."""
        with self._lock:
            points = list(self._run(run_id).series.get(key, ()))
        # The last two of a rank order values with NaN at the end.
        points.sort(key=lambda point: (point.timestamp, point.step, *point.rank[2:]))
        for start in range(0, len(points), _BLOCK):
            block = points[start : start + _BLOCK]
            yield Points(
                key=key,
                steps=array("q", [point.step for point in block]),
                timestamps=array("q", [point.timestamp for point in block]),
                values=array("d", [point.value for point in block]),
            )

    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[ModelInput] = ()) -> None:
        """See `TrackingStore.log_inputs`."""
        with self._lock:
            run = self._active_run(run_id)
            run.datasets.update({(used.dataset.name, used.dataset.digest): used for used in datasets})
            run.inputs.update({used.model_id: used for used in models})

    def log_outputs(self, run_id: str, models: Sequence[ModelOutput]) -> None:
        """See `TrackingStore.log_outputs`."""
        with self._lock:
            self._active_run(run_id).outputs.update({made.model_id: made for made in models})

    def search_datasets(self, experiment_ids: Sequence[str]) -> Sequence[DatasetSummary]:
        """See `TrackingStore.search_datasets`."""
        found: dict[DatasetSummary, None] = {}
        with self._lock:
            for run in self._runs.values():
                if run.info.experiment_id in experiment_ids:
                    found.update((_summary(run.info.experiment_id, used), None) for used in run.datasets.values())
        return list(found)

    # Deliveries

    def apply(self, delivery: Delivery) -> None:
        """See `TrackingStore.apply`."""
        with self._lock:
            run = self._runs.get(delivery.run_id)
            if run is None:
                if delivery.created is None:
                    raise run_not_found(delivery.run_id)
                run = self._new_run(delivery.created)
            writer = run.writers.get(delivery.writer_id, Writer(delivery.writer_id))
            if delivery.first != writer.cursor:
                raise CursorMoved(delivery.writer, delivery.first, writer.cursor)
            if delivery.changes_run:
                require_active_run(delivery.run_id, run.info.lifecycle_stage)
            batch = Batch(delivery.metrics, delivery.params, delivery.tags, delivery.points)
            new_params(delivery.run_id, run.params, batch.params)  # all that may fail comes before all that changes
            run.writers[delivery.writer_id] = writer.after(delivery)
            self._runs[delivery.run_id] = run
            if delivery.changes_run:
                self.log_batch(delivery.run_id, batch)
                self.log_inputs(delivery.run_id, delivery.datasets, delivery.model_inputs)
                self.log_outputs(delivery.run_id, delivery.model_outputs)
            if delivery.change is not None:
                self.update_run(delivery.run_id, delivery.change)

    def writers(self, run_id: str) -> Sequence[Writer]:
        """See `TrackingStore.writers`."""
        with self._lock:
            return list(self._runs[run_id].writers.values()) if run_id in self._runs else []

    def close(self) -> None:
        """See `TrackingStore.close`."""

    def _run(self, run_id: str) -> StoredRun:
        try:
            return self._runs[run_id]
        except KeyError:
            raise run_not_found(run_id) from None

    def _active_run(self, run_id: str) -> StoredRun:
        run = self._run(run_id)
        require_active_run(run_id, run.info.lifecycle_stage)
        return run

    def _note_model_point(self, run_id: str, point: Metric) -> None:
        if point.model_id is None:
            return
        points = self._model_points.setdefault(point.model_id, {})
        key = (point.key, run_id, point.dataset_name, point.dataset_digest)
        if key not in points or point.rank >= points[key].rank:
            points[key] = point

    # Logged models

    def create_logged_model(self, model: NewLoggedModel) -> LoggedModel:
        """See `LoggedModels.create_logged_model`."""
        with self._lock:
            if (PurgedKind.LOGGED_MODEL, model.model_id) in self._purged:
                raise logged_model_purged(model.model_id)
            if model.model_id not in self._models:
                experiment = self.get_experiment(model.experiment_id)
                self._models[model.model_id] = new_logged_model(model, experiment)
            return self._with_points(self._models[model.model_id])

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """See `LoggedModels.get_logged_model`."""
        with self._lock:
            found = self._models.get(model_id)
            if found is None or found.lifecycle_stage is LifecycleStage.DELETED:
                raise logged_model_not_found(model_id)
            return self._with_points(found)

    def update_logged_model(self, model_id: str, change: LoggedModelChange) -> LoggedModel:
        """See `LoggedModels.update_logged_model`."""
        with self._lock:
            if model_id not in self._models:
                raise logged_model_not_found(model_id)
            self._models[model_id] = changed_logged_model(self._models[model_id], change, self._clock())
            return self._with_points(self._models[model_id])

    def search_logged_models(self, experiment_ids: Sequence[str], query: Query) -> Page[LoggedModel]:
        """See `LoggedModels.search_logged_models`."""
        wanted = frozenset(experiment_ids)
        with self._lock:
            models = [
                self._with_points(model)
                for model in self._models.values()
                if not wanted or model.experiment_id in wanted
            ]
        return evaluate.page(query, models, scope=sorted(wanted))

    def _with_points(self, model: LoggedModel) -> LoggedModel:
        return evolve(model, metrics=tuple(self._model_points.get(model.model_id, {}).values()))

    # Deleting for good

    def purge(
        self, until: int, *, keep: Collection[str] = (), discard: Callable[[Purged], object] | None = None
    ) -> Sequence[Purged]:
        """See `TrackingStore.purge`."""
        with self._lock:
            pending = [each for each in self._purged.values() if each is not None and each.id not in keep]
            found = [*pending, *self._purgeable(until, frozenset(keep))]
        if discard is None:
            return found
        return [each for each in found if self._purge(each, until, frozenset(keep), discard)]

    def _purge(self, doomed: Purged, until: int, keep: frozenset[str], discard: Callable[[Purged], object]) -> bool:
        place = (doomed.kind, doomed.id)
        with self._lock:
            if self._purged.get(place) is None:
                if doomed not in self._purgeable(until, keep):
                    return False  # somebody restored it, or purged it
                self._purged[place] = doomed
                self._forget(doomed)
        discard(doomed)
        with self._lock:
            self._purged[place] = None
        return True

    def _purgeable(self, until: int, keep: frozenset[str]) -> list[Purged]:
        runs, models = self._runs.values(), self._models.values()
        stay = {
            DEFAULT_EXPERIMENT_ID,
            *(each.info.experiment_id for each in runs if each.deleted_time is None or each.info.run_id in keep),
            *(each.experiment_id for each in models if each.model_id in keep),
        }
        gone = [key for key, each in self._experiments.items() if key not in stay and self._is_old(each, until)]
        return [
            *(
                Purged(PurgedKind.RUN, each.info.run_id, each.info.artifact_uri)
                for each in runs
                if each.info.run_id not in keep
                and (each.info.experiment_id in gone or (each.deleted_time is not None and each.deleted_time <= until))
            ),
            *(
                Purged(PurgedKind.LOGGED_MODEL, each.model_id, each.artifact_uri)
                for each in models
                if each.model_id not in keep and (each.experiment_id in gone or self._is_old(each, until))
            ),
            *(Purged(PurgedKind.EXPERIMENT, each) for each in gone),
        ]

    @staticmethod
    def _is_old(thing: Experiment | LoggedModel, until: int) -> bool:
        """What is deleted takes no change but a restore, so that its last update is its deletion."""
        return thing.lifecycle_stage is LifecycleStage.DELETED and thing.last_update_time <= until

    def _forget(self, doomed: Purged) -> None:
        kept: dict[PurgedKind, dict[str, Any]] = {
            PurgedKind.RUN: self._runs,
            PurgedKind.LOGGED_MODEL: self._models,
            PurgedKind.EXPERIMENT: self._experiments,
        }
        del kept[doomed.kind][doomed.id]
        if doomed.kind is PurgedKind.LOGGED_MODEL:
            self._model_points.pop(doomed.id, None)


def _summary(experiment_id: str, used: DatasetInput) -> DatasetSummary:
    return DatasetSummary(experiment_id, used.dataset.name, used.dataset.digest, used.tags.get(DATASET_CONTEXT_TAG))
