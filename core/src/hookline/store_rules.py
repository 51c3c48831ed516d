"""Rules that every store obeys, as pure functions: what a change makes of a thing, and the errors that clients know.

A store loads a thing, calls a rule and stores what the rule returned, so that two stores never disagree about a
transition or about the text of an error. The wording of the messages that MLflow's clients match on is MLflow's.
"""

from collections.abc import Iterable, Mapping

from attrs import evolve

from hookline.entities import (
    STAGES,
    Experiment,
    ExperimentChange,
    LifecycleStage,
    LoggedModel,
    LoggedModelChange,
    ModelChange,
    ModelVersion,
    NewLoggedModel,
    NewModelVersion,
    NewRun,
    RegisteredModel,
    RunChange,
    RunInfo,
    VersionChange,
    check_experiment_name,
    check_model_name,
)
from hookline.entities.names import run_name_of
from hookline.entities.rules import text_map
from hookline.errors import AlreadyExists, Gone, InvalidState, InvalidValue, NotFound, StoredThoughDeleted

RUN_NAME_TAG = "mlflow.runName"
"""The tag that always carries a run's name."""
DATASET_CONTEXT_TAG = "mlflow.data.context"
"""The tag of a dataset input that says what the data was for: "training", "validation", ..."""

# Experiments ---------------------------------------------------------------------------------------------------------


def experiment_not_found(experiment_id: str) -> NotFound:
    """Return the error for an experiment id that is not there."""
    return NotFound(f"No Experiment with id={experiment_id} exists")


def experiment_exists(name: str, stage: LifecycleStage) -> AlreadyExists:
    """Return the error for an experiment's name that is taken; `stage` is that of the experiment which has it."""
    way_out = "restore it or choose another name." if stage is LifecycleStage.DELETED else "choose another name."
    return AlreadyExists(f"Experiment(name={name}) already exists. It is {stage}: {way_out}")


def require_active_experiment(experiment: Experiment) -> None:
    """Raise `InvalidValue` where an experiment is deleted and so takes no writes."""
    _require_active("experiment", experiment.experiment_id, experiment.lifecycle_stage)


def new_experiment(
    experiment_id: str, name: str, artifact_location: str | None, tags: Mapping[str, str] | None, now: int
) -> Experiment:
    """Return an experiment as a store keeps it; the name and the keys of the tags are checked."""
    return Experiment(
        experiment_id=experiment_id,
        name=check_experiment_name(name),
        artifact_location=artifact_location or f"artifacts:/{experiment_id}",
        creation_time=now,
        last_update_time=now,
        tags=text_map("tag", tags or {}),
    )


def changed_experiment(experiment: Experiment, change: ExperimentChange, now: int) -> Experiment:
    """Return the experiment with a change applied. That the new name is free is the store's to check.

    Raises:
        InvalidState: a new name for an experiment that stays deleted.
        InvalidValue: a malformed name or key, or new tags for an experiment that stays deleted.
    """
    stage = change.lifecycle_stage or experiment.lifecycle_stage
    if stage is LifecycleStage.DELETED and experiment.lifecycle_stage is LifecycleStage.DELETED:
        if change.name is not None:
            raise InvalidState(f"The experiment {experiment.experiment_id} is deleted: restore it, then rename it.")
        if change.tags or change.deleted_tags:
            require_active_experiment(experiment)
    changed = evolve(
        experiment,
        name=experiment.name if change.name is None else check_experiment_name(change.name),
        lifecycle_stage=stage,
        tags=changed_tags(experiment.tags, change.tags, change.deleted_tags),
    )
    return experiment if changed == experiment else evolve(changed, last_update_time=now)


# Runs ----------------------------------------------------------------------------------------------------------------


def run_not_found(run_id: str) -> NotFound:
    """Return the error for a run id that is not there."""
    return NotFound(f"Run with id={run_id} not found")


def run_purged(run_id: str) -> Gone:
    """Return the error for making a run whose id belonged to one that was deleted for good."""
    return Gone(f"The run {run_id} was deleted for good and cannot be made again.")


def run_tag_not_found(run_id: str, key: str) -> NotFound:
    """Return the error for deleting a tag that a run does not have."""
    return NotFound(f"No tag with name: {key} in run with id {run_id}")


def require_active_run(run_id: str, stage: LifecycleStage | str) -> None:
    """Raise `InvalidValue` where a run is deleted and so takes no writes."""
    _require_active("run", run_id, stage)


def stored_though_deleted(run_id: str) -> StoredThoughDeleted:
    """Return what is told of a write that was answered for before its run, or the run's experiment, was deleted."""
    return StoredThoughDeleted(f"The run {run_id} was deleted meanwhile; what had been answered for is stored in it.")


def new_run(run: NewRun, experiment: Experiment) -> tuple[RunInfo, dict[str, str]]:
    """Return what a store keeps of a new run: its info and its tags, the run's name among them.

    Raises:
        InvalidValue: the experiment is deleted, or `run_name` and the tag `mlflow.runName` differ.
    """
    require_active_experiment(experiment)
    tagged = run.tags.get(RUN_NAME_TAG)
    if run.run_name and tagged and run.run_name != tagged:
        raise InvalidValue(
            f"The run is given two names: run_name={run.run_name!r} and the tag {RUN_NAME_TAG}={tagged!r}. "
            "Give one of them, or the same name twice."
        )
    name = run.run_name or tagged or run_name_of(run.run_id)
    info = RunInfo(
        run_id=run.run_id,
        run_name=name,
        experiment_id=experiment.experiment_id,
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/{run.run_id}/artifacts",
        user_id=run.user_id,
        status=run.status,
        start_time=run.start_time,
    )
    return info, {**run.tags, RUN_NAME_TAG: name}


def changed_run(info: RunInfo, change: RunChange) -> RunInfo:
    """Return a run's info with a change applied; where `run_name` differs the store sets `RUN_NAME_TAG` to it.

    A status that is not final, given without an end time, clears the end time: the run goes on. An empty
    `run_name` leaves the name as it is.

    Raises:
        InvalidValue: the run is deleted and the change does not restore it. Deleting it once more is no error.
    """
    stage = change.lifecycle_stage or info.lifecycle_stage
    only_stage = change.status is None and change.end_time is None and change.run_name is None
    if stage is LifecycleStage.DELETED and not (only_stage and change.lifecycle_stage):
        require_active_run(info.run_id, info.lifecycle_stage)
    end_time = info.end_time if change.end_time is None else change.end_time
    if change.status is not None and not change.status.is_final and change.end_time is None:
        end_time = None
    return evolve(
        info,
        run_name=change.run_name or info.run_name,
        status=change.status or info.status,
        end_time=end_time,
        lifecycle_stage=stage,
    )


def new_params(run_id: str, stored: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return those of the `given` params that are not stored yet.

    Args:
        stored: the run's params, at least those whose keys are given.

    Raises:
        InvalidValue: a param is stored with another value; the message names every such param.
    """
    clashes = [key for key, value in given.items() if stored.get(key, value) != value]
    if clashes and len(given) == 1:
        key = clashes[0]
        raise InvalidValue(
            f"Changing param values is not allowed. Param with key='{key}' was already logged with "
            f"value='{stored[key]}' for run ID='{run_id}'. Attempted logging new value '{given[key]}'."
        )
    if clashes:
        listed = [{"key": key, "old_value": stored[key], "new_value": given[key]} for key in clashes]
        raise InvalidValue(
            f"Changing param values is not allowed. Params were already logged='{listed}' for run ID='{run_id}'."
        )
    return {key: value for key, value in given.items() if key not in stored}


# Logged models -------------------------------------------------------------------------------------------------------


def logged_model_not_found(model_id: str) -> NotFound:
    """Return the error for a logged model that is not there, or is deleted."""
    return NotFound(f"Logged model with ID '{model_id}' not found.")


def logged_model_purged(model_id: str) -> Gone:
    """Return the error for making a logged model whose id belonged to one that was deleted for good."""
    return Gone(f"The logged model {model_id} was deleted for good and cannot be made again.")


def new_logged_model(model: NewLoggedModel, experiment: Experiment) -> LoggedModel:
    """Return a logged model as a store keeps it. Raises `InvalidValue` where the experiment is deleted."""
    require_active_experiment(experiment)
    return LoggedModel(
        model_id=model.model_id,
        experiment_id=experiment.experiment_id,
        name=model.name,
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/models/{model.model_id}/artifacts",
        model_type=model.model_type,
        source_run_id=model.source_run_id,
        creation_time=model.creation_time,
        last_update_time=model.creation_time,
        params=text_map("param", model.params),
        tags=text_map("tag", model.tags),
    )


def changed_logged_model(model: LoggedModel, change: LoggedModelChange, now: int) -> LoggedModel:
    """Return a logged model with a change applied.

    Raises:
        NotFound: the model is deleted and the change does not restore it, or it lacks a tag to delete.
        InvalidValue: a malformed key, or a param that has another value already.
    """
    stage = change.lifecycle_stage or model.lifecycle_stage
    if stage is LifecycleStage.DELETED and model.lifecycle_stage is LifecycleStage.DELETED:
        raise logged_model_not_found(model.model_id)
    for key in change.deleted_tags:
        if key not in model.tags:
            raise NotFound(f"No tag with key {key!r} found for model with ID {model.model_id!r}.")
    for key, value in change.params.items():
        if model.params.get(key, value) != value:
            raise InvalidValue(
                f"Params of a logged model cannot change: {key!r} of model {model.model_id!r} is "
                f"{model.params[key]!r}, and {value!r} was given."
            )
    return evolve(
        model,
        status=change.status or model.status,
        status_message=model.status_message if change.status_message is None else change.status_message,
        lifecycle_stage=stage,
        params={**model.params, **text_map("param", change.params)},
        tags=changed_tags(model.tags, change.tags, change.deleted_tags),
        last_update_time=now,
    )


# The model registry --------------------------------------------------------------------------------------------------


def model_not_found(name: str) -> NotFound:
    """Return the error for a registered model that is not there."""
    return NotFound(f"Registered Model with name={name} not found")


def model_exists(name: str) -> AlreadyExists:
    """Return the error for a registered model's name that is taken."""
    return AlreadyExists(f"Registered Model (name={name}) already exists.")


def version_not_found(name: str, version: int) -> NotFound:
    """Return the error for a model version that is not there."""
    return NotFound(f"Model Version (name={name}, version={version}) not found")


def canonical_stage(stage: str) -> str:
    """Return the stage in the spelling of `STAGES`; any case is accepted. Raises `InvalidValue` for another text."""
    for known in STAGES:
        if known.lower() == stage.lower():
            return known
    raise InvalidValue(f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(STAGES)}.")


def new_model(name: str, description: str, tags: Mapping[str, str] | None, now: int) -> RegisteredModel:
    """Return a registered model as a registry keeps it; the name and the keys of the tags are checked."""
    return RegisteredModel(
        name=name,
        description=description,
        creation_time=now,
        last_update_time=now,
        tags=text_map("tag", tags or {}),
    )


def changed_model(model: RegisteredModel, change: ModelChange, now: int) -> RegisteredModel:
    """Return a registered model with a change applied. That the new name is free is the registry's to check."""
    return evolve(
        model,
        name=model.name if change.name is None else check_model_name(change.name),
        description=model.description if change.description is None else change.description,
        tags=changed_tags(model.tags, change.tags, change.deleted_tags),
        last_update_time=now,
    )


def new_version(version: NewModelVersion, number: int, now: int) -> ModelVersion:
    """Return a model version as a registry keeps it, ready at once."""
    return ModelVersion(
        name=version.name,
        version=number,
        source=version.source,
        run_id=version.run_id,
        model_id=version.model_id,
        description=version.description,
        user_id=version.user_id,
        creation_time=now,
        last_update_time=now,
        tags=text_map("tag", version.tags),
    )


def changed_version(version: ModelVersion, change: VersionChange, now: int) -> ModelVersion:
    """Return a model version with a change applied; `archived_version` is for its siblings.

    Raises:
        InvalidValue: an unknown stage, a malformed key, or `archive_existing` with another stage than Staging and
            Production.
    """
    stage = version.current_stage if change.current_stage is None else canonical_stage(change.current_stage)
    if change.archive_existing and (change.current_stage is None or stage not in ("Staging", "Production")):
        raise InvalidValue(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an Active "
            "stage. Valid stages are Staging, Production."
        )
    return evolve(
        version,
        description=version.description if change.description is None else change.description,
        current_stage=stage,
        tags=changed_tags(version.tags, change.tags, change.deleted_tags),
        last_update_time=now,
    )


def archived_version(version: ModelVersion, now: int) -> ModelVersion:
    """Return a version as it stands after another one took its stage with `archive_existing`."""
    return evolve(version, current_stage="Archived", last_update_time=now)


def latest_versions(versions: Iterable[ModelVersion]) -> tuple[ModelVersion, ...]:
    """Return the highest version of every stage that has one, in the order of `STAGES`."""
    highest: dict[str, ModelVersion] = {}
    for version in versions:
        best = highest.get(version.current_stage)
        if best is None or version.version > best.version:
            highest[version.current_stage] = version
    return tuple(highest[stage] for stage in STAGES if stage in highest)


# Shared --------------------------------------------------------------------------------------------------------------


def reads_as_number(text: str) -> bool:
    """Return whether the value of a param or a tag is a number in the eyes of a person who sorts a column by it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def document_conflict(namespace: str, key: str, expected: int, present: int) -> InvalidState:
    """Return the error for a put whose expected version is not the present one (0: there is no document)."""
    return InvalidState(
        f"The document {namespace}/{key} is at version {present}, not at {expected}: read it again, then put it again."
    )


def changed_tags(tags: Mapping[str, str], given: Mapping[str, str], deleted: Iterable[str]) -> dict[str, str]:
    """Return tags with those `given` set, their keys checked, and then those `deleted` removed where they are."""
    changed = {**tags, **text_map("tag", given)}
    for key in deleted:
        changed.pop(key, None)
    return changed


def _require_active(kind: str, identifier: str, stage: LifecycleStage | str) -> None:
    if stage != LifecycleStage.ACTIVE:
        raise InvalidValue(
            f"The {kind} {identifier} must be in the 'active' state. Current state is {LifecycleStage(stage).value}. "
            "Restore it first."
        )
