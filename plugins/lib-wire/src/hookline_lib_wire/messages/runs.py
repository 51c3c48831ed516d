"""Messages about runs, and what is logged into them."""

from typing import ClassVar

import msgspec

from hookline.entities import Lease
from hookline_lib_wire.messages.base import UNSET, Number, Request, Response, RunRequest, Tag, Text


class Metric(msgspec.Struct, omit_defaults=True, gc=False):
    """A point on the wire: NaN and infinities travel as the texts "NaN", "Infinity" and "-Infinity"."""

    key: str
    value: float | str
    timestamp: int
    step: int
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""
    run_id: str = ""


class GivenMetric(msgspec.Struct, gc=False):
    """A point that a client sends."""

    key: str = ""
    value: float | None = None
    timestamp: int | None = None
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class Dataset(Response):
    """A dataset by description."""

    name: str = ""
    digest: str = ""
    source_type: str = ""
    source: str = ""
    schema: Text = UNSET
    profile: Text = UNSET


class DatasetInput(Response):
    """A dataset in its role for a run."""

    tags: list[Tag] = []
    dataset: Dataset = msgspec.field(default_factory=Dataset)


class ModelInput(Response):
    """A logged model that a run read."""

    model_id: str = ""


class ModelOutput(msgspec.Struct):
    """A logged model that a run made."""

    model_id: str = ""
    step: int = 0


class RunInfo(Response):
    """What identifies a run and how it stands."""

    run_id: str
    run_uuid: str = ""
    run_name: Text = UNSET
    experiment_id: str = ""
    user_id: Text = UNSET
    status: Text = UNSET
    start_time: Number = UNSET
    end_time: Number = UNSET
    artifact_uri: Text = UNSET
    lifecycle_stage: Text = UNSET
    status_reason: Text = UNSET
    lease: Lease | msgspec.UnsetType = UNSET


class RunData(Response):
    """What was logged into a run: the latest point of every metric, params and tags."""

    metrics: list[Metric] = []
    params: list[Tag] = []
    tags: list[Tag] = []


class RunInputs(Response):
    """What a run read."""

    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(Response):
    """What a run made."""

    model_outputs: list[ModelOutput] = []


class Run(msgspec.Struct, omit_defaults=True):
    """A run."""

    info: RunInfo
    data: RunData | msgspec.UnsetType = UNSET
    inputs: RunInputs | msgspec.UnsetType = UNSET
    outputs: RunOutputs | msgspec.UnsetType = UNSET


class CreateRun(Request):
    """Create a run."""

    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: int | None = None
    tags: list[Tag] = []


class UpdateRun(RunRequest):
    """Change a run's status, end or name. An unknown status is passed over, as MLflow does."""

    status: str | int | None = None
    end_time: int | None = None
    run_name: str = ""


class RunId(RunRequest):
    """Name a run."""


class DeleteRun(Request):
    """Delete or restore a run."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)

    run_id: str = ""


class SearchRuns(Request):
    """Search runs."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = "ACTIVE_ONLY"
    max_results: int = 1000
    order_by: list[str] = []
    page_token: str = ""


class LogMetric(RunRequest):
    """Log one point."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "key", "value", "timestamp")

    key: str = ""
    value: float | None = None
    timestamp: int | None = None
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(RunRequest):
    """Log one param. An empty value is a value."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "key")

    key: str = ""
    value: str = ""


class SetTag(RunRequest):
    """Set a tag of a run. An empty value is a value."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "key")

    key: str = ""
    value: str = ""


class DeleteTag(Request):
    """Remove a tag of a run."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "key")

    run_id: str = ""
    key: str = ""


class LogBatch(Request):
    """Log points, params and tags together."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)

    run_id: str = ""
    metrics: list[GivenMetric] = []
    params: list[Tag] = []
    tags: list[Tag] = []


class LogModel(Request):
    """Note a model in the run's tag `mlflow.log-model.history`, as clients before 3.0 do."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "model_json")

    run_id: str = ""
    model_json: str = ""


class LogInputs(Request):
    """Note what a run read."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)

    run_id: str = ""
    datasets: list[DatasetInput] = []
    models: list[ModelInput] = []


class LogOutputs(Request):
    """Note which logged models a run made."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)

    run_id: str = ""
    models: list[ModelOutput] = []


class GetHistory(RunRequest):
    """Read the points of a series."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "metric_key")

    metric_key: str = ""
    page_token: str = ""
    max_results: int | None = None


class GetHistoryBulk(Request):
    """Read the points of a series in several runs."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "metric_key")

    run_id: list[str] = []
    metric_key: str = ""
    max_results: int = 25_000


class GetHistoryInterval(Request):
    """Read a sample of the points of a series in several runs."""

    required: ClassVar[tuple[str, ...]] = ("run_ids", "metric_key")

    run_ids: list[str] = []
    metric_key: str = ""
    start_step: int | None = None
    end_step: int | None = None
    max_results: int | None = None


class SearchDatasets(Request):
    """Search the datasets of experiments."""

    required: ClassVar[tuple[str, ...]] = ("experiment_ids",)

    experiment_ids: list[str] = []


class RunFound(Response):
    """One run."""

    run: Run


class RunUpdated(Response):
    """A run's info after a change."""

    run_info: RunInfo


class RunsFound(Response):
    """A page of runs."""

    runs: list[Run] = []
    next_page_token: Text = UNSET


class MetricsFound(Response):
    """Points of a series."""

    metrics: list[Metric] = []
    next_page_token: Text = UNSET


class DatasetSummary(Response):
    """A dataset as it appears among the runs of an experiment."""

    experiment_id: str
    name: str
    digest: str
    context: Text = UNSET


class DatasetsFound(Response):
    """Datasets of experiments."""

    dataset_summaries: list[DatasetSummary] = []
