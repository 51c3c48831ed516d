"""The nouns of Hookline: frozen, typed, validated once where they are made."""

from hookline.entities.catalogue import KeyKind, Purged, PurgedKind, RunKey, ValueType
from hookline.entities.chart import ChartAxis, ChartBand, ChartPairs, ChartSeries, ChartView, PairsView
from hookline.entities.dataset import Dataset, DatasetInput, DatasetSummary, ModelInput, ModelOutput
from hookline.entities.delivery import Delivery, Writer, checksum_of
from hookline.entities.deployment import Deployment, ModelFolder
from hookline.entities.experiment import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, Experiment, ExperimentChange
from hookline.entities.files import FileInfo
from hookline.entities.intake import IntakePart, Write
from hookline.entities.lease import Lease
from hookline.entities.logged_model import LoggedModel, LoggedModelChange, NewLoggedModel
from hookline.entities.metric import (
    SYSTEM_PREFIX,
    Batch,
    Metric,
    Points,
    as_points,
    in_columns,
    is_system_metric,
    merged,
)
from hookline.entities.paging import Page
from hookline.entities.project import (
    ContainerImage,
    EntryPoint,
    EnvironmentSpec,
    Execution,
    Fetched,
    Parameter,
    PreparedEnvironment,
    Project,
)
from hookline.entities.registry import (
    STAGES,
    ModelChange,
    ModelVersion,
    NewModelVersion,
    RegisteredModel,
    VersionChange,
)
from hookline.entities.rules import (
    check_alias,
    check_experiment_name,
    check_key,
    check_model_name,
    check_run_id,
    new_id,
    now_ms,
)
from hookline.entities.run import LatestPoints, NewRun, RunChange, RunData, RunInfo, RunInputs, RunOutputs, RunRecord
from hookline.entities.scoring import ScoringJob
from hookline.entities.states import (
    DeploymentStatus,
    LifecycleStage,
    ModelStatus,
    RunStatus,
    VersionStatus,
    ViewType,
)

__all__ = [
    "DEFAULT_EXPERIMENT_ID",
    "DEFAULT_EXPERIMENT_NAME",
    "STAGES",
    "SYSTEM_PREFIX",
    "Batch",
    "ChartAxis",
    "ChartBand",
    "ChartPairs",
    "ChartSeries",
    "ChartView",
    "ContainerImage",
    "Dataset",
    "DatasetInput",
    "DatasetSummary",
    "Delivery",
    "Deployment",
    "DeploymentStatus",
    "EntryPoint",
    "EnvironmentSpec",
    "Execution",
    "Experiment",
    "ExperimentChange",
    "Fetched",
    "FileInfo",
    "IntakePart",
    "KeyKind",
    "LatestPoints",
    "Lease",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelChange",
    "Metric",
    "ModelChange",
    "ModelFolder",
    "ModelInput",
    "ModelOutput",
    "ModelStatus",
    "ModelVersion",
    "NewLoggedModel",
    "NewModelVersion",
    "NewRun",
    "Page",
    "PairsView",
    "Parameter",
    "Points",
    "PreparedEnvironment",
    "Project",
    "Purged",
    "PurgedKind",
    "RegisteredModel",
    "RunChange",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunKey",
    "RunOutputs",
    "RunRecord",
    "RunStatus",
    "ScoringJob",
    "ValueType",
    "VersionChange",
    "VersionStatus",
    "ViewType",
    "Write",
    "Writer",
    "as_points",
    "check_alias",
    "check_experiment_name",
    "check_key",
    "check_model_name",
    "check_run_id",
    "checksum_of",
    "in_columns",
    "is_system_metric",
    "merged",
    "new_id",
    "now_ms",
]
