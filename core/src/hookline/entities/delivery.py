"""What a journal hands to a store: a part of one writer's records, and what the store knows of that writer."""

from array import array
from collections.abc import Mapping
from functools import cached_property
from math import isnan
from operator import mul
from zlib import crc32

from attrs import field, frozen

from hookline.entities.dataset import DatasetInput, ModelInput, ModelOutput
from hookline.entities.lease import Lease
from hookline.entities.metric import Metric, Points, in_columns, merged
from hookline.entities.rules import param_texts, tag_texts
from hookline.entities.run import NewRun, RunChange

CHECKSUM_MASK = 2**63 - 1
_NAN_BITS = 0x7FF8000000000000


@frozen
class Delivery:
    """The next records of one writer of a run, to be stored in one transaction together with the writer's cursor.

    Attributes:
        first: how many records of this writer the store has already; `count`: how many it has more afterwards.
        created: the run to create, where one of the records does so; creating it again is no error.
        points: columns of points; several may have one key.
        metrics: points that say which model or dataset they measured.
        change: what becomes of the run's status, after everything else was stored.
        lease: which process writes; None leaves what the store knows.
        sealed: nothing follows from this writer.
    """

    run_id: str
    writer_id: str
    first: int
    count: int
    created: NewRun | None = None
    points: tuple[Points, ...] = ()
    metrics: tuple[Metric, ...] = ()
    params: Mapping[str, str] = field(factory=dict, converter=param_texts)
    tags: Mapping[str, str] = field(factory=dict, converter=tag_texts)
    datasets: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelInput, ...] = ()
    model_outputs: tuple[ModelOutput, ...] = ()
    change: RunChange | None = None
    lease: Lease | None = None
    sealed: bool = False

    @property
    def writer(self) -> str:
        """What messages call the writer."""
        return f"writer {self.writer_id} of the run {self.run_id}"

    @property
    def changes_run(self) -> bool:
        """Whether anything is to be stored beside the cursor, which a deleted run refuses."""
        named = (
            self.points,
            self.metrics,
            self.params,
            self.tags,
            self.datasets,
            self.model_inputs,
            self.model_outputs,
        )
        return any(named) or self.change is not None

    @cached_property
    def columns(self) -> list[Points]:
        """All points as columns, one entry a key."""
        return merged([*self.points, *in_columns(self.metrics)])


@frozen
class Writer:
    """What a store knows of one writer of a run.

    Attributes:
        cursor: how many of its records are stored.
        points: how many points these held; `checksum`: the sum of `checksum_of` over them, modulo 2**63.
        sealed: the writer said that nothing follows.
    """

    writer_id: str
    cursor: int = 0
    points: int = 0
    checksum: int = 0
    lease: Lease | None = None
    sealed: bool = False

    def after(self, delivery: Delivery) -> "Writer":
        """Return what is known once a delivery was stored."""
        columns = delivery.columns
        return Writer(
            self.writer_id,
            delivery.first + delivery.count,
            self.points + sum(map(len, columns)),
            (self.checksum + checksum_of(*columns)) & CHECKSUM_MASK,
            delivery.lease or self.lease,
            self.sealed or delivery.sealed,
        )


def checksum_of(*columns: Points) -> int:
    """Return a number that tells points from others, whatever their order and however they are cut into pieces.

    It is the sum over all points of a polynomial in step, timestamp and the bits of the value (one NaN is like any
    other), times the CRC-32 of the key, modulo 2**63: sums of parts add up. It finds mistakes, not malice.
    """
    total, plain = 0, 0
    weights: list[int] = []
    known = (b"", b"")
    for points in columns:
        moments = points.steps.tobytes(), points.timestamps.tobytes()
        if moments != known:  # series that were logged together mostly have the same
            known = moments
            plain = 3 * sum(points.steps) + 5 * sum(points.timestamps) + len(points)
            weights = [
                7 + step + 11 * timestamp for step, timestamp in zip(points.steps, points.timestamps, strict=True)
            ]
        if moments[0]:
            whole = plain + sum(map(mul, weights, _bits(points.values)))
            total += (crc32(points.key.encode()) | 1) * whole
    return total & CHECKSUM_MASK


def _bits(values: "array[float]") -> "array[int]":
    bits = array("q", values.tobytes())
    if isnan(sum(values)):  # one of them is NaN, or there are infinities of both signs
        return array("q", [_NAN_BITS if value != value else bits[n] for n, value in enumerate(values)])
    return bits
