"""Fluent functions for experiments."""

from collections.abc import Mapping, Sequence

from hookline.entities import Experiment, LifecycleStage, ViewType, check_experiment_name
from hookline.errors import InvalidState, InvalidValue
from hookline.fluent.state import chosen_experiment_id, current_workspace, state


def set_experiment(experiment_name: str | None = None, *, experiment_id: str | None = None) -> Experiment:
    """Choose the experiment of the runs that are started from now on; a name that is not there is made.

    Raises:
        InvalidValue: neither or both were given, or a name that is no text. NotFound: no such id.
        InvalidState: it is deleted.
    """
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue("set_experiment takes either a name or experiment_id=...")
    experiments = current_workspace().experiments
    if experiment_id is not None:
        found = experiments.get(str(experiment_id))
    else:
        found = experiments.get_or_create(check_experiment_name(experiment_name))
    if found.lifecycle_stage is LifecycleStage.DELETED:
        raise InvalidState(f"The experiment {found.name!r} is deleted; restore it first.")
    state.experiment_id = found.experiment_id
    return found


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, str] | None = None) -> str:
    """Create an experiment and return its id; raises `AlreadyExists`."""
    return current_workspace().experiments.create(name, artifact_location=artifact_location, tags=tags).experiment_id


def get_experiment(experiment_id: str) -> Experiment:
    """Return an experiment by its id; raises `NotFound`."""
    return current_workspace().experiments.get(str(experiment_id))


def get_experiment_by_name(name: str) -> Experiment | None:
    """Return an experiment by its name, or None."""
    return current_workspace().experiments.get_by_name(name)


def search_experiments(
    filter_string: str | None = None,
    *,
    view_type: ViewType = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    order_by: Sequence[str] = (),
) -> list[Experiment]:
    """Return the experiments that a filter asks for."""
    return current_workspace().experiments.search(
        filter_string, order_by=order_by, view=view_type, max_results=max_results
    )


def set_experiment_tag(key: str, value: object) -> None:
    """Set a tag of the chosen experiment."""
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, object]) -> None:
    """Set tags of the chosen experiment."""
    current_workspace().experiments.set_tags(chosen_experiment_id(), {key: str(value) for key, value in tags.items()})


def delete_experiment_tag(key: str) -> None:
    """Remove a tag of the chosen experiment; a missing one is no error."""
    current_workspace().experiments.delete_tag(chosen_experiment_id(), key)


def delete_experiment(experiment_id: str) -> None:
    """Mark an experiment and its runs deleted."""
    current_workspace().experiments.delete(str(experiment_id))


def restore_experiment(experiment_id: str) -> None:
    """Bring a deleted experiment back, with all its runs."""
    current_workspace().experiments.restore(str(experiment_id))
