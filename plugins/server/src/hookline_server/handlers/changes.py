"""Changes of several things together, for Hookline's own client: each is whole, or nothing of it."""

from hookline.entities import ExperimentChange, ModelChange, NewModelVersion, VersionChange, check_model_name
from hookline.uris import is_path, scheme_of
from hookline_lib_wire import answers
from hookline_lib_wire.messages import experiments, own, registry
from hookline_server.handlers.models import check_tag
from hookline_server.handlers.origins import check_lineage, check_source
from hookline_server.handlers.versions import LINEAGE
from hookline_server.services import Services


def change_experiment(services: Services, request: own.ChangeExperiment) -> experiments.ExperimentFound:
    """Change an experiment."""
    change = ExperimentChange(name=request.name, tags=request.tags, deleted_tags=tuple(request.deleted_tags))
    changed = services.tracking.update_experiment(request.experiment_id, change)
    return experiments.ExperimentFound(experiment=answers.experiment(changed))


def create_own_model(services: Services, request: own.CreateOwnModel) -> registry.ModelFound:
    """Create a registered model."""
    _check(request.tags)
    made = services.registry.create_model(
        check_model_name(request.name), description=request.description, tags=request.tags
    )
    return registry.ModelFound(registered_model=answers.registered_model(made))


def change_model(services: Services, request: own.ChangeModel) -> registry.ModelFound:
    """Change a registered model."""
    _check(request.tags)
    change = ModelChange(description=request.description, tags=request.tags, deleted_tags=tuple(request.deleted_tags))
    changed = services.registry.update_model(request.name, change)
    return registry.ModelFound(registered_model=answers.registered_model(changed))


def create_own_version(services: Services, request: own.CreateOwnVersion) -> registry.VersionFound:
    """Create the next version of a registered model."""
    _check(request.tags)
    scheme = "" if is_path(request.source) else scheme_of(request.source)
    source = request.source if scheme in LINEAGE else services.given_location(request.source)
    check_source(services, source)
    check_lineage(services, request.run_id, request.model_id)
    made = services.registry.create_version(
        NewModelVersion(
            name=request.name,
            source=source,
            run_id=request.run_id,
            model_id=request.model_id,
            description=request.description,
            user_id=request.user_id,
            tags=request.tags,
        )
    )
    services.workspace.plugins.announce("version_created", version=made)
    return registry.VersionFound(model_version=answers.model_version(made))


def change_version(services: Services, request: own.ChangeVersion) -> registry.VersionFound:
    """Change a version."""
    _check(request.tags)
    change = VersionChange(
        description=request.description,
        current_stage=request.current_stage,
        archive_existing=request.archive_existing,
        tags=request.tags,
        deleted_tags=tuple(request.deleted_tags),
    )
    assert request.version is not None  # the table requires it
    changed = services.registry.update_version(request.name, request.version, change)
    return registry.VersionFound(model_version=answers.model_version(changed))


def _check(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        check_tag(key, value)


HANDLERS = {
    "change_experiment": change_experiment,
    "create_own_model": create_own_model,
    "change_model": change_model,
    "create_own_version": create_own_version,
    "change_version": change_version,
}
