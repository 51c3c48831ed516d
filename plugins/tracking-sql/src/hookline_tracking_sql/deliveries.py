"""Journals' deliveries: records and the cursor of their writer in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hookline.entities import Delivery, Lease, Writer
from hookline.errors import CursorMoved
from hookline.store_rules import RUN_NAME_TAG, require_active_run, run_not_found
from hookline_tracking_sql import schema
from hookline_tracking_sql.base import Part, find_run
from hookline_tracking_sql.batches import add_params, add_segments, set_model_points, set_run_tags
from hookline_tracking_sql.inputs import set_inputs, set_outputs
from hookline_tracking_sql.merging import merge_ended
from hookline_tracking_sql.runs import add_run, change_run
from hookline_tracking_sql.segments import Packed, pack_columns
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


class DeliveryPart(Part):
    """What journals deliver, and their writers."""

    def apply(self, delivery: Delivery) -> None:
        """See `TrackingStore.apply`."""
        series = [(each.key, pack_columns(each.steps, each.timestamps, each.values)) for each in delivery.columns]
        ids = self._keys.ids(_keys(delivery, series))
        with self._database.writing() as connection:
            place, stage, is_new = _place(connection, delivery, ids)
            writer = _writer(connection, place[0], delivery.writer_id)
            if delivery.first != writer.cursor:
                raise CursorMoved(delivery.writer, delivery.first, writer.cursor)
            if delivery.changes_run:
                require_active_run(delivery.run_id, stage)
                _store(connection, delivery, place, ids, series)
                if delivery.change is not None and not is_new:
                    change_run(connection, delivery.run_id, delivery.change, ids)
            driver_of(connection).executemany(_SET, [_values(place[0], writer.after(delivery))])
        ends = delivery.change is not None and delivery.change.status is not None and delivery.change.status.is_final
        if ends and not is_new:  # what came in one delivery is one segment a series
            merge_ended(self._database, place[0])

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


def _keys(delivery: Delivery, series: Sequence[tuple[str, Packed]]) -> list[str]:
    created = [] if delivery.created is None else [*delivery.created.tags]
    return [RUN_NAME_TAG, *created, *(key for key, _ in series), *delivery.params, *delivery.tags]


def _place(connection: sa.Connection, delivery: Delivery, ids: Mapping[str, int]) -> tuple[tuple[int, int], str, bool]:
    """Return the row ids of the run and of its experiment, the run's stage, and whether it was made for this."""
    added = None if delivery.created is None else add_run(connection, delivery.created, ids, delivery.change)
    if added is not None:
        return added.place, added.info.lifecycle_stage, True
    found = find_run(connection, delivery.run_id)
    if found is None:
        raise run_not_found(delivery.run_id)
    return found[:2], found[2], False


def _store(
    connection: sa.Connection,
    delivery: Delivery,
    place: tuple[int, int],
    ids: Mapping[str, int],
    series: Sequence[tuple[str, Packed]],
) -> None:
    driver = driver_of(connection)
    if delivery.params:
        add_params(connection, delivery.run_id, place, ids, delivery.params)
    if delivery.tags:
        set_run_tags(driver, place, ids, delivery.tags)
    if series:
        add_segments(driver, place, [(ids[key], packed) for key, packed in series])
        set_model_points(driver, place[0], ids, delivery.metrics)
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
