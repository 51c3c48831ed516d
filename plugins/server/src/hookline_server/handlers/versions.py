"""Versions of registered models."""

from hookline import search
from hookline.entities import NewModelVersion, VersionChange
from hookline.errors import InvalidValue, NotFound
from hookline.uris import is_path, scheme_of
from hookline_lib_wire import answers
from hookline_lib_wire.messages import registry as messages
from hookline_lib_wire.messages.base import Empty
from hookline_server.handlers.experiments import DONE
from hookline_server.handlers.models import check_tag
from hookline_server.handlers.origins import check_lineage, check_source
from hookline_server.handlers.reading import as_stored, texts
from hookline_server.services import Services, version_number

LINEAGE = ("models", "runs")
"""Schemes of sources that name a model by what it came from."""


def create_version(services: Services, request: messages.CreateVersion) -> messages.VersionFound:
    """Create the next version of a registered model."""
    tags = texts(request.tags)
    for key, value in tags.items():
        check_tag(key, value)
    source = _source(services, request)
    check_source(services, source)
    run_id, model_id = _lineage(services, request)
    check_lineage(services, run_id, model_id)
    made = services.registry.create_version(
        NewModelVersion(
            name=request.name,
            source=source,
            run_id=run_id,
            model_id=model_id,
            description=request.description,
            tags=tags,
        )
    )
    services.workspace.plugins.announce("version_created", version=made)
    return messages.VersionFound(model_version=answers.model_version(made))


def _source(services: Services, request: messages.CreateVersion) -> str:
    """Return where a version's files come from, as it is stored; the server opens none but its own places."""
    scheme = "" if is_path(request.source) else scheme_of(request.source)
    if scheme not in LINEAGE:
        return services.given_location(request.source)
    if scheme == "models" and request.source.startswith("models:/m-"):
        services.logged_models.get_logged_model(request.source.removeprefix("models:/").partition("/")[0])
    elif scheme == "models":
        _require_version(services, request.source)
    elif scheme == "runs":
        run_id = request.source.removeprefix("runs:/").partition("/")[0]
        if request.run_id and run_id != request.run_id:
            raise InvalidValue(f"The source {request.source[:200]!r} is not of the run {request.run_id!r}.")
        services.tracking.get_run(run_id)
    return request.source


def _require_version(services: Services, source: str) -> None:
    text = source.partition(":")[2].strip("/")
    name, mark, alias = text.rpartition("@")
    if mark and name and "/" not in alias:
        services.registry.get_version_by_alias(name, alias)
        return
    name, _, number = text.rpartition("/")
    if not name or not number.isdecimal():
        raise InvalidValue(
            f"Invalid source {source[:200]!r}: a version is made from models:/NAME/VERSION, models:/NAME@ALIAS or "
            "models:/m-ID."
        )
    services.registry.get_version(name, version_number(number))


def _lineage(services: Services, request: messages.CreateVersion) -> tuple[str | None, str | None]:
    """Return the run and the logged model that a version comes from, as far as the request or its source tells."""
    run_id, model_id = request.run_id or None, request.model_id or None
    if request.source.startswith("models:/m-"):
        model_id = model_id or request.source.removeprefix("models:/").partition("/")[0]
        run_id = run_id or services.logged_models.get_logged_model(model_id).source_run_id
    elif request.source.startswith("runs:/"):
        run_id = run_id or request.source.removeprefix("runs:/").partition("/")[0]
    return run_id, model_id


def update_version(services: Services, request: messages.UpdateVersion) -> messages.VersionFound:
    """Describe a version."""
    return _changed(services, request, VersionChange(description=request.description or ""))


def transition_stage(services: Services, request: messages.TransitionStage) -> messages.VersionFound:
    """Move a version to another stage."""
    change = VersionChange(current_stage=request.stage, archive_existing=bool(request.archive_existing_versions))
    return _changed(services, request, change)


def _changed(services: Services, request: messages.VersionName, change: VersionChange) -> messages.VersionFound:
    changed = services.registry.update_version(request.name, version_number(request.version), change)
    return messages.VersionFound(model_version=answers.model_version(changed))


def delete_version(services: Services, request: messages.VersionName) -> Empty:
    """Delete a version and the aliases that point at it."""
    services.registry.delete_version(request.name, version_number(request.version))
    return DONE


def get_version(services: Services, request: messages.VersionName) -> messages.VersionFound:
    """Read a version."""
    found = services.registry.get_version(request.name, version_number(request.version))
    return messages.VersionFound(model_version=answers.model_version(found))


def get_download_uri(services: Services, request: messages.VersionName) -> messages.DownloadUri:
    """Say where the files of a version are."""
    uri = services.version_location(request.name, request.version)
    if not uri:
        raise NotFound(f"The files of version {request.version} of {request.name!r} are not known.")
    return messages.DownloadUri(artifact_uri=answers.location(uri))


def search_versions(services: Services, request: messages.SearchVersions) -> messages.VersionsFound:
    """Search versions."""
    query = search.parse(
        search.MODEL_VERSIONS,
        request.filter,
        request.order_by,
        max_results=request.max_results,
        page_token=request.page_token,
    )
    page = services.registry.search_versions(as_stored(query, "source_path"))
    return messages.VersionsFound(
        model_versions=[answers.model_version(each) for each in page.items],
        next_page_token=answers.token(page.next_page_token),
    )


def set_version_tag(services: Services, request: messages.SetVersionTag) -> Empty:
    """Set a tag."""
    check_tag(request.key, request.value or "")
    _changed(services, request, VersionChange(tags={request.key: request.value or ""}))
    return DONE


def delete_version_tag(services: Services, request: messages.DeleteVersionTag) -> Empty:
    """Remove a tag; a missing one is no error."""
    _changed(services, request, VersionChange(deleted_tags=(request.key,)))
    return DONE


HANDLERS = {
    "create_version": create_version,
    "update_version": update_version,
    "transition_stage": transition_stage,
    "delete_version": delete_version,
    "get_version": get_version,
    "get_download_uri": get_download_uri,
    "search_versions": search_versions,
    "set_version_tag": set_version_tag,
    "delete_version_tag": delete_version_tag,
}
