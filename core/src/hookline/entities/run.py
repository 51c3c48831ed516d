"""Runs as a store keeps them; `hookline.Run` is the object that a program logs with."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from hookline.entities.dataset import DatasetInput, ModelInput, ModelOutput
from hookline.entities.lease import Lease
from hookline.entities.metric import Metric, is_system_metric, stored_metric
from hookline.entities.rules import check_run_id, fits_int64, new_id, now_ms, tag_texts
from hookline.entities.states import LifecycleStage, RunStatus
from hookline.errors import InvalidValue


def _is_name(_instance: object, _attribute: object, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise InvalidValue(f"The name of a run is a text, not {value!r}.")


@frozen
class NewRun:
    """A run to create. Its id is made here, by the client, so that creating it again is recognised.

    Attributes:
        run_name: where None, the store gives a name such as `brave-otter-417`.
        start_time: milliseconds since the Unix epoch; default now.
    """

    experiment_id: str
    run_id: str = field(factory=new_id, converter=check_run_id)
    run_name: str | None = field(default=None, validator=_is_name)
    user_id: str = ""
    start_time: int = field(factory=now_ms, validator=fits_int64)
    status: RunStatus = RunStatus.RUNNING
    tags: Mapping[str, str] = field(factory=dict, converter=tag_texts)


@frozen
class RunChange:
    """What to change in a run; None leaves a thing as it is.

    A status that is not final, given without an end time, clears the end time: the run goes on.
    """

    status: RunStatus | None = None
    end_time: int | None = None
    run_name: str | None = None
    lifecycle_stage: LifecycleStage | None = None


@frozen
class RunInfo:
    """What identifies a run and how it stands.

    Attributes:
        start_time, end_time: milliseconds since the Unix epoch; `end_time` is None while the run goes on.
        artifact_uri: where its artifacts are, such as `artifacts:/0/RUN_ID/artifacts`.
        lease: of the writer that the status follows, while the run goes on; None where no journal stands behind it.
        status_reason: why the status is what it is, where the run did not say so itself: "process gone".
    """

    run_id: str
    run_name: str
    experiment_id: str
    artifact_uri: str
    user_id: str = ""
    status: RunStatus = RunStatus.RUNNING
    start_time: int = 0
    end_time: int | None = None
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    lease: Lease | None = None
    status_reason: str = ""


class LatestPoints(Mapping[str, Metric]):
    """Latest points by key, of which each becomes a `Metric` when it is asked for: a page of runs has thousands.

    Args:
        points: by key, the value, the step and the timestamp, which were checked when they were stored.
    """

    __slots__ = ("points",)

    def __init__(self, points: dict[str, tuple[float, int, int]]) -> None:
        self.points = points

    def __getitem__(self, key: str) -> Metric:
        return stored_metric(key, *self.points[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __contains__(self, key: object) -> bool:
        return key in self.points

    def __repr__(self) -> str:
        return repr(dict(self))


@frozen
class RunData:
    """What was logged: params, tags, and the latest point of every metric."""

    params: Mapping[str, str] = field(factory=dict)
    latest: Mapping[str, Metric] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)

    @property
    def points(self) -> Mapping[str, tuple[float, int, int]]:
        """Value, step and timestamp of the latest point of every metric, by key: cheaper than their entities."""
        if isinstance(self.latest, LatestPoints):
            return self.latest.points
        return {key: (each.value, each.step, each.timestamp) for key, each in self.latest.items()}

    @property
    def metrics(self) -> dict[str, float]:
        """The latest value of every metric, by key."""
        return {key: point[0] for key, point in self.points.items()}

    @property
    def measured(self) -> dict[str, float]:
        """The metrics without those of the system, which are shown where they are asked for."""
        return {key: value for key, value in self.metrics.items() if not is_system_metric(key)}


@frozen
class RunInputs:
    """What a run read."""

    datasets: tuple[DatasetInput, ...] = ()
    models: tuple[ModelInput, ...] = ()


@frozen
class RunOutputs:
    """What a run made."""

    models: tuple[ModelOutput, ...] = ()


@frozen
class RunRecord:
    """A run as it stands in the store at one moment."""

    info: RunInfo
    data: RunData = field(factory=RunData)
    inputs: RunInputs = field(factory=RunInputs)
    outputs: RunOutputs = field(factory=RunOutputs)
