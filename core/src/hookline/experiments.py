"""Experiments: finding, making and changing them."""

import time
from collections.abc import Callable, Mapping, Sequence

from hookline import search
from hookline.entities import Experiment, ExperimentChange, LifecycleStage, ViewType, check_experiment_name, check_key
from hookline.errors import AlreadyExists, InvalidState, NotFound
from hookline.interfaces import TrackingStore
from hookline.pages import all_pages


class Experiments:
    """The experiments of a workspace.

    Args:
        tracking: returns the store; asked on first use.
    """

    def __init__(self, tracking: Callable[[], TrackingStore]) -> None:
        self._tracking = tracking
        self._seen: dict[str, tuple[float, Experiment]] = {}

    def create(
        self, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """Create an experiment; raises `AlreadyExists` where the name is taken, also by a deleted one."""
        return self._tracking().create_experiment(
            check_experiment_name(name), artifact_location=artifact_location, tags=tags
        )

    def get(self, experiment_id: str) -> Experiment:
        """Return an experiment by its id; raises `NotFound`."""
        return self._tracking().get_experiment(experiment_id)

    def get_by_name(self, name: str) -> Experiment | None:
        """Return an experiment by its name, deleted ones too, or None."""
        return self._tracking().get_experiment_by_name(name)

    def named(self, name: str) -> Experiment:
        """Return an experiment by its name; raises `NotFound` with what there is."""
        found = self.get_by_name(name)
        if found is None:
            known = ", ".join(repr(each.name) for each in self.search(max_results=10))
            raise NotFound(f"There is no experiment {name!r}. There are: {known}.")
        return found

    def get_or_create(self, name: str, *, seen_within: float = 0.0) -> Experiment:
        """Return the active experiment of this name, which is made where there is none.

        Args:
            seen_within: seconds within which it may have been seen: what others changed since is not noticed.

        Raises:
            InvalidState: it is deleted; the text says how to restore it.
        """
        now = time.monotonic()
        seen_at, seen = self._seen.get(name, (0.0, None))
        if seen is None or now - seen_at >= seen_within:
            seen = self._found_or_made(name)
            self._seen[name] = now, seen
        return seen

    def _found_or_made(self, name: str) -> Experiment:
        found = self.get_by_name(name)
        if found is None:
            try:
                return self.create(name)
            except AlreadyExists:  # another process was faster
                found = self.named(name)
        if found.lifecycle_stage is LifecycleStage.DELETED:
            raise InvalidState(
                f"The experiment {name!r} is deleted. "
                f"Restore it with: hookline experiments restore {found.experiment_id}"
            )
        return found

    def search(
        self,
        filter: str | None = None,
        *,
        order_by: Sequence[str] = (),
        view: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
    ) -> list[Experiment]:
        """Return the experiments that a filter such as `"name LIKE 'team/%'"` asks for; default: the newest first."""
        return list(
            all_pages(
                lambda size, token: self._tracking().search_experiments(
                    search.parse(search.EXPERIMENTS, filter, order_by, view=view, max_results=size, page_token=token)
                ),
                max_results,
            )
        )

    def rename(self, experiment_id: str, name: str) -> Experiment:
        """Give an active experiment another name."""
        return self._changed(experiment_id, ExperimentChange(name=check_experiment_name(name)))

    def delete(self, experiment_id: str) -> None:
        """Mark an experiment and its runs deleted; `restore` brings them back."""
        self._changed(experiment_id, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))

    def restore(self, experiment_id: str) -> None:
        """Bring a deleted experiment back, with all its runs."""
        self._changed(experiment_id, ExperimentChange(lifecycle_stage=LifecycleStage.ACTIVE))

    def set_tags(self, experiment_id: str, tags: Mapping[str, str]) -> Experiment:
        """Set tags of an experiment."""
        checked = {check_key("tag", key): str(value) for key, value in tags.items()}
        return self._changed(experiment_id, ExperimentChange(tags=checked))

    def delete_tag(self, experiment_id: str, key: str) -> Experiment:
        """Remove a tag of an experiment; a missing one is no error."""
        return self._changed(experiment_id, ExperimentChange(deleted_tags=(key,)))

    def _changed(self, experiment_id: str, change: ExperimentChange) -> Experiment:
        changed = self._tracking().update_experiment(experiment_id, change)
        self._seen.clear()
        return changed
