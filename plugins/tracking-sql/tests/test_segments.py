"""Segments: what is packed, and what is known of it."""

import json
import math
import struct
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.charts import summarise
from hookline.entities import Batch, Metric, Points
from hookline_tracking_sql.ordering import SEGMENT_POINTS, blocks, in_order, index_of
from hookline_tracking_sql.outlines import PART_POINTS, Outline, facts_of, unpack_facts
from hookline_tracking_sql.segments import Packed, Segment, pack, pack_columns, unpack, unpack_onto
from hookline_tracking_sql.store import SqlTrackingStore

Execute = Callable[..., list[tuple[object, ...]]]
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "segments.json").read_text())

int64 = st.integers(-(2**63), 2**63 - 1)
numbers = st.one_of(st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf]), st.floats())
points = st.builds(
    Metric,
    key=st.just("m"),
    value=numbers,
    step=st.one_of(st.integers(0, 3), int64),
    timestamp=st.one_of(st.integers(0, 3), st.integers(0, 2**63 - 1)),
)


def order(point: Metric) -> tuple[object, ...]:
    """The order of a history."""
    return (point.timestamp, point.step, *point.rank[2:])


def columns(logged: list[Metric]) -> Points:
    return Points(
        "m",
        array("q", [point.step for point in logged]),
        array("q", [point.timestamp for point in logged]),
        array("d", [point.value for point in logged]),
    )


def packed_of(logged: list[Metric]) -> Packed:
    return pack_columns(columns(logged))


def shown(found: Points) -> list[tuple[int, int, bytes]]:
    """Points with the bits of their values, all NaNs being one."""
    rows = zip(found.steps, found.timestamps, found.values, strict=True)
    return [(step, time, b"nan" if math.isnan(value) else struct.pack("d", value)) for step, time, value in rows]


def golden_segment(row: dict[str, Any]) -> Segment:
    """A row of the golden file."""
    packed = ("facts", "numbers", "steps", "timestamps", "outline")
    columns = [row[name] and bytes.fromhex(row[name]) for name in packed]
    return Segment(row["timestamp"], row["step"], row["count"], *columns)


@pytest.mark.parametrize("case", GOLDEN.values(), ids=GOLDEN)
def test_bytes_that_were_written_once_are_read_for_ever(case: dict[str, Any]) -> None:
    segment = golden_segment(case["row"])
    expected = columns([Metric("m", float.fromhex(value), step, time) for time, step, value in case["points"]])
    assert shown(unpack(segment, "m")) == shown(expected)
    if segment.facts:
        facts = unpack_facts(segment.facts, segment.size)
        assert repr(facts) == repr(facts_of(expected))
    if segment.outline:
        outline = Outline(segment.outline, segment.size)
        assert outline.timestamps == expected.timestamps[::PART_POINTS]
        assert outline.steps == expected.steps[::PART_POINTS]
        parts = [expected.values[begin : begin + PART_POINTS] for begin in range(0, segment.size, PART_POINTS)]
        for number, values in enumerate(parts):
            assert repr(outline.summary(number, number + 1)) == repr(summarise(values))
        assert repr(outline.summary(0, len(parts))) == repr(facts.values)


@pytest.mark.parametrize("case", GOLDEN.values(), ids=GOLDEN)
def test_the_format_is_the_documented_one(case: dict[str, Any]) -> None:
    logged = columns([Metric("m", float.fromhex(value), step, time) for time, step, value in case["points"]])
    assert repr(pack(logged, dense=case["dense"])) == repr(golden_segment(case["row"]))


@given(st.lists(points, min_size=1, max_size=20))
def test_points_round_trip(given_points: list[Metric]) -> None:
    cut = len(given_points) // 2
    parts = [part for part in (given_points[:cut], given_points[cut:]) if part]
    found = Points("m")
    for part in parts:
        [segment] = packed_of(part).segments
        unpack_onto(found, segment)
    assert shown(found) == [each for part in parts for each in shown(columns(sorted(part, key=order)))]


@given(st.lists(points, min_size=1, max_size=20))
def test_totals_say_what_the_points_say(given_points: list[Metric]) -> None:
    totals = packed_of(given_points).totals
    latest = max(given_points, key=lambda point: point.rank)
    real = [point for point in given_points if not math.isnan(point.value)]
    least = min(real, key=lambda point: (point.value, point.step), default=None)
    greatest = max(real, key=lambda point: (point.value, -point.step), default=None)
    assert totals == (
        len(given_points),
        None if math.isnan(latest.value) else latest.value,
        latest.step,
        latest.timestamp,
        least and least.value,
        least and least.step,
        greatest and greatest.value,
        greatest and greatest.step,
    )


@given(st.lists(points, max_size=20))
def test_points_are_ordered_by_time_step_and_value(given_points: list[Metric]) -> None:
    found = in_order(columns(given_points))
    assert shown(found) == shown(columns(sorted(given_points, key=order)))
    for moment in [(point.timestamp, point.step) for point in given_points]:
        assert index_of(found, moment) == sum((each.timestamp, each.step) < moment for each in given_points)


def test_blocks_hold_all_points_in_order() -> None:
    steps = array("q", range(10))
    found = list(blocks(Points("m", steps, steps, array("d", steps)), size=4))
    assert [list(block.steps) for block in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert list(blocks(Points("m"))) == []


def test_a_block_does_not_end_between_points_of_one_moment() -> None:
    steps = array("q", [0, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4])
    found = list(blocks(Points("m", steps, steps, array("d", steps)), size=3))
    assert [list(block.steps) for block in found] == [[0, 1, 2, 2, 2], [3] * 6, [3, 3, 4]]


def test_small_segments_carry_nothing_but_their_points(store: SqlTrackingStore, run_id: str, execute: Execute) -> None:
    store.log_batch(run_id, Batch([Metric("one", 7.0, 3, timestamp=5), *(Metric("two", n, n) for n in (2.0, 1.0))]))
    store.log_batch(run_id, Batch([Metric("part", 1.0, step, timestamp=step) for step in range(PART_POINTS)]))
    rows = execute("SELECT count, numbers, length(steps), length(facts) FROM hookline_segments ORDER BY key")
    assert rows[0] == (1, struct.pack("<d", 7.0), None, None)
    assert [row[:1] + row[2:] for row in rows[1:]] == [(2, 9, None), (PART_POINTS, None, 69)]
    assert execute("SELECT length(steps), outline FROM hookline_blocks") == [(9, None)]


def test_a_batch_of_many_points_comes_as_full_segments() -> None:
    logged = [Metric("m", float(step), step, timestamp=step) for step in range(2 * SEGMENT_POINTS + 5)]
    packed = packed_of(logged[::-1])
    assert [segment.size for segment in packed.segments] == [SEGMENT_POINTS, SEGMENT_POINTS + 5]
    assert [bool(segment.outline) for segment in packed.segments] == [True, True]
    assert packed.totals[:2] == (len(logged), len(logged) - 1)


def test_a_series_is_summed_up_over_batches_in_any_order(
    store: SqlTrackingStore, run_id: str, execute: Execute
) -> None:
    batches = [[(5, 2.0), (6, math.nan)], [(1, -3.0)], [(9, 4.0), (2, 8.0)], [(9, 1.0)], [(0, math.nan)]]
    for batch in batches:
        store.log_batch(run_id, Batch([Metric("m", value, step, timestamp=1) for step, value in batch]))
    columns = "count, last_value, last_step, min_value, min_step, max_value, max_step"
    assert execute(f"SELECT {columns} FROM hookline_series") == [(7, 4.0, 9, -3.0, 1, 8.0, 2)]


def test_a_series_of_nothing_but_nan_has_no_extremes(store: SqlTrackingStore, run_id: str, execute: Execute) -> None:
    for _ in range(2):
        store.log_batch(run_id, Batch([Metric("m", math.nan, 1, timestamp=1)]))
    assert execute("SELECT count, last_value, min_value, max_step FROM hookline_series") == [(2, None, None, None)]
    assert math.isnan(store.get_run(run_id).data.metrics["m"])
