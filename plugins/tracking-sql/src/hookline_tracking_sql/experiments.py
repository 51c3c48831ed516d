"""Experiments in tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hookline.entities import Experiment, ExperimentChange, LifecycleStage, Page, check_experiment_name, now_ms
from hookline.search.syntax import Query
from hookline.store_rules import changed_experiment, experiment_exists, experiment_not_found, new_experiment
from hookline_tracking_sql.base import Part, experiment_row_id
from hookline_tracking_sql.dialects.base import Driver, Rows
from hookline_tracking_sql.entries import delete_entries, read_entries, set_entries
from hookline_tracking_sql.purging import deleted_time
from hookline_tracking_sql.schema import experiment_tags, experiments, runs
from hookline_tracking_sql.search.paging import fetch_page
from hookline_tracking_sql.search.targets import EXPERIMENTS
from hookline_tracking_sql.statements import Statement, driver_of, driver_text, insert_row

_COLUMNS = ("id", "name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time")
_WITH_TAGS = sa.select(
    *(experiments.c[name] for name in _COLUMNS), experiment_tags.c.key, experiment_tags.c.value
).select_from(experiments.outerjoin(experiment_tags))
"""A row for each tag, or one without."""
_BY_ID = driver_text(_WITH_TAGS.where(experiments.c.id == sa.bindparam("wanted")), "wanted")
_NONE = -1  # is the id of no experiment
_BY_NAME = driver_text(_WITH_TAGS.where(experiments.c.name == sa.bindparam("wanted")), "wanted")


class ExperimentPart(Part):
    """The experiments of a store."""

    def create_experiment(
        self, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """See `TrackingStore.create_experiment`."""
        check_experiment_name(name)
        now = now_ms()
        with self._database.writing() as connection:
            _require_free(connection, name)
            stage = LifecycleStage.ACTIVE.value
            times = {"creation_time": now, "last_update_time": now}
            row = insert_row(connection, experiments, name=name, artifact_location="", lifecycle_stage=stage, **times)
            created = new_experiment(str(row), name, artifact_location, tags, now)
            connection.execute(
                sa.update(experiments)
                .where(experiments.c.id == row)
                .values(artifact_location=created.artifact_location)
            )
            set_entries(connection, experiment_tags, row, created.tags)
        return created

    def get_experiment(self, experiment_id: str) -> Experiment:
        """See `TrackingStore.get_experiment`."""
        with self._database.asking() as driver:
            return experiment_by_id(driver, experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """See `TrackingStore.get_experiment_by_name`."""
        with self._database.asking() as driver:
            return _first(driver.execute(_BY_NAME, (name,)))

    def update_experiment(self, experiment_id: str, change: ExperimentChange) -> Experiment:
        """See `TrackingStore.update_experiment`."""
        with self._database.writing() as connection:
            present = experiment_by_id(driver_of(connection), experiment_id)
            changed = changed_experiment(present, change, now_ms())
            if changed.name != present.name:
                _require_free(connection, changed.name)
            if changed != present:
                _store_change(connection, present, changed)
        return changed

    def search_experiments(self, query: Query) -> Page[Experiment]:
        """See `TrackingStore.search_experiments`."""
        with self._database.reading() as connection:
            rows, token = fetch_page(connection, EXPERIMENTS, query)
            return Page(_experiments(connection, rows), token)


def experiment_by_id(driver: Driver, experiment_id: str) -> Experiment:
    """Return an experiment, deleted ones too. Raises `NotFound`."""
    statement, values = asked_experiment(experiment_id)
    return found_experiment(experiment_id, driver.execute(statement, values))


def asked_experiment(experiment_id: str) -> tuple[Statement, tuple[int]]:
    """Return the statement that finds an experiment, and its values."""
    row = experiment_row_id(experiment_id)
    return _BY_ID, (_NONE if row is None else row,)


def found_experiment(experiment_id: str, rows: Rows) -> Experiment:
    """Return the experiment of what `asked_experiment` found. Raises `NotFound`."""
    found = _first(rows)
    if found is None:
        raise experiment_not_found(experiment_id)
    return found


def _first(found: Rows) -> Experiment | None:
    rows = found.fetchall()
    tags = {key: text for *_, key, text in rows if key is not None}
    return _experiment(rows[0], tags) if rows else None


def _experiments(connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> list[Experiment]:
    """Return the experiments of rows that begin with `_COLUMNS`."""
    tags = read_entries(connection, experiment_tags, [row[0] for row in rows])
    return [_experiment(row, tags[row[0]]) for row in rows]


def _experiment(row: Sequence[Any], tags: Mapping[str, str]) -> Experiment:
    number, name, place, stage, created, updated, *_ = row
    return Experiment(str(number), name, place, LifecycleStage(stage), created, updated, tags)


def _require_free(connection: sa.Connection, name: str) -> None:
    stage = connection.execute(sa.select(experiments.c.lifecycle_stage).where(experiments.c.name == name)).scalar()
    if stage is not None:
        raise experiment_exists(name, LifecycleStage(stage))


def _store_change(connection: sa.Connection, present: Experiment, changed: Experiment) -> None:
    row, stage = int(changed.experiment_id), changed.lifecycle_stage.value
    connection.execute(
        sa.update(experiments)
        .where(experiments.c.id == row)
        .values(name=changed.name, lifecycle_stage=stage, last_update_time=changed.last_update_time)
    )
    delete_entries(connection, experiment_tags, row, present.tags.keys() - changed.tags.keys())
    set_entries(connection, experiment_tags, row, dict(changed.tags.items() - present.tags.items()))
    if changed.lifecycle_stage is not present.lifecycle_stage:
        when = deleted_time(changed.lifecycle_stage, changed.last_update_time)
        connection.execute(
            sa.update(runs).where(runs.c.experiment == row).values(lifecycle_stage=stage, deleted_time=when)
        )
