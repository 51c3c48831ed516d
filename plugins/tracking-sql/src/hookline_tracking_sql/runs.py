"""Runs in tables."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from hookline.entities import NewRun, Page, RunChange, RunData, RunInfo, RunRecord, now_ms
from hookline.search.syntax import Query
from hookline.store_rules import (
    RUN_NAME_TAG,
    changed_run,
    run_not_found,
    run_tag_not_found,
)
from hookline_tracking_sql.base import Part, active_run, experiment_row_ids, find_run
from hookline_tracking_sql.batches import set_run_tags
from hookline_tracking_sql.keys import key_id
from hookline_tracking_sql.merging import merge_ended
from hookline_tracking_sql.new_runs import insert_runs, unless_present
from hookline_tracking_sql.purging import deleted_time
from hookline_tracking_sql.run_records import find_info, read_records
from hookline_tracking_sql.schema import runs, tags
from hookline_tracking_sql.search.run_search import run_search
from hookline_tracking_sql.statements import driver_of, driver_text

_CHANGE = driver_text(
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("row"))
    .values(name=sa.bindparam("new_name"), status=sa.bindparam("new_status"), end_time=sa.bindparam("new_end")),
    *("new_name", "new_status", "new_end", "row"),
)


class RunPart(Part):
    """The runs of a store."""

    def create_run(self, run: NewRun) -> RunRecord:
        """See `TrackingStore.create_run`."""
        ids = self._keys.ids([*run.tags, RUN_NAME_TAG])
        with self._database.writing() as connection:
            new = unless_present(driver := driver_of(connection), run)
            if new is None:
                return self._record(connection, run.run_id)
            insert_runs(driver, [new], ids)
        return RunRecord(new[0], RunData(tags=new[1]))

    def get_run(self, run_id: str) -> RunRecord:
        """See `TrackingStore.get_run`."""
        with self._database.reading() as connection:
            return self._record(connection, run_id)

    def update_run(self, run_id: str, change: RunChange) -> RunInfo:
        """See `TrackingStore.update_run`."""
        ids = self._keys.ids([RUN_NAME_TAG])
        with self._database.writing() as connection:
            row, info = change_run(connection, run_id, change, ids)
        if change.status is not None and change.status.is_final:
            merge_ended(self._database, row)
        return info

    def delete_tag(self, run_id: str, key: str) -> None:
        """See `TrackingStore.delete_tag`."""
        with self._database.writing() as connection:
            run, _ = active_run(connection, run_id)
            if not connection.execute(sa.delete(tags).where(tags.c.run == run, tags.c.key == key_id(key))).rowcount:
                raise run_tag_not_found(run_id, key)

    def search_runs(self, experiment_ids: Sequence[str], query: Query) -> Page[RunRecord]:
        """See `TrackingStore.search_runs`."""
        scope = sorted(set(experiment_ids))
        experiments = experiment_row_ids(scope)
        with self._database.reading() as connection:
            asked = run_search(connection, self._keys, experiments, query)
            ids, token = asked.page(scope) if asked else ([], None)
            return Page(read_records(connection, self._keys, ids, query.columns), token)

    def _record(self, connection: sa.Connection, run_id: str) -> RunRecord:
        found = find_run(connection, run_id)
        if found is None:
            raise run_not_found(run_id)
        return read_records(connection, self._keys, [found[0]])[0]


def change_run(
    connection: sa.Connection, run_id: str, change: RunChange, ids: Mapping[str, int]
) -> tuple[int, RunInfo]:
    """Change a run; return its row id and its info. Raises `NotFound` and `InvalidValue` as `update_run` does."""
    found = find_info(connection, run_id)
    if found is None:
        raise run_not_found(run_id)
    row, info = found[0], changed_run(found[1], change)
    driver = driver_of(connection)
    driver.executemany(_CHANGE, [(info.run_name, info.status.value, info.end_time, row)])
    if change.lifecycle_stage is not None:
        moment = deleted_time(info.lifecycle_stage, now_ms())
        changed = sa.update(runs).values(lifecycle_stage=info.lifecycle_stage.value, deleted_time=moment)
        connection.execute(changed.where(runs.c.id == row))
    if change.run_name:
        set_run_tags(driver, (row, int(info.experiment_id)), ids, {RUN_NAME_TAG: change.run_name})
    return row, info
