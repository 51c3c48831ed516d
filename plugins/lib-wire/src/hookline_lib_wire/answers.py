"""Entities as they travel: what the server answers with."""

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite

from hookline import entities
from hookline_lib_wire.messages import experiments, logged_models, registry, runs
from hookline_lib_wire.messages.base import UNSET, Tag, Text

OWN, PROXIED = "artifacts:/", "mlflow-artifacts:/"
"""How the workspace's artifact store is named: among ourselves, and to MLflow's clients, who come to the server."""
_NOTHING_READ = runs.RunInputs()


def location(uri: str) -> str:
    """Return a URI of the workspace's artifact store as clients know it; others stay as they are."""
    return PROXIED + uri[len(OWN) :] if uri.startswith(OWN) else uri


def number(value: float) -> float | str:
    """Return a value as JSON can hold it."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def tags(values: Mapping[str, str]) -> list[Tag]:
    """Return tags or params as a list."""
    return [Tag(key, value) for key, value in values.items()]


def text(value: str | None) -> Text:
    """Return a text that is left out where there is none."""
    return value or UNSET


def experiment(of: entities.Experiment) -> experiments.Experiment:
    """Return an experiment as it travels."""
    return experiments.Experiment(
        experiment_id=of.experiment_id,
        name=of.name,
        artifact_location=location(of.artifact_location),
        lifecycle_stage=of.lifecycle_stage.value,
        last_update_time=of.last_update_time,
        creation_time=of.creation_time,
        tags=tags(of.tags),
    )


def run_info(of: entities.RunInfo) -> runs.RunInfo:
    """Return what identifies a run as it travels."""
    return runs.RunInfo(
        run_id=of.run_id,
        run_uuid=of.run_id,
        run_name=of.run_name,
        experiment_id=of.experiment_id,
        user_id=of.user_id,
        status=of.status.value,
        start_time=of.start_time,
        end_time=UNSET if of.end_time is None else of.end_time,
        artifact_uri=location(of.artifact_uri),
        lifecycle_stage=of.lifecycle_stage.value,
        status_reason=text(of.status_reason),
        lease=of.lease or UNSET,
    )


def metric(of: entities.Metric, run_id: str = "") -> runs.Metric:
    """Return a point as it travels."""
    return runs.Metric(
        *(of.key, number(of.value), of.timestamp, of.step),
        *(of.model_id or "", of.dataset_name or "", of.dataset_digest or "", run_id),
    )


def run(of: entities.RunRecord) -> runs.Run:
    """Return a run as it travels."""
    logged, read, made = of.data, of.inputs, of.outputs
    metrics = [
        runs.Metric(key, value if isfinite(value) else number(value), timestamp, step)
        for key, (value, step, timestamp) in logged.points.items()
    ]
    data = runs.RunData(metrics, tags(logged.params), tags(logged.tags))
    inputs = _NOTHING_READ
    if read.datasets or read.models:
        inputs = runs.RunInputs(
            dataset_inputs=[dataset_input(each) for each in read.datasets],
            model_inputs=[runs.ModelInput(model_id=each.model_id) for each in read.models],
        )
    outputs = [runs.ModelOutput(each.model_id, each.step) for each in made.models]
    return runs.Run(run_info(of.info), data, inputs, runs.RunOutputs(outputs) if outputs else UNSET)


def dataset_input(of: entities.DatasetInput) -> runs.DatasetInput:
    """Return a dataset in its role as it travels."""
    return runs.DatasetInput(
        tags=tags(of.tags),
        dataset=runs.Dataset(
            name=of.dataset.name,
            digest=of.dataset.digest,
            source_type=of.dataset.source_type,
            source=of.dataset.source,
            schema=text(of.dataset.schema),
            profile=text(of.dataset.profile),
        ),
    )


def dataset_summary(of: entities.DatasetSummary) -> runs.DatasetSummary:
    """Return a dataset of an experiment as it travels."""
    return runs.DatasetSummary(experiment_id=of.experiment_id, name=of.name, digest=of.digest, context=text(of.context))


def logged_model(of: entities.LoggedModel, registered: Iterable[tuple[str, int]] = ()) -> logged_models.LoggedModel:
    """Return a logged model as it travels, with the versions that were made from it."""
    info = logged_models.LoggedModelInfo(
        model_id=of.model_id,
        experiment_id=of.experiment_id,
        name=of.name,
        creation_timestamp_ms=of.creation_time,
        last_updated_timestamp_ms=of.last_update_time,
        artifact_uri=location(of.artifact_uri),
        status=f"LOGGED_MODEL_{of.status.value}",
        model_type=text(of.model_type),
        source_run_id=text(of.source_run_id),
        status_message=text(of.status_message),
        lifecycle_stage=UNSET if of.lifecycle_stage is entities.LifecycleStage.ACTIVE else of.lifecycle_stage.value,
        tags=tags(of.tags),
        registrations=[logged_models.ModelRegistration(name, str(version)) for name, version in registered],
    )
    data = logged_models.LoggedModelData(params=tags(of.params), metrics=[metric(each) for each in of.metrics])
    return logged_models.LoggedModel(info, data)


def model_version(of: entities.ModelVersion) -> registry.ModelVersion:
    """Return a version as it travels."""
    return registry.ModelVersion(
        name=of.name,
        version=str(of.version),
        creation_timestamp=of.creation_time,
        last_updated_timestamp=of.last_update_time,
        user_id=text(of.user_id),
        current_stage=of.current_stage,
        description=of.description,
        source=location(of.source),
        run_id=of.run_id or "",
        status=of.status.value,
        run_link="",
        model_id=text(of.model_id),
        tags=tags(of.tags),
        aliases=list(of.aliases),
    )


def registered_model(of: entities.RegisteredModel) -> registry.RegisteredModel:
    """Return a registered model as it travels."""
    return registry.RegisteredModel(
        name=of.name,
        creation_timestamp=of.creation_time,
        last_updated_timestamp=of.last_update_time,
        description=text(of.description),
        latest_versions=[model_version(each) for each in of.latest_versions],
        tags=tags(of.tags),
        aliases=[registry.Alias(alias, str(version)) for alias, version in of.aliases.items()],
    )


def each_point(columns: Iterable[entities.Points], run_id: str = "") -> Iterator[runs.Metric]:
    """Yield points as they travel, equal ones once: to MLflow, equal step, time and value are one point."""
    last: tuple[object, ...] = ()
    for block in columns:
        for step, timestamp, value in zip(block.steps, block.timestamps, block.values, strict=True):
            this = (step, timestamp, number(value))
            if this != last:
                yield runs.Metric(block.key, this[2], timestamp, step, "", "", "", run_id)
                last = this


def points(columns: Iterable[entities.Points]) -> list[runs.Metric]:
    """Return all points as they travel."""
    return list(each_point(columns))


def token(of: str | None) -> Text:
    """Return the token of the next page; left out on the last one."""
    return of or UNSET
