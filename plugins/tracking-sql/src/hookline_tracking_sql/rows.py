"""Reading the segments of a series from their two tables."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.ordering import SEGMENT_POINTS
from hookline_tracking_sql.schema import blocks, segments
from hookline_tracking_sql.segments import Segment
from hookline_tracking_sql.statements import driver_text
from hookline_tracking_sql.table_parts import PLACE

OF_SERIES = (segments.c.run == sa.bindparam("of_run"), segments.c.key == sa.bindparam("of_key"))
IN_ORDER = tuple(segments.c[name] for name in PLACE)
_COLUMNS = ("ordinal", "timestamp", "step", "count", "facts", "numbers", "steps", "timestamps")
_READ = driver_text(
    sa.select(*(segments.c[name] for name in _COLUMNS))
    .where(*OF_SERIES, segments.c.count < sa.bindparam("below"))
    .order_by(*IN_ORDER),
    *("of_run", "of_key", "below"),
)
_PLACE = sa.tuple_(*(sa.bindparam(f"last_{name}") for name in PLACE))
_OF_PLACE = ("of_run", "of_key", *(f"last_{name}" for name in PLACE))
_BEFORE = driver_text(
    sa.select(*(segments.c[name] for name in _COLUMNS))
    .where(*OF_SERIES, sa.tuple_(*IN_ORDER) <= _PLACE, segments.c.count >= sa.bindparam("full"))
    .order_by(*IN_ORDER),
    *_OF_PLACE,
    "full",
)
_BESIDE = driver_text(
    sa.select(*(segments.c[name] for name in _COLUMNS))
    .where(*OF_SERIES, sa.or_(sa.tuple_(*IN_ORDER) > _PLACE, segments.c.count < sa.bindparam("full")))
    .order_by(*IN_ORDER),
    *_OF_PLACE,
    "full",
)
_OPEN = driver_text(
    sa.select(blocks.c.numbers, blocks.c.steps, blocks.c.timestamps, blocks.c.outline).where(
        blocks.c.run == sa.bindparam("of_run"),
        blocks.c.key == sa.bindparam("of_key"),
        *(blocks.c[name] == sa.bindparam(f"at_{name}") for name in PLACE),
    ),
    *("of_run", "of_key", *(f"at_{name}" for name in PLACE)),
)
_OPEN_ALL = driver_text(
    sa.select(
        *(blocks.c[name] for name in PLACE),
        *(blocks.c.numbers, blocks.c.steps, blocks.c.timestamps, blocks.c.outline),
    )
    .where(
        blocks.c.run == sa.bindparam("of_run"),
        blocks.c.key == sa.bindparam("of_key"),
        blocks.c.timestamp >= sa.bindparam("first"),
        blocks.c.timestamp <= sa.bindparam("last"),
    )
    .order_by(*(blocks.c[name] for name in PLACE)),
    *("of_run", "of_key", "first", "last"),
)
_ALL = 2**63 - 1


Place: TypeAlias = tuple[int, int, int]
"""What tells a segment from the others of its series: timestamp, step and ordinal."""


class Series(NamedTuple):
    """The segments of a series, read by a connection that is in a transaction."""

    driver: Driver
    run: int
    key: int

    def rows(self, below: int = _ALL) -> Iterator[tuple[int, Segment]]:
        """Yield ordinal and segment in order, those of fewer than so many points; long ones without their columns."""
        for ordinal, *columns in self.driver.execute(_READ, (self.run, self.key, below)):
            yield ordinal, Segment(*columns)

    def full_until(self, place: Place) -> Iterator[tuple[int, Segment]]:
        """Yield the full segments up to one at a place, that included."""
        for ordinal, *columns in self.driver.execute(_BEFORE, (self.run, self.key, *place, SEGMENT_POINTS)):
            yield ordinal, Segment(*columns)

    def beside(self, place: Place) -> Iterator[tuple[int, Segment]]:
        """Yield all other segments."""
        for ordinal, *columns in self.driver.execute(_BESIDE, (self.run, self.key, *place, SEGMENT_POINTS)):
            yield ordinal, Segment(*columns)

    def opened(self, ordinal: int, segment: Segment) -> Segment:
        """Return a segment with its columns."""
        if segment.facts is None:
            return segment
        place = (self.run, self.key, segment.timestamp, segment.step, ordinal)
        return Segment(*segment[:4], *self.driver.execute(_OPEN, place).fetchone())

    def opened_ahead(self, first: int, last: int) -> "Ahead":
        """Return a reader of all long segments that begin from one timestamp to another, both included."""
        return Ahead(self, self.driver.execute(_OPEN_ALL, (self.run, self.key, first, last)))


class Ahead:
    """Long segments with their columns, read by one statement in their order: half the work of one for each."""

    def __init__(self, series: Series, rows: Iterable[Sequence[Any]]) -> None:
        self._series, self._rows = series, iter(rows)
        self._here: Sequence[Any] | None = next(self._rows, None)

    def opened(self, ordinal: int, segment: Segment) -> Segment:
        """Return a segment with its columns; one that was passed, or is not among them, is read by itself."""
        place = (segment.timestamp, segment.step, ordinal)
        while self._here is not None and tuple(self._here[:3]) < place:
            self._here = next(self._rows, None)
        if self._here is not None and tuple(self._here[:3]) == place:
            return Segment(*segment[:4], *self._here[3:])
        return self._series.opened(ordinal, segment)
