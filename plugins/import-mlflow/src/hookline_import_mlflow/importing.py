"""Bringing what a source holds into a workspace's stores, so that it can be broken off and gone on with."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from attrs import Factory, define, evolve, field

from hookline import Workspace
from hookline.entities import (
    Delivery,
    ExperimentChange,
    LifecycleStage,
    LoggedModelChange,
    ModelChange,
    NewLoggedModel,
    NewModelVersion,
    NewRun,
    Points,
    RunChange,
    VersionChange,
    checksum_of,
)
from hookline.entities.delivery import CHECKSUM_MASK
from hookline.errors import AlreadyExists, Gone, HooklineError, InvalidState, InvalidValue, NotFound
from hookline.uris import file_path, is_path, join_uri, scheme_of
from hookline_import_mlflow.source import (
    PROXIED,
    Source,
    SourceExperiment,
    SourceLoggedModel,
    SourceModel,
    SourceRun,
    SourceVersion,
    columns,
)

WRITER = "import-mlflow"
"""The writer of all that is imported: its cursor says how much of a run is there."""
DEFAULT = "0"
MOST_POINTS = 200_000
"""Points in one delivery."""


class Artifacts(StrEnum):
    """What becomes of the files of runs and logged models: copied where they lie on this machine, or left alone."""

    COPY = "copy"
    NONE = "none"


@define
class Report:
    """What was found, brought and left.

    Attributes:
        found, brought, present: how many of each kind: in the source; that are new; that were there already.
        problems: what could not be brought, and what differs, a line each.
        missing_files: runs and logged models whose files are not on this machine.
    """

    found: Counter[str] = Factory(Counter)
    brought: Counter[str] = Factory(Counter)
    present: Counter[str] = Factory(Counter)
    problems: list[str] = Factory(list)
    missing_files: int = 0


@define
class Importer:
    """Brings what a source holds into a workspace.

    Args:
        artifacts: what becomes of files. artifact_root: the folder that `mlflow-artifacts:/` means, where it is here.
        only: names of the experiments to bring; empty means all, and the model registry.
        told: called with a line for each experiment, to show how far it is.
    """

    workspace: Workspace
    source: Source
    artifacts: Artifacts = Artifacts.COPY
    artifact_root: Path | None = None
    only: frozenset[str] = frozenset()
    told: Callable[[str], object] = lambda _line: None
    report: Report = field(factory=Report, init=False)
    _places: dict[str, str] = field(factory=dict, init=False)

    def run(self, *, dry: bool = False) -> Report:
        """Bring everything; with `dry` only count it."""
        experiments = [each for each in self.source.experiments() if not self.only or each.name in self.only]
        missing = self.only - {each.name for each in experiments}
        if missing:
            raise NotFound(f"There is no experiment {', '.join(sorted(missing))} in {self.source.shown}.")
        for number, experiment in enumerate(experiments, 1):
            self.told(f"{number} of {len(experiments)} experiments: {experiment.name}")
            self._experiment(experiment, dry)
        for model in self.source.models() if not self.only else ():
            self.report.found["registered models"] += 1
            self.report.found["versions"] += len(model.versions)
            if not dry:
                self._attempt(f"the registered model {model.name!r}", lambda model=model: self._model(model))
        return self.report

    def _attempt(self, what: str, call: Callable[[], object]) -> None:
        """What cannot be brought stays behind, and is told; all else goes on."""
        try:
            call()
        except (InvalidValue, InvalidState, NotFound, AlreadyExists) as error:
            self.report.problems.append(f"{what}: {error}")

    # Experiments and runs --------------------------------------------------------------------------------------------

    def _experiment(self, given: SourceExperiment, dry: bool) -> None:
        self.report.found["experiments"] += 1
        target = "" if dry else self._experiment_id(given)
        for run in self.source.runs(given.experiment_id):
            self.report.found["runs"] += 1
            if dry:
                self.report.found["points"] += len(run.measured) + sum(map(len, self.source.points(run)))
            else:
                self._attempt(f"the run {run.run_id}", lambda run=run: self._run(run, target))
        for model in self.source.logged_models(given.experiment_id):
            self.report.found["logged models"] += 1
            if not dry:
                self._attempt(
                    f"the logged model {model.model_id}", lambda model=model: self._logged_model(model, target)
                )
        if not dry and given.lifecycle_stage is LifecycleStage.DELETED and target != DEFAULT:
            deleted = ExperimentChange(lifecycle_stage=LifecycleStage.DELETED)
            self.workspace.tracking.update_experiment(target, deleted)

    def _experiment_id(self, given: SourceExperiment) -> str:
        """Return the id that an experiment has here: it is known by its name, and its id is the store's."""
        store = self.workspace.tracking
        present = store.get_experiment_by_name(given.name)
        if present is None:
            self.report.brought["experiments"] += 1
            return store.create_experiment(given.name, tags=given.tags).experiment_id
        self.report.present["experiments"] += 1
        if present.lifecycle_stage is LifecycleStage.DELETED:
            active = ExperimentChange(lifecycle_stage=LifecycleStage.ACTIVE)
            store.update_experiment(present.experiment_id, active)
        store.update_experiment(present.experiment_id, ExperimentChange(tags=given.tags))
        return present.experiment_id

    def _run(self, run: SourceRun, experiment_id: str) -> None:
        store = self.workspace.tracking
        written = {each.writer_id: each for each in store.writers(run.run_id)}
        writer = written.get(WRITER)
        if writer is None and self._is_taken(run.run_id):
            raise AlreadyExists("a run with this id is there, and was not imported: it is left as it is")
        if writer is not None and writer.sealed:
            is_new = False
        else:
            is_new = True
            self._deliver(run, experiment_id, 0 if writer is None else writer.cursor)
        uri = store.get_run(run.run_id).info.artifact_uri
        self._places[run.artifact_uri] = uri
        self._copy(run.artifact_uri, uri, f"the run {run.run_id}")
        points = self._compare(run)
        outcome = self.report.brought if is_new else self.report.present
        self.report.found["points"] += points
        outcome["points"] += points
        outcome["runs"] += 1
        if run.lifecycle_stage is LifecycleStage.DELETED:
            store.update_run(run.run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))

    def _is_taken(self, run_id: str) -> bool:
        try:
            self.workspace.tracking.get_run(run_id)
        except NotFound:
            return False
        return True

    def _deliver(self, run: SourceRun, experiment_id: str, cursor: int) -> None:
        """Store a run part by part, going on where an earlier attempt ended."""
        new = NewRun(
            experiment_id=experiment_id,
            run_id=run.run_id,
            run_name=run.name or None,
            user_id=run.user_id,
            start_time=run.start_time,
            tags=run.tags,
        )
        first = Delivery(
            run.run_id,
            WRITER,
            0,
            1,
            created=new,
            metrics=run.measured,
            params=run.params,
            datasets=run.datasets,
            model_inputs=run.model_inputs,
            model_outputs=run.model_outputs,
        )
        number = 0
        parts = self._parts(run)
        waiting = evolve(first, points=next(parts, ()))
        for points in parts:
            if number >= cursor:
                self.workspace.tracking.apply(waiting)
            number += 1
            waiting = Delivery(run.run_id, WRITER, number, 1, points=points)
        end = RunChange(status=run.status, end_time=run.end_time)
        last = evolve(waiting, change=end, sealed=True)
        if number >= cursor:
            self.workspace.tracking.apply(last)

    def _parts(self, run: SourceRun) -> Iterator[tuple[Points, ...]]:
        """Yield the points of a run in parts that one delivery takes."""
        together: list[Points] = []
        for points in self.source.points(run):
            together.append(points)
            if sum(map(len, together)) >= MOST_POINTS:
                yield tuple(together)
                together = []
        if together:
            yield tuple(together)

    def _compare(self, run: SourceRun) -> int:
        """Read a run back and compare it with the source, its points by checksums; return how many these are."""
        here = self.workspace.tracking.get_run(run.run_id)
        wanted, count = self._checksums(run)
        for key, checksum in wanted.items():
            blocks = list(self.workspace.tracking.metric_history(run.run_id, key))
            found = sum(map(checksum_of, blocks)) & CHECKSUM_MASK
            if found != checksum:
                self.report.problems.append(f"the run {run.run_id}: the points of {key!r} differ")
        if set(here.data.latest) != set(wanted):
            self.report.problems.append(f"the run {run.run_id}: its metrics are not the same")
        if dict(here.data.params) != dict(run.params):
            self.report.problems.append(f"the run {run.run_id}: its params differ")
        if not run.tags.items() <= here.data.tags.items():
            self.report.problems.append(f"the run {run.run_id}: its tags differ")
        return count

    def _checksums(self, run: SourceRun) -> tuple[Mapping[str, int], int]:
        found: Counter[str] = Counter()
        count = len(run.measured)
        for each in run.measured:
            found[each.key] += checksum_of(columns(each.key, [(each.step, each.timestamp, each.value)]))
        for points in self.source.points(run):
            found[points.key] += checksum_of(points)
            count += len(points)
        return {key: value & CHECKSUM_MASK for key, value in found.items()}, count

    # Models ----------------------------------------------------------------------------------------------------------

    def _logged_model(self, given: SourceLoggedModel, experiment_id: str) -> None:
        store = self.workspace.logged_models
        try:
            here = store.get_logged_model(given.model_id)
            self.report.present["logged models"] += 1
        except NotFound:
            new = NewLoggedModel(
                experiment_id=experiment_id,
                name=given.name,
                model_id=given.model_id,
                source_run_id=given.source_run_id,
                model_type=given.model_type,
                params=given.params,
                tags=given.tags,
                creation_time=given.creation_time,
            )
            here = store.create_logged_model(new)
            self.report.brought["logged models"] += 1
        self._places[given.artifact_uri] = here.artifact_uri
        self._copy(given.artifact_uri, here.artifact_uri, f"the logged model {given.model_id}")
        deleted = given.lifecycle_stage is LifecycleStage.DELETED
        change = LoggedModelChange(status=given.status, lifecycle_stage=LifecycleStage.DELETED if deleted else None)
        with suppress(Gone):
            store.update_logged_model(given.model_id, change)

    def _model(self, given: SourceModel) -> None:
        store = self.workspace.model_registry
        try:
            store.create_model(given.name, description=given.description, tags=given.tags)
            self.report.brought["registered models"] += 1
        except AlreadyExists:
            self.report.present["registered models"] += 1
            store.update_model(given.name, ModelChange(description=given.description, tags=given.tags))
        self._versions(given)
        for alias, version in given.aliases.items():
            store.set_alias(given.name, alias, version)

    def _versions(self, given: SourceModel) -> None:
        """Give every version the number that it has in the source; numbers that are free there stay free here."""
        for version in given.versions:
            try:
                self.workspace.model_registry.get_version(given.name, version.version)
                self.report.present["versions"] += 1
            except NotFound:
                self._version(given.name, version)

    def _version(self, name: str, version: SourceVersion) -> None:
        store = self.workspace.model_registry
        new = NewModelVersion(
            name=name,
            source=self._here(version.source),
            run_id=version.run_id,
            model_id=version.model_id,
            description=version.description,
            user_id=version.user_id,
            tags=version.tags,
        )
        made = store.create_version(new)
        while made.version < version.version:  # a number that the source gave and took back
            store.delete_version(name, made.version)
            made = store.create_version(new)
        if made.version > version.version:
            store.delete_version(name, made.version)
            raise InvalidState(f"version {version.version}: the number was used here, and is never used again")
        store.update_version(name, made.version, VersionChange(current_stage=version.stage))
        self.report.brought["versions"] += 1

    # Files -----------------------------------------------------------------------------------------------------------

    def _here(self, source: str) -> str:
        """Return where the files of a version are: in the store, where they came from a run that was brought."""
        for there, here in self._places.items():
            if there and (source == there or source.startswith(f"{there.rstrip('/')}/")):
                return join_uri(here, source[len(there.rstrip("/")) :].strip("/"))
        for path in (self._local(source),):
            for there, here in self._places.items():
                place = self._local(there)
                if path is not None and place is not None and path.is_relative_to(place):
                    return join_uri(here, path.relative_to(place).as_posix().removeprefix("."))
        return source

    def _local(self, uri: str) -> Path | None:
        """Return the local folder that a location of MLflow's means, where there is one."""
        if uri.startswith(PROXIED):
            key = uri.removeprefix(PROXIED).lstrip("/")
            return None if self.artifact_root is None or ".." in key else self.artifact_root / key
        if not uri or (not is_path(uri) and scheme_of(uri) != "file"):
            return None
        with suppress(HooklineError):
            return file_path(uri).absolute()
        return None

    def _copy(self, there: str, here: str, what: str) -> None:
        if self.artifacts is Artifacts.NONE:
            return
        try:
            folder = self._local(there)
            if folder is not None:
                self._upload(folder, here)
                return
            with self.source.folder(there) as fetched:
                if fetched is None:
                    self.report.missing_files += bool(there)
                else:
                    self._upload(fetched, here)
        except HooklineError as error:
            self.report.problems.append(f"the files of {what}: {error}")

    def _upload(self, folder: Path, here: str) -> None:
        """Store the files of a folder, unless they are there already. It is made for the first file, and may miss."""
        location = self.workspace.artifacts.locate(here)
        present = {each.path: each.file_size for each in self.workspace.artifacts.walk(location)}
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        if any(present.get(key) != path.stat().st_size for key, path in files.items()):
            self.report.brought["files"] += len(self.workspace.artifacts.upload(folder, location))
