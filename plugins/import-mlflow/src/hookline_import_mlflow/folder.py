"""An `mlruns` folder of MLflow 1.x to 3.x."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hookline.entities import (
    Dataset,
    DatasetInput,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    ModelStatus,
    Points,
    RunStatus,
)
from hookline.errors import InvalidValue, NotFound
from hookline_import_mlflow.source import (
    DELETED,
    Source,
    SourceExperiment,
    SourceLoggedModel,
    SourceModel,
    SourceRun,
    SourceVersion,
    columns,
)

META = "meta.yaml"
TRASH = ".trash"
_RUN_STATUS = dict(enumerate(RunStatus, start=1))
_MODEL_STATUS = {1: ModelStatus.PENDING, 2: ModelStatus.READY, 3: ModelStatus.UPLOAD_FAILED}


class FolderSource(Source):
    """An `mlruns` folder. Links in it are not followed.

    Raises:
        NotFound: there is no such folder. InvalidValue: it is none of MLflow's.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotFound(f"There is no folder {str(root)!r}.")
        self.shown, self._root = str(root), root
        if not any((each / META).is_file() for each in _folders(root)):
            raise InvalidValue(f"{root} is no mlruns folder: none of its folders has a {META}.")

    def experiments(self) -> Sequence[SourceExperiment]:
        """Return all experiments, those in `.trash` too."""
        found = []
        for folder, meta in self._experiment_folders():
            stage = "deleted" if folder.parent.name == TRASH else str(meta.get("lifecycle_stage") or "active")
            found.append(
                SourceExperiment(
                    str(meta.get("experiment_id", folder.name)),
                    str(meta.get("name") or folder.name),
                    str(meta.get("artifact_location") or ""),
                    LifecycleStage(stage),
                    _texts(folder / "tags"),
                )
            )
        return sorted(found, key=lambda each: (len(each.experiment_id), each.experiment_id))

    def runs(self, experiment_id: str) -> Iterator[SourceRun]:
        """Yield the runs of an experiment."""
        home = self._experiment_folder(experiment_id)
        for folder in _folders(home):
            meta = _meta(folder)
            run_id = meta.get("run_id") or meta.get("run_uuid")
            if run_id is None:
                continue
            status = meta.get("status", 3)
            yield SourceRun(
                run_id=str(run_id),
                experiment_id=experiment_id,
                name=str(meta.get("run_name") or ""),
                user_id=str(meta.get("user_id") or ""),
                status=_RUN_STATUS[status] if isinstance(status, int) else RunStatus(status),
                start_time=int(meta.get("start_time") or 0),
                end_time=None if meta.get("end_time") is None else int(meta["end_time"]),
                lifecycle_stage=LifecycleStage(meta.get("lifecycle_stage") or "active"),
                artifact_uri=str(folder / "artifacts") if (folder / "artifacts").is_dir() else "",
                params=_texts(folder / "params"),
                tags=_texts(folder / "tags"),
                datasets=tuple(self._datasets(home, folder)),
                model_inputs=tuple(ModelInput(str(each["source_id"])) for each in self._inputs(folder, "MODEL_INPUT")),
                model_outputs=tuple(
                    ModelOutput(each.name, int(_meta(each).get("step") or 0)) for each in _folders(folder / "outputs")
                ),
                measured=tuple(self._measured(home, str(run_id))),
            )

    def points(self, run: SourceRun) -> Iterator[Points]:
        """Yield the points of a run, a series after the other."""
        taken = {(each.key, each.step, each.timestamp, each.value) for each in run.measured}
        folder = self._run_folder(run) / "metrics"
        for key, path in _keys(folder):
            rows: dict[tuple[int, int, float | str], tuple[int, int, float]] = {}
            for parts in _lines(path):
                step, timestamp, value = _point(parts, path)
                if not taken or (key, step, timestamp, value) not in taken:
                    rows[step, timestamp, "nan" if value != value else value] = (step, timestamp, value)
            if rows:
                yield columns(key, list(rows.values()))

    def logged_models(self, experiment_id: str) -> Iterator[SourceLoggedModel]:
        """Yield the logged models of an experiment."""
        for folder in _folders(self._experiment_folder(experiment_id) / "models"):
            meta = _meta(folder)
            if "model_id" not in meta:
                continue
            yield SourceLoggedModel(
                model_id=str(meta["model_id"]),
                experiment_id=experiment_id,
                name=str(meta.get("name") or "model"),
                status=_model_status(meta.get("status")),
                lifecycle_stage=LifecycleStage(meta.get("lifecycle_stage") or "active"),
                model_type=meta.get("model_type") or None,
                source_run_id=meta.get("source_run_id") or None,
                creation_time=int(meta.get("creation_timestamp") or 0),
                artifact_uri=str(folder / "artifacts") if (folder / "artifacts").is_dir() else "",
                params=_texts(folder / "params"),
                tags=_texts(folder / "tags"),
            )

    def models(self) -> Iterator[SourceModel]:
        """Yield the registered models."""
        for folder in _folders(self._root / "models"):
            meta = _meta(folder)
            if "name" not in meta:
                continue
            aliases = {**(meta.get("aliases") or {}), **_texts(folder / "aliases")}
            versions = [_version(each) for each in _folders(folder) if each.name.startswith("version-")]
            kept = (each for each in versions if each.stage != DELETED)
            yield SourceModel(
                name=str(meta["name"]),
                description=str(meta.get("description") or ""),
                tags=_texts(folder / "tags"),
                aliases={str(alias): int(version) for alias, version in aliases.items()},
                versions=tuple(sorted(kept, key=lambda each: each.version)),
            )

    def _experiment_folders(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        for place in (self._root, self._root / TRASH):
            for folder in _folders(place):
                meta = _meta(folder)
                if "experiment_id" in meta:
                    yield folder, meta

    def _experiment_folder(self, experiment_id: str) -> Path:
        for folder, meta in self._experiment_folders():
            if str(meta["experiment_id"]) == experiment_id:
                return folder
        raise NotFound(f"There is no experiment {experiment_id!r} in {self.shown}.")

    def _run_folder(self, run: SourceRun) -> Path:
        return self._experiment_folder(run.experiment_id) / Path(run.run_id).name

    def _inputs(self, folder: Path, kind: str) -> Iterator[Mapping[str, Any]]:
        for each in _folders(folder / "inputs"):
            meta = _meta(each)
            if meta.get("source_type") == kind:
                yield meta

    def _datasets(self, home: Path, folder: Path) -> Iterator[DatasetInput]:
        for used in self._inputs(folder, "DATASET"):
            meta = _meta(home / "datasets" / Path(str(used.get("source_id"))).name)
            if "name" in meta:
                yield DatasetInput(
                    Dataset(
                        str(meta["name"]),
                        str(meta.get("digest") or ""),
                        str(meta.get("source_type") or ""),
                        str(meta.get("source") or ""),
                        meta.get("schema") or None,
                        meta.get("profile") or None,
                    ),
                    {str(key): str(value) for key, value in (used.get("tags") or {}).items()},
                )

    def _measured(self, home: Path, run_id: str) -> Iterator[Metric]:
        for model in _folders(home / "models"):
            for key, path in _keys(model / "metrics"):
                for parts in _lines(path):
                    if len(parts) > 3 and parts[3] == run_id:
                        step, timestamp, value = _point(parts, path)
                        name, digest = (parts[4], parts[5]) if len(parts) > 5 else (None, None)
                        yield Metric(key, value, step, timestamp, model.name, name, digest)


def _model_status(given: object) -> ModelStatus:
    if isinstance(given, int):
        return _MODEL_STATUS.get(given, ModelStatus.READY)
    return ModelStatus(str(given or "READY").removeprefix("LOGGED_MODEL_"))


def _version(folder: Path) -> SourceVersion:
    meta = _meta(folder)
    number = folder.name.removeprefix("version-")
    if not number.isdigit():
        raise InvalidValue(f"{folder} is named like no version: version-1, version-2, ...")
    return SourceVersion(
        version=int(number),
        source=str(meta.get("source") or ""),
        run_id=meta.get("run_id") or None,
        model_id=meta.get("model_id") or None,
        description=str(meta.get("description") or ""),
        user_id=str(meta.get("user_id") or ""),
        stage=str(meta.get("current_stage") or "None"),
        tags=_texts(folder / "tags"),
    )


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.is_symlink() and each.name != TRASH)


def _meta(folder: Path) -> Mapping[str, Any]:
    """Return what a `meta.yaml` holds; {} where there is none."""
    path = folder / META
    if not path.is_file() or path.is_symlink():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path} cannot be read: {error}") from error
    return found if isinstance(found, dict) else {}


def _keys(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder with their keys: a slash in a key is a folder."""
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path


def _texts(folder: Path) -> dict[str, str]:
    return {key: path.read_text(encoding="utf-8") for key, path in _keys(folder)}


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            parts = line.split()
            if parts:
                yield parts


def _point(parts: Sequence[str], path: Path) -> tuple[int, int, float]:
    """Return (step, timestamp, value) of a line; very old ones have no step."""
    try:
        return int(parts[2]) if len(parts) > 2 else 0, int(parts[0]), float(parts[1])
    except (ValueError, IndexError) as error:
        raise InvalidValue(f"{path} holds a line that is no point: {' '.join(parts)[:80]!r}.") from error
