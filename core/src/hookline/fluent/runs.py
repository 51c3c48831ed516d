"""Fluent functions for runs that are there."""

from collections.abc import Sequence

from hookline.entities import Metric, RunChange, RunInfo, RunRecord, RunStatus, ViewType
from hookline.fluent.state import active_run, chosen_experiment_id, current_workspace
from hookline.run import as_final_status, as_status
from hookline.run_list import RunList


def end_run(status: RunStatus | str = RunStatus.FINISHED) -> None:
    """End the active run, if there is one; raises `InvalidValue` for a status in which no run ends."""
    final, run = as_final_status(status), active_run()
    if run is not None:
        run.end(final)


def get_run(run_id: str) -> RunRecord:
    """Return a run as it stands in the store; raises `NotFound`."""
    return current_workspace().runs.get(run_id)


def update_run(run_id: str, *, status: RunStatus | str | None = None, run_name: str | None = None) -> RunInfo:
    """Change a run's status or name; raises `NotFound`, and `InvalidValue` for a status that there is not."""
    chosen = None if status is None else as_status(status)
    return current_workspace().runs.update(run_id, RunChange(status=chosen, run_name=run_name))


def delete_run(run_id: str) -> None:
    """Mark a run deleted."""
    current_workspace().runs.delete(run_id)


def restore_run(run_id: str) -> None:
    """Bring a deleted run back."""
    current_workspace().runs.restore(run_id)


def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    run_view_type: ViewType = ViewType.ACTIVE_ONLY,
    max_results: int | None = 1000,
    order_by: Sequence[str] = (),
    *,
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> RunList:
    """Return the runs that a filter asks for, of the named experiments or else of the chosen one.

    The result is a sequence of runs with `.to_pandas()` and `.to_arrow()`.
    """
    if experiment_ids is None and experiment_names is None and not search_all_experiments:
        experiment_ids = [chosen_experiment_id()]
    return current_workspace().search_runs(
        filter_string,
        experiment_ids=experiment_ids,
        experiment_names=experiment_names,
        order_by=order_by,
        view=run_view_type,
        max_results=max_results,
    )


def get_metric_history(run_id: str, key: str) -> list[Metric]:
    """Return all points of a metric, with `.step`, `.value` and `.timestamp`, ordered by time."""
    return current_workspace().runs.metrics(run_id, key)
