"""Overviews: their sums are those of the points at every length of columns, and their bytes the documented ones."""

import json
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.charts import Buckets, Grid
from hookline_tracking_sql.overviews import Overview, pack_overview, sums_of, unpack_overview
from hookline_tracking_sql.stretches import Read, Stretch

GOLDEN = json.loads((Path(__file__).parent / "golden" / "overviews.json").read_text(encoding="utf-8"))

xs = st.one_of(st.integers(-40, 300), st.integers(-40, 300), st.integers(-(2**63), 2**63 - 1))
numbers = st.one_of(st.floats(width=32), st.floats(), st.just(0.5))


def overview_of(points: list[tuple[int, float]], width: int, origin: int = 0) -> Overview:
    """The overview of points that are in order."""
    columns = array("q", [x for x, _ in points]), array("q", [0] * len(points)), array("d", [y for _, y in points])
    read = Read(*columns)

    def between(start: int | None, end: int | None) -> Iterator[Stretch]:
        yield from read.cut(start, end)

    grid, buckets = Grid(points[0][0], points[-1][0], width, origin), Buckets()
    read.draw(buckets, grid)
    ends = (points[0][0], -7), (points[-1][0], 2**63 - 1)
    return Overview(sums_of(grid.shift, buckets.found), ends, origin=origin, between=between, width=width)


def drawn(stretches: list[Stretch], grid: Grid) -> str:
    buckets = Buckets()
    for stretch in stretches:
        stretch.draw(buckets, grid)
    return repr(buckets.found)


@given(st.lists(st.tuples(xs, numbers), min_size=1, max_size=60), st.integers(1, 40), st.integers(1, 40), xs, xs)
def test_sums_say_what_the_points_say(points: list[tuple[int, float]], fine: int, coarse: int, a: int, b: int) -> None:
    points = sorted(points, key=lambda point: point[0])
    origin, (start, end) = max(a, 0) if points[0][0] >= 0 else 0, sorted((a, b))  # no time is before the epoch
    overview = overview_of(points, fine, origin)
    read = overview.points()
    assert [*zip(read.xs, map(repr, read.values), strict=True)] == [(x, repr(y)) for x, y in points]
    sums, ends = unpack_overview(pack_overview(overview))
    assert repr(sums) == repr(overview.sums)
    assert ends == (overview.first, overview.last)
    grid = Grid(points[0][0], points[-1][0], coarse, origin)
    assert drawn([overview], grid) == drawn([read], grid)
    cut, expected = [*overview.cut(start, end)], [*read.cut(start, end)]
    assert sum(each.size for each in cut) == sum(each.size for each in expected)
    if expected:
        assert (cut[0].first[0], cut[-1].last[0]) == (expected[0].first[0], expected[-1].last[0])
        grid = Grid(expected[0].first[0], expected[-1].last[0], fine, origin)
        assert drawn(cut, grid) == drawn([*expected], grid)


@pytest.mark.parametrize("case", GOLDEN.values(), ids=GOLDEN)
def test_the_format_is_the_documented_one(case: dict[str, Any]) -> None:
    overview = overview_of([(x, float.fromhex(value)) for x, value in case["points"]], case["width"])
    assert pack_overview(overview).hex() == case["packed"]


@pytest.mark.parametrize("case", GOLDEN.values(), ids=GOLDEN)
def test_bytes_that_were_written_once_are_read_for_ever(case: dict[str, Any]) -> None:
    sums, ends = unpack_overview(bytes.fromhex(case["packed"]))
    points = [(x, float.fromhex(value)) for x, value in case["points"]]
    assert ends == ((points[0][0], -7), (points[-1][0], 2**63 - 1))
    for start, end, least, greatest in zip(sums.starts, sums.ends, sums.minima, sums.maxima, strict=True):
        values = [value for x, value in points if start <= x <= end and math.isfinite(value)]
        assert repr((least, greatest)) == repr((min(values), max(values)) if values else (math.nan, math.nan))
    assert sum(sums.counts) == len(points)
