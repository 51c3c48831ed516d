"""Experiments of a server."""

from collections.abc import Callable, Collection, Mapping, Sequence

from hookline import search
from hookline.entities import Experiment, ExperimentChange, LifecycleStage, Page, Purged
from hookline.errors import NotFound, NotSupported
from hookline.search.syntax import Query
from hookline.store_rules import experiment_not_found
from hookline_lib_wire import entities
from hookline_lib_wire.answers import location
from hookline_lib_wire.messages import experiments as messages
from hookline_lib_wire.messages import own
from hookline_lib_wire.messages.base import Tag
from hookline_tracking_http.asking import Asking


class ServedExperiments(Asking):
    """The part of a tracking store that keeps experiments."""

    def create_experiment(
        self, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """Create an experiment."""
        request = messages.CreateExperiment(
            name=name,
            artifact_location=location(artifact_location or ""),
            tags=[Tag(key, value) for key, value in (tags or {}).items()],
        )
        made: messages.ExperimentCreated = self._ask("create_experiment", request, messages.ExperimentCreated)
        return self.get_experiment(made.experiment_id)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment."""
        request = messages.ExperimentId(experiment_id=self._checked(experiment_id))
        found: messages.ExperimentFound = self._ask("get_experiment", request, messages.ExperimentFound)
        return entities.experiment(found.experiment)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Return the experiment of this name, or None."""
        request = messages.ExperimentName(experiment_name=name)
        try:
            found: messages.ExperimentFound = self._ask("get_experiment_by_name", request, messages.ExperimentFound)
        except NotFound:
            return None
        return entities.experiment(found.experiment)

    def update_experiment(self, experiment_id: str, change: ExperimentChange) -> Experiment:
        """Apply a change; a lifecycle stage, which takes another permission, in a request of its own."""
        named = messages.ExperimentId(experiment_id=self._checked(experiment_id))
        if change.lifecycle_stage is LifecycleStage.ACTIVE and not self._is_active(experiment_id):
            self._ask("restore_experiment", named)
        request = own.ChangeExperiment(
            experiment_id=experiment_id,
            name=change.name,
            tags=dict(change.tags),
            deleted_tags=list(change.deleted_tags),
        )
        found: messages.ExperimentFound = self._ask("change_experiment", request, messages.ExperimentFound)
        if change.lifecycle_stage is LifecycleStage.DELETED and self._is_active(experiment_id):
            self._ask("delete_experiment", named)
            return self.get_experiment(experiment_id)
        return entities.experiment(found.experiment)

    def _is_active(self, experiment_id: str) -> bool:
        """To the server it is an error to delete what is deleted, or to restore what is not."""
        return self.get_experiment(experiment_id).lifecycle_stage is LifecycleStage.ACTIVE

    def _checked(self, experiment_id: str) -> str:
        if not experiment_id:  # to the server it is missing, to the caller it is an id that nothing has
            raise experiment_not_found(experiment_id)
        return experiment_id

    def search_experiments(self, query: Query) -> Page[Experiment]:
        """Return the experiments that a query asks for."""
        request = messages.SearchExperiments(
            max_results=query.max_results,
            page_token=query.page_token or "",
            filter=search.written_filter(search.EXPERIMENTS, query, plain=self._plain),
            order_by=search.written_order(search.EXPERIMENTS, query, plain=self._plain),
            view_type=query.view.value,
        )
        page: messages.ExperimentsFound = self._ask("search_experiments", request, messages.ExperimentsFound)
        return Page([*map(entities.experiment, page.experiments)], entities.given(page.next_page_token, "") or None)

    def purge(
        self, until: int, *, keep: Collection[str] = (), discard: Callable[[Purged], object] | None = None
    ) -> Sequence[Purged]:
        """Raise `NotSupported`: files go with what they belong to, and are not reached from here."""
        raise NotSupported(
            f"What {self._server.url} keeps is deleted for good where its stores are: with `hookline gc` there, or "
            "with `mlflow gc` where it is a server of MLflow's."
        )
