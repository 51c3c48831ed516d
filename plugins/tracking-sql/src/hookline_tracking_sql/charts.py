"""Charts of series: from overviews, or from what segments say, with points read only where a column begins or ends."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa

from hookline.bands import bands_of
from hookline.charts import Buckets, Grid, chart_columns
from hookline.entities import ChartAxis, ChartBand, ChartSeries, ChartView
from hookline.store_rules import run_not_found
from hookline_tracking_sql.base import Part
from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.kept_charts import KeptCharts
from hookline_tracking_sql.kept_overviews import LEAST_POINTS, overview_of
from hookline_tracking_sql.rows import Series
from hookline_tracking_sql.schema import keys, runs, series
from hookline_tracking_sql.sources import Source
from hookline_tracking_sql.statements import driver_of, driver_text
from hookline_tracking_sql.stretches import Stretch, arranged

_KEY = sa.select(keys.c.id).where(keys.c.name == sa.bindparam("of_name")).scalar_subquery()
_FIND = driver_text(
    sa.select(runs.c.id, runs.c.start_time, series.c.key, series.c.count)
    .join_from(runs, series, sa.and_(series.c.run == runs.c.id, series.c.key == _KEY), isouter=True)
    .where(runs.c.run_id == sa.bindparam("of_run")),
    *("of_name", "of_run"),
)

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
            self.stretches = _shown(found, found.series, view)

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
    shown.draw(buckets, Grid(*shown.ends, view.width, found.origin))
    return buckets.series(*named, found.origin)


def _shown(found: _Found, series: Series, view: ChartView) -> list[Stretch]:
    """Return the stretches of a series that a view shows, in order."""
    start, end = (None if each is None else each + found.origin for each in (view.start, view.end))
    by_step, whole = view.x == "step", [*_with_overview(found, series, view, start, end)]
    if not whole:
        whole = [*Source(series, by_step=by_step, ahead=view.width).stretches(series.rows(), start, end)]
    return [piece for stretch in arranged(whole, by_step=by_step) for piece in stretch.cut(start, end)]


def _with_overview(
    found: _Found, series: Series, view: ChartView, start: int | None, end: int | None
) -> Iterator[Stretch]:
    """Yield the overview of a series and the segments that it is not about; nothing where these are not all points."""
    known = None
    if found.count >= LEAST_POINTS:
        known = overview_of(series, view.x, origin=found.origin, width=view.width)
    if known is None:
        return
    overview, place, count = known
    rows = list(series.beside(place))
    if count + sum(segment.size for _, segment in rows) == found.count:
        yield overview
        yield from Source(series, by_step=view.x == "step", ahead=0).stretches(rows, start, end)
