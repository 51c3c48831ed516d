"""Charts: which part of a series to show, and a series as buckets."""

from array import array
from math import isfinite
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


def _finite(_instance: object, attribute: object, value: float | None) -> None:
    if value is not None and (type(value) not in (int, float) or not isfinite(value)):
        raise InvalidValue(f"The {getattr(attribute, 'name', 'range')} of a chart is a finite number, not {value!r}.")


@frozen
class PairsView:
    """What a chart of one metric over another shows of each run.

    Attributes:
        width: at most so many buckets.
        start, end: the least and the greatest value of the metric on the x axis, both included; default all.
    """

    width: int = field(default=1000, validator=_positive)
    start: float | None = field(default=None, validator=_finite)
    end: float | None = field(default=None, validator=_finite)


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


@frozen
class ChartPairs:
    """One metric of a run over another one, joined by steps: its buckets in the order of x.

    A bucket is about pairs, as `TrackingStore.chart_pairs` makes them. What is over values of `key` is over finite
    ones, and NaN where there is none.

    Attributes:
        run_id, key, x_key: which run, which metric, and the one on the x axis.
        steps: how many steps are taken together at most; 1: the metrics are joined at equal steps.
        unpaired: how many points of `key` have no place, since there is no finite value of `x_key` at their steps.
        unpaired_x: how many points of `x_key` are at steps without `key`.
        xs: `array("d")`, the x of each bucket's last pair.
        x_minima, x_maxima: `array("d")`, over all finite values of `x_key`.
        counts: `array("q")`, how many points of `key`, those that are not finite included.
        minima, maxima, last_values: `array("d")`.
        nans, positive_infinities, negative_infinities: `array("q")`, how many of the points of `key`.
    """

    run_id: str
    key: str
    x_key: str
    steps: int = 1
    unpaired: int = 0
    unpaired_x: int = 0
    xs: "array[float]" = field(factory=_numbers)
    x_minima: "array[float]" = field(factory=_numbers)
    x_maxima: "array[float]" = field(factory=_numbers)
    counts: "array[int]" = field(factory=_integers)
    minima: "array[float]" = field(factory=_numbers)
    maxima: "array[float]" = field(factory=_numbers)
    last_values: "array[float]" = field(factory=_numbers)
    nans: "array[int]" = field(factory=_integers)
    positive_infinities: "array[int]" = field(factory=_integers)
    negative_infinities: "array[int]" = field(factory=_integers)

    def __len__(self) -> int:
        return len(self.xs)
