"""The interface of a store of logged models.

A tracking store that keeps logged models implements this one too; the core asks with `isinstance`.
Laws: those of `hookline.interfaces.tracking`; params may be added and never changed.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from hookline.entities import LoggedModel, LoggedModelChange, NewLoggedModel, Page
from hookline.search.syntax import Query


class LoggedModels(ABC):
    """Keeps the models that runs made: names, status, params, tags and the metrics that name them."""

    @abstractmethod
    def create_logged_model(self, model: NewLoggedModel) -> LoggedModel:
        """Create a model in the status PENDING; its artifacts go to `<artifact_location>/models/<model_id>/artifacts`.

        Making a model again with the same id returns the one that is there.

        Raises:
            NotFound: no such experiment. InvalidValue: the experiment is deleted.
        """

    @abstractmethod
    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Return a model that is not deleted.

        Raises:
            NotFound: there is none with this id, or it is deleted.
        """

    @abstractmethod
    def update_logged_model(self, model_id: str, change: LoggedModelChange) -> LoggedModel:
        """Apply a change. A deleted model takes only a change that restores it.

        Raises:
            NotFound: there is none with this id, or it lacks a tag to delete.
            InvalidValue: a param already has another value.
        """

    @abstractmethod
    def search_logged_models(self, experiment_ids: Sequence[str], query: Query) -> Page[LoggedModel]:
        """Return the models that a query (vocabulary `search.LOGGED_MODELS`) asks for; no ids mean every experiment."""
