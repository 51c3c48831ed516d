"""The overviews of long series in their table: read with a chart, made longer as segments fill.

An overview is about the full segments up to one, which nobody changes any more. Another one may still come among them,
from a writer that is late: then the points of the overview, and those of all other segments, are not all there are, by
which a reader knows that it says nothing, and who makes it longer begins anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple, get_args

import sqlalchemy as sa

from hookline.charts import Buckets, Grid
from hookline.entities import ChartAxis
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.ordering import SEGMENT_POINTS
from hookline_tracking_sql.outlines import PART_POINTS
from hookline_tracking_sql.overviews import MOST_BUCKETS, Between, Overview, pack_overview, sums_of, unpack_overview
from hookline_tracking_sql.rows import Place, Series
from hookline_tracking_sql.schema import overviews, runs, segments, series
from hookline_tracking_sql.segments import Segment, unpack
from hookline_tracking_sql.sources import Source
from hookline_tracking_sql.statements import driver_of, driver_text
from hookline_tracking_sql.stretches import Stretch, arranged, read_points

_SOME = 8  # so many full segments are worth an overview, or to make one longer while the run goes on
LEAST_POINTS = _SOME * SEGMENT_POINTS
"""A series of fewer points has no overview."""
_AT_ONCE = 256  # segments that are taken into an overview with their points in memory

_OF_OVERVIEW = (overviews.c.run == sa.bindparam("of_run"), overviews.c.key == sa.bindparam("of_key"))
_READ = driver_text(
    sa.select(*(overviews.c[name] for name in ("timestamp", "step", "ordinal", "count", "packed"))).where(
        *_OF_OVERVIEW, overviews.c.axis == sa.bindparam("of_axis")
    ),
    *("of_run", "of_key", "of_axis"),
)
_DELETE = driver_text(sa.delete(overviews).where(*_OF_OVERVIEW), "of_run", "of_key")
_NAMES = ("run", "key", "axis", "timestamp", "step", "ordinal", "count", "packed")
_ADD = driver_text(sa.insert(overviews), *_NAMES)
_START = driver_text(
    sa.select(runs.c.start_time)
    .join_from(runs, series, series.c.run == runs.c.id)
    .where(series.c.run == sa.bindparam("of_run"), series.c.key == sa.bindparam("of_key")),
    *("of_run", "of_key"),
)
_LONG = driver_text(
    sa.select(segments.c.key)
    .where(segments.c.run == sa.bindparam("of_run"), segments.c.count >= sa.bindparam("full"))
    .group_by(segments.c.key)
    .having(sa.func.count() >= sa.bindparam("some")),
    *("of_run", "full", "some"),
)
_LACKING = sa.select(series.c.run, series.c.key).where(
    series.c.count >= LEAST_POINTS,
    ~sa.exists().where(overviews.c.run == series.c.run, overviews.c.key == series.c.key),
)
_ANYWHERE = (2**63 - 1,) * 3
_AXES: tuple[ChartAxis, ...] = get_args(ChartAxis)


def overview_of(source: Series, axis: ChartAxis, *, origin: int, width: int) -> tuple[Overview, Place, int] | None:
    """Return an overview of a series, its last segment and how many points it is about; None where there is none.

    Args:
        source: in a transaction that goes on for as long as the overview is used.
        origin: the x from which the axis counts.
        width: how many columns the view has.
    """
    found = source.driver.execute(_READ, (source.run, source.key, axis)).fetchone()
    if found is None:
        return None
    *place, count, packed = found
    until = place[0], place[1], place[2]
    between = _between(source, until, by_step=axis == "step", ahead=width)
    return Overview(*unpack_overview(packed), origin=origin, between=between, width=width), until, count


def extend_long_overviews(database: Database, run: int) -> None:
    """Take all full segments of a run that has ended into the overviews of its series."""
    with database.reading() as connection:
        found = [key for (key,) in driver_of(connection).execute(_LONG, (run, SEGMENT_POINTS, _SOME))]
    for key in found:
        extend_overviews(database, (run, key), ended=True)


def make_missing_overviews(database: Database, reached: Callable[[int, int], None]) -> int:
    """Make the overviews of long series that have none, as those of runs that ended before there were any.

    Each is stored once it is made, so that what was broken off goes on where it was.

    Args:
        reached: is told how many series were looked at, of how many.

    Returns: Of how many series; one whose segments are not full yet has to wait.
    """
    with database.reading() as connection:
        found = [(run, key) for run, key in connection.execute(_LACKING)]
    made = 0
    for done, of_series in enumerate(found, start=1):
        made += extend_overviews(database, of_series, ended=True)
        reached(done, len(found))
    return made


def extend_overviews(database: Database, of_series: tuple[int, int], *, ended: bool) -> bool:
    """Take the full segments of a series into its overviews; return False where too few of them are new."""
    with database.reading() as connection:
        made = _extended(Series(driver_of(connection), *of_series), ended=ended)
    if made is None:
        return False
    rows = [
        (*of_series, axis, *made.place, made.count, pack_overview(overview))
        for axis, overview in made.overviews.items()
    ]
    with database.writing() as connection:
        driver = driver_of(connection)
        if driver.execute(_START, of_series).fetchone() is None:
            return False  # the run was deleted for good meanwhile
        driver.executemany(_DELETE, [of_series])
        driver.executemany(_ADD, rows)
    return True


class _Made(NamedTuple):
    """Overviews by their axes, with the last segment and how many points they are about."""

    overviews: Mapping[ChartAxis, Overview]
    place: Place
    count: int


def _extended(source: Series, *, ended: bool) -> _Made | None:
    started = source.driver.execute(_START, (source.run, source.key)).fetchone()
    rows = list(source.full_until(_ANYWHERE))
    if started is None or len(rows) < _SOME:
        return None
    origins = {axis: started[0] if axis == "relative" else 0 for axis in _AXES}
    made, covered = _present(source, rows, origins)
    # Where series go back, each time reads all again, which so is done the less often the longer they are.
    least = 1 if ended else max(_SOME, covered // _SOME)
    if len(rows) - covered < least:
        return None
    fresh = iter(rows[covered:])
    while some := list(islice(fresh, _AT_ONCE)):
        made = _longer(source, made, some, origins)
    return made


def _present(
    source: Series, rows: Sequence[tuple[int, Segment]], origins: Mapping[ChartAxis, int]
) -> tuple[_Made | None, int]:
    """Return the overviews of a series, and how many full segments they are about; nothing where one came between."""
    known = {axis: overview_of(source, axis, origin=origin, width=MOST_BUCKETS) for axis, origin in origins.items()}
    found = {axis: each for axis, each in known.items() if each is not None}
    if not found:
        return None, 0
    _, place, count = found["step"]
    sizes = [segment.size for ordinal, segment in rows if (segment.timestamp, segment.step, ordinal) <= place]
    if sum(sizes) != count:
        return None, 0
    return _Made({axis: overview for axis, (overview, *_) in found.items()}, place, count), len(sizes)


def _longer(
    source: Series, made: _Made | None, rows: Sequence[tuple[int, Segment]], origins: Mapping[ChartAxis, int]
) -> _Made:
    """Return overviews that are about some more segments."""
    ahead = source.opened_ahead(rows[0][1].timestamp, rows[-1][1].timestamp)
    points = [unpack(ahead.opened(*row), "") for row in rows]
    read = {by_step: [read_points(each, by_step=by_step) for each in points] for by_step in (True, False)}
    ordinal, last = rows[-1]
    place = last.timestamp, last.step, ordinal
    count = sum(map(len, points)) + (made.count if made else 0)
    width = min(MOST_BUCKETS, count // PART_POINTS)
    overviews = {}
    for axis, origin in origins.items():
        by_step = axis == "step"
        before: Sequence[Stretch] = [made.overviews[axis]] if made else []
        stretches = list(arranged([*before, *read[by_step]], by_step=by_step))
        ends = stretches[0].first, stretches[-1].last
        grid, buckets = Grid(ends[0][0], ends[1][0], width, origin), Buckets()
        for stretch in stretches:
            stretch.draw(buckets, grid)
        between = _between(source, place, by_step=by_step, ahead=_AT_ONCE)
        overviews[axis] = Overview(sums_of(grid.shift, buckets.found), ends, origin=origin, between=between)
    return _Made(overviews, place, count)


def _between(source: Series, until: Place, *, by_step: bool, ahead: int) -> Between:
    """Return what reads the segments up to one."""

    @cache
    def rows() -> Sequence[tuple[int, Segment]]:
        return list(source.full_until(until))

    def between(start: int | None, end: int | None) -> Iterator[Stretch]:
        return Source(source, by_step=by_step, ahead=ahead).between(rows(), start, end)

    return between
