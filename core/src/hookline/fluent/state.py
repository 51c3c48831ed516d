"""The default workspace, and the run that a fluent call means."""

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from threading import RLock

from hookline.errors import InvalidState
from hookline.run import Run
from hookline.workspace import Workspace


class State:
    """The default workspace, the chosen experiment, and the runs started here that have not ended."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.workspace: Workspace | None = None
        self.experiment_id: str | None = None
        self.runs: list[Run] = []

    def open_runs(self) -> list[Run]:
        """Forget the runs that have ended and return the others."""
        self.runs = [run for run in self.runs if not run.info.status.is_final]
        return self.runs


state = State()
_stack: ContextVar[tuple[Run, ...]] = ContextVar("hookline_runs", default=())
"""The runs that were started in this context, the innermost last; ended ones are passed over."""


def current_workspace() -> Workspace:
    """Return the default workspace, made from the nearest `hookline.yaml` and the environment on first use."""
    with state.lock:
        if state.workspace is None:
            state.workspace = Workspace()
        return state.workspace


def use(chosen: Workspace | None) -> None:
    """Let the fluent functions work on another workspace; None goes back to the default one, made anew.

    Open runs go on in the workspace that they were started in.
    """
    with state.lock:
        state.workspace, state.experiment_id = chosen, None


def set_tracking_uri(uri: str | Path) -> None:
    """Let the fluent functions use another tracking store, such as `sqlite:///runs.db`."""
    current = current_workspace()
    use(Workspace(current.config.with_given("tracking.uri", str(uri)), plugins=current.plugins))


def get_tracking_uri() -> str:
    """Return the URI of the tracking store in use."""
    return current_workspace().tracking_uri


def set_registry_uri(uri: str) -> None:
    """Let the fluent functions use another model registry."""
    current = current_workspace()
    use(Workspace(current.config.with_given("registry.uri", uri), plugins=current.plugins))


def get_registry_uri() -> str:
    """Return the URI of the model registry in use."""
    return current_workspace().registry_uri


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, object] | None = None,
    description: str | None = None,
) -> Run:
    """Start a run, or open one again with `run_id`, and make it this context's active run.

    Use it as a context manager, or call `end_run`. A run that is left open ends with the program: FINISHED, or FAILED
    after an uncaught exception.

    Args:
        nested: start it inside of the active run, which becomes its parent.

    Raises:
        InvalidState: a run is active in this context and `nested` is not set.
    """
    outer = run_in_context()
    if outer is not None and outer.run_id == run_id:
        return outer
    if outer is not None and not nested:
        raise InvalidState(
            f"The run {outer.run_id} is active. End it first with hookline.end_run(), or start a nested run with "
            "hookline.start_run(nested=True)."
        )
    chosen = state.experiment_id if experiment_id is None else str(experiment_id)
    run = current_workspace().start_run(
        run_id=run_id,
        experiment_id=chosen,
        run_name=run_name,
        tags=tags,
        parent_run_id=parent_run_id or (outer.run_id if outer else None),
        description=description,
    )
    with state.lock:
        state.open_runs().append(run)
    _stack.set((*(each for each in _stack.get() if not each.info.status.is_final), run))
    return run


def active_run() -> Run | None:
    """Return the active run, or None: this context's, else the only open one of this process.

    Raises:
        InvalidState: this context has none, and several are open in this process.
    """
    run = run_in_context()
    if run is not None:
        return run
    with state.lock:
        runs = list(state.open_runs())
    if len(runs) > 1:
        raise InvalidState(
            f"{len(runs)} runs are open in this process and none of them in this thread or task. Log with the run "
            "that you mean: run.log_metric(...); or start the thread in a copy of its creator's context: "
            "Thread(target=contextvars.copy_context().run, args=(function,))."
        )
    return runs[0] if runs else None


def run_in_context() -> Run | None:
    """Return the innermost open run that was started in this context, or None."""
    for run in reversed(_stack.get()):
        if not run.info.status.is_final:
            return run
    return None


def current_run() -> Run:
    """Return the active run, started where there is none."""
    return active_run() or start_run()


def chosen_experiment_id() -> str:
    """Return the id of the experiment that `set_experiment` or the configuration chose, made where it is not there."""
    settings = current_workspace().config.settings
    chosen = state.experiment_id or settings.experiment_id
    return chosen or current_workspace().experiments.get_or_create(settings.experiment).experiment_id
