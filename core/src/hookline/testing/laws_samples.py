"""The laws of samples of series; part of `TrackingStoreSuite`. They are computed from points alone."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Batch, Metric, NewRun, Points
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite

LONG = 10_000


def said(points: Points) -> list[str]:
    """Return what a sample says, NaN being like NaN."""
    return [f"{step} {timestamp} {value!r}" for step, timestamp, value in _columns(points)]


def expected(points: Sequence[Metric], size: int, start: int | None = None, end: int | None = None) -> list[str]:
    """Return what the sample of points must say."""
    shown = [each for each in points if (start is None or each.step >= start) and (end is None or each.step <= end)]
    steps = sorted({each.step for each in shown})
    parts: list[list[int]] = [[] for _ in range(size)]
    left = iter(steps)
    for number, part in enumerate(parts):
        part += [next(left) for _ in range(len(steps) // size + (number < len(steps) % size))]
    chosen = {part[0] for part in parts if part}
    if len(steps) > size:
        chosen = {part[0] for part in parts[:-1]} | {parts[-1][-1]}
    shown.sort(key=lambda each: (each.step, each.timestamp, *each.rank[2:]))
    return [f"{each.step} {each.timestamp} {each.value!r}" for each in shown if each.step in chosen]


class SampleLaws(StoreSuite):
    """A few points of a series: evenly spread over its steps, the first and the last among them."""

    @pytest.mark.parametrize("stride", [1, 10])
    def test_a_long_series_is_sampled_at_evenly_spread_steps(self, store: TrackingStore, stride: int) -> None:
        """Whole, and a part of it; it is stored in several pieces, and steps are not always as far apart."""
        run_id = _started(store)
        points = [Metric("m", step * 0.5, step * stride + step % stride, step * 7) for step in range(LONG)]
        for first in range(0, LONG, 4500):
            store.log_batch(run_id, Batch(points[first : first + 4500]))
        store.compact(run_id)
        for size in (1, 2, 7, 320, LONG - 1, LONG):
            assert said(store.metric_sample(run_id, "m", size)) == expected(points, size)
        for start, end in ((0, 0), (4000, 4700), (4499, None), (None, 3), (-5, 10 * LONG), (LONG * 20, None)):
            sample = store.metric_sample(run_id, "m", 50, start=start, end=end)
            assert said(sample) == expected(points, 50, start, end)

    def test_all_points_of_a_chosen_step_are_given(self, store: TrackingStore) -> None:
        """However many it has; where there are no more steps than asked for, those are all points."""
        run_id = _started(store)
        points = [Metric("m", value, step, 1) for step in range(9) for value in (1.0, 2.0, float("nan"))]
        store.log_batch(run_id, Batch(points[::-1]))
        for size in (1, 2, 4, 9, 20):
            assert said(store.metric_sample(run_id, "m", size)) == expected(points, size)

    def test_a_series_that_is_not_there_has_an_empty_sample(self, store: TrackingStore) -> None:
        """As its history is; a run that is not there is told."""
        assert len(store.metric_sample(_started(store), "m", 5)) == 0
        with pytest.raises(NotFound):
            store.metric_sample("0" * 32, "m", 5)

    @pytest.mark.parametrize(("size", "start", "end"), [(0, None, None), (-1, None, None), (5, 3, 2)])
    def test_a_sample_that_makes_no_sense_is_refused(
        self, store: TrackingStore, size: int, start: int | None, end: int | None
    ) -> None:
        """It has a step at least, and does not end before it starts."""
        with pytest.raises(InvalidValue):
            store.metric_sample(_started(store), "m", size, start=start, end=end)

    def test_any_sample_is_exact(self, store: TrackingStore) -> None:
        """Random points in several batches, the least and the greatest integers among their steps."""

        @strategies.bounded
        @given(st.lists(_points(), max_size=3), st.integers(1, 6), _ends(), _ends())
        def check(batches: list[list[Metric]], size: int, start: int | None, end: int | None) -> None:
            if start is not None and end is not None and start > end:
                start, end = end, start
            run_id = _started(store)
            for points in batches:
                store.log_batch(run_id, Batch(points))
            sample = store.metric_sample(run_id, "m", size, start=start, end=end)
            assert said(sample) == expected([each for points in batches for each in points], size, start, end)

        check()


def _started(store: TrackingStore) -> str:
    return store.create_run(NewRun("0", start_time=1000)).info.run_id


def _columns(points: Points) -> list[tuple[int, int, float]]:
    assert (points.steps.typecode, points.timestamps.typecode, points.values.typecode) == ("q", "q", "d")
    return list(zip(points.steps, points.timestamps, points.values, strict=True))


def _points() -> st.SearchStrategy[list[Metric]]:
    steps = st.one_of(st.integers(-3, 12), st.integers(-3, 12), strategies.int64)
    point = st.builds(Metric, st.just("m"), value=strategies.metric_values, step=steps, timestamp=st.integers(0, 9))
    rising = st.lists(st.integers(-9, 30), unique=True, max_size=12).map(sorted)
    return st.one_of(
        st.lists(point, max_size=12),
        rising.map(lambda steps: [Metric("m", float(step), step, 10 + step) for step in steps]),
    )


def _ends() -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.none(), st.integers(-5, 15), strategies.int64)
