"""Messages about logged models."""

from typing import ClassVar

import msgspec

from hookline_lib_wire.messages.base import UNSET, Number, Request, Response, Tag, Text
from hookline_lib_wire.messages.runs import Metric


class ModelRegistration(msgspec.Struct):
    """A version of a registered model that was made from a logged model."""

    name: str
    version: str


class LoggedModelInfo(Response):
    """What identifies a logged model and how it stands."""

    model_id: str
    experiment_id: str
    name: str = ""
    creation_timestamp_ms: Number = UNSET
    last_updated_timestamp_ms: Number = UNSET
    artifact_uri: Text = UNSET
    status: Text = UNSET
    creator_id: Number = UNSET
    model_type: Text = UNSET
    source_run_id: Text = UNSET
    status_message: Text = UNSET
    lifecycle_stage: Text = UNSET
    tags: list[Tag] = []
    registrations: list[ModelRegistration] = []


class LoggedModelData(Response):
    """Params of a logged model, and the points that name it."""

    params: list[Tag] = []
    metrics: list[Metric] = []


class LoggedModel(msgspec.Struct, omit_defaults=True):
    """A logged model."""

    info: LoggedModelInfo
    data: LoggedModelData | msgspec.UnsetType = UNSET


class CreateLoggedModel(Request):
    """Create a logged model."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id",)

    experiment_id: str = ""
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Tag] = []
    tags: list[Tag] = []


class ModelId(Request):
    """Name a logged model by the id in the URL."""

    required: ClassVar[tuple[str, ...]] = ("model_id",)

    model_id: str = ""


class FinalizeLoggedModel(ModelId):
    """Say whether a logged model's files are complete."""

    required: ClassVar[tuple[str, ...]] = ("model_id", "status")

    status: str | int = ""


class SetLoggedModelTags(ModelId):
    """Set tags of a logged model."""

    tags: list[Tag] = []


class DeleteLoggedModelTag(ModelId):
    """Remove a tag of a logged model."""

    required: ClassVar[tuple[str, ...]] = ("model_id", "tag_key")

    tag_key: str = ""


class LogModelParams(ModelId):
    """Add params to a logged model."""

    params: list[Tag] = []


class DatasetRef(msgspec.Struct):
    """A dataset that metrics are compared on."""

    dataset_name: str = ""
    dataset_digest: str = ""


class OrderField(msgspec.Struct):
    """An item of the order; by an attribute, or by a metric on a dataset."""

    field_name: str = ""
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


class SearchLoggedModels(Request):
    """Search logged models."""

    experiment_ids: list[str] = []
    filter: str = ""
    datasets: list[DatasetRef] = []
    max_results: int = 50
    order_by: list[OrderField] = []
    page_token: str = ""
    view_type: str | int = "ACTIVE_ONLY"


class LoggedModelFound(Response):
    """One logged model."""

    model: LoggedModel


class LoggedModelsFound(Response):
    """A page of logged models."""

    models: list[LoggedModel] = []
    next_page_token: Text = UNSET
