"""Records: what a run of frames says, put together as a store takes it."""

import contextlib
import struct
from array import array
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from attrs import define, field

from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    Metric,
    ModelInput,
    ModelOutput,
    NewRun,
    Points,
    RunChange,
    RunStatus,
)
from hookline.errors import InvalidState, InvalidValue
from hookline.journal.frames import (
    FORMAT,
    HEAD,
    KIND_AT,
    ONE_POINT,
    POINT,
    Kind,
    columns,
    content,
    end_of_frame,
    from_json,
    inside,
    names,
    row,
)

Column = tuple["array[int]", "array[int]", "array[float]"]
_POINT = int(Kind.POINT)
_NO_CHANGE = RunChange()
UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, struct.error)


class OtherFormat(InvalidState):
    """A journal was written by another version, in a format that this one does not know."""


@define
class Records:
    """What some frames of one writer say; `take` adds frames in their order.

    Attributes:
        keys: the names of keys by their numbers in the present file; kept from one use to the next.
        count: how many frames were taken.
        created: the run to create, with the name of its experiment.
        series: the points that were taken from frames, by their keys; `blocks`: others.
    """

    keys: dict[int, str]
    count: int = 0
    created: tuple[NewRun, str] | None = None
    series: dict[str, Column] = field(factory=dict)
    blocks: list[Points] = field(factory=list)
    metrics: list[Metric] = field(factory=list)
    params: dict[str, str] = field(factory=dict)
    tags: dict[str, str] = field(factory=dict)
    datasets: list[DatasetInput] = field(factory=list)
    model_inputs: list[ModelInput] = field(factory=list)
    model_outputs: list[ModelOutput] = field(factory=list)
    change: RunChange | None = None
    header: dict[str, Any] | None = None
    sealed: bool = False
    _by_id: dict[int, Column] = field(factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was logged: there are but headers, names of keys, or an end."""
        logged = (self.series, self.blocks, self.metrics, self.params, self.tags, self.datasets)
        return not any((self.created, self.change, self.model_inputs, self.model_outputs, *logged))

    def take(self, data: bytes, *, final: bool, limit: int) -> int:
        """Take whole frames from the start of `data`, at most `limit`; return how many bytes they are.

        Raises:
            Damaged: a frame is no frame; those before it were taken, and `at` says how many bytes these are.
            InvalidValue: a frame contradicts an earlier one, or says nothing that can be understood; what was taken is
                of no use then, since it may hold a part of that frame.
            OtherFormat: a header says so.
        """
        offset, size, view = 0, len(data), memoryview(data)
        left = limit - self.count
        head, point = HEAD.unpack_from, POINT.unpack_from
        by_id = self._by_id
        while left > 0:
            start = offset + KIND_AT
            if size - start >= POINT.size and data[start] == _POINT:  # nearly every frame is one: no call for it
                length, crc = head(data, offset)
                end = start + length
                if length == POINT.size and crc32(view[start:end]) == crc:
                    _, key, step, timestamp, value = point(data, start)
                    steps, timestamps, values = by_id.get(key) or self._column_of(key)
                    steps.append(step)
                    timestamps.append(timestamp)
                    values.append(value)
                    offset, left = end, left - 1
                    self.count += 1
                    continue
            whole = end_of_frame(data, offset, final=final)
            if whole is None:
                break
            self._take_one(*content(data[offset:whole]))
            offset, left = whole, left - 1
            self.count += 1
        return offset

    def batch(self) -> Batch | None:
        """Return the metrics, params and tags as a batch; None where there are none."""
        batch = Batch(self.metrics, self.params, self.tags, self.points())
        return batch if batch.size or batch.params or batch.tags else None

    def points(self) -> tuple[Points, ...]:
        """Return the points as columns."""
        return (*self.blocks, *(Points(key, *held) for key, held in self.series.items() if held[0]))

    def _column_of(self, number: int) -> Column:
        key = self.keys.get(number)
        if key is None:  # the record that named it is damaged
            raise InvalidValue(f"The name of the metric with the number {number} in the journal is not known.")
        found = self._by_id[number] = self.series.setdefault(key, (array("q"), array("q"), array("d")))
        return found

    def _take_one(self, kind: int, body: bytes) -> None:
        try:
            _TAKE[kind](self, body)
        except UNREADABLE as error:
            raise InvalidValue(f"A record of the journal cannot be understood: {error!r}.") from error

    def _take_header(self, body: bytes) -> None:
        self.header = from_json(body)
        if self.header["format"] != FORMAT:
            raise OtherFormat(
                f"Another version of Hookline wrote this journal (format {self.header['format']}; this version reads "
                f"{FORMAT}). It stays as it is until such a version ships it. The newest one comes with: "
                "pip install --upgrade hookline-core"
            )
        self.keys.clear()
        self._by_id.clear()

    def _take_names(self, body: bytes) -> None:
        given = names(body)
        self.keys.update(given)
        for number in given:
            self._by_id.pop(number, None)

    def _take_point(self, body: bytes) -> None:
        number, step, timestamp, value = ONE_POINT.unpack(body)
        self._add_point(number, step, timestamp, value)

    def _take_row(self, body: bytes) -> None:
        step, timestamp, numbers, values = row(body)
        for number, value in zip(numbers, values, strict=True):
            self._add_point(number, step, timestamp, value)

    def _add_point(self, number: int, step: int, timestamp: int, value: float) -> None:
        steps, timestamps, values = self._by_id.get(number) or self._column_of(number)
        steps.append(step)
        timestamps.append(timestamp)
        values.append(value)

    def _take_columns(self, body: bytes) -> None:
        number, points = columns(body)
        steps, timestamps, values = self._by_id.get(number) or self._column_of(number)
        steps.extend(points.steps)
        timestamps.extend(points.timestamps)
        values.extend(points.values)

    def _take_params(self, body: bytes) -> None:
        self.add_params(from_json(body))

    def _take_tags(self, body: bytes) -> None:
        self.add_tags(from_json(body))

    def _take_together(self, body: bytes) -> None:
        for kind, inner in inside(body):
            self._take_one(kind, inner)

    def _take_sealed(self, _body: bytes) -> None:
        self.seal(None)

    def _take_event(self, body: bytes) -> None:
        self.add_event(from_json(body))

    def add_params(self, given: Mapping[str, str]) -> None:
        """Add params; raises `InvalidValue` where one has another value already."""
        for key, value in given.items():
            if self.params.get(key, value) != value:
                raise InvalidValue(
                    f"The param {key!r} was set to {self.params[key]!r} before; it cannot be changed to {value!r}."
                )
        self.params.update(given)

    def add_header(self, header: dict[str, Any]) -> None:
        """Add what the header of a file says."""
        self.header = header

    def add_tags(self, given: Mapping[str, str]) -> None:
        """Add tags, of which the last value wins."""
        self.tags.update(given)

    def add_block(self, points: Points) -> None:
        """Add points, of which nothing is changed."""
        self.blocks.append(points)

    def seal(self, _nothing: None) -> None:
        """Note that nothing follows."""
        self.sealed = True

    def add_event(self, event: Mapping[str, Any]) -> None:
        """Add what an event says."""
        _EVENTS[event["event"]](self, event)

    # Events ----------------------------------------------------------------------------------------------------------

    def _created(self, event: Mapping[str, Any]) -> None:
        fields = {**event["run"], "status": RunStatus(event["run"]["status"])}
        self.created = (NewRun(**fields), event["experiment"])

    def _changed(self, event: Mapping[str, Any]) -> None:
        status = event.get("status")
        old = self.change or _NO_CHANGE
        name = event.get("run_name") or old.run_name
        if status:  # it comes with its end time, or takes the old one away
            self.change = RunChange(RunStatus(status), event.get("end_time"), name)
        else:
            self.change = RunChange(old.status, old.end_time, name)

    def _metric(self, event: Mapping[str, Any]) -> None:
        self.metrics.append(Metric(**event["metric"]))

    def _read(self, event: Mapping[str, Any]) -> None:
        self.datasets += [DatasetInput(Dataset(**each["dataset"]), each["tags"]) for each in event["datasets"]]
        self.model_inputs += [ModelInput(each) for each in event["models"]]

    def _made(self, event: Mapping[str, Any]) -> None:
        self.model_outputs += [ModelOutput(model_id, step) for model_id, step in event["models"]]


@define
class Passed:
    """Frames that are passed: of what they say only the names of keys are taken."""

    keys: dict[int, str]
    count: int = 0

    def take(self, data: bytes, *, final: bool, limit: int) -> int:
        """Pass whole frames at the start of `data`; as `Records.take`, but whatever a frame says is fine."""
        offset = 0
        while self.count < limit and (end := end_of_frame(data, offset, final=final)) is not None:
            kind, body = content(data[offset:end])
            if kind == Kind.HEADER:
                self.keys.clear()
            elif kind == Kind.NAMES:
                with contextlib.suppress(*UNREADABLE):
                    self.keys.update(names(body))
            offset = end
            self.count += 1
        return offset


@define
class Raw:
    """Frames as they lie in the file."""

    data: bytes = b""
    count: int = 0
    keys: dict[int, str] = field(factory=dict)

    def take(self, data: bytes, *, final: bool, limit: int) -> int:
        """Keep whole frames at the start of `data`; as `Records.take`."""
        offset = 0
        while self.count < limit and (end := end_of_frame(data, offset, final=final)) is not None:
            offset = end
            self.count += 1
        self.data += data[:offset]
        return offset


_TAKE: Mapping[int, Callable[[Records, bytes], None]] = {
    Kind.HEADER: Records._take_header,
    Kind.NAMES: Records._take_names,
    Kind.POINT: Records._take_point,
    Kind.ROW: Records._take_row,
    Kind.COLUMNS: Records._take_columns,
    Kind.PARAMS: Records._take_params,
    Kind.TAGS: Records._take_tags,
    Kind.EVENT: Records._take_event,
    Kind.TOGETHER: Records._take_together,
    Kind.SEALED: Records._take_sealed,
}
_EVENTS = {
    "created": Records._created,
    "changed": Records._changed,
    "metric": Records._metric,
    "read": Records._read,
    "made": Records._made,
}
