"""Fluent functions that log into the active run."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hookline.entities import Dataset, DatasetInput, LoggedModel
from hookline.fluent.state import current_run


def log_metric(key: str, value: float, step: int = 0, timestamp: int | None = None, **measured: Any) -> None:
    """Log one point of a metric to the active run; arguments as for `Run.log_metric`."""
    current_run().log_metric(key, value, step, timestamp, **measured)


def log_metrics(metrics: Mapping[str, float], step: int = 0, timestamp: int | None = None) -> None:
    """Log one point of each of several metrics to the active run, all or none."""
    current_run().log_metrics(metrics, step, timestamp)


def log_param(key: str, value: object) -> None:
    """Set a param of the active run; raises `InvalidValue` where it has another value."""
    current_run().log_param(key, value)


def log_params(params: Mapping[str, object]) -> None:
    """Set several params of the active run, all or none."""
    current_run().log_params(params)


def set_tag(key: str, value: object) -> None:
    """Set a tag of the active run."""
    current_run().set_tag(key, value)


def set_tags(tags: Mapping[str, object]) -> None:
    """Set several tags of the active run, all or none."""
    current_run().set_tags(tags)


def delete_tag(key: str) -> None:
    """Remove a tag of the active run."""
    current_run().delete_tag(key)


def log_artifact(local_path: str | Path, artifact_path: str | None = None) -> None:
    """Store a local file or folder with the active run."""
    current_run().log_artifact(local_path, artifact_path)


def log_artifacts(local_dir: str | Path, artifact_path: str | None = None) -> None:
    """Store the files of a local folder with the active run."""
    current_run().log_artifacts(local_dir, artifact_path)


def log_text(text: str, artifact_file: str) -> None:
    """Store text with the active run."""
    current_run().log_text(text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str) -> None:
    """Store plain values with the active run, as JSON or YAML by the file's ending."""
    current_run().log_dict(dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: str) -> None:
    """Store a matplotlib or plotly figure with the active run."""
    current_run().log_figure(figure, artifact_file)


def log_image(image: Any, artifact_file: str | None = None, *, key: str = "", step: int = 0) -> None:
    """Store an image with the active run."""
    current_run().log_image(image, artifact_file, key=key, step=step)


def log_table(data: Any, artifact_file: str) -> None:
    """Store a table with the active run, or add rows to it."""
    current_run().log_table(data, artifact_file)


def log_input(data: Any, context: str | None = None, tags: Mapping[str, str] | None = None) -> Dataset:
    """Note a dataset that the active run reads."""
    return current_run().log_input(data, context, tags)


def log_inputs(inputs: Iterable[DatasetInput]) -> None:
    """Note several datasets that the active run reads."""
    current_run().log_inputs(inputs)


def log_model(model: Any, name: str = "model", **options: Any) -> LoggedModel:
    """Save a model and log it with the active run; options as for `Models.log`."""
    return current_run().log_model(model, name, **options)
