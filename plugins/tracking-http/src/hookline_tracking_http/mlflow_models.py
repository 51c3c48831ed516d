"""Logged models on a server of MLflow's, 3.0 or newer."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from attrs import evolve

from hookline.entities import LifecycleStage, LoggedModel, LoggedModelChange, NewLoggedModel, Page
from hookline.errors import NotSupported
from hookline.search.syntax import Comparison, Entity, OrderBy, Query
from hookline.store_rules import changed_logged_model, logged_model_not_found
from hookline_lib_wire import answers, entities
from hookline_lib_wire.messages import logged_models as messages
from hookline_lib_wire.messages.base import Request, Tag
from hookline_tracking_http.logged_models import ServedLoggedModels
from hookline_tracking_http.names import MODEL_TAG, Named, bound, model_as_ours, possible, token_of

A = TypeVar("A")
_OPERATIONS = frozenset({"create_logged_model", "get_logged_model", "search_logged_models"})
"""The first that is asked of a server about logged models."""


class MlflowLoggedModels(Named, ServedLoggedModels):
    """The part of a tracking store that keeps logged models."""

    def _ask(self, operation: str, request: Request, answer: type[A] | Any = dict) -> A:
        try:
            return super()._ask(operation, request, answer)
        except NotSupported as error:
            if operation in _OPERATIONS:
                raise NotSupported(
                    f"{self._server.url} keeps no logged models: servers of MLflow's do from 3.0 on. Log the folder of "
                    "the model as an artifact of the run, or upgrade the server."
                ) from error
            raise

    def create_logged_model(self, model: NewLoggedModel) -> LoggedModel:
        """Create a model in the status PENDING, once for each of our ids."""
        known = self._model_by_tag(model.model_id, [model.experiment_id])
        if known is None:
            request = messages.CreateLoggedModel(
                experiment_id=model.experiment_id,
                name=model.name,
                model_type=model.model_type or "",
                source_run_id=self._run_name(model.source_run_id) if model.source_run_id else "",
                params=_tags(model.params),
                tags=_tags({**model.tags, MODEL_TAG: model.model_id}),
            )
            made: messages.LoggedModelFound = self._ask("create_logged_model", request, messages.LoggedModelFound)
            known = made.model
        self._names[model.model_id] = known.info.model_id
        return self._as_ours(known)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Return a model that is not deleted."""
        found = self._model_by_id(self._model_name(model_id))
        if found is None:
            raise logged_model_not_found(model_id)
        return self._as_ours(found)

    def update_logged_model(self, model_id: str, change: LoggedModelChange) -> LoggedModel:
        """Apply a change, in a request for each of its parts: where the connection breaks some may be left to do."""
        name, present = self._model_name(model_id), self.get_logged_model(model_id)
        changed = changed_logged_model(present, change, present.last_update_time)
        new = {key: value for key, value in change.params.items() if key not in present.params}
        if new:  # what is there already is the same, and once more is an error to the server
            self._ask("log_model_params", messages.LogModelParams(model_id=name, params=answers.tags(new)))
        if change.tags:
            self._ask("set_logged_model_tags", messages.SetLoggedModelTags(model_id=name, tags=_tags(change.tags)))
        for key in set(change.deleted_tags) & set(present.tags):
            request = messages.DeleteLoggedModelTag(model_id=name, tag_key=key)
            self._ask("delete_logged_model_tag", request)
        if change.status is not None:
            status = f"LOGGED_MODEL_{change.status.value}"
            self._ask("finalize_logged_model", messages.FinalizeLoggedModel(model_id=name, status=status))
        if change.lifecycle_stage is LifecycleStage.DELETED:
            self._ask("delete_logged_model", messages.ModelId(model_id=name))
            return changed
        return self.get_logged_model(model_id)

    def search_logged_models(self, experiment_ids: Sequence[str], query: Query) -> Page[LoggedModel]:
        """Return the models that a query asks for; a server older than 3.0 has none."""
        asked_of = possible(experiment_ids) if experiment_ids else self._experiment_ids()
        if not asked_of:
            return Page([])
        where = tuple(map(self._model_as_named, query.where))
        asked = evolve(query, where=where, page_token=token_of(query, experiment_ids))
        try:
            page = super().search_logged_models(asked_of, asked)
        except NotSupported:
            return Page([])
        return bound(query, [*map(self._under_our_ids, page.items)], page.next_page_token, experiment_ids)

    def _model_as_named(self, asked: Comparison) -> Comparison:
        """Return a comparison in the server's words: it knows runs and models by other ids."""
        if asked.field.entity is Entity.ATTRIBUTE and asked.field.key == "source_run_id":
            return self._with_names(asked, self._run_name)
        if asked.field.entity is Entity.ATTRIBUTE and asked.field.key == "model_id":
            return self._with_names(asked, self._model_name)
        return asked

    def _order_item(self, order: OrderBy) -> messages.OrderField:
        """Return an item as the server wants it: names of attributes alone, and of metrics without quotes."""
        item = super()._order_item(order)
        item.field_name = f"metrics.{order.field.key}" if order.field.entity is Entity.METRIC else order.field.key
        return item

    def _as_ours(self, found: messages.LoggedModel) -> LoggedModel:
        return self._under_our_ids(entities.logged_model(found))

    def _under_our_ids(self, found: LoggedModel) -> LoggedModel:
        model = model_as_ours(found)
        return model if model.source_run_id is None else evolve(model, source_run_id=self._our_run(model.source_run_id))


def _tags(given: Mapping[str, str]) -> list[Tag]:
    return answers.tags(given)
