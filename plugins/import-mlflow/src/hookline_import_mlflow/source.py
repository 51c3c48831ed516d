"""What MLflow recorded, as this plugin reads it. Nothing of a source is ever written."""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import field, frozen

from hookline.entities import (
    DatasetInput,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    ModelStatus,
    Points,
    RunStatus,
)

PROXIED = "mlflow-artifacts:"
"""The scheme of locations that only MLflow's server knows."""
DELETED = "Deleted_Internal"
"""The stage that MLflow gives to a version that was deleted."""


@frozen
class SourceExperiment:
    """An experiment of MLflow's."""

    experiment_id: str
    name: str
    artifact_location: str = ""
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    tags: Mapping[str, str] = field(factory=dict)


@frozen
class SourceRun:
    """A run of MLflow's without its points.

    Attributes:
        measured: points that say which logged model or dataset they measured; the other points are without them.
    """

    run_id: str
    experiment_id: str
    name: str = ""
    user_id: str = ""
    status: RunStatus = RunStatus.FINISHED
    start_time: int = 0
    end_time: int | None = None
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    artifact_uri: str = ""
    params: Mapping[str, str] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)
    datasets: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelInput, ...] = ()
    model_outputs: tuple[ModelOutput, ...] = ()
    measured: tuple[Metric, ...] = ()


@frozen
class SourceLoggedModel:
    """A logged model of MLflow 3."""

    model_id: str
    experiment_id: str
    name: str
    status: ModelStatus = ModelStatus.READY
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    model_type: str | None = None
    source_run_id: str | None = None
    creation_time: int = 0
    artifact_uri: str = ""
    params: Mapping[str, str] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)


@frozen
class SourceVersion:
    """A version of a registered model."""

    version: int
    source: str = ""
    run_id: str | None = None
    model_id: str | None = None
    description: str = ""
    user_id: str = ""
    stage: str = "None"
    tags: Mapping[str, str] = field(factory=dict)


@frozen
class SourceModel:
    """A registered model with its versions, ordered by number."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(factory=dict)
    aliases: Mapping[str, int] = field(factory=dict)
    versions: tuple[SourceVersion, ...] = ()


class Source(ABC):
    """A place where MLflow recorded.

    Attributes:
        shown: what it is called in messages.
    """

    shown: str = ""

    @abstractmethod
    def experiments(self) -> Sequence[SourceExperiment]:
        """Return all experiments, deleted ones too."""

    @abstractmethod
    def runs(self, experiment_id: str) -> Iterator[SourceRun]:
        """Yield the runs of an experiment, deleted ones too."""

    @abstractmethod
    def points(self, run: SourceRun) -> Iterator[Points]:
        """Yield the points of a run, a series or a part of one after the other, equal ones once."""

    @abstractmethod
    def logged_models(self, experiment_id: str) -> Iterator[SourceLoggedModel]:
        """Yield the logged models of an experiment."""

    @abstractmethod
    def models(self) -> Iterator[SourceModel]:
        """Yield the registered models."""

    @contextmanager
    def folder(self, uri: str) -> Iterator[Path | None]:
        """Give a folder with the files of a location, where the source itself has them; it may be gone afterwards."""
        yield None

    def close(self) -> None:  # noqa: B027 - most have nothing open
        """Give back what is open."""


def columns(key: str, rows: Sequence[tuple[int, int, float]]) -> Points:
    """Return points of a series from their (step, timestamp, value)."""
    return Points(
        key,
        array("q", (row[0] for row in rows)),
        array("q", (row[1] for row in rows)),
        array("d", (row[2] for row in rows)),
    )
