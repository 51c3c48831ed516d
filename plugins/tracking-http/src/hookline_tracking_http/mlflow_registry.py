"""The model registry behind the URL of a server of MLflow's."""

from collections.abc import Mapping

from attrs import evolve

from hookline.entities import ModelChange, ModelVersion, NewModelVersion, Page, RegisteredModel, VersionChange
from hookline.entities.registry import STAGES
from hookline.search.syntax import Entity, Field, Query
from hookline.store_rules import changed_model, changed_version
from hookline_lib_client.options import HttpOptions
from hookline_lib_wire import answers, entities
from hookline_lib_wire.messages import registry as messages
from hookline_lib_wire.messages.base import Request
from hookline_tracking_http.mlflow_store import PREFIX
from hookline_tracking_http.names import Named, bound, token_of
from hookline_tracking_http.registry import HttpModelRegistry

_MODELS = "models:/"
_RUN_ID = Field(Entity.ATTRIBUTE, "run_id")


class MlflowModelRegistry(Named, HttpModelRegistry):
    """Registered models on a server of MLflow's. Each part of a change is a request of its own.

    Args, and what is raised: as for `MlflowTrackingStore`.
    """

    def __init__(self, uri: str, options: HttpOptions | None = None) -> None:
        super().__init__(uri.removeprefix(PREFIX), options)
        self._names = {}

    def search_models(self, query: Query) -> Page[RegisteredModel]:
        """Return the models that a query asks for."""
        page = super().search_models(evolve(query, page_token=token_of(query)))
        return bound(query, page.items, page.next_page_token)

    def _registered(self, found: messages.RegisteredModel) -> RegisteredModel:
        """Return a model whose versions have their aliases, which the server leaves out, and are in order."""
        model = entities.registered_model(found)
        named: dict[int, list[str]] = {}
        for alias in sorted(model.aliases):
            named.setdefault(model.aliases[alias], []).append(alias)
        latest = sorted(
            map(self._under_our_id, model.latest_versions), key=lambda each: STAGES.index(each.current_stage)
        )
        shown = (evolve(each, aliases=tuple(named.get(each.version, ()))) for each in latest)
        return evolve(model, latest_versions=tuple(shown))

    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """Create a registered model without versions."""
        return self._model(
            "create_model", messages.CreateModel(name=name, description=description, tags=answers.tags(tags or {}))
        )

    def update_model(self, name: str, change: ModelChange) -> RegisteredModel:
        """Apply a change."""
        present = self.get_model(name)
        changed = changed_model(present, change, present.last_update_time)
        if changed.name != name:
            self._model("rename_model", messages.RenameModel(name=name, new_name=changed.name))
        if changed.description != present.description:
            request = messages.UpdateModel(name=changed.name, description=changed.description)
            self._model("update_model", request)
        for key, value in change.tags.items():
            self._ask("set_model_tag", messages.SetModelTag(name=changed.name, key=key, value=value))
        for key in set(change.deleted_tags) & set(present.tags):
            self._ask("delete_model_tag", messages.DeleteModelTag(name=changed.name, key=key))
        return self.get_model(changed.name)

    def create_version(self, version: NewModelVersion) -> ModelVersion:
        """Create the next version of an existing model."""
        request = messages.CreateVersion(
            name=version.name,
            source=self._named_source(answers.location(version.source)),
            run_id=self._run_name(version.run_id) if version.run_id else "",
            tags=answers.tags(version.tags),
            description=version.description,
            model_id=self._model_name(version.model_id) if version.model_id else "",
        )
        return self._version("create_version", request)

    def _named_source(self, source: str) -> str:
        """Return a source in the server's words: `models:/ID` names a logged model."""
        name = source.removeprefix(_MODELS)
        return (
            f"{_MODELS}{self._model_name(name)}" if name != source and "/" not in name and "@" not in name else source
        )

    def update_version(self, name: str, version: int, change: VersionChange) -> ModelVersion:
        """Apply a change."""
        present, number = self.get_version(name, version), str(version)
        changed = changed_version(present, change, present.last_update_time)
        if changed.description != present.description:
            request = messages.UpdateVersion(name=name, version=number, description=changed.description)
            self._ask("update_version", request)
        if change.current_stage is not None:
            stage = messages.TransitionStage(
                name=name,
                version=number,
                stage=changed.current_stage,
                archive_existing_versions=change.archive_existing,
            )
            self._ask("transition_stage", stage)
        for key, value in change.tags.items():
            self._ask("set_version_tag", messages.SetVersionTag(name=name, version=number, key=key, value=value))
        for key in set(change.deleted_tags) & set(present.tags):
            self._ask("delete_version_tag", messages.DeleteVersionTag(name=name, version=number, key=key))
        return self.get_version(name, version)

    def search_versions(self, query: Query) -> Page[ModelVersion]:
        """Return the versions that a query asks for."""
        where = [self._with_names(each, self._run_name) if each.field == _RUN_ID else each for each in query.where]
        page = super().search_versions(evolve(query, where=tuple(where), page_token=token_of(query)))
        return bound(query, [*map(self._under_our_id, page.items)], page.next_page_token)

    def _version(self, operation: str, request: Request) -> ModelVersion:
        return self._under_our_id(super()._version(operation, request))

    def _under_our_id(self, version: ModelVersion) -> ModelVersion:
        return version if version.run_id is None else evolve(version, run_id=self._our_run(version.run_id))
