"""Charts from segments: the same as from the points, and without reading them where that is not needed."""

import gc
import math
from array import array
from collections.abc import Callable, Iterator
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.charts import Grid, chart_columns
from hookline.entities import Batch, ChartView, LifecycleStage, Metric, NewRun, RunChange, RunStatus
from hookline.interfaces import TrackingStore
from hookline_tracking_sql import charts, kept_overviews, schema
from hookline_tracking_sql.kept_charts import KeptCharts
from hookline_tracking_sql.ordering import SEGMENT_POINTS
from hookline_tracking_sql.store import SqlTrackingStore

FINISHED = RunChange(status=RunStatus.FINISHED, end_time=1)
START = 1_700_000_000_000
AXES = ("step", "time", "relative")


def straight(noise: Random, count: int) -> list[tuple[int, int]]:
    """As nearly every series is: (step, timestamp)."""
    return [(step, START + 50 * step + noise.randrange(50)) for step in range(count)]


def without_steps(noise: Random, count: int) -> list[tuple[int, int]]:
    return [(0, START + number // 20) for number in range(count)]


def resumed(noise: Random, count: int) -> list[tuple[int, int]]:
    """Steps go back some times, as from a checkpoint."""
    return [(number % (count // 3 + 1) + 1000 * (3 * number // count), START + 7 * number) for number in range(count)]


def two_writers(noise: Random, count: int) -> list[tuple[int, int]]:
    return [(number // 2, START + 10 * (number // 2) + (number % 2) * noise.randrange(300)) for number in range(count)]


def scattered(noise: Random, count: int) -> list[tuple[int, int]]:
    return [(noise.randrange(-count, count), START + noise.randrange(3 * count)) for _ in range(count)]


def bursts(noise: Random, count: int) -> list[tuple[int, int]]:
    return [(number + 100_000 * (number // 500), START + number + 10**7 * (number // 700)) for number in range(count)]


SHAPES = (straight, without_steps, resumed, two_writers, scattered, bursts)


def values(noise: Random, count: int, odd: float) -> list[float]:
    found = [noise.gauss(0, 1) for _ in range(count)]
    for _ in range(int(count * odd)):
        found[noise.randrange(count)] = noise.choice([math.nan, math.inf, -math.inf, 1e300, -0.0])
    return found


def same(one: object, other: object) -> bool:
    """Whether charts are equal, NaN being equal to itself."""
    return repr(one) == repr(other)


def fill(store: SqlTrackingStore, noise: Random, shape: Callable[..., list[tuple[int, int]]], count: int) -> str:
    run_id = store.create_run(NewRun("0", start_time=START)).info.run_id
    places = shape(noise, count)
    odd = noise.choice([0.0, 0.01, 0.6])
    points = [
        Metric("m", value, step, timestamp)
        for (step, timestamp), value in zip(places, values(noise, count, odd), strict=True)
    ]
    begin = 0
    while begin < count:
        size = noise.choice([1, 20, 70, 700, 5000])
        store.log_batch(run_id, Batch(points[begin : begin + size]))
        begin += size
        if noise.random() < 0.2:
            store.compact(run_id)
        if noise.random() < 0.05:
            store.update_run(run_id, FINISHED)  # it may go on
    if noise.random() < 0.5:
        store.update_run(run_id, FINISHED)
    return run_id


@pytest.fixture(scope="module", autouse=True)
def _short_series_have_overviews() -> Iterator[None]:
    """One full segment is enough: those of which eight are full take long to be compared with their points."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_overviews, "_SOME", 1)
        patch.setattr(charts, "LEAST_POINTS", SEGMENT_POINTS)
        yield


@settings(max_examples=40, deadline=None, database=None)
@given(st.integers(0, 2**32), st.sampled_from(SHAPES), st.sampled_from([150, 3000, 14_000, 14_000]))
def test_any_series_is_charted_as_its_points_say(tmp_path_factory, seed, shape, count) -> None:
    noise = Random(seed)
    store = SqlTrackingStore(f"sqlite:///{tmp_path_factory.mktemp('chart')}/store.db")
    run_id = fill(store, noise, shape, noise.randrange(1, count))
    for axis in AXES:
        for width in (1, noise.randrange(2, 50), 1000):
            view = {"x": axis, "width": width}
            [whole], [expected] = store.chart([run_id], "m", **view), TrackingStore.chart(store, [run_id], "m", **view)
            assert same(whole, expected)
            start, end = sorted(noise.choices([*expected.starts, *expected.ends], k=2))
            view |= {"start": start - noise.randrange(2), "end": noise.choice([None, end])}
            assert same(store.chart([run_id], "m", **view)[0], TrackingStore.chart(store, [run_id], "m", **view)[0])
    store.close()


@settings(max_examples=30, deadline=None, database=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(SHAPES), min_size=1, max_size=4))
def test_any_groups_are_charted_as_their_points_say(tmp_path_factory, seed, shapes) -> None:
    noise = Random(seed)
    store = SqlTrackingStore(f"sqlite:///{tmp_path_factory.mktemp('bands')}/store.db")
    runs = [fill(store, noise, shape, noise.randrange(1, 9000)) for shape in shapes]
    groups = {"some": noise.sample(runs, noise.randrange(len(runs) + 1)), "all": runs, "the first": runs[:1]}
    for axis in AXES:
        for width in (1, noise.randrange(2, 50), 1000):
            view = {"x": axis, "width": width}
            bands, expected = (
                store.chart_bands(groups, "m", **view),
                TrackingStore.chart_bands(store, groups, "m", **view),
            )
            assert same(bands, expected)
            start, end = sorted(noise.choices([*expected[1].starts, *expected[1].ends], k=2))
            view |= {"start": start - noise.randrange(2), "end": noise.choice([None, end])}
            assert same(store.chart_bands(groups, "m", **view), TrackingStore.chart_bands(store, groups, "m", **view))
    store.close()


def test_bands_are_drawn_again_only_where_a_series_has_changed(
    store: SqlTrackingStore, long_run: str, trace: list[str]
) -> None:
    other = store.create_run(NewRun("0", start_time=START)).info.run_id
    groups = {"one": [long_run, other]}
    first = store.chart_bands(groups, "m", width=300)
    trace.clear()
    assert store.chart_bands(groups, "m", width=300) is first
    assert len(trace) == len(groups["one"])
    store.log_batch(other, Batch([Metric("m", 7e9, 40_959, START)]))
    [band] = store.chart_bands(groups, "m", width=300)
    assert (band.maxima[-1], band.runs[-1], band.means[-1]) == (7e9, 2, (7e9 + 40_959 % 9) / 2)


@pytest.fixture
def long_run(store: SqlTrackingStore) -> str:
    """The id of a run with a series of full segments."""
    run_id = store.create_run(NewRun("0", start_time=START)).info.run_id
    points = [Metric("m", step % 9, step, timestamp=START + 3 * step + step % 2) for step in range(10 * 4096)]
    store.log_batch(run_id, Batch(points))
    return run_id


def opened(trace: list[str]) -> int:
    """How many segments were read, besides the statements that find the run, its overview and the other segments."""
    found = len([each for each in trace if "hookline_blocks" in each])
    assert len(trace) == 3 + found
    trace.clear()
    return found


def cut_segments(axis: str, width: int) -> int:
    """In how many segments of the long run a column begins."""
    xs = [step if axis == "step" else START + 3 * step + step % 2 for step in range(10 * 4096)]
    grid = Grid(xs[0], xs[-1], width, START if axis == "relative" else 0)
    ends = ((xs[begin], xs[begin + 4095]) for begin in range(0, len(xs), 4096))
    return sum(grid.column(first) != grid.column(last) for first, last in ends)


@pytest.mark.parametrize("axis", AXES)
def test_points_are_read_only_where_columns_begin_and_end(
    store: SqlTrackingStore, long_run: str, axis: str, trace: list[str]
) -> None:
    assert cut_segments("time", 9) > cut_segments("step", 9) == 0
    for width in (1, 2, 5, 9):
        store.chart([long_run], "m", x=axis, width=width)
        assert opened(trace) == cut_segments(axis, width)
    start, end = (15_000, 15_020) if axis == "step" else (START + 45_000, START + 45_060)
    origin = START if axis == "relative" else 0
    store.chart([long_run], "m", x=axis, start=start - origin, end=end - origin)
    assert opened(trace) == 1


def test_a_chart_is_drawn_again_only_where_its_series_has_changed(
    store: SqlTrackingStore, long_run: str, trace: list[str]
) -> None:
    [first] = store.chart([long_run], "m", width=300)
    trace.clear()
    assert store.chart([long_run], "m", width=300) == [first]
    assert len(trace) == 1
    store.log_batch(long_run, Batch([Metric("m", 7e9, 50_000, START)]))
    [second] = store.chart([long_run], "m", width=300)
    assert second.maxima[-1] == 7e9
    assert same(second, TrackingStore.chart(store, [long_run], "m", width=300)[0])


@pytest.mark.parametrize("axis", AXES)
def test_the_points_of_a_long_run_that_has_ended_are_read_only_where_a_view_is_cut(
    store: SqlTrackingStore, long_run: str, axis: str, trace: list[str]
) -> None:
    store.update_run(long_run, FINISHED)
    origin = START if axis == "time" else 0
    trace.clear()
    for width in (1, 10, 300):
        store.chart([long_run], "m", x=axis, width=width)
        store.chart_bands({"g": [long_run]}, "m", x=axis, width=width)
    assert not [each for each in trace if "hookline_blocks" in each]
    assert len(trace) == 6 * 3
    for start, end in ((10_000, 30_000), (10_000, None), (None, 30_000)):
        view = {"x": axis, "width": 100}
        view |= {name: origin + each for name, each in (("start", start), ("end", end)) if each is not None}
        trace.clear()
        [chart] = store.chart([long_run], "m", **view)
        assert len([each for each in trace if "hookline_blocks" in each]) == len(view) - 2
        assert same(chart, TrackingStore.chart(store, [long_run], "m", **view)[0])


def overviews(store: SqlTrackingStore) -> set[int]:
    """How many points the overviews in a store are about."""
    with store._database.reading() as connection:
        return {count for (count,) in connection.execute(sa.select(schema.overviews.c.count))}


def test_an_overview_is_not_believed_where_a_late_writer_filled_a_segment(store: SqlTrackingStore) -> None:
    run_id = store.create_run(NewRun("0", start_time=START)).info.run_id
    for first in (START, START + 10**6):
        store.log_batch(run_id, Batch([Metric("m", step, step, first + step) for step in range(4096)]))
    store.update_run(run_id, FINISHED)
    assert overviews(store) == {2 * 4096}
    late = [Metric("m", -5e9 if step == 77 else 1.0, step, START + 5000 + step) for step in range(4096)]
    for begin, size, known in ((0, 4096, 2 * 4096), (None, None, 3 * 4096)):
        if size:
            store.log_batch(run_id, Batch(late[begin : begin + size]))
        else:
            store.update_run(run_id, FINISHED)
        assert overviews(store) == {known}
        for axis in AXES:
            [chart] = store.chart([run_id], "m", x=axis, width=40)
            assert min(chart.minima) == -5e9
            assert same(chart, TrackingStore.chart(store, [run_id], "m", x=axis, width=40)[0])


def test_an_overview_grows_while_a_run_goes_on_and_goes_with_it(store: SqlTrackingStore) -> None:
    run_id = store.create_run(NewRun("0", start_time=START)).info.run_id
    seen = []
    for begin in range(0, 3 * 4096, 96):
        store.log_batch(run_id, Batch([Metric("m", step % 7, step, START + step) for step in range(begin, begin + 96)]))
        store.compact(run_id)
        seen += sorted(overviews(store))
        [chart] = store.chart([run_id], "m", width=50)
        assert sum(chart.counts) == begin + 96
    assert len(set(seen)) >= 2
    store.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
    assert store.purge(2**62, discard=lambda gone: None)
    assert overviews(store) == set()


def test_a_chart_that_needs_no_more_of_a_series_holds_no_older_moment(store: SqlTrackingStore) -> None:
    run_id = store.create_run(NewRun("0", start_time=START)).info.run_id
    gc.disable()
    try:
        for begin in range(0, 4000, 96):
            store.log_batch(run_id, Batch([Metric("m", 1.0, step, START + step) for step in range(begin, begin + 96)]))
            assert sum(store.chart([run_id], "m", width=50)[0].counts) == begin + 96
    finally:
        gc.enable()


def test_kept_charts_are_bounded() -> None:
    kept = KeptCharts(most=25)
    chart = chart_columns("r", "k", array("q", range(10)), array("d", range(10)), 10)
    for width in (1, 2, 3):
        kept.put(("r", "k", ChartView("step", width)), (10, 0), chart, len(chart))
    assert [kept.get(("r", "k", ChartView("step", width)), (10, 0)) is chart for width in (1, 2, 3)] == [
        *(False, True, True)
    ]
    assert kept.get(("r", "k", ChartView("step", 3)), (11, 0)) is None
