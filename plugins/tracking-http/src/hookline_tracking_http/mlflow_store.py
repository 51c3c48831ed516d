"""The tracking store behind the URL of a server of MLflow's."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

from attrs import evolve

from hookline import search
from hookline.entities import (
    Batch,
    DatasetInput,
    DatasetSummary,
    Delivery,
    Experiment,
    ExperimentChange,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    NewRun,
    Page,
    Points,
    RunChange,
    RunInfo,
    RunRecord,
    RunStatus,
    Writer,
)
from hookline.entities.rules import check_experiment_name
from hookline.errors import CursorMoved, InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.interfaces.tracking import OWN_PLACES
from hookline.search.evaluate import selected_columns
from hookline.search.syntax import Comparison, Query
from hookline.store_rules import (
    changed_experiment,
    changed_run,
    experiment_exists,
    experiment_not_found,
    require_active_run,
    run_not_found,
)
from hookline_lib_client.options import HttpOptions
from hookline_lib_wire import answers, entities
from hookline_lib_wire.messages import experiments, runs
from hookline_lib_wire.routes import Family, Route
from hookline_tracking_http.experiments import ServedExperiments
from hookline_tracking_http.mlflow_models import MlflowLoggedModels
from hookline_tracking_http.names import RUN_TAG, as_ours, bound, possible, token_of, writer_tag, writers_of
from hookline_tracking_http.routes import BY_OPERATION

PREFIX = "mlflow+"
"""What the scheme of a server of MLflow's begins with: `mlflow+https://host`."""
MOST_METRICS, MOST_TEXTS = 1000, 100
"""How many points, and how many params or tags, MLflow takes at once."""
_PAGE = 25_000
_MOST_CHARACTERS = {"param": 6000, "tag": 8000}
"""Of a value: what is longer MLflow's server cuts off and says nothing."""
_DATASETS = BY_OPERATION["search_datasets"]
ROUTES = {
    **BY_OPERATION,
    # MLflow's server has it where its page asks for it, and nowhere else.
    "search_datasets": evolve(_DATASETS, path=f"/ajax-api/2.0{_DATASETS.path}", family=Family.ROOT),
}


class MlflowTrackingStore(ServedExperiments, MlflowLoggedModels, TrackingStore):
    """Experiments, runs and logged models on a server of MLflow's, 2.0 or newer; logged models need 3.0.

    It gives runs and logged models ids of its own: ours is kept as a tag, by which they are found again, and so is what
    the server has of each writer's journal. A delivery is several requests: where the connection breaks between them it
    is sent again, and what is there already is there once, since to MLflow equal points are one.

    Args:
        uri: `mlflow+http://...` or `mlflow+https://...`, else as the server's URL. options: who asks, and how.

    Raises:
        InvalidValue: the URI names no server.
    """

    capabilities: ClassVar[frozenset[str]] = frozenset({OWN_PLACES})
    routes: ClassVar[Mapping[str, Route]] = ROUTES

    def __init__(self, uri: str, options: HttpOptions | None = None) -> None:
        super().__init__(uri.removeprefix(PREFIX), options)
        self._names = {}

    # Experiments

    def create_experiment(
        self, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """Create an experiment."""
        return super().create_experiment(check_experiment_name(name), artifact_location=artifact_location, tags=tags)

    def _checked(self, experiment_id: str) -> str:
        if not possible([experiment_id]):
            raise experiment_not_found(experiment_id)
        return experiment_id

    def update_experiment(self, experiment_id: str, change: ExperimentChange) -> Experiment:
        """Apply a change, in a request for each of its parts."""
        present = self.get_experiment(experiment_id)
        changed = changed_experiment(present, change, present.last_update_time)
        named = experiments.ExperimentId(experiment_id=experiment_id)
        if changed.lifecycle_stage is LifecycleStage.ACTIVE is not present.lifecycle_stage:
            self._ask("restore_experiment", named)
        if changed.name != present.name:
            owner = self.get_experiment_by_name(check_experiment_name(changed.name))
            if owner is not None:  # which the server answers with what its database says
                raise experiment_exists(owner.name, owner.lifecycle_stage)
            self._ask(
                "update_experiment", experiments.UpdateExperiment(experiment_id=experiment_id, new_name=changed.name)
            )
        for key, value in change.tags.items():
            tag = experiments.SetExperimentTag(experiment_id=experiment_id, key=key, value=value)
            self._ask("set_experiment_tag", tag)
        for key in set(change.deleted_tags) & set(present.tags):
            gone = experiments.DeleteExperimentTag(experiment_id=experiment_id, key=key)
            self._ask("delete_experiment_tag", gone)
        if changed.lifecycle_stage is LifecycleStage.DELETED is not present.lifecycle_stage:
            self._ask("delete_experiment", named)
        return self.get_experiment(experiment_id)

    # Runs

    def create_run(self, run: NewRun) -> RunRecord:
        """Create a run, once for each of our ids."""
        self._checked(run.experiment_id)
        found = self._run_by_tag(run.run_id, [run.experiment_id])
        if found is None:
            request = runs.CreateRun(
                experiment_id=run.experiment_id,
                user_id=run.user_id or "",
                run_name=run.run_name or "",
                start_time=run.start_time,
                tags=answers.tags({**run.tags, RUN_TAG: run.run_id}),
            )
            made: runs.RunFound = self._ask("create_run", request, runs.RunFound)
            found = made.run
        self._names[run.run_id] = found.info.run_id
        if run.status is not RunStatus.RUNNING:
            self.update_run(run.run_id, RunChange(status=run.status))
            return self.get_run(run.run_id)
        return as_ours(entities.run(found))

    def get_run(self, run_id: str) -> RunRecord:
        """Return a run."""
        return as_ours(self._record(run_id))

    def _record(self, run_id: str) -> RunRecord:
        """Return a run with all tags that the server has of it."""
        found = self._run_by_id(self._run_name(run_id))
        if found is None:
            raise run_not_found(run_id)
        return entities.run(found)

    def update_run(self, run_id: str, change: RunChange) -> RunInfo:
        """Apply a change, in a request for each of its parts, and return the run's info."""
        name, present = self._run_name(run_id), self.get_run(run_id).info
        changed = changed_run(present, change)
        if changed.lifecycle_stage is LifecycleStage.ACTIVE is not present.lifecycle_stage:
            self._ask("restore_run", runs.DeleteRun(run_id=name))
        if (changed.status, changed.end_time, changed.run_name) != (present.status, present.end_time, present.run_name):
            request = runs.UpdateRun(
                run_id=name, status=changed.status.value, end_time=changed.end_time, run_name=changed.run_name
            )
            self._ask("update_run", request)
        if changed.lifecycle_stage is LifecycleStage.DELETED is not present.lifecycle_stage:
            self._ask("delete_run", runs.DeleteRun(run_id=name))
        return changed

    def log_batch(self, run_id: str, batch: Batch) -> None:
        """Store metrics, params and tags of a run: more than MLflow takes at once in several requests."""
        _check_lengths(batch.params, batch.tags)
        name = self._run_name(run_id)
        params, tags = iter(answers.tags(batch.params)), iter(answers.tags(batch.tags))
        metrics = map(self._metric, batch.each_metric())
        while True:
            request = runs.LogBatch(
                run_id=name,
                params=[*islice(params, MOST_TEXTS)],
                tags=[*islice(tags, MOST_TEXTS)],
                metrics=[*islice(metrics, MOST_METRICS - 2 * MOST_TEXTS)],
            )
            if not (request.params or request.tags or request.metrics):
                return
            self._ask("log_batch", request)

    def _metric(self, point: Metric) -> Any:
        if point.model_id is not None:
            point = evolve(point, model_id=self._model_name(point.model_id))
        return answers.metric(point)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag of a run."""
        self._ask("delete_tag", runs.DeleteTag(run_id=self._run_name(run_id), key=key))

    def search_runs(self, experiment_ids: Sequence[str], query: Query) -> Page[RunRecord]:
        """Return the runs that a query asks for."""
        asked_of, token = possible(experiment_ids), token_of(query, experiment_ids)
        if not asked_of:
            return Page([], None)
        asked = evolve(query, where=tuple(map(self._as_named, query.where)))
        request = runs.SearchRuns(
            experiment_ids=asked_of,
            filter=search.written_filter(search.RUNS, asked),
            run_view_type=query.view.value,
            max_results=query.max_results,
            order_by=search.written_order(search.RUNS, query),
            page_token=token or "",
        )
        page: runs.RunsFound = self._ask("search_runs", request, runs.RunsFound)
        found = [selected_columns(as_ours(entities.run(each)), query.columns) for each in page.runs]
        return bound(query, found, entities.given(page.next_page_token, ""), experiment_ids)

    def _as_named(self, asked: Comparison) -> Comparison:
        """Return a comparison in the server's words: it knows runs by other ids, and its own files by other places."""
        if asked.field.key == "run_id":
            return self._with_names(asked, self._run_name)
        if asked.field.key == "artifact_uri" and isinstance(asked.value, str):
            return evolve(asked, value=answers.location(asked.value))
        return asked

    def metric_history(self, run_id: str, key: str) -> Iterator[Points]:
        """Yield all points of a series, a page of the server's after the other."""
        name, token = self._run_name(run_id), ""
        while True:
            request = runs.GetHistory(run_id=name, metric_key=key, max_results=_PAGE, page_token=token)
            page: runs.MetricsFound = self._ask("get_history", request, runs.MetricsFound)
            if page.metrics:
                yield _points(key, page.metrics)
            token = entities.given(page.next_page_token, "")
            if not token:
                return

    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[ModelInput] = ()) -> None:
        """Note what a run read."""
        request = runs.LogInputs(
            run_id=self._run_name(run_id),
            datasets=[answers.dataset_input(each) for each in datasets],
            models=[runs.ModelInput(model_id=self._model_name(each.model_id)) for each in models],
        )
        if datasets or models:
            self._ask("log_inputs", request)

    def log_outputs(self, run_id: str, models: Sequence[ModelOutput]) -> None:
        """Note which logged models a run made."""
        made = [runs.ModelOutput(self._model_name(each.model_id), each.step) for each in models]
        if made:
            self._ask("log_outputs", runs.LogOutputs(run_id=self._run_name(run_id), models=made))

    def search_datasets(self, experiment_ids: Sequence[str]) -> Sequence[DatasetSummary]:
        """Return the distinct datasets that runs of these experiments read."""
        asked_of = possible(experiment_ids)
        if not asked_of:
            return []
        request = runs.SearchDatasets(experiment_ids=asked_of)
        found: runs.DatasetsFound = self._ask("search_datasets", request, runs.DatasetsFound)
        return [entities.dataset_summary(each) for each in found.dataset_summaries]

    # Journals

    def apply(self, delivery: Delivery) -> None:
        """Store the next records of a writer, and then how far they reach, as a tag of the run."""
        try:
            record = self._record(delivery.run_id)
        except NotFound:
            if delivery.created is None:
                raise
            self.create_run(delivery.created)
            record = self._record(delivery.run_id)
        known = {each.writer_id: each for each in writers_of(record.data.tags)}
        writer = known.setdefault(delivery.writer_id, Writer(delivery.writer_id))
        if delivery.first != writer.cursor:
            raise CursorMoved(delivery.writer, delivery.first, writer.cursor)
        if delivery.changes_run:
            require_active_run(delivery.run_id, record.info.lifecycle_stage)
            self._deliver(delivery)
        if record.info.lifecycle_stage is LifecycleStage.ACTIVE:  # MLflow changes nothing of a run that is deleted
            key, value = writer_tag([*known].index(writer.writer_id), writer.after(delivery))
            request = runs.SetTag(run_id=self._run_name(delivery.run_id), key=key, value=value)
            self._ask("set_tag", request)

    def _deliver(self, delivery: Delivery) -> None:
        batch = Batch(delivery.metrics, delivery.params, delivery.tags, delivery.points)
        self.log_batch(delivery.run_id, batch)
        self.log_inputs(delivery.run_id, delivery.datasets, delivery.model_inputs)
        self.log_outputs(delivery.run_id, delivery.model_outputs)
        if delivery.change is not None:
            self.update_run(delivery.run_id, delivery.change)

    def writers(self, run_id: str) -> Sequence[Writer]:
        """Return what is known of the writers of a run."""
        try:
            return writers_of(self._record(run_id).data.tags)
        except NotFound:
            return []


def _check_lengths(params: Mapping[str, str], tags: Mapping[str, str]) -> None:
    for kind, values in {"param": params, "tag": tags}.items():
        most = _MOST_CHARACTERS[kind]
        for key, value in values.items():
            if len(value) > most:
                raise InvalidValue(
                    f"The {kind} {key!r} has {len(value):,} characters; a server of MLflow's keeps {most:,} at most. "
                    "Store what is longer as an artifact."
                )


def _points(key: str, page: Sequence[runs.Metric]) -> Points:
    """Return points in the order of a history, which old servers do not keep."""
    found = sorted(map(entities.metric, page), key=lambda each: (each.timestamp, *each.rank[:1], *each.rank[2:]))
    return Points(
        key,
        array("q", [each.step for each in found]),
        array("q", [each.timestamp for each in found]),
        array("d", [each.value for each in found]),
    )
