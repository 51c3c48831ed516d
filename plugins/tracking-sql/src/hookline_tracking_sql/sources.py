"""The segments of a series as stretches along the x axis of a chart."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from hookline.entities import Points
from hookline_tracking_sql.outlines import unpack_facts
from hookline_tracking_sql.rows import Ahead, Series
from hookline_tracking_sql.segments import Segment, unpack, unpack_onto
from hookline_tracking_sql.stretches import Full, Row, Stretch, arranged, read_points

_MOST_AHEAD = 1000  # segments that one statement reads: some drivers hold all that it finds
_KEPT = 8  # segments that are kept unpacked at a time: as many as overlap, usually


class _Opener:
    """Reads segments with their columns.

    Nothing here refers to the source, which so goes as soon as it is not needed, with the statement that reads ahead:
    SQLite shows a connection nothing newer for as long as one is not read to its end.
    """

    def __init__(self, series: Series, most_ahead: int) -> None:
        self._series, self._most_ahead = series, most_ahead
        self._ahead: Ahead | None = None
        self.shown: list[Segment] = []

    def opened(self, ordinal: int, segment: Segment) -> Segment:
        if self._ahead is None and 2 <= len(self.shown) <= self._most_ahead:
            self._ahead = self._series.opened_ahead(self.shown[0].timestamp, self.shown[-1].timestamp)
        return (self._ahead or self._series).opened(ordinal, segment)


class Source:
    """The segments of a series, along an axis.

    Args:
        ahead: so many segments are read by one statement, with all between them, where more than one is shown.
    """

    def __init__(self, series: Series, *, by_step: bool, ahead: int) -> None:
        self.by_step = by_step
        self._opener = _Opener(series, min(ahead, _MOST_AHEAD))
        self._open = lru_cache(_KEPT)(self._opener.opened)

    def stretches(self, rows: Iterable[tuple[int, Segment]], start: int | None, end: int | None) -> Iterator[Stretch]:
        """Yield the stretches that may reach into a range; those that follow each other in the history may overlap.

        Args:
            rows: the ordinals of segments, and these; long ones without their columns.
        """
        small = Points("")
        for ordinal, segment in rows:
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

    def between(self, rows: Iterable[tuple[int, Segment]], start: int | None, end: int | None) -> Iterator[Stretch]:
        """Yield what lies in a range of x, both ends included, in order."""
        for stretch in arranged(self.stretches(rows, start, end), by_step=self.by_step):
            yield from stretch.cut(start, end)

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
            self._opener.shown.append(row.segment)
            yield Full(row, by_step=self.by_step)
