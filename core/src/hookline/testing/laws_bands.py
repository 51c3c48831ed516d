"""The laws of bands; part of `TrackingStoreSuite`. What a band must say is computed here from the points alone."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Batch, ChartAxis, ChartBand, Metric, NewRun, RunChange, RunStatus
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.laws_charts import AXES, ORIGIN, column_length
from hookline.testing.store_suite import StoreSuite

Row: TypeAlias = tuple[int, int, int, int, float | None, float | None, float | None, int, int, int]
"""A bucket: start, end, points, runs, mean, minimum, maximum (None where no run counts), NaNs, +inf, -inf."""
Placed: TypeAlias = tuple[int, Metric]
"""The x of a point, and the point."""


def rows(band: ChartBand) -> list[Row]:
    """Return the buckets of a band."""
    whole = (band.starts, band.ends, band.counts, band.runs, band.nans, band.positive_infinities)
    assert {each.typecode for each in (*whole, band.negative_infinities)} == {"q"}
    numbers = [[None if math.isnan(each) else each for each in one] for one in (band.means, band.minima, band.maxima)]
    return list(zip(*whole[:4], *numbers, *whole[4:], band.negative_infinities, strict=True))


def expected(
    groups: Mapping[str, Sequence[str]],
    points: Mapping[str, Sequence[Metric]],
    axis: ChartAxis,
    width: int,
    start: int | None = None,
    end: int | None = None,
) -> dict[str, list[Row]]:
    """Return the buckets that groups of runs, which started at `ORIGIN`, must have."""
    shown = {run_id: _in_order(points[run_id], axis, start, end) for run_ids in groups.values() for run_id in run_ids}
    everywhere = [x for run in shown.values() for x, _ in run]
    if not everywhere:
        return {group: [] for group in groups}
    length = column_length(min(everywhere), max(everywhere), width)
    columns = {run_id: [((x + 2**63) // length, x, point.value) for x, point in run] for run_id, run in shown.items()}
    return {group: _rows([columns[run_id] for run_id in run_ids]) for group, run_ids in groups.items()}


def _in_order(points: Sequence[Metric], axis: ChartAxis, start: int | None, end: int | None) -> list[Placed]:
    def x(point: Metric) -> int:
        return {"step": point.step, "time": point.timestamp, "relative": point.timestamp - ORIGIN}[axis]

    placed = [(x(point), point) for point in points]
    kept = [each for each in placed if (start is None or each[0] >= start) and (end is None or each[0] <= end)]
    return sorted(kept, key=lambda each: (each[0], each[1].timestamp, each[1].rank[0], *each[1].rank[2:]))


def _rows(runs: Sequence[Sequence[tuple[int, int, float]]]) -> list[Row]:
    found = []
    for column in sorted({each[0] for run in runs for each in run}):
        here = [each for run in runs for each in run if each[0] == column]
        latest = []
        for run in runs:
            before = [value for place, _, value in run if place <= column and math.isfinite(value)]
            if before and run[-1][0] >= column:
                latest.append(before[-1])
        known = [*latest, *(value for _, _, value in here if math.isfinite(value))]
        spread = (_mean(latest), min(known), max(known)) if known else (None, None, None)
        values = [value for _, _, value in here]
        odd = (sum(map(math.isnan, values)), values.count(math.inf), values.count(-math.inf))
        found.append((min(x for _, x, _ in here), max(x for _, x, _ in here), len(here), len(latest), *spread, *odd))
    return found


def _mean(values: Sequence[float]) -> float:
    whole = sum(map(Fraction, values))
    try:
        return float(whole) / len(values)
    except OverflowError:
        return float(whole / len(values))


def _alike(one: Mapping[str, list[Row]], other: Mapping[str, list[Row]]) -> bool:
    """Return whether bands are the same, but for how the mean is rounded of what adds up to no double."""

    def rounded(row: Row) -> tuple[Any, ...]:
        mean = row[4]
        return (*row[:4], mean if mean is None or abs(mean) < 1e300 else f"{mean:.12e}", *row[5:])

    return list(one) == list(other) and all(
        list(map(rounded, one[name])) == list(map(rounded, other[name])) for name in one
    )


class BandLaws(StoreSuite):
    """A band is the mean and the extremes of a group's runs, column by column, and counts what has no place in them."""

    @pytest.mark.parametrize("axis", AXES)
    def test_a_band_is_the_mean_and_the_extremes_of_its_runs(self, store: TrackingStore, axis: ChartAxis) -> None:
        """Runs that log at different x are compared at each; a spike stays; a run of many points counts once."""
        often, seldom, short = (_started(store) for _ in range(3))
        points = {
            often: [Metric("m", 1.0 if step != 5 else 900.0, step, ORIGIN + step) for step in range(40)],
            seldom: [Metric("m", 3.0, step, ORIGIN + step) for step in range(12, 24, 3)],
            short: [Metric("m", 5.0, step, ORIGIN + step) for step in (13, 14)],
        }
        for run_id, logged in points.items():
            store.log_batch(run_id, Batch(logged))
        groups = {"all": [often, seldom, short], "alone": [seldom], "two": [short, often]}
        for width in (1, 3, 10, 40, 100):
            bands = {each.group: rows(each) for each in store.chart_bands(groups, "m", x=axis, width=width)}
            assert bands == expected(groups, points, axis, width)
        assert {row[3] for row in bands["all"]} == {1, 2, 3}
        assert max(row[6] or 0.0 for row in bands["two"]) == 900.0

    def test_what_is_not_finite_is_counted_and_hides_nothing(self, store: TrackingStore) -> None:
        """A run whose values end in NaN counts by its last one; a group without a finite value has no mean."""
        broken, good = _started(store), _started(store)
        values = [2.0, math.nan, math.inf, -math.inf, math.nan]
        store.log_batch(broken, Batch([Metric("m", value, step) for step, value in enumerate(values)]))
        store.log_batch(good, Batch([Metric("m", 4.0, step) for step in range(5)]))
        store.log_batch(good, Batch([Metric("odd", math.nan, step) for step in range(2)]))
        [band] = store.chart_bands({"g": [broken, good]}, "m")
        odd = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)]
        assert rows(band) == [(step, step, 2, 2, 3.0, 2.0, 4.0, *odd[step]) for step in range(5)]
        [band] = store.chart_bands({"g": [good]}, "odd")
        assert rows(band) == [(step, step, 1, 0, None, None, None, 1, 0, 0) for step in range(2)]

    def test_every_group_has_a_band_in_the_given_order(self, store: TrackingStore) -> None:
        """Without buckets where no run has the metric, or none is in it; a run counts once, deleted ones too."""
        one, bare = _started(store), _started(store)
        store.log_batch(one, Batch([Metric("m", 1.0, 1)]))
        bands = store.chart_bands({"z": [bare], "none": [], "a": [one, one], "both": [bare, one]}, "m")
        assert [(each.group, each.key, len(each), list(each.runs)) for each in bands] == [
            ("z", "m", 0, []),
            ("none", "m", 0, []),
            ("a", "m", 1, [1]),
            ("both", "m", 1, [1]),
        ]
        assert list(store.chart_bands({}, "m")) == []

    @pytest.mark.parametrize("axis", AXES)
    def test_a_band_of_an_unknown_run_is_refused(self, store: TrackingStore, axis: ChartAxis) -> None:
        """On every axis."""
        with pytest.raises(NotFound):
            store.chart_bands({"g": ["0" * 32]}, "m", x=axis)

    @pytest.mark.parametrize("view", [{"x": "epoch"}, {"width": 0}, {"start": 0.5}], ids=lambda view: "-".join(view))
    def test_a_view_of_bands_that_makes_no_sense_is_refused(self, store: TrackingStore, view: dict[str, Any]) -> None:
        """As that of a chart is."""
        with pytest.raises(InvalidValue):
            store.chart_bands({"g": [_started(store)]}, "m", **view)

    def test_any_bands_are_exact(self, store: TrackingStore) -> None:
        """Random points of several runs, equal and unsorted x among them, and values whose sum is beyond a double."""

        @strategies.bounded
        @given(st.lists(_points(), min_size=1, max_size=4), st.sampled_from(AXES), st.integers(1, 9), _ends(), _ends())
        def check(logged: list[list[Metric]], axis: ChartAxis, width: int, start: int | None, end: int | None) -> None:
            points = {_started(store): each for each in logged}
            for run_id, each in points.items():
                store.log_batch(run_id, Batch(each))
                store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))
            ids = list(points)
            groups = {"all": ids, "odd": ids[1::2], "first": ids[:1]}
            found = store.chart_bands(groups, "m", x=axis, width=width, start=start, end=end)
            bands = {each.group: rows(each) for each in found}
            assert _alike(bands, expected(groups, points, axis, width, start, end)), bands

        check()


def _started(store: TrackingStore) -> str:
    return store.create_run(NewRun("0", start_time=ORIGIN)).info.run_id


def _points() -> st.SearchStrategy[list[Metric]]:
    steps = st.one_of(st.integers(-3, 12), st.integers(-3, 12), strategies.int64)
    times = st.one_of(st.integers(990, 1012), st.integers(0, 2**63 - 1))
    point = st.builds(Metric, st.just("m"), value=strategies.metric_values, step=steps, timestamp=times)
    return st.lists(point, max_size=12)


def _ends() -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.none(), st.integers(-5, 15))
