"""What the in-memory reference of `TrackingStore` keeps of a run."""

from attrs import define, evolve, field

from hookline.entities import (
    DatasetInput,
    Lease,
    LifecycleStage,
    Metric,
    ModelInput,
    ModelOutput,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunRecord,
    Writer,
)


@define
class StoredRun:
    """What is stored of a run; changed in place, under the store's lock."""

    info: RunInfo
    tags: dict[str, str]
    params: dict[str, str] = field(factory=dict)
    series: dict[str, list[Metric]] = field(factory=dict)
    datasets: dict[tuple[str, str], DatasetInput] = field(factory=dict)
    inputs: dict[str, ModelInput] = field(factory=dict)
    outputs: dict[str, ModelOutput] = field(factory=dict)
    writers: dict[str, Writer] = field(factory=dict)
    deleted_time: int | None = None

    def move(self, stage: LifecycleStage, now: int) -> None:
        """Give it a stage; the time of its deletion is that of the first one."""
        self.info = evolve(self.info, lifecycle_stage=stage)
        self.deleted_time = (self.deleted_time or now) if stage is LifecycleStage.DELETED else None

    def record(self) -> RunRecord:
        """Return a snapshot that later changes do not touch."""
        latest = {key: max(points, key=lambda point: point.rank) for key, points in self.series.items()}
        return RunRecord(
            info=evolve(self.info, lease=self._lease()),
            data=RunData(dict(self.params), latest, dict(self.tags)),
            inputs=RunInputs(tuple(self.datasets.values()), tuple(self.inputs.values())),
            outputs=RunOutputs(tuple(self.outputs.values())),
        )

    def _lease(self) -> Lease | None:
        leases = [each.lease for each in self.writers.values() if each.lease is not None and each.lease.primary]
        return leases[-1] if leases and not self.info.status.is_final else None
