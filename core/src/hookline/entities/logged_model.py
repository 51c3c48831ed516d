"""Logged models: a model that a run made, with its files, params and metrics."""

from collections.abc import Mapping

from attrs import field, frozen

from hookline.entities.metric import Metric
from hookline.entities.rules import new_id, now_ms
from hookline.entities.states import LifecycleStage, ModelStatus


def new_model_id() -> str:
    """Return a new random identifier of a logged model: `m-` and 32 hexadecimal digits."""
    return f"m-{new_id()}"


@frozen
class NewLoggedModel:
    """A logged model to create. Its id is made by the client."""

    experiment_id: str
    name: str
    model_id: str = field(factory=new_model_id)
    source_run_id: str | None = None
    model_type: str | None = None
    params: Mapping[str, str] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)
    creation_time: int = field(factory=now_ms)


@frozen
class LoggedModelChange:
    """What to change in a logged model; None leaves a thing as it is. `params` may only be added."""

    status: ModelStatus | None = None
    status_message: str | None = None
    lifecycle_stage: LifecycleStage | None = None
    params: Mapping[str, str] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)
    deleted_tags: tuple[str, ...] = ()


@frozen
class LoggedModel:
    """A logged model as it stands in the store.

    Attributes:
        artifact_uri: the folder that holds its `MLmodel`.
        metrics: the points that name this model, the latest for each (key, run, dataset).
    """

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    status: ModelStatus = ModelStatus.PENDING
    status_message: str | None = None
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    model_type: str | None = None
    source_run_id: str | None = None
    creation_time: int = 0
    last_update_time: int = 0
    params: Mapping[str, str] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)
    metrics: tuple[Metric, ...] = ()
