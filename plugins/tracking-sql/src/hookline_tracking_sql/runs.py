"""Runs in tables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from attrs import evolve

from hookline.entities import LifecycleStage, NewRun, Page, PurgedKind, RunChange, RunData, RunInfo, RunRecord, now_ms
from hookline.errors import HooklineError
from hookline.search.syntax import Query
from hookline.store_rules import (
    RUN_NAME_TAG,
    changed_run,
    new_run,
    run_not_found,
    run_purged,
    run_tag_not_found,
    stored_though_deleted,
)
from hookline_tracking_sql.base import FIND_RUN, Part, active_run, experiment_row_ids, find_run
from hookline_tracking_sql.batches import set_run_tags
from hookline_tracking_sql.dialects.base import Driver, Rows
from hookline_tracking_sql.experiments import asked_experiment, found_experiment
from hookline_tracking_sql.keys import key_id
from hookline_tracking_sql.merging import merge_ended
from hookline_tracking_sql.purging import asked_purged, deleted_time
from hookline_tracking_sql.run_records import find_info, read_records
from hookline_tracking_sql.schema import runs, tags
from hookline_tracking_sql.search.run_search import run_search
from hookline_tracking_sql.statements import Statement, driver_of, driver_text
from hookline_tracking_sql.upserts import ADD_TAG

_COLUMNS = (
    *("run_id", "experiment", "name", "user_id", "status"),
    *("start_time", "end_time", "lifecycle_stage", "artifact_uri", "deleted_time"),
)
_New: TypeAlias = tuple[RunInfo, dict[str, str]]
"""A run that is not there yet, and its tags."""
_INSERT = driver_text(sa.insert(runs), *_COLUMNS)
_ADD = driver_text(sa.insert(runs), *_COLUMNS, returned=runs.c.id)
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
            new = _unless_present(driver := driver_of(connection), run)
            if new is None:
                return self._record(connection, run.run_id)
            _insert(driver, [new], ids)
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


class Added(NamedTuple):
    """A run that was inserted, with the row ids of it and of its experiment."""

    info: RunInfo
    place: tuple[int, int]


def add_run(
    connection: sa.Connection, run: NewRun, ids: Mapping[str, int], change: RunChange | None = None
) -> Added | None:
    """Insert a new run; return None where there is one with its id.

    Args:
        ids: of the keys of its tags and of `RUN_NAME_TAG`.
        change: what became of it since it was made.

    Raises:
        NotFound: there is no such experiment. InvalidValue: it is deleted. InvalidState: the run was purged.
    """
    driver = driver_of(connection)
    new = _unless_present(driver, run)
    if new is None:
        return None
    info, tagged = new
    if change is not None:
        info = changed_run(info, change)
        tagged[RUN_NAME_TAG] = info.run_name
    place = (driver.insert(_ADD, _row(info)), int(info.experiment_id))
    set_run_tags(driver, place, ids, tagged)
    return Added(info, place)


def add_runs(
    driver: Driver, runs: Sequence[NewRun], ids: Mapping[str, int], *, answered: bool
) -> list[HooklineError | None]:
    """Insert new runs, but those that are there; return what became of each, as `TrackingStore.write_together` does.

    Args:
        ids: of the keys of their tags and of `RUN_NAME_TAG`. answered: whether deleted experiments take runs, too.
    """
    found = iter(driver.ask(*(query for run in runs for query in _asked(driver, run))))
    new: list[_New] = []
    problems: list[HooklineError | None] = []
    for run in runs:
        problem: HooklineError | None = None
        try:
            one = _unless_found(run, (next(found), next(found), next(found)), answered=answered)
        except HooklineError as error:
            one, problem = None, error
        if one is not None:
            new.append(one)
            if one[0].lifecycle_stage is LifecycleStage.DELETED:
                problem = stored_though_deleted(run.run_id)
        problems.append(problem)
    _insert(driver, new, ids)
    return problems


def _insert(driver: Driver, new: Sequence[_New], ids: Mapping[str, int]) -> None:
    driver.executemany(_INSERT, [_row(info) for info, _ in new])
    driver.executemany(
        ADD_TAG,
        [
            (ids[key], int(info.experiment_id), value, info.run_id)
            for info, tagged in new
            for key, value in tagged.items()
        ],
    )


def _unless_present(driver: Driver, run: NewRun) -> _New | None:
    """Return a new run and its tags, or None where there is one with its id; raises as `add_run`."""
    present, purged, experiments = driver.ask(*_asked(driver, run))
    return _unless_found(run, (present, purged, experiments))


def _asked(driver: Driver, run: NewRun) -> tuple[tuple[Statement, Sequence[Any]], ...]:
    """Return the statements that find a run, that it was purged, and its experiment."""
    return (
        (FIND_RUN, (run.run_id,)),
        asked_purged(driver, PurgedKind.RUN, run.run_id),
        asked_experiment(run.experiment_id),
    )


def _unless_found(run: NewRun, found: tuple[Rows, Rows, Rows], *, answered: bool = False) -> _New | None:
    present, purged, experiments = found
    if present.fetchone() is not None:
        return None
    if purged.fetchone() is not None:
        raise run_purged(run.run_id)
    experiment = found_experiment(run.experiment_id, experiments)
    if not answered:
        return new_run(run, experiment)
    info, tagged = new_run(run, evolve(experiment, lifecycle_stage=LifecycleStage.ACTIVE))
    return evolve(info, lifecycle_stage=experiment.lifecycle_stage), tagged


def _row(info: RunInfo) -> tuple[Any, ...]:
    return (
        *(info.run_id, int(info.experiment_id), info.run_name, info.user_id, info.status.value),
        *(info.start_time, info.end_time, info.lifecycle_stage.value),
        info.artifact_uri,
        now_ms() if info.lifecycle_stage is LifecycleStage.DELETED else None,
    )


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
