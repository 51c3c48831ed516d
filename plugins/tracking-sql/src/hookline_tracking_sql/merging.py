"""Merging the many small segments of a series into full ones, a few at a time, while others write.

A step packs points before it takes the lock of writers, who so wait for about a millisecond. Then one transaction
replaces segments by fewer ones with the same points, so that no reader misses a point; where another process changed
the segments meanwhile, the step is done again, with the lock. Segments of fewer than `TINY` points are merged into one
of any size, the others only once they fill a segment; so a point is written again about three times on its way, however
long the series.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from hookline.entities import Points
from hookline.errors import HooklineError
from hookline_tracking_sql import upserts
from hookline_tracking_sql.base import Part
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.kept_overviews import extend_long_overviews, extend_overviews
from hookline_tracking_sql.ordering import SEGMENT_POINTS, blocks, in_order, index_of
from hookline_tracking_sql.rows import IN_ORDER, OF_SERIES, Series
from hookline_tracking_sql.schema import runs, segments, series
from hookline_tracking_sql.segments import Segment, pack, unpack_onto
from hookline_tracking_sql.statements import driver_of, driver_text
from hookline_tracking_sql.table_parts import PLACE

_log = logging.getLogger("hookline")
FEW = 8
"""When a run ends, so many small segments of a series stay as they are."""
MANY = 64
"""During a run, a series is looked at once so many segments came in."""
TINY = 64
"""A segment of fewer points is merged at the next opportunity."""
_AT_ONCE = 1024  # segments in one step: others wait for some milliseconds at most
_SOME = SEGMENT_POINTS // 2  # points of tiny segments in one step
_PLENTY = 2 * SEGMENT_POINTS  # points of others: some may have to wait for segments that reach into them

_CHOSEN = (
    *OF_SERIES,
    segments.c.count < sa.bindparam("below"),
    sa.tuple_(*IN_ORDER) <= sa.tuple_(*(sa.bindparam(f"last_{name}") for name in PLACE)),
)
_NAMES_OF_CHOSEN = ("of_run", "of_key", "below", *(f"last_{name}" for name in PLACE))
_LOOK = driver_text(sa.select(*IN_ORDER, segments.c.count).where(*_CHOSEN).order_by(*IN_ORDER), *_NAMES_OF_CHOSEN)
_DELETE = driver_text(sa.delete(segments).where(*_CHOSEN), *_NAMES_OF_CHOSEN)
_LIVE = (
    sa.select(series.c.run, series.c.key)
    .join(runs, runs.c.id == series.c.run)
    .where(runs.c.run_id == sa.bindparam("run_id"), series.c.loose >= MANY)
)
_ENDED = (
    sa.select(segments.c.run, segments.c.key)
    .where(segments.c.run == sa.bindparam("of_run"), segments.c.count < SEGMENT_POINTS)
    .group_by(segments.c.run, segments.c.key)
    .having(sa.func.count() > FEW)
)
_DONE = driver_text(
    sa.update(series)
    .values(loose=sa.literal_column("0"))
    .where(series.c.run == sa.bindparam("of_run"), series.c.key == sa.bindparam("of_key")),
    *("of_run", "of_key"),
)


class MergingPart(Part):
    """The merging of a store's segments while runs go on."""

    def compact(self, run_id: str) -> None:
        """See `TrackingStore.compact`.

        Raises:
            Unavailable: another process was writing for longer than the busy timeout. What was merged stays merged.
        """
        with self._database.reading() as connection:
            found = [(run, key) for run, key in connection.execute(_LIVE, {"run_id": run_id})]
        for each in found:
            while _merge_some(self._database, each, ended=False):
                pass
            extend_overviews(self._database, each, ended=False)


def merge_ended(database: Database, run: int) -> None:
    """Merge what a run logged that has ended: it saves space and time, so that a failure is nobody's error."""
    try:
        merge_segments(database, run)
    except HooklineError as error:
        _log.warning("The series of a run were not merged: %s", error)


def merge_segments(database: Database, run: int) -> None:
    """Merge the small segments of a run that has ended, whatever they amount to."""
    with database.reading() as connection:
        found = [(run, key) for run, key in connection.execute(_ENDED, {"of_run": run})]
    for each in found:
        while _merge_some(database, each, ended=True):
            pass
    extend_long_overviews(database, run)


class _Chosen(NamedTuple):
    """Segments to merge: the first of a series that have fewer than `below` points, and the ordinal of each.

    Attributes:
        next_moment: where the next such segment begins, if there is one.
    """

    below: int
    ordinals: Sequence[int]
    segments: Sequence[Segment]  # long ones without their columns
    next_moment: tuple[int, int] | None

    @property
    def size(self) -> int:
        """How many points they have."""
        return sum(segment.size for segment in self.segments)

    @property
    def identities(self) -> list[tuple[int, int, int, int]]:
        """What tells them from all others; a merged segment that begins as one of these has more points."""
        return [
            (segment.timestamp, segment.step, ordinal, segment.size)
            for segment, ordinal in zip(self.segments, self.ordinals, strict=True)
        ]


class _Plan(NamedTuple):
    """Segments to merge, and those that replace them, each with its ordinal."""

    chosen: _Chosen
    merged: Sequence[tuple[int, Segment]]


def _merge_some(database: Database, place: tuple[int, int], *, ended: bool) -> bool:
    """Merge some segments of a series, given by its run and key; return False where there was nothing to merge."""
    with database.reading() as connection:
        plan = _plan(Series(driver_of(connection), *place), ended=ended)
    with database.writing() as connection:
        source = Series(driver_of(connection), *place)
        if plan is None or not _holds(source, plan.chosen):
            plan = _plan(source, ended=ended)
        if plan is None:
            source.driver.executemany(_DONE, [place])
            return False
        source.driver.executemany(_DELETE, [_parameters(source, plan.chosen)])
        _add(source, plan.merged)
    return True


def _plan(source: Series, *, ended: bool) -> _Plan | None:
    chosen = _choose(source, TINY, _SOME)
    if len(chosen.segments) < 2:
        chosen = _choose(source, SEGMENT_POINTS, _PLENTY)
        if len(chosen.segments) < 2 or (chosen.size < SEGMENT_POINTS and not ended):
            return None
    points = Points("")
    for row in zip(chosen.ordinals, chosen.segments, strict=True):
        unpack_onto(points, source.opened(*row))
    points = in_order(points)
    final = _final(points, chosen, ended=ended)
    if not ended and final < SEGMENT_POINTS <= chosen.size < _PLENTY:
        return None
    return _Plan(chosen, list(zip(chosen.ordinals, _merged(points, final), strict=False)))


def _final(points: Points, chosen: _Chosen, *, ended: bool) -> int:
    """Return how many points lie before all that is still to be merged.

    What comes from another writer next probably begins after the last segment began.
    """
    if chosen.next_moment is not None:
        return index_of(points, chosen.next_moment)
    last = chosen.segments[-1]
    return len(points) if ended else index_of(points, (last.timestamp, last.step))


def _holds(source: Series, chosen: _Chosen) -> bool:
    """Return whether the segments are still there, and no other came between them."""
    return list(source.driver.execute(_LOOK, _parameters(source, chosen))) == chosen.identities


def _parameters(source: Series, chosen: _Chosen) -> tuple[int, ...]:
    last = chosen.segments[-1]
    return (source.run, source.key, chosen.below, last.timestamp, last.step, chosen.ordinals[-1])


def _add(source: Series, merged: Sequence[tuple[int, Segment]]) -> None:
    places = [(source.run, source.key, segment.timestamp, segment.step, ordinal) for ordinal, segment in merged]
    rows = [place + segment.row for place, (_, segment) in zip(places, merged, strict=True)]
    long = [
        place + segment.block for place, (_, segment) in zip(places, merged, strict=True) if segment.facts is not None
    ]
    source.driver.executemany(upserts.INSERT_SEGMENT, rows)
    source.driver.executemany(upserts.INSERT_BLOCK, long)


def _choose(source: Series, below: int, enough: int) -> _Chosen:
    """Return the first segments of fewer than so many points, until there are enough points."""
    ordinals: list[int] = []
    found: list[Segment] = []
    points = 0
    for ordinal, segment in source.rows(below):
        if points >= enough or len(found) == _AT_ONCE:
            return _Chosen(below, ordinals, found, (segment.timestamp, segment.step))
        ordinals.append(ordinal)
        found.append(segment)
        points += segment.size
    return _Chosen(below, ordinals, found, None)


def _merged(points: Points, final: int) -> Iterator[Segment]:
    """Yield the segments that replace others, never more than those were.

    Full ones hold only what is final, where there is enough of it: then full segments do not reach into each other, and
    who reads them need not sort.
    """
    done = 0
    for block in blocks(points):
        if len(block) < SEGMENT_POINTS or done + len(block) > final:
            break
        yield pack(block, dense=True)
        done += len(block)
    size = SEGMENT_POINTS - 1 if done else SEGMENT_POINTS
    yield from (pack(block, dense=True) for block in blocks(points.part(done), size))
