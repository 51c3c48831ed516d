"""Experiments."""

from hookline import search
from hookline.entities import ExperimentChange, LifecycleStage
from hookline.errors import InvalidValue, NotFound
from hookline.store_rules import experiment_not_found
from hookline_lib_wire import answers
from hookline_lib_wire.messages import experiments as messages
from hookline_lib_wire.messages import runs as run_messages
from hookline_lib_wire.messages.base import Empty
from hookline_server.handlers.origins import check_location
from hookline_server.handlers.reading import texts, view_of
from hookline_server.services import Services

MAX_TAG_KEY, MAX_TAG_VALUE = 250, 20_000
DONE = Empty()


def create_experiment(services: Services, request: messages.CreateExperiment) -> messages.ExperimentCreated:
    """Create an experiment."""
    location = services.given_location(request.artifact_location) if request.artifact_location else None
    check_location(services, location or "")
    made = services.tracking.create_experiment(request.name, artifact_location=location, tags=texts(request.tags))
    return messages.ExperimentCreated(experiment_id=made.experiment_id)


def get_experiment(services: Services, request: messages.ExperimentId) -> messages.ExperimentFound:
    """Read an experiment."""
    return messages.ExperimentFound(
        experiment=answers.experiment(services.tracking.get_experiment(request.experiment_id))
    )


def get_experiment_by_name(services: Services, request: messages.ExperimentName) -> messages.ExperimentFound:
    """Find an experiment by its name."""
    found = services.tracking.get_experiment_by_name(request.experiment_name)
    if found is None:
        raise NotFound(f"Could not find experiment with name '{request.experiment_name}'")
    return messages.ExperimentFound(experiment=answers.experiment(found))


def search_experiments(services: Services, request: messages.SearchExperiments) -> messages.ExperimentsFound:
    """Search experiments."""
    query = search.parse(
        search.EXPERIMENTS,
        request.filter,
        request.order_by,
        view=view_of(request.view_type),
        max_results=request.max_results,
        page_token=request.page_token,
    )
    page = services.tracking.search_experiments(query)
    return messages.ExperimentsFound(
        experiments=[answers.experiment(each) for each in page.items],
        next_page_token=answers.token(page.next_page_token),
    )


def list_experiments(services: Services, request: messages.ListExperiments) -> messages.ExperimentsFound:
    """List experiments."""
    return search_experiments(
        services,
        messages.SearchExperiments(
            max_results=request.max_results, page_token=request.page_token, view_type=request.view_type
        ),
    )


def update_experiment(services: Services, request: messages.UpdateExperiment) -> Empty:
    """Rename an experiment."""
    services.tracking.update_experiment(request.experiment_id, ExperimentChange(name=request.new_name))
    return DONE


def delete_experiment(services: Services, request: messages.ExperimentId) -> Empty:
    """Mark an experiment deleted. One that is deleted already is not there, as in MLflow."""
    _require_stage(services, request.experiment_id, LifecycleStage.ACTIVE)
    services.tracking.update_experiment(request.experiment_id, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
    return DONE


def restore_experiment(services: Services, request: messages.ExperimentId) -> Empty:
    """Restore an experiment. One that is not deleted is not there, as in MLflow."""
    _require_stage(services, request.experiment_id, LifecycleStage.DELETED)
    services.tracking.update_experiment(request.experiment_id, ExperimentChange(lifecycle_stage=LifecycleStage.ACTIVE))
    return DONE


def _require_stage(services: Services, experiment_id: str, stage: LifecycleStage) -> None:
    if services.tracking.get_experiment(experiment_id).lifecycle_stage is not stage:
        raise experiment_not_found(experiment_id)


def set_experiment_tag(services: Services, request: messages.SetExperimentTag) -> Empty:
    """Set a tag of an experiment."""
    value = request.value or ""
    if len(request.key) > MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
        raise InvalidValue(
            f"A tag of an experiment has a key of at most {MAX_TAG_KEY} and a value of at most {MAX_TAG_VALUE} "
            "characters."
        )
    services.tracking.update_experiment(request.experiment_id, ExperimentChange(tags={request.key: value}))
    return DONE


def delete_experiment_tag(services: Services, request: messages.DeleteExperimentTag) -> Empty:
    """Remove a tag of an experiment."""
    if request.key not in services.tracking.get_experiment(request.experiment_id).tags:
        raise NotFound(f"No tag with name: {request.key} in experiment with id {request.experiment_id}")
    services.tracking.update_experiment(request.experiment_id, ExperimentChange(deleted_tags=(request.key,)))
    return DONE


def search_datasets(services: Services, request: run_messages.SearchDatasets) -> run_messages.DatasetsFound:
    """List the datasets that runs of experiments read."""
    found = services.tracking.search_datasets(request.experiment_ids)
    return run_messages.DatasetsFound(dataset_summaries=[answers.dataset_summary(each) for each in found])


HANDLERS = {
    "create_experiment": create_experiment,
    "get_experiment": get_experiment,
    "get_experiment_by_name": get_experiment_by_name,
    "search_experiments": search_experiments,
    "list_experiments": list_experiments,
    "update_experiment": update_experiment,
    "delete_experiment": delete_experiment,
    "restore_experiment": restore_experiment,
    "set_experiment_tag": set_experiment_tag,
    "delete_experiment_tag": delete_experiment_tag,
    "search_datasets": search_datasets,
}
