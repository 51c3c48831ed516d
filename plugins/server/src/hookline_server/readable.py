"""The stores as one caller sees them: searches find what the caller may read, and nothing else.

What is hidden is left out by the store itself, as a part of the query: pages are full, totals are those of what is
seen, and no page token holds the name of a thing that is not.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

from attrs import evolve

from hookline.entities import (
    DatasetSummary,
    Experiment,
    LoggedModel,
    ModelChange,
    ModelVersion,
    Page,
    RegisteredModel,
    RunKey,
    RunRecord,
    ViewType,
)
from hookline.interfaces import ArtifactStore, LoggedModels, ModelRegistry, TrackingStore
from hookline.pages import all_pages
from hookline.search.syntax import Comparison, Entity, Field, Operator, Query
from hookline.search.vocabulary import EXPERIMENTS
from hookline_lib_wire.permissions import Thing
from hookline_server.access import Access, Visible
from hookline_server.near_disk import NearDisk
from hookline_server.part_uploads import PartUploads
from hookline_server.services import Services
from hookline_server.threads import Threads
from hookline_server.uploads import Uploads


class ReadableServices(Services):
    """The services as a caller sees them."""

    def __init__(self, services: Services, access: Access) -> None:
        super().__init__(services.workspace, services.settings)
        self._whole, self.access = services, access
        self.app, self.authenticator, self.belonging = services.app, services.authenticator, services.belonging

    @cached_property
    def tracking(self) -> TrackingStore:
        """The tracking store, whose searches find what may be read."""
        return cast(TrackingStore, _Tracking(self._whole.tracking, self.access))

    @cached_property
    def logged_models(self) -> LoggedModels:
        """The store of logged models, whose searches find what may be read."""
        return cast(LoggedModels, _LoggedModels(self._whole.logged_models, self._whole.tracking, self.access))

    @cached_property
    def registry(self) -> ModelRegistry:
        """The model registry, whose searches find what may be read, and which tells who allows what has changed."""
        return cast(ModelRegistry, _Registry(self._whole.registry, self.access))

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """The server's own artifact store."""
        return self._whole.artifacts

    @cached_property
    def near_disk(self) -> NearDisk:
        """Where the artifacts lie, if that is here."""
        return self._whole.near_disk

    @cached_property
    def part_uploads(self) -> PartUploads:
        """The uploads in parts."""
        return self._whole.part_uploads

    @cached_property
    def threads(self) -> Threads:
        """The threads on which most requests are answered."""
        return self._whole.threads

    @cached_property
    def long_threads(self) -> Threads:
        """Those for files and journals."""
        return self._whole.long_threads

    @cached_property
    def uploads(self) -> Uploads:
        """Files that are coming."""
        return self._whole.uploads


class _Seen:
    """A store for one caller: what is not replaced here is the store's own."""

    def __init__(self, whole: Any, access: Access) -> None:
        self._whole, self._access = whole, access

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def _experiments(self) -> Visible:
        return self._access.visible(Thing.EXPERIMENT)


class _Tracking(_Seen):
    """See `TrackingStore`."""

    def search_experiments(self, query: Query) -> Page[Experiment]:
        """Search the experiments that may be read."""
        found: Page[Experiment] = self._whole.search_experiments(_only(query, "experiment_id", self._experiments()))
        return found

    def search_runs(self, experiment_ids: Sequence[str], query: Query) -> Page[RunRecord]:
        """Search the runs of those experiments that may be read."""
        found: Page[RunRecord] = self._whole.search_runs(self._experiments().among(experiment_ids), query)
        return found

    def count_runs(self, experiment_ids: Sequence[str], query: Query) -> int:
        """Count the runs of those experiments that may be read."""
        return int(self._whole.count_runs(self._experiments().among(experiment_ids), query))

    def run_keys(self, experiment_ids: Sequence[str]) -> Sequence[RunKey]:
        """List the keys of the runs of those experiments that may be read."""
        found: Sequence[RunKey] = self._whole.run_keys(self._experiments().among(experiment_ids))
        return found

    def search_datasets(self, experiment_ids: Sequence[str]) -> Sequence[DatasetSummary]:
        """List the datasets of those experiments that may be read."""
        found: Sequence[DatasetSummary] = self._whole.search_datasets(self._experiments().among(experiment_ids))
        return found


class _LoggedModels(_Seen):
    """See `LoggedModels`."""

    def __init__(self, whole: LoggedModels, tracking: TrackingStore, access: Access) -> None:
        super().__init__(whole, access)
        self._tracking = tracking

    def search_logged_models(self, experiment_ids: Sequence[str], query: Query) -> Page[LoggedModel]:
        """Search the logged models of those experiments that may be read; no ids mean all of those."""
        visible = self._experiments()
        if not visible.is_everything:
            experiment_ids = visible.among(experiment_ids or self._every_experiment(visible))
            if not experiment_ids:  # which would mean every experiment there is
                return Page([])
        found: Page[LoggedModel] = self._whole.search_logged_models(experiment_ids, query)
        return found

    def _every_experiment(self, visible: Visible) -> list[str]:
        if not visible.all_but:
            return sorted(visible.listed)
        asked = Query(order_by=EXPERIMENTS.tie_break, view=ViewType.ALL)
        found = all_pages(
            lambda size, token: self._tracking.search_experiments(evolve(asked, max_results=size, page_token=token)),
            None,
        )
        return [each.experiment_id for each in found]


class _Registry(_Seen):
    """See `ModelRegistry`."""

    def search_models(self, query: Query) -> Page[RegisteredModel]:
        """Search the registered models that may be read."""
        found: Page[RegisteredModel] = self._whole.search_models(_only(query, "name", self._models()))
        return found

    def search_versions(self, query: Query) -> Page[ModelVersion]:
        """Search the versions of registered models that may be read."""
        found: Page[ModelVersion] = self._whole.search_versions(_only(query, "name", self._models()))
        return found

    def update_model(self, name: str, change: ModelChange) -> RegisteredModel:
        """Change a registered model; what is allowed goes along with its name."""
        changed: RegisteredModel = self._whole.update_model(name, change)
        if changed.name != name and self._access.authenticator is not None:
            self._access.authenticator.renamed(name, changed.name)
        return changed

    def delete_model(self, name: str) -> None:
        """Delete a registered model, and what was allowed with it."""
        self._whole.delete_model(name)
        if self._access.authenticator is not None:
            self._access.authenticator.deleted(name)

    def _models(self) -> Visible:
        return self._access.visible(Thing.REGISTERED_MODEL)


def _only(query: Query, attribute: str, visible: Visible) -> Query:
    """Return a query for those of its things that may be read."""
    if visible.is_everything:
        return query
    operator = Operator.NOT_IN if visible.all_but else Operator.IN
    listed = Comparison(Field(Entity.ATTRIBUTE, attribute), operator, tuple(sorted(visible.listed)))
    return evolve(query, where=(*query.where, listed))
