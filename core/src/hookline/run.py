"""A run to log into: the explicit, primary API."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import RLock, Thread
from time import time_ns
from types import TracebackType
from typing import Any

from attrs import asdict, evolve, field, frozen

from hookline import paths
from hookline import progress as transfers
from hookline.artifacts import Artifacts, Location, check_artifact_path
from hookline.datasets import dataset_inputs, dataset_of
from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    FileInfo,
    LoggedModel,
    Metric,
    RunData,
    RunInfo,
    RunStatus,
    now_ms,
)
from hookline.entities.metric import as_integer, as_number, as_points, as_timestamp, in_columns
from hookline.entities.rules import check_texts, require_mapping
from hookline.errors import HooklineError, InvalidState, InvalidValue, NotFound, Unavailable
from hookline.interfaces import TrackingStore
from hookline.journal import Journals, JournalWriter
from hookline.models import Models
from hookline.paths import check_key_path
from hookline.plugins import Plugins
from hookline.progress import Progress
from hookline.run_objects import LogsObjects
from hookline.sampling import Sampler
from hookline.staging import Staging
from hookline.store_rules import new_params
from hookline.system import tell_of_forks

log = logging.getLogger("hookline")


@frozen
class RunServices:
    """What a run works with; the sampler is there for a run that this process started."""

    plugins: Plugins
    tracking: Callable[[], TrackingStore]
    journals: Journals
    staging: Staging
    artifacts: Artifacts
    models: Models
    sampler: Sampler | None = None


@frozen
class _State:
    """What changes while a run is open."""

    info: RunInfo
    background: tuple[Thread, ...] = field(default=())


class Run(LogsObjects):
    """An open run. All methods may be called from any thread.

    What a `log_*` call returned from is in the journal of this machine: it outlives the process, is seen at once by
    whoever reads the run here, and is in the store within a second or as soon as the store can be reached. `flush`
    waits for that. What a store refuses is told by the next `flush` and by `end`.

    As a context manager it ends with FINISHED, with FAILED where the block raises, and with KILLED on Ctrl-C.
    Runs are made by `Workspace.start_run` and `hookline.start_run`.
    """

    def __init__(
        self, info: RunInfo, services: RunServices, writer: JournalWriter, params: Mapping[str, str] | None = None
    ) -> None:
        self._state = _State(info)
        self._services, self._writer = services, writer
        self._params = dict(params or {})
        self._lock = RLock()
        self._process = os.getpid()
        tell_of_forks(self)

    def after_fork(self) -> None:
        """Begin anew, in a forked child."""
        self._lock = RLock()  # another thread of the parent may have held it

    @property
    def info(self) -> RunInfo:
        """The run's id, name, experiment, status and times, as far as this process knows."""
        return self._state.info

    @property
    def run_id(self) -> str:
        """The run's id: 32 hexadecimal digits."""
        return self._state.info.run_id

    @property
    def data(self) -> RunData:
        """The params, latest metrics and tags that the store holds now."""
        return self._services.tracking().get_run(self.run_id).data

    def __repr__(self) -> str:
        return f"<Run {self.run_id} {self.info.run_name!r} {self.info.status.value}>"

    # Metrics, params, tags -------------------------------------------------------------------------------------------

    def log_metric(
        self,
        key: str,
        value: float,
        step: int = 0,
        timestamp: int | None = None,
        *,
        model_id: str | None = None,
        dataset: Dataset | None = None,
    ) -> None:
        """Log one point of a metric.

        Args:
            value: a number; NaN and infinities are kept.
            step: the x value, a whole number; default 0.
            timestamp: milliseconds since the Unix epoch; default now.
            model_id, dataset: the logged model and the dataset that were measured.

        Raises:
            InvalidValue: the key, the value or the step is not allowed.
        """
        if model_id is not None or dataset is not None:
            name, digest = (dataset.name, dataset.digest) if dataset else (None, None)
            moment = now_ms() if timestamp is None else timestamp
            self.log_batch(Batch(metrics=(Metric(key, value, step, moment, model_id, name, digest),)))
            return
        # No entity is made of a single point: that would take longer than writing it.
        point = (
            key,
            value if type(value) is float else as_number(value),
            step,
            time_ns() // 1_000_000 if timestamp is None else as_timestamp(timestamp),
        )
        try:
            self._writer.point(*point)
        except InvalidState:  # another thread ended the run in this moment
            self._writer.point(*point)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0, timestamp: int | None = None) -> None:
        """Log one point of each of several metrics, all or none; arguments as for `log_metric`."""
        require_mapping("metric", metrics)
        moment = time_ns() // 1_000_000 if timestamp is None else as_timestamp(timestamp)
        values = [value if type(value) is float else as_number(value) for value in metrics.values()]
        whole = as_integer(step)
        with self._lock:
            self._writer.row(tuple(metrics), values, whole, moment)

    def log_series(
        self,
        series: Mapping[str, Sequence[float]],
        steps: Sequence[int] | None = None,
        timestamps: Sequence[int] | None = None,
    ) -> None:
        """Log many points of several metrics, all or none: much cheaper than a call for each.

        Args:
            series: by key, the values, such as those of a whole epoch.
            steps: of the values, the same for every key; default 0, 1, 2, ...
            timestamps: of the values, in milliseconds since the Unix epoch; default now for all of them.

        Raises:
            InvalidValue: the columns are not of equal length, or hold what is not allowed.
        """
        self._writer.batch(series=[as_points(key, values, steps, timestamps) for key, values in series.items()])

    def log_param(self, key: str, value: object) -> None:
        """Set a param; its value becomes text. Raises `InvalidValue` where it already has another value."""
        self.log_batch(Batch(params={key: value}))

    def log_params(self, params: Mapping[str, object]) -> None:
        """Set several params, all or none."""
        self.log_batch(Batch(params=params))

    def set_tag(self, key: str, value: object) -> None:
        """Set a tag; its value becomes text, and the last value wins."""
        self.log_batch(Batch(tags={key: value}))

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags, all or none."""
        self.log_batch(Batch(tags=tags))

    def delete_tag(self, key: str) -> None:
        """Remove a tag; raises `NotFound` where the run has none such."""
        self._services.tracking().delete_tag(self.run_id, key)

    def log_batch(self, batch: Batch) -> None:
        """Log metrics, params and tags together, all or none.

        Raises:
            InvalidValue: this process set one of the params to another value before. Where another process did, `flush`
                tells.
        """
        plain = [each for each in batch.metrics if each.model_id is None and each.dataset_name is None]
        measured = [each for each in batch.metrics if each.model_id is not None or each.dataset_name is not None]
        events = [{"event": "metric", "metric": asdict(each)} for each in measured]
        check_texts("param", batch.params)
        check_texts("tag", batch.tags)
        with self._lock:
            new_params(self.run_id, self._params, batch.params)
            self._writer.batch(batch.params, batch.tags, events, [*batch.points, *in_columns(plain)])
            self._params.update(batch.params)

    # Artifacts -------------------------------------------------------------------------------------------------------

    def artifact_location(self, path: str = "") -> Location:
        """Return where the artifact `path` of this run is.

        Raises:
            Unavailable: only the store knows it, and is away.
        """
        if not self.info.artifact_uri:
            self._learn_place()
        return self._services.artifacts.locate(self.info.artifact_uri, check_artifact_path(path))

    def _learn_place(self) -> None:
        """Ask the store, which decides or was away at the start, where the artifacts are."""
        self._services.journals.flush(self._writer)
        try:
            found = self._services.tracking().get_run(self.run_id).info
        except NotFound as error:
            raise Unavailable(f"The run {self.run_id} is not in its store yet, which is away.") from error
        with self._lock:
            info = evolve(self.info, experiment_id=found.experiment_id, artifact_uri=found.artifact_uri)
            self._state = evolve(self._state, info=info)

    def _store_files(self, source: Path, key: str, progress: Progress | None = None) -> Sequence[str]:
        """Store a file as an artifact, or the files of a folder below one; where the store is away, keep them for it.

        Returns:
            The keys of the files below this one; "" is the file itself.
        """
        try:
            location = self.artifact_location(key)
            if source.is_dir():
                return self._services.artifacts.upload(source, location, progress)
            if progress is not None:
                progress.expect(source.stat().st_size)
            transfers.put(location.store, location.key, source, progress)
        except Unavailable:
            self._services.staging.add(self.run_id, "file", source, {"key": key})
        return [""]

    def log_artifact(
        self, local_path: str | Path, artifact_path: str | None = None, progress: Progress | None = None
    ) -> None:
        """Store a local file, or a folder with its name, below the folder `artifact_path` of this run's artifacts.

        Args:
            progress: is told how far it is.
        """
        source = paths.local_path(local_path)
        if not source.exists():
            raise NotFound(f"There is no local file or folder {str(source)!r}.")
        folder = check_artifact_path(artifact_path)
        key = check_key_path(f"{folder}/{source.name}" if folder else source.name)
        self._announce_files(key, self._store_files(source, key, progress))

    def log_artifacts(self, local_folder: str | Path, artifact_path: str | None = None) -> None:
        """Store the files of a local folder below the folder `artifact_path` of this run's artifacts."""
        source = paths.local_path(local_folder)
        if not source.is_dir():
            raise NotFound(f"There is no local folder {str(source)!r}.")
        folder = check_artifact_path(artifact_path)
        self._announce_files(folder, self._store_files(source, folder))

    def log_file(self, local_path: Path, artifact_file: str) -> None:
        """Store a local file as the artifact `artifact_file`."""
        self._store_files(local_path, check_key_path(artifact_file))
        self._announce_files(artifact_file, [""])

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """Return the files and folders directly below a folder of this run's artifacts, with paths relative to it."""
        return list(self._services.artifacts.list(self.artifact_location(path or "")))

    def _announce_files(self, folder: str, keys: Iterable[str]) -> None:
        if self._services.plugins.listens("artifacts_logged"):
            paths = tuple("/".join(part for part in (folder, key) if part) for key in keys)
            self._services.plugins.announce("artifacts_logged", run_id=self.run_id, paths=paths)

    # Datasets and models ---------------------------------------------------------------------------------------------

    def log_input(self, data: Any, context: str | None = None, tags: Mapping[str, str] | None = None) -> Dataset:
        """Note a dataset that this run reads, with a digest of its content, and return it.

        Args:
            data: a `Dataset`, a pandas or polars DataFrame, an array, a mapping of arrays, or the path of a file.
            context: its role, such as "training" or "validation".
            tags: further tags of the dataset in its role.
        """
        dataset = data if isinstance(data, Dataset) else dataset_of(data)
        named = {"mlflow.data.context": context} if context else {}
        self.log_inputs([DatasetInput(dataset, {**(tags or {}), **named})])
        return dataset

    def log_inputs(self, inputs: Iterable[DatasetInput]) -> None:
        """Note several datasets that this run reads."""
        read = [{"dataset": asdict(each.dataset), "tags": dict(each.tags)} for each in dataset_inputs(inputs)]
        with self._lock:
            self._writer.event("read", datasets=read, models=[])

    def log_model(self, model: Any, name: str = "model", **options: Any) -> LoggedModel:
        """Save a model and log it with this run; options as for `Models.log`."""
        return self._services.models.log(self.info, model, name, **options)

    # Life ------------------------------------------------------------------------------------------------------------

    def in_background(self, work: Thread) -> None:
        """Start a thread that works for this run; `flush` and `end` wait for it."""
        with self._lock:
            self._state = evolve(self._state, background=(*self._state.background, work))
        work.start()

    def flush(self) -> None:
        """Return when all that was logged is stored, work in the background included.

        Raises:
            RecordsRefused: the store refused some of it for good; all else is stored.
            Unavailable: the store is away; what was logged is kept, and stored as soon as it is back.
            DurabilityLost: the disk failed.
        """
        self._join_background()
        self._services.journals.flush(self._writer)

    def _join_background(self) -> None:
        for work in self._state.background:
            work.join()
            with self._lock:
                left = tuple(each for each in self._state.background if each is not work)
                self._state = _State(self.info, left)

    def end(self, status: RunStatus | str = RunStatus.FINISHED) -> None:
        """End the run with a final status. Ending an ended run is no error; a forked child cannot end it.

        Where the store is away the run ends all the same: its journal says so, and is stored once the store is back.

        Raises:
            InvalidValue: the status is not final. RecordsRefused, DurabilityLost: as `flush`; the run has ended.
        """
        final = as_final_status(status)
        if self.info.status.is_final:
            return
        if os.getpid() != self._process:
            raise InvalidState("This process is a forked child of the one that started the run, which ends it.")
        if self._services.sampler:
            self._services.sampler.stop(self)
        self._join_background()
        with self._lock:
            if self.info.status.is_final:  # another thread was faster
                return
            ended, info = self._writer, evolve(self.info, status=final, end_time=now_ms())
            # For what other threads log all the same: it is open before the other one is closed.
            self._writer = self._services.journals.open(self.run_id, primary=False)
            try:
                changed = {"event": "changed", "status": final.value, "end_time": info.end_time}
                self._services.journals.seal(ended, changed)
            except HooklineError:
                self._writer = ended
                raise
            self._state = _State(info, self._state.background)
        try:
            self._services.journals.flush(ended)
        except Unavailable as error:
            log.warning("The end of the run %s is kept in its journal: %s", self.run_id, error)
        finally:
            self._services.plugins.announce("run_ended", run=info)

    @property
    def is_open(self) -> bool:
        """Whether the run goes on and belongs to this process, not to the one it was forked from."""
        return not self.info.status.is_final and os.getpid() == self._process

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.is_open:
            self.end(RunStatus.after(error))


def as_final_status(status: RunStatus | str) -> RunStatus:
    """Return a status in which a run may end; raises `InvalidValue`."""
    final = as_status(status)
    if not final.is_final:
        raise InvalidValue(f"A run ends FINISHED, FAILED or KILLED, not {final.value}.")
    return final


def as_status(status: RunStatus | str) -> RunStatus:
    """Return a status that may be named by a text; raises `InvalidValue`."""
    try:
        return RunStatus(status)
    except ValueError as error:
        raise InvalidValue(f"There is no status {status!r}; there are {', '.join(RunStatus)}.") from error
