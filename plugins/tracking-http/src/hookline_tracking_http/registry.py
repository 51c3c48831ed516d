"""The model registry behind a server's URL."""

from collections.abc import Mapping

from hookline import search
from hookline.entities import ModelChange, ModelVersion, NewModelVersion, Page, RegisteredModel, VersionChange
from hookline.interfaces import ModelRegistry
from hookline.search.syntax import Query
from hookline.store_rules import version_not_found
from hookline_lib_wire import answers, entities
from hookline_lib_wire.messages import own
from hookline_lib_wire.messages import registry as messages
from hookline_lib_wire.messages.base import Request
from hookline_tracking_http.asking import Asking


class HttpModelRegistry(Asking, ModelRegistry):
    """Registered models on a server that speaks MLflow's REST API.

    Args:
        uri: the server's URL, such as `https://host/prefix`. options: who asks, and how.

    Raises:
        InvalidValue: the URI names no server.
    """

    # Models ----------------------------------------------------------------------------------------------------------

    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """Create a registered model without versions."""
        request = own.CreateOwnModel(name=name, description=description, tags=dict(tags or {}))
        return self._model("create_own_model", request)

    def get_model(self, name: str) -> RegisteredModel:
        """Return a registered model."""
        return self._model("get_model", messages.ModelName(name=name))

    def update_model(self, name: str, change: ModelChange) -> RegisteredModel:
        """Apply a change; a new name, which takes another permission, in a request of its own."""
        if change.name is not None and change.name != name:
            name = self._model("rename_model", messages.RenameModel(name=name, new_name=change.name)).name
        request = own.ChangeModel(
            name=name,
            description=change.description,
            tags=dict(change.tags),
            deleted_tags=list(change.deleted_tags),
        )
        return self._model("change_model", request)

    def delete_model(self, name: str) -> None:
        """Delete a registered model with its versions and aliases."""
        self._ask("delete_model", messages.ModelName(name=name))

    def search_models(self, query: Query) -> Page[RegisteredModel]:
        """Return the models that a query asks for."""
        request = messages.SearchModels(
            filter=search.written_filter(search.REGISTERED_MODELS, query, plain=self._plain),
            max_results=query.max_results,
            order_by=search.written_order(search.REGISTERED_MODELS, query, plain=self._plain),
            page_token=query.page_token or "",
        )
        page: messages.ModelsFound = self._ask("search_models", request, messages.ModelsFound)
        found = [*map(self._registered, page.registered_models)]
        return Page(found, entities.given(page.next_page_token, "") or None)

    # Versions --------------------------------------------------------------------------------------------------------

    def create_version(self, version: NewModelVersion) -> ModelVersion:
        """Create the next version of an existing model."""
        request = own.CreateOwnVersion(
            name=version.name,
            source=answers.location(version.source),
            run_id=version.run_id,
            model_id=version.model_id,
            description=version.description,
            user_id=version.user_id,
            tags=dict(version.tags),
        )
        return self._version("create_own_version", request)

    def get_version(self, name: str, version: int) -> ModelVersion:
        """Return a version."""
        return self._version("get_version", messages.VersionName(name=name, version=_number(name, version)))

    def update_version(self, name: str, version: int, change: VersionChange) -> ModelVersion:
        """Apply a change."""
        request = own.ChangeVersion(
            name=name,
            version=version,
            description=change.description,
            current_stage=change.current_stage,
            archive_existing=change.archive_existing,
            tags=dict(change.tags),
            deleted_tags=list(change.deleted_tags),
        )
        return self._version("change_version", request)

    def delete_version(self, name: str, version: int) -> None:
        """Delete a version and the aliases that point at it."""
        self._ask("delete_version", messages.VersionName(name=name, version=_number(name, version)))

    def search_versions(self, query: Query) -> Page[ModelVersion]:
        """Return the versions that a query asks for."""
        request = messages.SearchVersions(
            filter=search.written_filter(search.MODEL_VERSIONS, query, plain=self._plain),
            max_results=query.max_results,
            order_by=search.written_order(search.MODEL_VERSIONS, query, plain=self._plain),
            page_token=query.page_token or "",
        )
        page: messages.VersionsFound = self._ask("search_versions", request, messages.VersionsFound)
        found = [*map(entities.model_version, page.model_versions)]
        return Page(found, entities.given(page.next_page_token, "") or None)

    # Aliases ---------------------------------------------------------------------------------------------------------

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Let an alias point at a version."""
        self._ask("set_alias", messages.SetAlias(name=name, alias=alias, version=_number(name, version)))

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias."""
        self._ask("delete_alias", messages.AliasName(name=name, alias=alias))

    def _model(self, operation: str, request: Request) -> RegisteredModel:
        found: messages.ModelFound = self._ask(operation, request, messages.ModelFound)
        return self._registered(found.registered_model)

    def _registered(self, found: messages.RegisteredModel) -> RegisteredModel:
        return entities.registered_model(found)

    def _version(self, operation: str, request: Request) -> ModelVersion:
        found: messages.VersionFound = self._ask(operation, request, messages.VersionFound)
        return entities.model_version(found.model_version)


def _number(name: str, version: int) -> str:
    if version < 1:  # to the server it is no number, to the caller a version that is not there
        raise version_not_found(name, version)
    return str(version)
