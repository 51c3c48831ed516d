"""Charts: which part of a series to show, and a series as buckets."""

from array import array
from typing import Literal, TypeAlias, get_args

from attrs import field, frozen

from hookline.errors import InvalidValue

ChartAxis: TypeAlias = Literal["step", "time", "relative"]
"""What is on the x axis: steps, milliseconds since the Unix epoch, or milliseconds since the run's start."""


def _known(_instance: object, _attribute: object, value: object) -> None:
    if value not in get_args(ChartAxis):
        known = ", ".join(map(repr, get_args(ChartAxis)))
        raise InvalidValue(f"The x axis of a chart is one of {known}, not {value!r}.")


def _positive(_instance: object, _attribute: object, value: object) -> None:
    if type(value) is not int or value < 1:
        raise InvalidValue(f"The width of a chart is how many buckets it has at most, 1 or more, not {value!r}.")


def _whole(_instance: object, attribute: object, value: int | None) -> None:
    if value is not None and type(value) is not int:
        raise InvalidValue(f"The {getattr(attribute, 'name', 'range')} of a chart is a whole number, not {value!r}.")


@frozen
class ChartView:
    """What a chart shows of each series.

    Attributes:
        x: the axis.
        width: at most so many buckets.
        start, end: the least and the greatest x that is shown, both included; default all.
    """

    x: ChartAxis = field(default="step", validator=_known)
    width: int = field(default=1000, validator=_positive)
    start: int | None = field(default=None, validator=_whole)
    end: int | None = field(default=None, validator=_whole)


def _integers() -> "array[int]":
    return array("q")


def _numbers() -> "array[float]":
    return array("d")


@frozen
class ChartSeries:
    """One series of a chart: its buckets in the order of x, as columns of equal length.

    A bucket sums up its points exactly. `minima`, `maxima` and `last_values` are over finite values and NaN where a
    bucket has none; the last value is that of the greatest (x, step or timestamp, value).

    Attributes:
        run_id, key: which series.
        starts, ends: `array("q")`, the x of each bucket's first and last point.
        counts: `array("q")`, how many points, those that are not finite included.
        minima, maxima, last_values: `array("d")`.
        nans, positive_infinities, negative_infinities: `array("q")`, how many of the points.
    """

    run_id: str
    key: str
    starts: "array[int]" = field(factory=_integers)
    ends: "array[int]" = field(factory=_integers)
    counts: "array[int]" = field(factory=_integers)
    minima: "array[float]" = field(factory=_numbers)
    maxima: "array[float]" = field(factory=_numbers)
    last_values: "array[float]" = field(factory=_numbers)
    nans: "array[int]" = field(factory=_integers)
    positive_infinities: "array[int]" = field(factory=_integers)
    negative_infinities: "array[int]" = field(factory=_integers)

    def __len__(self) -> int:
        return len(self.starts)


@frozen
class ChartBand:
    """A group of runs on a chart: its buckets in the order of x, as columns of equal length.

    A bucket is about the columns of `TrackingStore.chart_bands`. Its runs are those that have had a finite value and
    still have points, there or later; each by its latest finite value there or before. What is over values is NaN where
    there is no such run.

    Attributes:
        group, key: which runs, and which metric.
        starts, ends: `array("q")`, the x of each bucket's first and last point.
        counts: `array("q")`, how many points, those that are not finite included.
        runs: `array("q")`, how many runs.
        means: `array("d")`, over the runs: the correctly rounded sum of their values, divided by their number.
        minima, maxima: `array("d")`, over the values of the runs and all finite ones of the bucket's points.
        nans, positive_infinities, negative_infinities: `array("q")`, how many of the points.
    """

    group: str
    key: str
    starts: "array[int]" = field(factory=_integers)
    ends: "array[int]" = field(factory=_integers)
    counts: "array[int]" = field(factory=_integers)
    runs: "array[int]" = field(factory=_integers)
    means: "array[float]" = field(factory=_numbers)
    minima: "array[float]" = field(factory=_numbers)
    maxima: "array[float]" = field(factory=_numbers)
    nans: "array[int]" = field(factory=_integers)
    positive_infinities: "array[int]" = field(factory=_integers)
    negative_infinities: "array[int]" = field(factory=_integers)

    def __len__(self) -> int:
        return len(self.starts)
