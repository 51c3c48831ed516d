"""Registered models, their tags and aliases."""

from hookline import search
from hookline.entities import ModelChange, check_alias, check_model_name
from hookline.errors import InvalidValue, NotSupported
from hookline.search.vocabulary import PROMPT_TAG
from hookline_lib_wire import answers
from hookline_lib_wire.messages import registry as messages
from hookline_lib_wire.messages.base import Empty
from hookline_server.handlers.experiments import DONE
from hookline_server.handlers.reading import texts
from hookline_server.not_offered import NOT_OFFERED
from hookline_server.services import Services, version_number

MAX_TAG_KEY, MAX_TAG_VALUE = 250, 100_000


def create_model(services: Services, request: messages.CreateModel) -> messages.ModelFound:
    """Create a registered model."""
    tags = texts(request.tags)
    if tags.get(PROMPT_TAG) == "true":  # a prompt is a registered model whose versions have no files
        raise NotSupported(NOT_OFFERED)
    for key, value in tags.items():
        check_tag(key, value)
    made = services.registry.create_model(check_model_name(request.name), description=request.description, tags=tags)
    return messages.ModelFound(registered_model=answers.registered_model(made))


def check_tag(key: str, value: str) -> None:
    """Raise `InvalidValue` for a tag of the registry that is too long."""
    if len(key) > MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
        raise InvalidValue(
            f"A tag of a registered model or a version has a key of at most {MAX_TAG_KEY} and a value of at most "
            f"{MAX_TAG_VALUE} characters."
        )


def get_model(services: Services, request: messages.ModelName) -> messages.ModelFound:
    """Read a registered model."""
    return messages.ModelFound(registered_model=answers.registered_model(services.registry.get_model(request.name)))


def rename_model(services: Services, request: messages.RenameModel) -> messages.ModelFound:
    """Rename a registered model."""
    return _changed(services, request.name, ModelChange(name=check_model_name(request.new_name)))


def update_model(services: Services, request: messages.UpdateModel) -> messages.ModelFound:
    """Describe a registered model."""
    return _changed(services, request.name, ModelChange(description=request.description or ""))


def _changed(services: Services, name: str, change: ModelChange) -> messages.ModelFound:
    return messages.ModelFound(registered_model=answers.registered_model(services.registry.update_model(name, change)))


def delete_model(services: Services, request: messages.ModelName) -> Empty:
    """Delete a registered model."""
    services.registry.delete_model(request.name)
    return DONE


def search_models(services: Services, request: messages.SearchModels) -> messages.ModelsFound:
    """Search registered models."""
    query = search.parse(
        search.REGISTERED_MODELS,
        request.filter,
        request.order_by,
        max_results=request.max_results,
        page_token=request.page_token,
    )
    page = services.registry.search_models(query)
    return messages.ModelsFound(
        registered_models=[answers.registered_model(each) for each in page.items],
        next_page_token=answers.token(page.next_page_token),
    )


def get_latest_versions(services: Services, request: messages.GetLatestVersions) -> messages.VersionsFound:
    """Read the latest version of each stage, or of those that are named."""
    wanted = {each.lower() for each in request.stages}
    found = services.registry.get_model(request.name).latest_versions
    return messages.VersionsFound(
        model_versions=[
            answers.model_version(each) for each in found if not wanted or each.current_stage.lower() in wanted
        ]
    )


def set_model_tag(services: Services, request: messages.SetModelTag) -> Empty:
    """Set a tag."""
    check_tag(request.key, request.value or "")
    services.registry.update_model(request.name, ModelChange(tags={request.key: request.value or ""}))
    return DONE


def delete_model_tag(services: Services, request: messages.DeleteModelTag) -> Empty:
    """Remove a tag; a missing one is no error."""
    services.registry.update_model(request.name, ModelChange(deleted_tags=(request.key,)))
    return DONE


def set_alias(services: Services, request: messages.SetAlias) -> Empty:
    """Let an alias point at a version."""
    services.registry.set_alias(request.name, check_alias(request.alias), version_number(request.version))
    return DONE


def get_by_alias(services: Services, request: messages.AliasName) -> messages.VersionFound:
    """Read the version that an alias points at."""
    if request.alias not in services.registry.get_model(request.name).aliases:
        raise InvalidValue(f"Registered model alias {request.alias[:255]} not found.")  # which clients know as this
    found = services.registry.get_version_by_alias(request.name, request.alias)
    return messages.VersionFound(model_version=answers.model_version(found))


def delete_alias(services: Services, request: messages.AliasName) -> Empty:
    """Remove an alias; a missing one is no error."""
    services.registry.delete_alias(request.name, check_alias(request.alias))
    return DONE


HANDLERS = {
    "create_model": create_model,
    "get_model": get_model,
    "rename_model": rename_model,
    "update_model": update_model,
    "delete_model": delete_model,
    "search_models": search_models,
    "get_latest_versions": get_latest_versions,
    "set_model_tag": set_model_tag,
    "delete_model_tag": delete_model_tag,
    "set_alias": set_alias,
    "get_by_alias": get_by_alias,
    "delete_alias": delete_alias,
}
