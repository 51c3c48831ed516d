"""Messages as entities: what a client makes of a server's answers. `answers` is the other way."""

from collections.abc import Iterable, Mapping
from math import inf, nan
from typing import TypeVar

from msgspec import UNSET, UnsetType

from hookline import entities
from hookline_lib_wire.answers import OWN, PROXIED
from hookline_lib_wire.messages import experiments, logged_models, registry, runs
from hookline_lib_wire.messages.base import Tag

T = TypeVar("T")
_NUMBERS = {"NaN": nan, "Infinity": inf, "-Infinity": -inf}
_MODEL_STATUS = "LOGGED_MODEL_"


def given(value: T | UnsetType, default: T) -> T:
    """Return a field, or a default where it was left out."""
    return default if isinstance(value, UnsetType) else value


def location(uri: str) -> str:
    """Return a location of the server's artifact store as the workspace names it; others stay as they are."""
    return OWN + uri[len(PROXIED) :] if uri.startswith(PROXIED) and not uri.startswith(f"{PROXIED}/") else uri


def number(value: float | str) -> float:
    """Return a value that may have travelled as a text."""
    return _NUMBERS[value] if isinstance(value, str) and value in _NUMBERS else float(value)


def texts(tags: Iterable[Tag]) -> Mapping[str, str]:
    """Return tags or params as a mapping."""
    return {each.key: each.value for each in tags}


def experiment(of: experiments.Experiment) -> entities.Experiment:
    """Return an experiment."""
    return entities.Experiment(
        experiment_id=of.experiment_id,
        name=of.name,
        artifact_location=location(given(of.artifact_location, "")),
        lifecycle_stage=entities.LifecycleStage(given(of.lifecycle_stage, "active")),
        creation_time=given(of.creation_time, 0),
        last_update_time=given(of.last_update_time, 0),
        tags=texts(of.tags),
    )


def run_info(of: runs.RunInfo) -> entities.RunInfo:
    """Return what identifies a run."""
    return entities.RunInfo(
        run_id=of.run_id,
        run_name=given(of.run_name, ""),
        experiment_id=of.experiment_id,
        artifact_uri=location(given(of.artifact_uri, "")),
        user_id=given(of.user_id, ""),
        status=entities.RunStatus(given(of.status, "RUNNING")),
        start_time=given(of.start_time, 0),
        end_time=None if of.end_time is UNSET else given(of.end_time, 0),
        lifecycle_stage=entities.LifecycleStage(given(of.lifecycle_stage, "active")),
        status_reason=given(of.status_reason, ""),
        lease=given(of.lease, None),
    )


def metric(of: runs.Metric) -> entities.Metric:
    """Return a point."""
    return entities.Metric(
        *(of.key, number(of.value), of.step, of.timestamp),
        *(of.model_id or None, of.dataset_name or None, of.dataset_digest or None),
    )


def run(of: runs.Run) -> entities.RunRecord:
    """Return a run."""
    data = given(of.data, runs.RunData())
    latest = {
        each.key: (value if type(value := each.value) is float else number(value), each.step, each.timestamp)
        for each in data.metrics
    }
    inputs, outputs = given(of.inputs, runs.RunInputs()), given(of.outputs, runs.RunOutputs())
    return entities.RunRecord(
        run_info(of.info),
        entities.RunData(texts(data.params), entities.LatestPoints(latest), texts(data.tags)),
        entities.RunInputs(
            tuple(dataset_input(each) for each in inputs.dataset_inputs),
            tuple(entities.ModelInput(each.model_id) for each in inputs.model_inputs),
        ),
        entities.RunOutputs(tuple(entities.ModelOutput(each.model_id, each.step) for each in outputs.model_outputs)),
    )


def dataset_input(of: runs.DatasetInput) -> entities.DatasetInput:
    """Return a dataset in its role."""
    described = of.dataset
    return entities.DatasetInput(
        entities.Dataset(
            described.name,
            described.digest,
            described.source_type,
            described.source,
            given(described.schema, "") or None,
            given(described.profile, "") or None,
        ),
        texts(of.tags),
    )


def dataset_summary(of: runs.DatasetSummary) -> entities.DatasetSummary:
    """Return a dataset of an experiment."""
    return entities.DatasetSummary(of.experiment_id, of.name, of.digest, given(of.context, "") or None)


def logged_model(of: logged_models.LoggedModel) -> entities.LoggedModel:
    """Return a logged model."""
    info, data = of.info, given(of.data, logged_models.LoggedModelData())
    return entities.LoggedModel(
        model_id=info.model_id,
        experiment_id=info.experiment_id,
        name=info.name,
        artifact_uri=location(given(info.artifact_uri, "")),
        status=entities.ModelStatus(given(info.status, "PENDING").removeprefix(_MODEL_STATUS)),
        status_message=given(info.status_message, "") or None,
        lifecycle_stage=entities.LifecycleStage(given(info.lifecycle_stage, "active")),
        model_type=given(info.model_type, "") or None,
        source_run_id=given(info.source_run_id, "") or None,
        creation_time=given(info.creation_timestamp_ms, 0),
        last_update_time=given(info.last_updated_timestamp_ms, 0),
        params=texts(data.params),
        tags=texts(info.tags),
        metrics=tuple(metric(each) for each in data.metrics),
    )


def model_version(of: registry.ModelVersion) -> entities.ModelVersion:
    """Return a version of a registered model."""
    return entities.ModelVersion(
        name=of.name,
        version=int(of.version),
        source=location(given(of.source, "")),
        run_id=given(of.run_id, "") or None,
        model_id=given(of.model_id, "") or None,
        description=given(of.description, ""),
        user_id=given(of.user_id, ""),
        status=entities.VersionStatus(given(of.status, "READY")),
        current_stage=given(of.current_stage, "None"),
        creation_time=given(of.creation_timestamp, 0),
        last_update_time=given(of.last_updated_timestamp, 0),
        tags=texts(of.tags),
        aliases=tuple(of.aliases),
    )


def registered_model(of: registry.RegisteredModel) -> entities.RegisteredModel:
    """Return a registered model."""
    return entities.RegisteredModel(
        name=of.name,
        description=given(of.description, ""),
        creation_time=given(of.creation_timestamp, 0),
        last_update_time=given(of.last_updated_timestamp, 0),
        tags=texts(of.tags),
        aliases={each.alias: int(each.version) for each in of.aliases},
        latest_versions=tuple(model_version(each) for each in of.latest_versions),
    )
