"""Reading series."""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from hookline.entities import Points
from hookline.samples import check_sample, sample
from hookline.store_rules import run_not_found
from hookline_tracking_sql.base import Part
from hookline_tracking_sql.keys import key_id
from hookline_tracking_sql.ordering import SEGMENT_POINTS, in_order, index_of
from hookline_tracking_sql.rows import Series
from hookline_tracking_sql.samples import rise, sample_at_places
from hookline_tracking_sql.schema import runs
from hookline_tracking_sql.segments import Segment, unpack_onto
from hookline_tracking_sql.statements import driver_of


class HistoryPart(Part):
    """The points of a store's series."""

    def metric_history(self, run_id: str, key: str) -> Iterator[Points]:
        """See `TrackingStore.metric_history`. The points are those of the moment when the first block is asked for.

        The moment is held until the last block was taken or the iterator is closed. Writers do not wait for it; where
        they would, on a network file system, everything is read first.
        """
        with self._database.reading() as connection:
            rows = _rows(connection, run_id, key)
            if not self._database.dialect.readers_block_writers:
                yield from merged(rows, key)
                return
            rows = iter(list(rows))
        yield from merged(rows, key)

    def metric_sample(
        self, run_id: str, key: str, size: int, *, start: int | None = None, end: int | None = None
    ) -> Points:
        """See `TrackingStore.metric_sample`."""
        check_sample(size, start, end)
        with self._database.reading() as connection:
            segments = list(_rows(connection, run_id, key))
        if rise(segments):
            return sample_at_places(key, segments, size, start, end)
        return sample(key, merged(segments, key), size, start, end)


def _rows(connection: sa.Connection, run_id: str, key: str) -> Iterator[Segment]:
    series = connection.execute(sa.select(runs.c.id, key_id(key)).where(runs.c.run_id == run_id)).one_or_none()
    if series is None:
        raise run_not_found(run_id)
    source = Series(driver_of(connection), *series)
    return (source.opened(*row) for row in source.rows())


def merged(segments: Iterable[Segment], key: str) -> Iterator[Points]:
    """Yield the points of segments, which are ordered by their first points, in the order of a history.

    What lies before the next segment is final, so that only as much is held as overlaps.
    """
    gathered = _Gathered(key)
    for segment in segments:
        if len(gathered.points) >= gathered.enough:
            yield from gathered.take((segment.timestamp, segment.step))
        gathered.add(segment)
    if gathered.points:
        yield in_order(gathered.points) if gathered.mixed else gathered.points


class _Gathered:
    """Points that were read and not yet handed on.

    Attributes:
        mixed: whether they may be out of order.
        enough: with so many of them it is worth looking which are final.
    """

    def __init__(self, key: str) -> None:
        self.points = Points(key)
        self.mixed = False
        self.enough = SEGMENT_POINTS

    def add(self, segment: Segment) -> None:
        """Add the points of a segment that begins at or after the beginning of all earlier ones."""
        points = self.points
        if points.steps and (points.timestamps[-1], points.steps[-1]) >= (segment.timestamp, segment.step):
            self.mixed = True
        unpack_onto(points, segment)

    def take(self, moment: tuple[int, int]) -> Iterator[Points]:
        """Yield the points before a (timestamp, step) and keep the others."""
        if not self.mixed and (self.points.timestamps[-1], self.points.steps[-1]) < moment:
            yield self.points
            self.points = Points(self.points.key)
            return
        points = in_order(self.points)
        end = index_of(points, moment)
        self.points, self.mixed = points.part(end), False
        self.enough = max(SEGMENT_POINTS, 2 * len(self.points))
        if end:
            yield points.part(0, end)
