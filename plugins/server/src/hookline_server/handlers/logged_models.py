"""Logged models."""

from hookline import search
from hookline.entities import LifecycleStage, LoggedModel, LoggedModelChange, ModelStatus, NewLoggedModel
from hookline.errors import InvalidValue
from hookline.search.syntax import OrderBy
from hookline_lib_wire import answers
from hookline_lib_wire.messages import logged_models as messages
from hookline_lib_wire.messages.base import Empty
from hookline_server.handlers.experiments import DONE
from hookline_server.handlers.origins import check_lineage
from hookline_server.handlers.reading import named, texts, view_of
from hookline_server.services import Services

_PREFIX = "LOGGED_MODEL_"
_STATUSES = {1: ModelStatus.PENDING, 2: ModelStatus.READY, 3: ModelStatus.UPLOAD_FAILED}


def create_logged_model(services: Services, request: messages.CreateLoggedModel) -> messages.LoggedModelFound:
    """Create a logged model."""
    check_lineage(services, request.source_run_id, None)
    made = services.logged_models.create_logged_model(
        NewLoggedModel(
            experiment_id=request.experiment_id,
            name=request.name or "model",
            source_run_id=request.source_run_id or None,
            model_type=request.model_type or None,
            params=texts(request.params),
            tags=texts(request.tags),
        )
    )
    return _found(made)


def get_logged_model(services: Services, request: messages.ModelId) -> messages.LoggedModelFound:
    """Read a logged model."""
    return _found(services.logged_models.get_logged_model(request.model_id))


def finalize_logged_model(services: Services, request: messages.FinalizeLoggedModel) -> messages.LoggedModelFound:
    """Set a logged model's status."""
    given = request.status.removeprefix(_PREFIX) if isinstance(request.status, str) else request.status
    status = named(ModelStatus, _STATUSES, given)
    if status is None:
        allowed = ", ".join(_PREFIX + each for each in ModelStatus)
        raise InvalidValue(f"Invalid status {request.status!r} of a logged model: use {allowed}.")
    changed = services.logged_models.update_logged_model(request.model_id, LoggedModelChange(status=status))
    if status is ModelStatus.READY:
        services.workspace.plugins.announce("model_logged", model=changed)
    return _found(changed)


def delete_logged_model(services: Services, request: messages.ModelId) -> Empty:
    """Mark a logged model deleted."""
    services.logged_models.update_logged_model(
        request.model_id, LoggedModelChange(lifecycle_stage=LifecycleStage.DELETED)
    )
    return DONE


def set_logged_model_tags(services: Services, request: messages.SetLoggedModelTags) -> Empty:
    """Set tags."""
    services.logged_models.update_logged_model(request.model_id, LoggedModelChange(tags=texts(request.tags)))
    return DONE


def delete_logged_model_tag(services: Services, request: messages.DeleteLoggedModelTag) -> Empty:
    """Remove a tag."""
    services.logged_models.update_logged_model(request.model_id, LoggedModelChange(deleted_tags=(request.tag_key,)))
    return DONE


def log_model_params(services: Services, request: messages.LogModelParams) -> Empty:
    """Add params."""
    services.logged_models.update_logged_model(request.model_id, LoggedModelChange(params=texts(request.params)))
    return DONE


def search_logged_models(services: Services, request: messages.SearchLoggedModels) -> messages.LoggedModelsFound:
    """Search logged models."""
    query = search.parse(
        search.LOGGED_MODELS,
        request.filter,
        [_order(each) for each in request.order_by],
        view=view_of(request.view_type),
        max_results=request.max_results,
        page_token=request.page_token,
    )
    page = services.logged_models.search_logged_models(request.experiment_ids, query)
    return messages.LoggedModelsFound(
        models=[answers.logged_model(each) for each in page.items], next_page_token=answers.token(page.next_page_token)
    )


def _order(given: messages.OrderField) -> OrderBy:
    return search.parse_order(
        search.LOGGED_MODELS,
        given.field_name,
        ascending=given.ascending,
        dataset_name=given.dataset_name or None,
        dataset_digest=given.dataset_digest or None,
    )


def _found(model: LoggedModel) -> messages.LoggedModelFound:
    return messages.LoggedModelFound(model=answers.logged_model(model))


HANDLERS = {
    "create_logged_model": create_logged_model,
    "get_logged_model": get_logged_model,
    "finalize_logged_model": finalize_logged_model,
    "delete_logged_model": delete_logged_model,
    "set_logged_model_tags": set_logged_model_tags,
    "delete_logged_model_tag": delete_logged_model_tag,
    "log_model_params": log_model_params,
    "search_logged_models": search_logged_models,
}
