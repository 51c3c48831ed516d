"""Logging: metrics, params and tags of a run in one transaction, with no statement more than the batch needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from hookline.entities import Batch, Metric
from hookline.store_rules import RUN_NAME_TAG, new_params
from hookline_tracking_sql import upserts
from hookline_tracking_sql.base import Part, active_run
from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.schema import params as params_table
from hookline_tracking_sql.segments import Packed, Segment, pack_columns
from hookline_tracking_sql.statements import Statement, among_given, driver_of, json_list, prepared

Series: TypeAlias = Sequence[tuple[str, Packed]]
_STORED_PARAMS = prepared(
    sa.select(params_table.c.key, params_table.c.value).where(
        params_table.c.run == sa.bindparam("of_run"), among_given(params_table.c.key, "keys")
    )
)


class BatchPart(Part):
    """Logging of batches."""

    def log_batch(self, run_id: str, batch: Batch) -> None:
        """See `TrackingStore.log_batch`."""
        series = series_of(batch)
        ids = self._keys.ids(keys_of(batch, series))
        with self._database.writing() as connection:
            store_batch(connection, run_id, active_run(connection, run_id), batch, series, ids)


def series_of(batch: Batch) -> Series:
    """Return the points of a batch, packed, by the names of their series."""
    return [(each.key, pack_columns(each)) for each in batch.columns]


def keys_of(batch: Batch, series: Series) -> list[str]:
    """Return the names of all that a batch holds."""
    return [key for key, _ in series] + [*batch.params, *batch.tags]


def store_batch(
    connection: sa.Connection,
    run_id: str,
    place: tuple[int, int],
    batch: Batch,
    series: Series,
    ids: Mapping[str, int],
) -> None:
    """Store a batch; nothing is refused once something was written.

    Args:
        place: the row ids of the run and of its experiment. ids: of all keys.

    Raises:
        InvalidValue: a param has another value.
    """
    driver = driver_of(connection)
    if batch.params:
        add_params(connection, run_id, place, ids, batch.params)
    if batch.tags:
        set_run_tags(driver, place, ids, batch.tags)
    if series:
        add_segments(driver, place, [(ids[key], packed) for key, packed in series])
        set_model_points(driver, place[0], ids, batch.metrics)


def set_run_tags(driver: Driver, place: tuple[int, int], ids: Mapping[str, int], tags: Mapping[str, str]) -> None:
    """Set tags of a run, which is given as the row ids of it and of its experiment; the tag of its name renames it."""
    run, experiment = place
    driver.executemany(upserts.SET_TAG, [(run, ids[key], experiment, value) for key, value in tags.items()])
    if RUN_NAME_TAG in tags:
        driver.executemany(upserts.RENAME_RUN, [(tags[RUN_NAME_TAG], run)])


def add_segments(driver: Driver, owner: tuple[int, int], series: Sequence[tuple[int, Packed]]) -> None:
    """Store points of series, each given by the id of its key, and take them into the summaries."""
    run, _ = owner
    placed = [
        ((run, key, segment.timestamp, segment.step, run, key, before), segment)
        for key, segment, before in _segments(series)
    ]
    _store(driver, placed, upserts.ADD_SEGMENT, upserts.ADD_BLOCK)
    driver.executemany(upserts.ADD_TO_SERIES, _totals(driver, owner, series))


def insert_series(driver: Driver, owner: tuple[int, int], series: Sequence[tuple[int, Packed]]) -> None:
    """Store points of series that are not there, of a new run; arguments as for `add_segments`."""
    run, _ = owner
    placed = [
        ((run, key, segment.timestamp, segment.step, before), segment) for key, segment, before in _segments(series)
    ]
    _store(driver, placed, upserts.INSERT_SEGMENT, upserts.INSERT_BLOCK)
    driver.executemany(upserts.INSERT_SERIES, _totals(driver, owner, series))


def _segments(series: Sequence[tuple[int, Packed]]) -> Iterator[tuple[int, Segment, int]]:
    """Yield the segments of series with their keys, and how many points of the series come before each."""
    for key, packed in series:
        before = 0
        for segment in packed.segments:
            yield key, segment, before
            before += segment.size


def _store(
    driver: Driver, placed: Sequence[tuple[tuple[int, ...], Segment]], rows: Statement, blocks: Statement
) -> None:
    driver.executemany(rows, [place + segment.row for place, segment in placed])
    long = [place + segment.block for place, segment in placed if segment.facts is not None]
    if long:
        driver.executemany(blocks, long)


def _totals(driver: Driver, owner: tuple[int, int], series: Sequence[tuple[int, Packed]]) -> list[tuple[Any, ...]]:
    run, experiment = owner
    return [(run, key, experiment, *driver.totals(packed.totals), len(packed.segments)) for key, packed in series]


def add_params(
    connection: sa.Connection,
    run_id: str,
    place: tuple[int, int],
    ids: Mapping[str, int],
    params: Mapping[str, str],
) -> None:
    """Set params of a run; raises `InvalidValue`, and sets none of them, where one has another value."""
    run, experiment = place
    names = {ids[key]: key for key in params}
    stored = _STORED_PARAMS.execute(connection, {"of_run": run, "keys": json_list(names)})
    new = new_params(run_id, {names[key]: value for key, value in stored}, params)
    rows = [(run, ids[key], experiment, value) for key, value in new.items()]
    driver_of(connection).executemany(upserts.ADD_PARAM, rows)


def set_model_points(driver: Driver, run: int, ids: Mapping[str, int], metrics: Iterable[Metric]) -> None:
    """Note the latest points of logged models among some points of a run."""
    rows = [
        (
            *(point.model_id, ids[point.key], run, point.dataset_name or "", point.dataset_digest or ""),
            *(driver.stored(None if point.value != point.value else point.value), point.step, point.timestamp),
        )
        for point in metrics
        if point.model_id is not None
    ]
    if rows:
        driver.executemany(upserts.SET_MODEL_POINT, rows)
