"""Histories: read as they are asked for, in order, as of one moment."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Batch, Metric, RunChange, RunStatus, in_columns
from hookline_tracking_sql import history, rows
from hookline_tracking_sql.dialects.sqlite import SqliteDriver
from hookline_tracking_sql.history import merged
from hookline_tracking_sql.ordering import SEGMENT_POINTS
from hookline_tracking_sql.segments import Segment, pack_columns
from hookline_tracking_sql.statements import driver_of
from hookline_tracking_sql.store import SqlTrackingStore

FINISHED = RunChange(status=RunStatus.FINISHED, end_time=1)
Execute = Callable[..., list[tuple[object, ...]]]

points = st.builds(
    Metric,
    key=st.just("m"),
    value=st.sampled_from([0.0, 1.0, float("inf")]),
    step=st.integers(0, 3),
    timestamp=st.integers(0, 30),
)


@given(st.lists(st.lists(points, min_size=1, max_size=6), max_size=12), st.integers(1, 9))
def test_segments_that_reach_into_each_other_are_merged(logged: list[list[Metric]], size: int) -> None:
    packed = [pack_columns(in_columns(each)[0]) for each in logged]
    segments = sorted((each.segments[0] for each in packed), key=lambda one: (one.timestamp, one.step))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "SEGMENT_POINTS", size)
        found = list(chain.from_iterable(merged(segments, "m")))
    expected = sorted(chain.from_iterable(logged), key=lambda one: (one.timestamp, *one.rank))
    assert [(one.timestamp, one.rank) for one in found] == [(one.timestamp, one.rank) for one in expected]


def long_series(count: int) -> list[Metric]:
    return [Metric("m", 1.0, step, timestamp=step) for step in range(count)]


def test_a_long_series_is_read_as_it_is_asked_for(
    store: SqlTrackingStore, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.log_batch(run_id, Batch(long_series(20 * SEGMENT_POINTS)))
    read: list[Segment] = []
    unpack_onto = history.unpack_onto

    def note(points: object, segment: Segment) -> None:
        read.append(segment)
        unpack_onto(points, segment)

    monkeypatch.setattr(history, "unpack_onto", note)
    blocks = store.metric_history(run_id, "m")
    for number in range(1, 10):
        assert len(next(blocks)) == SEGMENT_POINTS
        assert len(read) <= number + 1
    blocks.close()


def test_a_history_is_of_one_moment_and_writers_do_not_wait_for_it(store: SqlTrackingStore, run_id: str) -> None:
    store.log_batch(run_id, Batch(long_series(3 * SEGMENT_POINTS)))
    blocks = store.metric_history(run_id, "m")
    first = next(blocks)
    for step in range(100):
        store.log_batch(run_id, Batch([Metric("m", 2.0, step)]))
    store.compact(run_id)
    assert len(first) + sum(map(len, blocks)) == 3 * SEGMENT_POINTS
    assert sum(map(len, store.metric_history(run_id, "m"))) == 3 * SEGMENT_POINTS + 100


def test_all_statements_of_a_read_transaction_see_one_moment(store: SqlTrackingStore, run_id: str) -> None:
    with store._database.reading() as connection:
        found = []
        for step in range(2):
            found += driver_of(connection).connection.execute("SELECT count(*) FROM hookline_segments").fetchall()
            store.log_batch(run_id, Batch([Metric("m", 1.0, step)]))
    assert found == [(0,), (0,)]


def test_where_readers_hinder_writers_a_history_holds_no_moment(
    store: SqlTrackingStore, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store._database.dialect, "readers_block_writers", True)
    store.log_batch(run_id, Batch(long_series(2 * SEGMENT_POINTS)))
    blocks = store.metric_history(run_id, "m")
    next(blocks)
    assert store._database._engine.pool.checkedout() == 1, "the writer's"
    assert sum(map(len, blocks)) == SEGMENT_POINTS


def test_rows_come_in_the_order_of_the_history_without_sorting(
    store: SqlTrackingStore, run_id: str, path: Path, execute: Execute
) -> None:
    lines = [str(row[3]) for row in execute(f"EXPLAIN QUERY PLAN {rows._READ.of(SqliteDriver).text}", 1, 1, 1)]
    assert lines == ["SEARCH hookline_segments USING PRIMARY KEY (run=? AND key=?)"]


def test_a_row_of_the_table_that_is_passed_when_searching_is_short(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    store.log_batch(run_id, Batch(long_series(10_000)))
    for step in range(100):
        store.log_batch(run_id, Batch([Metric("m", step / 7, step, timestamp=step * step + k) for k in range(63)]))
    columns = ("facts", "numbers", "steps", "timestamps")
    size = " + ".join(f"coalesce(length({name}), 0)" for name in columns)
    assert execute(f"SELECT max({size}) < 800 FROM hookline_segments") == [(1,)], "else SQLite reads pages behind it"
    assert execute("SELECT count(*), min(count) FROM hookline_segments WHERE facts IS NOT NULL") == [(2, 4096)]
    keys = "(run, key, timestamp, step, ordinal)"
    found = f"SELECT count(*) FROM hookline_segments WHERE {keys} IN (SELECT {keys[1:-1]} FROM hookline_blocks)"
    assert execute(found) == execute("SELECT count(*) FROM hookline_blocks") == [(2,)]
    store.compact(run_id)
    store.update_run(run_id, FINISHED)
    assert (
        execute(found)
        == execute("SELECT count(*) FROM hookline_blocks")
        == execute("SELECT count(*) FROM hookline_segments")
    )


def test_the_points_of_a_run_go_with_it(store: SqlTrackingStore, run_id: str, path: Path, execute: Execute) -> None:
    store.log_batch(run_id, Batch(long_series(5000)))
    store.log_batch(run_id, Batch(long_series(1)))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM hookline_runs")
    for table in ("segments", "blocks", "series"):
        assert execute(f"SELECT count(*) FROM hookline_{table}") == [(0,)]
