"""Journals' deliveries: records and the cursor of their writer in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.dialects.sqlite import insert

from hookline.entities import Delivery, Lease, Writer
from hookline.errors import CursorMoved
from hookline.store_rules import RUN_NAME_TAG, changed_run, require_active_run, run_not_found
from hookline_tracking_sql import schema, upserts
from hookline_tracking_sql.base import Part, find_run
from hookline_tracking_sql.batches import (
    Series,
    add_params,
    add_segments,
    insert_series,
    set_model_points,
    set_run_tags,
)
from hookline_tracking_sql.inputs import set_inputs, set_outputs
from hookline_tracking_sql.merging import merge_ended
from hookline_tracking_sql.new_runs import New, insert_run, unless_present
from hookline_tracking_sql.runs import change_run
from hookline_tracking_sql.segments import pack_columns
from hookline_tracking_sql.statements import Statement, driver_of, driver_text

_COLUMNS = (
    *("run", "writer_id", "cursor", "points", "checksum", "sealed"),
    *("host", "boot_id", "process", "renewed_at", "is_primary"),
)
_READ = sa.select(*(schema.writers.c[name] for name in _COLUMNS[1:]))
_OF_RUN = schema.writers.c.run == sa.bindparam("of_run")
_ALL = driver_text(_READ.where(_OF_RUN).order_by(schema.writers.c.id), "of_run")
_ONE = driver_text(_READ.where(_OF_RUN, schema.writers.c.writer_id == sa.bindparam("of_writer")), "of_run", "of_writer")


def _upsert() -> Statement:
    statement = insert(schema.writers)
    statement = statement.on_conflict_do_update(
        index_elements=[schema.writers.c.run, schema.writers.c.writer_id],
        set_={name: statement.excluded[name] for name in _COLUMNS[2:]},
    )
    return driver_text(statement, *_COLUMNS)


_SET = _upsert()
_INSERT = driver_text(sa.insert(schema.writers), *_COLUMNS)


class DeliveryPart(Part):
    """What journals deliver, and their writers."""

    def apply(self, delivery: Delivery) -> None:
        """See `TrackingStore.apply`."""
        series = [(each.key, pack_columns(each)) for each in delivery.columns]
        ids = self._keys.ids(_keys(delivery, series))
        with self._database.writing() as connection:
            driver = driver_of(connection)
            new = None if delivery.created is None else unless_present(driver, delivery.created)
            if new is None:
                run = _add(connection, delivery, ids, series)
            else:
                run = _create(connection, delivery, new, ids, series)
        ends = delivery.change is not None and delivery.change.status is not None and delivery.change.status.is_final
        if ends and new is None:  # what came in one delivery is one segment a series
            merge_ended(self._database, run)

    def writers(self, run_id: str) -> Sequence[Writer]:
        """See `TrackingStore.writers`."""
        with self._database.reading() as connection:
            found = find_run(connection, run_id)
            if found is None:
                return []
            return [_read(row) for row in driver_of(connection).execute(_ALL, (found[0],))]

    def sync(self) -> None:
        """See `TrackingStore.sync`."""
        self._database.sync()


def _keys(delivery: Delivery, series: Series) -> list[str]:
    created = [] if delivery.created is None else [*delivery.created.tags]
    return [RUN_NAME_TAG, *created, *(key for key, _ in series), *delivery.params, *delivery.tags]


def _create(connection: sa.Connection, delivery: Delivery, new: New, ids: Mapping[str, int], series: Series) -> int:
    """Insert a run with all that a delivery has of it, and return its row id; nothing of it can be there."""
    writer = Writer(delivery.writer_id)
    _require_next(delivery, writer)
    info, tagged = new
    if delivery.change is not None:
        info = changed_run(info, delivery.change)
        tagged[RUN_NAME_TAG] = info.run_name
    if delivery.changes_run:
        require_active_run(delivery.run_id, info.lifecycle_stage)
    tagged.update(delivery.tags)
    driver = driver_of(connection)
    if tagged[RUN_NAME_TAG] != info.run_name:
        info = evolve(info, run_name=tagged[RUN_NAME_TAG])
    place = insert_run(driver, (info, tagged), ids)
    if delivery.params:
        rows = [(place[0], ids[key], place[1], value) for key, value in delivery.params.items()]
        driver.executemany(upserts.INSERT_PARAM, rows)
    if series:
        insert_series(driver, place, [(ids[key], packed) for key, packed in series])
    _relate(connection, delivery, place, ids)
    driver.executemany(_INSERT, [_values(place[0], writer.after(delivery))])
    return place[0]


def _add(connection: sa.Connection, delivery: Delivery, ids: Mapping[str, int], series: Series) -> int:
    """Add what a delivery has of a run that is there, and return its row id."""
    found = find_run(connection, delivery.run_id)
    if found is None:
        raise run_not_found(delivery.run_id)
    stage = found[2]
    writer = _writer(connection, found[0], delivery.writer_id)
    _require_next(delivery, writer)
    driver = driver_of(connection)
    if delivery.changes_run:
        require_active_run(delivery.run_id, stage)
        _store(connection, delivery, found[:2], ids, series)
        if delivery.change is not None:
            change_run(connection, delivery.run_id, delivery.change, ids)
    driver.executemany(_SET, [_values(found[0], writer.after(delivery))])
    return found[0]


def _require_next(delivery: Delivery, writer: Writer) -> None:
    if delivery.first != writer.cursor:
        raise CursorMoved(delivery.writer, delivery.first, writer.cursor)


def _store(
    connection: sa.Connection, delivery: Delivery, place: tuple[int, int], ids: Mapping[str, int], series: Series
) -> None:
    driver = driver_of(connection)
    if delivery.params:
        add_params(connection, delivery.run_id, place, ids, delivery.params)
    if delivery.tags:
        set_run_tags(driver, place, ids, delivery.tags)
    if series:
        add_segments(driver, place, [(ids[key], packed) for key, packed in series])
    _relate(connection, delivery, place, ids)


def _relate(connection: sa.Connection, delivery: Delivery, place: tuple[int, int], ids: Mapping[str, int]) -> None:
    """Note which models points are of, and what the run read and made."""
    set_model_points(driver_of(connection), place[0], ids, delivery.metrics)
    set_inputs(connection, place, delivery.datasets, delivery.model_inputs)
    set_outputs(connection, place, delivery.model_outputs)


def _writer(connection: sa.Connection, run: int, writer_id: str) -> Writer:
    row = driver_of(connection).execute(_ONE, (run, writer_id)).fetchone()
    return Writer(writer_id) if row is None else _read(row)


def _read(row: Sequence[Any]) -> Writer:
    """Return the writer of a row with `_COLUMNS` but the first."""
    writer_id, cursor, points, checksum, sealed, host, boot_id, process, renewed_at, is_primary = row
    lease = None if host is None else Lease(host, boot_id, process, renewed_at, bool(is_primary))
    return Writer(writer_id, cursor, points, checksum, lease, bool(sealed))


def _values(run: int, writer: Writer) -> tuple[object, ...]:
    lease = writer.lease
    held = (None,) * 5 if lease is None else (lease.host, lease.boot_id, lease.process, lease.renewed_at, lease.primary)
    return (run, writer.writer_id, writer.cursor, writer.points, writer.checksum, writer.sealed, *held)
