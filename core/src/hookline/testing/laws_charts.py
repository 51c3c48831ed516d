"""The laws of charts; part of `TrackingStoreSuite`. What a chart must say is computed here from the points alone."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from random import Random
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Batch, ChartAxis, ChartSeries, Metric, NewRun, RunChange, RunStatus
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite, at_once

Row: TypeAlias = tuple[int, int, int, float | None, float | None, float | None, int, int, int]
"""A bucket: start, end, count, minimum, maximum, last value (None where none is finite), NaNs, +inf, -inf."""

AXES: tuple[ChartAxis, ...] = ("step", "time", "relative")
ORIGIN = 1000
"""When the runs of these laws started."""


def buckets(chart: ChartSeries) -> list[Row]:
    """Return the buckets of a chart."""
    integers = (chart.starts, chart.ends, chart.counts, chart.nans, chart.positive_infinities)
    assert {each.typecode for each in (*integers, chart.negative_infinities)} == {"q"}
    numbers = [[None if math.isnan(each) else each for each in one] for one in _numbers(chart)]
    columns = (chart.starts, chart.ends, chart.counts, *numbers, *integers[3:], chart.negative_infinities)
    return list(zip(*columns, strict=True))


def _numbers(chart: ChartSeries) -> Sequence[Any]:
    assert {each.typecode for each in (chart.minima, chart.maxima, chart.last_values)} == {"d"}
    return chart.minima, chart.maxima, chart.last_values


def expected(
    points: Iterable[Metric], axis: ChartAxis, width: int, start: int | None = None, end: int | None = None
) -> list[Row]:
    """Return the buckets that points of a run must have."""

    def x(point: Metric) -> int:
        return {"step": point.step, "time": point.timestamp, "relative": point.timestamp - ORIGIN}[axis]

    def place(point: Metric) -> tuple[Any, ...]:
        return (x(point), point.timestamp, *point.rank[0:1], *point.rank[2:])

    shown = sorted(
        (each for each in points if (start is None or x(each) >= start) and (end is None or x(each) <= end)), key=place
    )
    if len(shown) <= width:
        return [_row(x(each), x(each), [each.value]) for each in shown]
    length = column_length(x(shown[0]), x(shown[-1]), width)
    columns: dict[int, list[Metric]] = {}
    for each in shown:
        columns.setdefault((x(each) + 2**63) // length, []).append(each)
    return [_row(x(each[0]), x(each[-1]), [one.value for one in each]) for each in columns.values()]


def column_length(first: int, last: int, width: int) -> int:
    """Return how long the columns of a range are."""
    lengths = (1 << power for power in range(65))
    return next(each for each in lengths if (last + 2**63) // each - (first + 2**63) // each < width)


def _row(start: int, end: int, values: list[float]) -> Row:
    finite = [value for value in values if math.isfinite(value)]
    known = (min(finite), max(finite), finite[-1]) if finite else (None, None, None)
    nans = sum(math.isnan(value) for value in values)
    return (start, end, len(values), *known, nans, values.count(math.inf), values.count(-math.inf))


class ChartLaws(StoreSuite):
    """The buckets of a chart hold every point of the range once, say exactly what they say, and are not too many."""

    @pytest.mark.parametrize("axis", AXES)
    def test_few_points_are_a_bucket_each(self, store: TrackingStore, axis: ChartAxis) -> None:
        """Also those with equal x, with NaN, and with infinities."""
        run_id = _started(store)
        values = [1.0, math.nan, math.inf, -math.inf, -0.5, 2.0]
        points = [Metric("m", value, step // 2, timestamp=1000 + step // 3) for step, value in enumerate(values)]
        store.log_batch(run_id, Batch(points))
        [chart] = store.chart([run_id], "m", x=axis, width=len(points))
        assert (chart.run_id, chart.key, len(chart)) == (run_id, "m", len(points))
        assert buckets(chart) == expected(points, axis, len(points))

    @pytest.mark.parametrize("axis", AXES)
    def test_more_points_than_the_width_are_summed_up_by_columns(self, store: TrackingStore, axis: ChartAxis) -> None:
        """A spike stays; what is not finite is counted; the last value is by the order of x."""
        run_id = _started(store)
        points = [Metric("m", float(step % 7), step, timestamp=2000 + 3 * step) for step in range(100)]
        odd = {31: 1e9, 32: -1e9, 40: math.nan, 41: math.inf, 42: -math.inf, 99: math.nan}
        points = [Metric("m", odd.get(one.step, one.value), one.step, one.timestamp) for one in points]
        shuffled = Random(1).sample(points, len(points))
        for begin in range(0, 100, 10):
            store.log_batch(run_id, Batch(shuffled[begin : begin + 10]))
        for width in (1, 2, 10, 33, 99):
            [chart] = store.chart([run_id], "m", x=axis, width=width)
            assert len(chart) <= width
            assert sum(chart.counts) == 100
            assert buckets(chart) == expected(points, axis, width)

    def test_points_of_one_x_are_in_one_bucket_where_they_are_many(self, store: TrackingStore) -> None:
        """As many steps are logged without a step."""
        run_id = _started(store)
        points = [Metric("m", float(number), 0, timestamp=number) for number in range(20)]
        store.log_batch(run_id, Batch(points))
        assert buckets(store.chart([run_id], "m", width=5)[0]) == [(0, 0, 20, 0.0, 19.0, 19.0, 0, 0, 0)]
        assert len(store.chart([run_id], "m", x="time", width=5)[0]) == 5

    def test_a_chart_holds_the_runs_that_were_asked_for(self, store: TrackingStore) -> None:
        """In the given order, deleted ones too; a run without the metric has a series without buckets."""
        run_id = _started(store)
        other, bare = (store.create_run(NewRun("0")).info.run_id for _ in range(2))
        for number, each in enumerate((run_id, other)):
            store.log_batch(each, Batch([Metric("m", float(number), 1)]))
        store.update_run(other, RunChange(status=RunStatus.FINISHED, end_time=1))
        charts = store.chart([other, bare, run_id], "m")
        assert [(each.run_id, list(each.last_values)) for each in charts] == [
            (other, [1.0]),
            (bare, []),
            (run_id, [0.0]),
        ]
        assert [buckets(each) for each in store.chart([run_id, bare], "M", x="relative")] == [[], []]
        assert list(store.chart([], "m")) == []

    @pytest.mark.parametrize("axis", AXES)
    def test_a_chart_of_an_unknown_run_is_refused(self, store: TrackingStore, axis: ChartAxis) -> None:
        """On every axis."""
        with pytest.raises(NotFound):
            store.chart(["0" * 32], "m", x=axis)

    @pytest.mark.parametrize(
        "view",
        [{"x": "epoch"}, {"width": 0}, {"width": -1}, {"width": 1.5}, {"start": 0.5}, {"end": "9"}],
        ids=lambda view: "-".join(view),
    )
    def test_a_view_that_makes_no_sense_is_refused(self, store: TrackingStore, view: dict[str, Any]) -> None:
        """Each of its parts is checked."""
        run_id = _started(store)
        with pytest.raises(InvalidValue):
            store.chart([run_id], "m", **view)

    @pytest.mark.parametrize("axis", AXES)
    def test_a_range_shows_what_lies_in_it(self, store: TrackingStore, axis: ChartAxis) -> None:
        """Both ends included, and in full once it is small; at any place of a series of several thousand points."""
        run_id = _started(store)
        noise = Random(7)
        points = [
            Metric("m", noise.gauss(0, 1), step, timestamp=2000 + 9 * step + noise.randrange(9)) for step in range(9000)
        ]
        for begin in range(0, len(points), 600):
            store.log_batch(run_id, Batch(points[begin : begin + 600]))
        store.compact(run_id)
        least, most = (0, 9000) if axis == "step" else (1000, 84_000)
        ranges: list[tuple[int | None, int | None]] = [
            (None, None),
            (least, most),
            (most, None),
            (None, least - 1),
            (5, 2),
            (least + 7, least + 7),
        ]
        for _ in range(12):
            place = noise.randrange(least, most)
            ranges.append((place, place + noise.choice([3, 60, 900, 30_000])))
        for start, end in ranges:
            [chart] = store.chart([run_id], "m", x=axis, width=50, start=start, end=end)
            assert buckets(chart) == expected(points, axis, 50, start, end), (start, end)

    def test_any_chart_is_exact(self, store: TrackingStore) -> None:
        """Random points in random batches, equal and unsorted x among them, compacted now and then."""

        @strategies.bounded
        @given(st.lists(_batches(), max_size=6), st.sampled_from(AXES), st.integers(1, 6), _ends(), _ends())
        def check(batches: list[list[Metric]], axis: ChartAxis, width: int, start: int | None, end: int | None) -> None:
            run_id = _started(store)
            for number, batch in enumerate(batches):
                store.log_batch(run_id, Batch(batch))
                if number % 3 == 1:
                    store.compact(run_id)
            points = [point for batch in batches for point in batch]
            for _ in range(2):
                [chart] = store.chart([run_id], "m", x=axis, width=width, start=start, end=end)
                assert buckets(chart) == expected(points, axis, width, start, end)
                store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))

        check()

    def test_compacting_while_threads_write_loses_nothing(self, store: TrackingStore) -> None:
        """Several writers of one series, several that compact it; charts and the history are those of the points."""
        run_id = _started(store)
        writers, count = 3, 100

        def log(writer: int) -> None:
            for step in range(count):
                store.log_batch(run_id, Batch([Metric("m", writer, step, timestamp=ORIGIN + step)]))

        def compact() -> None:
            for _ in range(10):
                store.compact(run_id)
                assert sum(store.chart([run_id], "m", width=7)[0].counts) <= writers * count

        at_once(*(partial(log, writer) for writer in range(writers)), compact, compact)
        points = [
            Metric("m", writer, step, timestamp=ORIGIN + step) for step in range(count) for writer in range(writers)
        ]
        assert [one for block in store.metric_history(run_id, "m") for one in block] == points
        for axis in AXES:
            assert buckets(store.chart([run_id], "m", x=axis, width=9)[0]) == expected(points, axis, 9)

    def test_compacting_changes_nothing_that_can_be_read(self, store: TrackingStore) -> None:
        """However often; an unknown run has nothing to compact."""
        run_id = _started(store)
        for step in range(300):
            store.log_batch(run_id, Batch([Metric("m", step, step, timestamp=step), Metric(f"m{step}", 1.0)]))
        before = store.get_run(run_id), list(store.metric_history(run_id, "m"))
        for _ in range(3):
            store.compact(run_id)
        after = store.get_run(run_id), [one for block in store.metric_history(run_id, "m") for one in block]
        assert after == (before[0], [one for block in before[1] for one in block])
        store.compact("0" * 32)


def _started(store: TrackingStore) -> str:
    return store.create_run(NewRun("0", start_time=ORIGIN)).info.run_id


def _batches() -> st.SearchStrategy[list[Metric]]:
    """Points of one series whose x often meet, those of the extremes among them."""
    steps = st.one_of(st.integers(-3, 12), st.integers(-3, 12), strategies.int64)
    times = st.one_of(st.integers(0, 12), st.integers(990, 1012), st.integers(0, 2**63 - 1))
    point = st.builds(Metric, st.just("m"), value=strategies.metric_values, step=steps, timestamp=times)
    return st.lists(point, max_size=8)


def _ends() -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.none(), st.integers(-5, 15), strategies.int64)
