"""Charts of series: from what their segments say, with points read only where a column begins or ends."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa

from hookline.bands import bands_of
from hookline.charts import Buckets, Grid, chart_columns
from hookline.entities import ChartAxis, ChartBand, ChartSeries, ChartView, Points
from hookline.store_rules import run_not_found
from hookline_tracking_sql.base import Part
from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.kept_charts import KeptCharts
from hookline_tracking_sql.outlines import unpack_facts
from hookline_tracking_sql.rows import Ahead, Series
from hookline_tracking_sql.schema import keys, runs, series
from hookline_tracking_sql.segments import Segment, unpack, unpack_onto
from hookline_tracking_sql.statements import driver_of, driver_text
from hookline_tracking_sql.stretches import Full, Row, Stretch, arranged, clipped, read_points

_KEY = sa.select(keys.c.id).where(keys.c.name == sa.bindparam("of_name")).scalar_subquery()
_FIND = driver_text(
    sa.select(runs.c.id, runs.c.start_time, series.c.key, series.c.count)
    .join_from(runs, series, sa.and_(series.c.run == runs.c.id, series.c.key == _KEY), isouter=True)
    .where(runs.c.run_id == sa.bindparam("of_run")),
    *("of_name", "of_run"),
)
_MOST_AHEAD = 1000  # segments that one statement reads: some drivers hold all that it finds
_KEPT = 8  # segments that are kept unpacked at a time: as many as overlap, usually


SeriesCharts: TypeAlias = KeptCharts[tuple[str, str, ChartView], tuple[int, int], ChartSeries]
GroupCharts: TypeAlias = KeptCharts[
    tuple[tuple[tuple[str, tuple[str, ...]], ...], str, ChartView], tuple[tuple[int, int], ...], Sequence[ChartBand]
]


class ChartPart(Part):
    """The charts of a store's series."""

    _charts: SeriesCharts
    _bands: GroupCharts

    def chart(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartSeries]:
        """See `TrackingStore.chart`."""
        view = ChartView(x, width, start, end)
        with self._database.reading() as connection:
            return [self._chart(driver_of(connection), run_id, key, view) for run_id in run_ids]

    def _chart(self, driver: Driver, run_id: str, key: str, view: ChartView) -> ChartSeries:
        found = _find(driver, run_id, key, view)
        what = run_id, key, view
        known = self._charts.get(what, found.state)
        if known is None:
            known = _drawn(found, (run_id, key), view)
            self._charts.put(what, found.state, known, len(known))
        return known

    def chart_bands(
        self,
        groups: Mapping[str, Sequence[str]],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartBand]:
        """See `TrackingStore.chart_bands`."""
        view = ChartView(x, width, start, end)
        what = tuple((group, tuple(run_ids)) for group, run_ids in groups.items()), key, view
        with self._database.reading() as connection:
            driver = driver_of(connection)
            runs = dict.fromkeys(run_id for run_ids in groups.values() for run_id in run_ids)
            found = {run_id: _find(driver, run_id, key, view) for run_id in runs}
            state = tuple(each.state for each in found.values())
            known = self._bands.get(what, state)
            if known is None:
                shown = {run_id: _Shown(each, view) for run_id, each in found.items()}
                known = bands_of(groups, key, shown, width)
                self._bands.put(what, state, known, sum(map(len, known)))
            return known


class _Found(NamedTuple):
    """A series, if there is one; how many points it has, and where its x axis begins."""

    series: Series | None
    count: int
    origin: int

    @property
    def state(self) -> tuple[int, int]:
        """What tells whether a chart of it is still right."""
        return self.count, self.origin


def _find(driver: Driver, run_id: str, key: str, view: ChartView) -> _Found:
    found = driver.execute(_FIND, (key, run_id)).fetchone()
    if found is None:
        raise run_not_found(run_id)
    run, start_time, of_key, count = found
    origin = start_time if view.x == "relative" else 0
    return _Found(None, 0, origin) if of_key is None else _Found(Series(driver, run, of_key), count, origin)


class _Shown:
    """What a view shows of a series: see `hookline.bands.RunInView`."""

    def __init__(self, found: _Found, view: ChartView) -> None:
        self.origin = found.origin
        self.stretches: list[Stretch] = []
        if found.series is not None:
            source = _Source(found.series, by_step=view.x == "step", width=view.width)
            self.stretches = _shown(source, view, found.origin)

    @property
    def ends(self) -> tuple[int, int] | None:
        """The first and the last x, if there are any."""
        return (self.stretches[0].first[0], self.stretches[-1].last[0]) if self.stretches else None

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add the points to buckets."""
        for stretch in self.stretches:
            stretch.draw(buckets, grid)


def _drawn(found: _Found, named: tuple[str, str], view: ChartView) -> ChartSeries:
    shown = _Shown(found, view)
    if sum(stretch.size for stretch in shown.stretches) <= view.width:
        xs, values = array("q"), array("d")
        for stretch in shown.stretches:
            read = stretch.points()
            xs.extend(read.xs)
            values.extend(read.values)
        return chart_columns(*named, xs, values, view.width, found.origin)
    buckets = Buckets()
    assert shown.ends is not None, "there are points"
    shown.draw(buckets, Grid(*shown.ends, view.width))
    return buckets.series(*named, found.origin)


def _shown(source: "_Source", view: ChartView, origin: int) -> list[Stretch]:
    """Return the stretches of a series that a view shows, in order."""
    start = None if view.start is None else view.start + origin
    end = None if view.end is None else view.end + origin
    whole = arranged(source.stretches(start, end), by_step=source.by_step)
    return [piece for stretch in whole for piece in clipped(stretch, start, end)]


class _Source:
    """The segments of a series, along an axis.

    Args:
        width: how many columns they are drawn in: where those are no fewer than the segments, nearly all are cut.
    """

    def __init__(self, series: Series, *, by_step: bool, width: int) -> None:
        self._series, self.by_step, self._width = series, by_step, width
        self._open = lru_cache(_KEPT)(self._opened)
        self._shown: list[Segment] = []
        self._ahead: Ahead | None = None

    def _opened(self, ordinal: int, segment: Segment) -> Segment:
        if self._ahead is None and 2 <= len(self._shown) <= min(self._width, _MOST_AHEAD):
            self._ahead = self._series.opened_ahead(self._shown[0].timestamp, self._shown[-1].timestamp)
        return (self._ahead or self._series).opened(ordinal, segment)

    def stretches(self, start: int | None, end: int | None) -> Iterator[Stretch]:
        """Yield the stretches that may reach into a range; those that follow each other in the history may overlap."""
        small = Points("")
        for ordinal, segment in self._series.rows():
            if segment.facts is None:
                unpack_onto(small, segment)
                continue
            if small:
                yield read_points(small, by_step=self.by_step)
                small = Points("")
            row = Row(segment, unpack_facts(segment.facts, segment.size), partial(self._open, ordinal, segment))
            yield from self._stretch(row, start, end)
        if small:
            yield read_points(small, by_step=self.by_step)

    def _stretch(self, row: Row, start: int | None, end: int | None) -> Iterator[Stretch]:
        facts = row.facts
        least, greatest = row.segment.timestamp, facts.last_timestamp
        if self.by_step:
            least, greatest = facts.least_step, facts.greatest_step
        if (start is not None and greatest < start) or (end is not None and least > end):
            return
        if self.by_step and not facts.steps_sorted:
            yield read_points(unpack(row.open(), ""), by_step=True)
        else:
            self._shown.append(row.segment)
            yield Full(row, by_step=self.by_step)
