"""Fluent functions for models, artifacts and projects."""

from pathlib import Path
from typing import Any

from hookline.entities import ModelVersion
from hookline.errors import InvalidValue
from hookline.fluent.state import current_workspace
from hookline.projects import ProjectRun


def save_model(model: Any, path: str | Path, **options: Any) -> Any:
    """Save a model into a new local folder; options as for `Models.save`."""
    return current_workspace().save_model(model, path, **options)


def load_model(model_uri: str | Path, *, allow_pickle: bool = False, **options: Any) -> Any:
    """Return a model with `.predict(data)`; options as for `Models.load`."""
    return current_workspace().load_model(model_uri, allow_pickle=allow_pickle, **options)


def register_model(model_uri: str, name: str, **options: Any) -> ModelVersion:
    """Make a version of a registered model from a model's URI; options as for `Models.register`."""
    return current_workspace().models.register(model_uri, name, **options)


def download_artifacts(
    artifact_uri: str | None = None,
    *,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | Path | None = None,
) -> Path:
    """Write an artifact or a folder of them to local disk and return where it lies.

    Args:
        artifact_uri: any artifact store's URI; or else `run_id` with the optional `artifact_path`.
        dst_path: the folder to write into; default a new one below the workspace's home.
    """
    target = Path(dst_path) if dst_path else current_workspace().config.home / "downloads" / (run_id or "artifacts")
    if (artifact_uri is None) == (run_id is None):
        raise InvalidValue("download_artifacts takes either artifact_uri or run_id.")
    if run_id is not None:
        return current_workspace().runs.download_artifacts(run_id, artifact_path, target)
    return current_workspace().artifacts.download(current_workspace().artifacts.locate(str(artifact_uri)), target)


def run_project(uri: str, **options: Any) -> ProjectRun:
    """Run a project; options as for `Projects.run`. Also `hookline.projects.run`."""
    return current_workspace().projects.run(uri, **options)
