"""Runs: starting, finding and changing them."""

import atexit
import logging
import os
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from attrs import asdict, evolve

from hookline import search
from hookline.artifacts import Artifacts
from hookline.config import Settings
from hookline.entities import (
    ChartAxis,
    ChartBand,
    ChartPairs,
    ChartSeries,
    Experiment,
    FileInfo,
    LifecycleStage,
    Metric,
    NewRun,
    Page,
    Points,
    RunChange,
    RunInfo,
    RunRecord,
    RunStatus,
    ViewType,
    check_experiment_name,
)
from hookline.entities.rules import check_texts, require_list, require_mapping
from hookline.errors import HooklineError, InvalidState, Unavailable
from hookline.experiments import Experiments
from hookline.finding import find_run
from hookline.interfaces import TrackingStore
from hookline.journal import Journals
from hookline.journal.shipping import REASON_TAG
from hookline.liveness import is_led, observed_record
from hookline.models import Models
from hookline.pages import all_pages
from hookline.plugins import Plugins
from hookline.progress import Progress
from hookline.run import Run, RunServices
from hookline.run_files import RunFiles
from hookline.run_list import RunList
from hookline.sampling import Sampler
from hookline.staging import Staging
from hookline.store_rules import changed_run, new_run
from hookline.surroundings import Surroundings
from hookline.system import at_exit_of_child, current_user, exit_code_of_child
from hookline.verification import Verification, Verifier

PARENT_TAG = "mlflow.parentRunId"
EXPERIMENT_SECONDS = 1.0
"""How long ago the experiment of a new run may have been looked for: whoever stores the run looks again."""
log = logging.getLogger("hookline")


class Runs:
    """The runs of a workspace. Runs that are still open at the interpreter's normal exit are ended.

    Args:
        tracking: returns the store, with all that this machine has logged; asked on first use.
        places_runs: whether the store decides where the artifacts of a run are; asked when one is made.
        journals: returns the journals of the store; `staging`: keeps files while their store is away.
    """

    def __init__(
        self,
        *,
        plugins: Plugins,
        tracking: Callable[[], TrackingStore],
        places_runs: Callable[[], bool],
        journals: Callable[[], Journals],
        staging: Callable[[], Staging],
        artifacts: Artifacts,
        models: Models,
        experiments: Experiments,
        settings: Settings,
    ) -> None:
        self._plugins, self._tracking, self._artifacts, self._models = plugins, tracking, artifacts, models
        self._experiments, self._settings, self._journals = experiments, settings, journals
        self._staging, self._places_runs = staging, places_runs
        self.files = RunFiles(tracking, artifacts)
        self._surroundings = Surroundings(plugins)
        self._sampler = Sampler(lambda: self._surroundings.contexts)
        self._inherited = settings.run_id
        self._open: weakref.WeakSet[Run] = weakref.WeakSet()
        self._lock = Lock()
        self._has_logged = False
        self._process = 0
        atexit.register(_end_open_runs, weakref.ref(self))

    def start(
        self,
        *,
        experiment_name: str | None = None,
        experiment_id: str | None = None,
        run_id: str | None = None,
        run_name: str | None = None,
        tags: Mapping[str, object] | None = None,
        parent_run_id: str | None = None,
        description: str | None = None,
        surroundings: bool = True,
        sampled: bool = True,
    ) -> Run:
        """Start a run, or open one again.

        Args:
            experiment_name, experiment_id: where to put a new run; default the configured experiment. An experiment
                that is named and not there is made.
            run_id: an existing run to go on with. The first run that a program starts under a project is the run that
                the project made for it.
            run_name: default a made-up one such as `brave-otter-417`.
            tags: on top of what the run contexts say (user, source, git commit).
            parent_run_id: the run that this one is nested in.
            description: a note, Markdown allowed.
            surroundings: whether to ask the run contexts, which describe this program and its folder; a project that
                lies elsewhere has other ones.
            sampled: whether the run contexts' samples are logged while it is open, since its work is done here.

        Raises:
            NotFound: no such run or experiment. InvalidState: it is deleted. InvalidValue: a name or a tag is none.
        """
        inherited = None if parent_run_id else self._take_inherited()
        resumed = run_id or inherited
        if tags is not None:
            require_mapping("tag", tags)
            check_texts("tag", tags)
        given = {**(tags or {})}
        if parent_run_id:
            given[PARENT_TAG] = parent_run_id
        if description:
            given["mlflow.note.content"] = description
        run = (
            self._reopened(resumed, run_name, given)
            if resumed
            else self._created((experiment_name, experiment_id), run_name, given, surroundings)
        )
        self._open.add(run)
        self._end_with_process()
        if sampled:
            self._sampler.watch(run)
        self._plugins.announce("run_started", run=run.info)
        return run

    def _end_with_process(self) -> None:
        """See that open runs end with a child of `multiprocessing`, too; other processes have `atexit`."""
        if self._process != os.getpid():
            self._process = os.getpid()
            at_exit_of_child(partial(_end_open_runs, weakref.ref(self)))

    def _take_inherited(self) -> str | None:
        with self._lock:
            taken, self._inherited = self._inherited, None
            return taken

    def _experiment(self, name: str | None, experiment_id: str | None) -> Experiment:
        """Return where a new run goes; without an id while the store is away, which makes it when the run is stored."""
        if experiment_id is not None or (name is None and self._settings.experiment_id is not None):
            return self._experiments.get(str(self._settings.experiment_id if experiment_id is None else experiment_id))
        wanted = name or self._settings.experiment
        try:
            return self._experiments.get_or_create(wanted, seen_within=EXPERIMENT_SECONDS)
        except Unavailable as error:
            log.warning("The tracking store is away; the run is kept in its journal: %s", error)
            return Experiment("", check_experiment_name(wanted), "")

    def _created(
        self,
        place: tuple[str | None, str | None],
        run_name: str | None,
        tags: Mapping[str, object],
        surroundings: bool,
    ) -> Run:
        experiment = self._experiment(*place)
        described = {**(self._surroundings.tags() if surroundings else {}), **tags}
        new = NewRun(experiment.experiment_id, run_name=run_name, user_id=current_user(), tags=described)
        info, _ = new_run(new, experiment)
        if not experiment.experiment_id or self._places_runs():
            info = evolve(info, artifact_uri="")
        writer = self._journals().open(new.run_id, primary=True)
        described_run = {**asdict(new, recurse=False), "run_name": info.run_name}
        writer.event("created", experiment=experiment.name, run=described_run)
        run = Run(info, self._services(), writer)
        if surroundings:
            self._surroundings.store_files(run)
        return run

    def _reopened(self, run_id: str, run_name: str | None, tags: Mapping[str, object]) -> Run:
        record = self._tracking().get_run(run_id)
        _require_active(record.info)
        leads = not is_led(record.info)  # else another process decides how the run ends, and this one adds to it
        change = RunChange(status=RunStatus.RUNNING if leads else None, run_name=run_name)
        writer = self._journals().open(run_id, primary=leads)
        if leads or run_name:
            outdated = {REASON_TAG: ""} if leads and record.data.tags.get(REASON_TAG) else {}
            changed = {"event": "changed", "status": change.status, "run_name": run_name}
            writer.batch(tags=outdated, events=[changed])
        run = Run(changed_run(record.info, change), self._services(), writer, record.data.params)
        if tags:
            run.set_tags(tags)
        return run

    def attached(self, run_id: str) -> Run:
        """Return a run to add to without opening it again: its status stays, and nobody has to end it."""
        record = self.get(run_id)
        _require_active(record.info)
        writer = self._journals().open(record.info.run_id, primary=False)
        return Run(record.info, self._services(), writer, record.data.params)

    def _services(self) -> RunServices:
        self._has_logged = True
        return RunServices(
            self._plugins,
            self._tracking,
            self._journals(),
            self._staging(),
            self._artifacts,
            self._models,
            self._sampler,
        )

    def get(self, run_id: str) -> RunRecord:
        """Return a run by its id, or by the start of an id that only one run has; raises `NotFound`."""
        return observed_record(find_run(self._tracking(), run_id))

    def search(
        self,
        filter: str | None = None,
        *,
        experiment_names: Sequence[str] | None = None,
        experiment_ids: Sequence[str] | None = None,
        order_by: Sequence[str] = (),
        view: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int | None = 1000,
        columns: Sequence[str] | None = None,
    ) -> RunList:
        """Return the runs that a filter asks for.

        Args:
            filter: such as `"metrics.rmse < 80 and params.alpha = '0.05'"`; None asks for all.
            experiment_names, experiment_ids: where to look; default every active experiment.
            order_by: such as `["metrics.rmse ASC"]`; default the newest first.
            max_results: at most so many, fetched page by page.
            columns: the data that runs come with, such as `["metrics.rmse", "params.alpha"]`: faster where runs have
                much more. Default all, with inputs and outputs.

        Raises:
            FilterError: with a caret under the place that could not be read. NotFound: no such experiment.
            InvalidValue: an argument is not of its kind.
        """
        require_list("experiment_ids", experiment_ids or (), "0")
        require_list("experiment_names", experiment_names or (), "Default")
        ids = [str(each) for each in experiment_ids or ()]
        ids += [self._experiments.named(each).experiment_id for each in experiment_names or ()]
        if experiment_ids is None and experiment_names is None:
            ids = [each.experiment_id for each in self._experiments.search()]

        store = self._tracking()

        def page(size: int, token: str | None) -> Page[RunRecord]:
            query = search.parse(
                search.RUNS, filter, order_by, view=view, max_results=size, page_token=token, columns=columns
            )
            return store.search_runs(ids, query)

        return RunList([observed_record(each) for each in all_pages(page, max_results)])

    def history(self, run_id: str, key: str) -> Points:
        """Return all points of a metric, ordered by (timestamp, step, value); empty where there is none."""
        points = Points(key)
        for block in self._tracking().metric_history(run_id, key):
            points.steps.extend(block.steps)
            points.timestamps.extend(block.timestamps)
            points.values.extend(block.values)
        return points

    def metrics(self, run_id: str, key: str) -> list[Metric]:
        """Return the points of `history` as entities."""
        return list(self.history(run_id, key))

    def chart(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartSeries]:
        """Return a metric of several runs as at most `width` buckets each: see `TrackingStore.chart`."""
        return self._tracking().chart(run_ids, key, x=x, width=width, start=start, end=end)

    def chart_bands(
        self,
        groups: Mapping[str, Sequence[str]],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartBand]:
        """Return a metric of groups of runs as their means and extremes: see `TrackingStore.chart_bands`."""
        return self._tracking().chart_bands(groups, key, x=x, width=width, start=start, end=end)

    def chart_pairs(
        self,
        run_ids: Sequence[str],
        key: str,
        x_key: str,
        *,
        width: int = 1000,
        start: float | None = None,
        end: float | None = None,
    ) -> Sequence[ChartPairs]:
        """Return a metric of several runs over another one, joined by step: see `TrackingStore.chart_pairs`."""
        return self._tracking().chart_pairs(run_ids, key, x_key, width=width, start=start, end=end)

    def update(self, run_id: str, change: RunChange) -> RunInfo:
        """Change a run's name, status or times."""
        return self._tracking().update_run(run_id, change)

    def delete(self, run_id: str) -> None:
        """Mark a run deleted; `restore` brings it back."""
        self._tracking().update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back."""
        self._tracking().update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.ACTIVE))

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """Return the files and folders directly below a folder of a run's artifacts, its logged models among them."""
        return list(self.files.list(self.get(run_id).info, path))

    def download_artifacts(
        self, run_id: str, path: str | None, destination: Path, progress: Progress | None = None
    ) -> Path:
        """Write an artifact, a folder of them, or all of them, below a local folder; return where it lies.

        Args:
            progress: is told how far it is.
        """
        location = self.files.locate(self.get(run_id).info, path)
        return self._artifacts.download(location, destination, progress)

    def verify(self, run_id: str) -> Verification:
        """Compare what the store holds of a run with what its journals say was logged; raises `NotFound`."""
        verifier = Verifier(self._tracking, self._journals, self.files, self._models)
        return verifier.verify(self.get(run_id))

    def refused(self, run_id: str) -> list[dict[str, object]]:
        """Return what the store refused of a run's journals on this machine: `sequence`, `reason`, `record`."""
        return self._journals().refused(run_id)

    def end_open(self, status: RunStatus) -> None:
        """End the runs that this process started here and left open."""
        for run in [each for each in self._open if each.is_open]:
            try:
                run.end(status)
            except HooklineError as error:
                log.warning("The run %s could not be ended: %s", run.run_id, error)

    def finish(self) -> None:
        """At the interpreter's exit: ship what this process has logged."""
        if self._has_logged:
            self._journals().finish()


def _require_active(run: RunInfo) -> None:
    if run.lifecycle_stage is LifecycleStage.DELETED:
        raise InvalidState(f"The run {run.run_id} is deleted. Restore it with: hookline runs restore {run.run_id}")


def _end_open_runs(reference: "weakref.ref[Runs]") -> None:
    """At exit: an uncaught exception, which the interpreter notes in `sys.last_value`, makes open runs FAILED.

    A child of `multiprocessing` comes here while the exception that ends it is on its way, or has its exit code.
    """
    runs = reference()
    if runs is not None:
        interactive = hasattr(sys, "ps1") or sys.flags.interactive
        failure = getattr(sys, "last_value", sys.exc_info()[1]) or SystemExit(exit_code_of_child())
        runs.end_open(RunStatus.after(None if interactive else failure))
        runs.finish()
