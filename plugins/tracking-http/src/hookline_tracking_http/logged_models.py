"""Logged models of a server."""

from collections.abc import Sequence

from hookline import search
from hookline.entities import LoggedModel, LoggedModelChange, NewLoggedModel, Page
from hookline.interfaces import LoggedModels
from hookline.search.syntax import OrderBy, Query
from hookline_lib_wire import entities
from hookline_lib_wire.messages import logged_models as messages
from hookline_lib_wire.messages import own
from hookline_tracking_http.asking import Asking


class ServedLoggedModels(Asking, LoggedModels):
    """The part of a tracking store that keeps logged models."""

    def create_logged_model(self, model: NewLoggedModel) -> LoggedModel:
        """Create a model in the status PENDING."""
        request = own.CreateOwnLoggedModel(
            model_id=model.model_id,
            experiment_id=model.experiment_id,
            name=model.name,
            source_run_id=model.source_run_id,
            model_type=model.model_type,
            params=dict(model.params),
            tags=dict(model.tags),
            creation_time=model.creation_time,
        )
        return self._found("create_own_logged_model", request)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Return a model that is not deleted."""
        return self._found("get_logged_model", messages.ModelId(model_id=model_id))

    def update_logged_model(self, model_id: str, change: LoggedModelChange) -> LoggedModel:
        """Apply a change."""
        request = own.ChangeLoggedModel(
            model_id=model_id,
            status=change.status and change.status.value,
            status_message=change.status_message,
            lifecycle_stage=change.lifecycle_stage and change.lifecycle_stage.value,
            params=dict(change.params),
            tags=dict(change.tags),
            deleted_tags=list(change.deleted_tags),
        )
        return self._found("change_logged_model", request)

    def search_logged_models(self, experiment_ids: Sequence[str], query: Query) -> Page[LoggedModel]:
        """Return the models that a query asks for."""
        request = messages.SearchLoggedModels(
            experiment_ids=list(experiment_ids),
            filter=search.written_filter(search.LOGGED_MODELS, query, plain=self._plain),
            max_results=query.max_results,
            order_by=[self._order_item(each) for each in search.asked_order(search.LOGGED_MODELS, query)],
            page_token=query.page_token or "",
            view_type=query.view.value,
        )
        page: messages.LoggedModelsFound = self._ask("search_logged_models", request, messages.LoggedModelsFound)
        return Page([*map(entities.logged_model, page.models)], entities.given(page.next_page_token, "") or None)

    def _found(self, operation: str, request: messages.Request) -> LoggedModel:
        found: messages.LoggedModelFound = self._ask(operation, request, messages.LoggedModelFound)
        return entities.logged_model(found.model)

    def _order_item(self, order: OrderBy) -> messages.OrderField:
        return messages.OrderField(
            field_name=search.written_field(search.LOGGED_MODELS, order.field),
            ascending=order.ascending,
            dataset_name=order.dataset_name or "",
            dataset_digest=order.dataset_digest or "",
        )
