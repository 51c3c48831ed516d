"""Messages that carry journals and series: columns of numbers as bytes, in MessagePack.

A column is the little-endian bytes of its numbers, 8 bytes each: 64-bit integers, or IEEE 754 doubles.
"""

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from struct import Struct
from typing import ClassVar, TypeAlias

import msgspec
from attrs import evolve

from hookline import entities
from hookline.entities.rules import check_key
from hookline.errors import InvalidValue
from hookline_lib_wire.messages.base import Request, Response

MEDIA_TYPE = "application/vnd.hookline.journal+msgpack"
POINTS_TYPE = "application/vnd.hookline.points"
Reader: TypeAlias = Callable[[int], bytes]
_COUNT = Struct("<I")
_SWAPPED = sys.byteorder == "big"


class Columns(msgspec.Struct):
    """Points of one series."""

    key: str
    steps: bytes
    timestamps: bytes
    values: bytes


class Records(msgspec.Struct, omit_defaults=True):
    """The next records of a writer of a run: `entities.Delivery` as it travels."""

    run_id: str
    writer_id: str
    first: int
    count: int
    created: entities.NewRun | None = None
    points: list[Columns] = []
    metrics: list[entities.Metric] = []
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    datasets: list[entities.DatasetInput] = []
    model_inputs: list[entities.ModelInput] = []
    model_outputs: list[entities.ModelOutput] = []
    change: entities.RunChange | None = None
    lease: entities.Lease | None = None
    sealed: bool = False


class DeliveredRun(Request):
    """Name the run that records in the body are for."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)

    run_id: str = ""


class CreatedRun(Request):
    """Name the run that records in the body create, and its experiment."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "experiment_id")

    run_id: str = ""
    experiment_id: str = ""


class Writer(Response):
    """What the store knows of a writer of a run."""

    writer_id: str
    cursor: int = 0
    points: int = 0
    checksum: int = 0
    sealed: bool = False
    lease: entities.Lease | None = None


class WritersFound(Response):
    """Writers, in the order of their first delivery."""

    writers: list[Writer] = []


class ReadHistory(Request):
    """Read all points of a series."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "key")

    run_id: str = ""
    key: str = ""


def packed(delivery: entities.Delivery) -> bytes:
    """Return the body that carries a delivery."""
    return msgspec.msgpack.encode(
        Records(
            run_id=delivery.run_id,
            writer_id=delivery.writer_id,
            first=delivery.first,
            count=delivery.count,
            created=delivery.created,
            points=[
                Columns(each.key, *map(_bytes, (each.steps, each.timestamps, each.values))) for each in delivery.points
            ],
            metrics=list(delivery.metrics),
            params=dict(delivery.params),
            tags=dict(delivery.tags),
            datasets=list(delivery.datasets),
            model_inputs=list(delivery.model_inputs),
            model_outputs=list(delivery.model_outputs),
            change=delivery.change,
            lease=delivery.lease,
            sealed=delivery.sealed,
        )
    )


def unpacked(body: bytes) -> entities.Delivery:
    """Return the delivery that a body carries, checked as one that is made here. Raises `InvalidValue`."""
    try:
        given = msgspec.msgpack.decode(body, type=Records)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidValue(f"The body is no delivery of a journal: {error}.") from error
    if given.first < 0 or given.count < 0:
        raise InvalidValue(f"A delivery holds {given.count} records from {given.first} on: both are 0 or more.")
    return entities.Delivery(
        run_id=given.run_id,
        writer_id=given.writer_id,
        first=given.first,
        count=given.count,
        created=None if given.created is None else evolve(given.created),  # made anew: its converters check
        points=tuple(map(_points, given.points)),
        metrics=tuple(given.metrics),
        params=given.params,
        tags=given.tags,
        datasets=tuple(given.datasets),
        model_inputs=tuple(given.model_inputs),
        model_outputs=tuple(given.model_outputs),
        change=given.change,
        lease=given.lease,
        sealed=given.sealed,
    )


def history_parts(blocks: Iterable[entities.Points]) -> Iterator[bytes]:
    """Yield the body that carries a series: for each block its length and its three columns, and at the end a 0."""
    for block in blocks:
        if len(block):
            yield _COUNT.pack(len(block)) + b"".join(map(_bytes, (block.steps, block.timestamps, block.values)))
    yield _COUNT.pack(0)


def history_blocks(key: str, read: Reader) -> Iterator[entities.Points]:
    """Yield the blocks of a series from its body.

    Args:
        read: returns so many bytes, or fewer where the body ends.

    Raises:
        InvalidValue: the body ends before its end was told.
    """
    while True:
        head = read(_COUNT.size)
        if len(head) < _COUNT.size:
            raise InvalidValue("The series ended before all of its points had come.")
        (count,) = _COUNT.unpack(head)
        if not count:
            return
        body = read(24 * count)
        if len(body) < 24 * count:
            raise InvalidValue("The series ended before all of its points had come.")
        size = 8 * count
        yield _points(Columns(key, body[:size], body[size : 2 * size], body[2 * size :]))


def _bytes(column: "array[int] | array[float]") -> bytes:
    if not _SWAPPED:
        return column.tobytes()
    turned = array(column.typecode, column)
    turned.byteswap()
    return turned.tobytes()


def _array(code: str, given: bytes) -> "array[int] | array[float]":
    column = array(code)
    column.frombytes(given)
    if _SWAPPED:
        column.byteswap()
    return column


def _points(given: Columns) -> entities.Points:
    if not len(given.steps) == len(given.timestamps) == len(given.values) or len(given.steps) % 8:
        raise InvalidValue(f"The columns of the metric {given.key[:250]!r} are not of one length.")
    points = entities.Points(
        check_key("metric", given.key),
        _array("q", given.steps),
        _array("q", given.timestamps),
        _array("d", given.values),
    )
    if points.timestamps and min(points.timestamps) < 0:
        raise InvalidValue(f"A timestamp of the metric {given.key[:250]!r} is negative.")
    return points
