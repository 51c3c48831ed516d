"""Merging segments: few are left, no point is lost, nothing waits long, and several may do it at once."""

import subprocess
import sys
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from hookline.entities import Batch, Metric, NewRun, RunChange, RunStatus
from hookline_tracking_sql import merging
from hookline_tracking_sql.merging import FEW, MANY, TINY
from hookline_tracking_sql.ordering import SEGMENT_POINTS
from hookline_tracking_sql.store import SqlTrackingStore

Execute = Callable[..., list[tuple[object, ...]]]
FINISHED = RunChange(status=RunStatus.FINISHED, end_time=1)
COUNTS = """SELECT s.count FROM hookline_segments s JOIN hookline_keys k ON k.id = s.key JOIN hookline_runs r
            ON r.id = s.run WHERE r.run_id = ? AND k.name = ? ORDER BY s.timestamp, s.step, s.ordinal"""
COMPACTOR = """
import sys
from hookline_tracking_sql.store import SqlTrackingStore

store = SqlTrackingStore(sys.argv[1])
print("open", flush=True)
while not store.get_run(sys.argv[2]).info.status.is_final:
    store.compact(sys.argv[2])
"""


def counts(execute: Execute, run_id: str, key: str = "m") -> list[int]:
    return [count for (count,) in execute(COUNTS, run_id, key)]


def stored(store: SqlTrackingStore, run_id: str, key: str = "m") -> list[Metric]:
    return [point for block in store.metric_history(run_id, key) for point in block]


def log(store: SqlTrackingStore, run_id: str, points: list[Metric], size: int = 1) -> None:
    for begin in range(0, len(points), size):
        store.log_batch(run_id, Batch(points[begin : begin + size]))


def series(size: int, start: int = 0) -> list[Metric]:
    return [Metric("m", step / 7, step, timestamp=3 * step) for step in range(start, start + size)]


def test_a_live_series_is_merged_as_its_segments_come_in(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    points = series(1000)
    log(store, run_id, points[: MANY - 1])
    store.compact(run_id)
    assert counts(execute, run_id) == [1] * (MANY - 1), "too few to be worth it"
    log(store, run_id, points[MANY - 1 : MANY])
    store.compact(run_id)
    assert counts(execute, run_id) == [MANY]
    for begin in range(MANY, 1000, 100):
        log(store, run_id, points[begin : begin + 100])
        store.compact(run_id)
        assert len([count for count in counts(execute, run_id) if count < TINY]) < MANY
    assert stored(store, run_id) == points


def test_what_does_not_fill_a_segment_is_not_written_again(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    log(store, run_id, series(MANY * TINY), size=TINY)
    store.compact(run_id)
    assert counts(execute, run_id) == [TINY] * MANY, "another writer may have points that belong before the last ones"
    log(store, run_id, series(3 * TINY + 5, start=MANY * TINY), size=TINY)
    execute("UPDATE hookline_series SET loose = ?", MANY)
    store.compact(run_id)
    assert counts(execute, run_id) == [SEGMENT_POINTS, 3 * TINY + 5]
    execute("UPDATE hookline_series SET loose = ?", MANY)
    log(store, run_id, series(TINY, start=MANY * TINY + 3 * TINY + 5))
    store.compact(run_id)
    assert counts(execute, run_id) == [SEGMENT_POINTS, 3 * TINY + 5, TINY]
    assert execute("SELECT loose FROM hookline_series") == [(0,)]


def test_a_run_that_ended_has_few_segments_and_the_same_points(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    logged = [Metric("m", float(n), n, timestamp=(n * 7) % 5000) for n in range(3 * SEGMENT_POINTS)]
    log(store, run_id, logged, size=100)
    log(store, run_id, [Metric("few", 1.0, step) for step in range(FEW)])
    other = store.create_run(NewRun("0")).info.run_id
    log(store, other, series(20))
    before = [store.get_run(run_id).data, stored(store, run_id), stored(store, run_id, "few")]
    store.update_run(run_id, FINISHED)
    assert [store.get_run(run_id).data, stored(store, run_id), stored(store, run_id, "few")] == before
    found = counts(execute, run_id)
    assert (sum(found), len(found)) == (len(logged), 3)
    assert counts(execute, run_id, "few") == [1] * FEW, "a handful is not worth the work"
    assert counts(execute, other) == [1] * 20, "another run was not touched"
    log(store, run_id, logged, size=100)
    store.update_run(run_id, FINISHED)
    assert len(stored(store, run_id)) == 2 * len(logged)


def test_a_step_takes_a_bounded_number_of_segments(
    store: SqlTrackingStore, run_id: str, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_AT_ONCE", 10)
    log(store, run_id, series(95))
    place = execute("SELECT run, key FROM hookline_series")[0]
    assert merging._merge_some(store._database, place, ended=False)
    assert counts(execute, run_id) == [10] + [1] * 85
    while merging._merge_some(store._database, place, ended=False):
        assert len(stored(store, run_id)) == 95
    assert stored(store, run_id) == series(95)


def test_full_segments_of_several_writers_do_not_overlap(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    written = {
        writer: [Metric("m", writer, step, timestamp=10 * step + writer) for step in range(size)]
        for writer, size in ((0, 12_000), (1, 12_000), (2, 7000))
    }
    for begin in range(0, 12_000, 500):
        for points in written.values():
            log(store, run_id, points[begin : begin + 500], size=500)
            store.compact(run_id)
    store.update_run(run_id, FINISHED)
    rows = execute("SELECT timestamp, count FROM hookline_segments ORDER BY timestamp")
    assert len(rows) <= 31_000 // SEGMENT_POINTS + FEW
    found = stored(store, run_id)
    assert found == sorted((each for points in written.values() for each in points), key=lambda one: one.timestamp)
    moments = [point.timestamp for point in found]
    begins = [bisect_left(moments, timestamp) for timestamp, _ in rows]
    overlapping = [at for (at, later), (_, size) in zip(pairwise(begins), rows, strict=False) if later - at < size]
    assert overlapping == []


def test_long_batches_leave_nothing_that_is_merged_over_what_lies_between(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    points = series(20 * 6000)
    log(store, run_id, points, size=6000)
    store.compact(run_id)
    store.update_run(run_id, FINISHED)
    starts = execute("SELECT step, count FROM hookline_segments ORDER BY timestamp, step")
    assert all(step + count == after for (step, count), (after, _) in pairwise(starts))
    assert stored(store, run_id) == points


def test_points_of_one_moment_in_many_segments_are_merged(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    noise = Random(1)
    values = [noise.choice([0.5, 1.5, noise.random()]) for _ in range(3 * SEGMENT_POINTS)]
    log(store, run_id, [Metric("m", value, 0, timestamp=5) for value in values], size=60)
    store.compact(run_id)
    store.update_run(run_id, FINISHED)
    assert len(counts(execute, run_id)) <= FEW
    assert [point.value for point in stored(store, run_id)] == sorted(values)


def test_processes_that_merge_at_once_lose_nothing(
    store: SqlTrackingStore, run_id: str, uri: str, execute: Execute
) -> None:
    command = [sys.executable, "-c", COMPACTOR, uri, run_id]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == "open\n"
        points = series(60_000)
        for begin in range(0, 60_000, 80):
            log(store, run_id, points[begin : begin + 80], size=20 if begin % 4000 else 80)
            if begin % 4000 == 0:
                assert stored(store, run_id) == points[: begin + 80]
    finally:
        store.update_run(run_id, FINISHED)
        for other in others:
            with other:
                other.communicate(timeout=300)
            assert other.returncode == 0
    assert stored(store, run_id) == points
    assert sum(counts(execute, run_id)) == 60_000
    assert len(counts(execute, run_id)) <= 60_000 // SEGMENT_POINTS + FEW


def test_a_step_that_was_overtaken_is_done_again(
    store: SqlTrackingStore, run_id: str, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = series(2 * MANY)
    log(store, run_id, points)
    late = Metric("m", 9.0, 5, timestamp=16)
    plan, plans = merging._plan, []

    def overtaken(*arguments: object, **options: object) -> object:
        plans.append(plan(*arguments, **options))
        if len(plans) == 1:  # a point came in between while the step had been planned, and another process merged
            store.log_batch(run_id, Batch([late]))
            store.compact(run_id)
        return plans[-1]

    monkeypatch.setattr(merging, "_plan", overtaken)
    store.compact(run_id)
    assert counts(execute, run_id) == [2 * MANY + 1]
    assert stored(store, run_id) == sorted([*points, late], key=lambda one: one.timestamp)
