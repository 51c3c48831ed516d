"""Metrics: one point, many points as columns, and a batch of what is logged together."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from attrs import field, fields, frozen

from hookline.entities.rules import check_key, fits_int64, now_ms, param_texts, tag_texts, validate_key
from hookline.errors import InvalidValue

SYSTEM_PREFIX = "system/"
"""What the names of metrics start with that run contexts sample: how the machine does, not how the model does."""


def as_number(value: object) -> float:
    """Return a metric's value as a float; raises `InvalidValue` for what is no number."""
    if type(value) is float:
        return value
    if isinstance(value, str | bytes):
        raise InvalidValue(f"A metric's value must be a number, not the text {value!r}.")
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidValue(
            f"A metric's value must be a number (NaN and infinities included), not {value!r}."
        ) from error
    except OverflowError as error:
        raise InvalidValue(f"A metric's value must fit into a double; this one does not: {error}.") from error


def as_integer(value: object) -> int:
    """Return a step as an int; raises `InvalidValue` for what is no whole number."""
    if type(value) is int:
        return value
    whole = _truncated(value)
    if not isinstance(value, str) and whole != value:
        raise _not_whole(value)
    return whole


def _truncated(value: object) -> int:
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        raise _not_whole(value) from error


def _not_whole(value: object) -> InvalidValue:
    return InvalidValue(f"A step and a timestamp must be whole numbers, not {value!r}.")


def _not_negative(_instance: object, _attribute: object, value: int) -> None:
    if value < 0:
        raise InvalidValue(f"A timestamp is milliseconds since the Unix epoch and cannot be negative, as {value} is.")


def as_timestamp(value: object) -> int:
    """Return a timestamp as an int, without what is shorter than a millisecond.

    Raises:
        InvalidValue: it is no number, or negative.
    """
    whole = _truncated(value)
    _not_negative(None, None, whole)
    return whole


def is_system_metric(key: str) -> bool:
    """Return whether a metric says how the machine does, which is shown where it is asked for."""
    return key.startswith(SYSTEM_PREFIX)


@frozen
class Metric:
    """One point of a series.

    Attributes:
        key: the name of the series, such as `"train/loss"`.
        value: a float; NaN and infinities are values like any other.
        step: where on the x axis, a signed 64-bit integer; default 0.
        timestamp: milliseconds since the Unix epoch; default now.
        model_id, dataset_name, dataset_digest: what the metric measured, where it was said.
    """

    key: str = field(validator=validate_key, metadata={"kind": "metric"})
    value: float = field(converter=as_number)
    step: int = field(default=0, converter=as_integer, validator=fits_int64)
    timestamp: int = field(factory=now_ms, converter=_truncated, validator=[fits_int64, _not_negative])
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None

    @property
    def rank(self) -> tuple[int, int, bool, float]:
        """Orders points so that the greatest is the latest: by step, then timestamp, then value with NaN on top."""
        is_nan = self.value != self.value
        return (self.step, self.timestamp, is_nan, 0.0 if is_nan else self.value)


_new = object.__new__
_set_key, _set_value, _set_step, _set_timestamp, _set_model_id, _set_dataset_name, _set_dataset_digest = (
    getattr(Metric, each.name).__set__ for each in fields(Metric)
)


def stored_metric(key: str, value: float, step: int, timestamp: int) -> Metric:
    """Return a point whose values were checked when it was stored: a third of the time that `Metric` takes.

    For stores, which make tens of thousands of points for one page of a search. Any other value breaks the entity.
    """
    point = _new(Metric)
    _set_key(point, key)
    _set_value(point, value)
    _set_step(point, step)
    _set_timestamp(point, timestamp)
    _set_model_id(point, None)
    _set_dataset_name(point, None)
    _set_dataset_digest(point, None)
    return point


@frozen
class Points:
    """Many points of one series as columns of equal length.

    Attributes:
        key: the name of the series.
        steps: `array("q")`. timestamps: `array("q")`, milliseconds. values: `array("d")`.
    """

    key: str
    steps: "array[int]" = field(factory=lambda: array("q"))
    timestamps: "array[int]" = field(factory=lambda: array("q"))
    values: "array[float]" = field(factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.steps)

    def part(self, begin: int, end: int | None = None) -> "Points":
        """Return a copy of the points from one index to another; None stands for the end."""
        return Points(self.key, self.steps[begin:end], self.timestamps[begin:end], self.values[begin:end])

    def __iter__(self) -> Iterator[Metric]:
        for step, timestamp, value in zip(self.steps, self.timestamps, self.values, strict=True):
            yield Metric(self.key, value, step, timestamp)


def as_points(
    key: str, values: Iterable[float], steps: Iterable[int] | None = None, timestamps: Iterable[int] | None = None
) -> Points:
    """Return columns of points of a series, checked.

    Args:
        steps: default 0, 1, 2, ... timestamps: default now.

    Raises:
        InvalidValue: they are not of equal length, or not numbers that fit, or the key is none.
    """
    check_key("metric", key)
    try:
        numbers = array("d", values)
        size = len(numbers)
        points = Points(
            key,
            array("q", range(size) if steps is None else steps),
            array("q", [now_ms()]) * size if timestamps is None else array("q", timestamps),
            numbers,
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValue(f"The points of {key!r} are not numbers that fit into 64 bits: {error}.") from error
    if not size == len(points.steps) == len(points.timestamps):
        raise InvalidValue(f"The series {key!r} has {size} values, but {len(points.steps)} steps.")
    if size and min(points.timestamps) < 0:
        _not_negative(None, None, min(points.timestamps))
    return points


def in_columns(metrics: Iterable[Metric]) -> list[Points]:
    """Return metrics as columns, one entry a key, in the order of their keys' first points."""
    found: dict[str, list[Metric]] = {}
    for each in metrics:
        of_key = found.get(each.key)
        if of_key is None:
            found[each.key] = [each]
        else:
            of_key.append(each)
    return [
        Points(
            key,
            array("q", [each.step for each in of_key]),
            array("q", [each.timestamp for each in of_key]),
            array("d", [each.value for each in of_key]),
        )
        for key, of_key in found.items()
    ]


def merged(parts: Iterable[Points]) -> list[Points]:
    """Return the points of all parts, one entry a key, in the order in which the keys appear."""
    found: dict[str, Points] = {}
    made: set[str] = set()
    for part in parts:
        whole = found.setdefault(part.key, part)
        if whole is part:
            continue
        if part.key not in made:  # what was given stays as it is
            made.add(part.key)
            whole = found[part.key] = Points(part.key, whole.steps[:], whole.timestamps[:], whole.values[:])
        whole.steps.extend(part.steps)
        whole.timestamps.extend(part.timestamps)
        whole.values.extend(part.values)
    return list(found.values())


def _metrics(values: Iterable[Metric]) -> tuple[Metric, ...]:
    return tuple(values)


def _not_empty(parts: Iterable[Points]) -> tuple[Points, ...]:
    return tuple(part for part in parts if len(part))


@frozen
class Batch:
    """What is logged together: it is stored whole or not at all.

    Attributes:
        metrics: points in the order of their calls.
        points: columns of more points; several may have one key. They are checked where they are made (`as_points`).
        params: values become text with `str`; a param of a run never changes once set.
        tags: values become text with `str`; the last value wins.
    """

    metrics: tuple[Metric, ...] = field(default=(), converter=_metrics)
    params: Mapping[str, str] = field(factory=dict, converter=param_texts)
    tags: Mapping[str, str] = field(factory=dict, converter=tag_texts)
    points: tuple[Points, ...] = field(default=(), converter=_not_empty)

    @property
    def size(self) -> int:
        """How many points there are."""
        return len(self.metrics) + sum(map(len, self.points))

    @cached_property
    def columns(self) -> list[Points]:
        """All points as columns, one entry a key."""
        return merged([*self.points, *in_columns(self.metrics)])

    def each_metric(self) -> Iterator[Metric]:
        """Yield all points, one by one."""
        for part in self.points:
            yield from part
        yield from self.metrics
