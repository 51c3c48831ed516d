"""Deleting for good: rows first go to a list of what is gone, which remembers the files that are yet to be removed.

So what is claimed can be neither read nor restored, whatever becomes of this process, and what has an entry there never
comes back.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hookline.entities import DEFAULT_EXPERIMENT_ID, LifecycleStage, Purged, PurgedKind
from hookline_tracking_sql.base import Part
from hookline_tracking_sql.dialects.base import Driver
from hookline_tracking_sql.schema import (
    datasets,
    experiments,
    inputs,
    logged_models,
    model_points,
    params,
    purged,
    runs,
    series,
    tags,
)
from hookline_tracking_sql.statements import Statement, among_given, json_list, prepared

_UNTIL = sa.bindparam("until", type_=sa.BigInteger)
_ENTRY = (purged.c.kind == sa.bindparam("of"), purged.c.id == sa.bindparam("named"))


def _deleted(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition for what takes no change once it is deleted, so that its last update is its deletion."""
    return sa.and_(table.c.lifecycle_stage == LifecycleStage.DELETED.value, table.c.last_update_time <= _UNTIL)


def _gone_experiments() -> "sa.Select[Any]":
    """Return the statement that finds experiments of which everything may go; the one of a new store stays."""
    is_active = runs.c.lifecycle_stage == LifecycleStage.ACTIVE.value
    kept_runs = sa.select(runs.c.experiment).where(among_given(runs.c.run_id, "keep"))
    kept_models = sa.select(logged_models.c.experiment).where(among_given(logged_models.c.model_id, "keep"))
    return sa.select(experiments.c.id).where(
        _deleted(experiments),
        experiments.c.id != int(DEFAULT_EXPERIMENT_ID),
        ~sa.exists().where(runs.c.experiment == experiments.c.id, is_active),
        experiments.c.id.not_in(kept_runs),
        experiments.c.id.not_in(kept_models),
    )


def _wanted(name: "sa.Column[str]", is_old: sa.ColumnElement[bool]) -> "sa.Select[Any]":
    """Return the statement that finds things to purge: their ids and the URIs of their files."""
    with_place = sa.or_(is_old, name.table.c.experiment.in_(_gone_experiments()))
    return sa.select(name, name.table.c.artifact_uri).where(with_place, sa.not_(among_given(name, "keep")))


_IDS: "dict[PurgedKind, sa.Column[Any]]" = {
    PurgedKind.RUN: runs.c.run_id,
    PurgedKind.LOGGED_MODEL: logged_models.c.model_id,
    PurgedKind.EXPERIMENT: experiments.c.id,
}
_FIND = {
    PurgedKind.RUN: _wanted(runs.c.run_id, runs.c.deleted_time <= _UNTIL),
    PurgedKind.LOGGED_MODEL: _wanted(logged_models.c.model_id, _deleted(logged_models)),
    PurgedKind.EXPERIMENT: sa.select(experiments.c.id, sa.literal("")).where(experiments.c.id.in_(_gone_experiments())),
}
"""By kind, what may go: experiments last."""
_FIND_ALL = {kind: prepared(wanted) for kind, wanted in _FIND.items()}
_FIND_ONE = {kind: prepared(wanted.where(_IDS[kind] == sa.bindparam("named"))) for kind, wanted in _FIND.items()}
_PENDING = prepared(
    sa.select(purged.c.kind, purged.c.id, purged.c.artifact_uri).where(
        purged.c.artifact_uri.is_not(None), sa.not_(among_given(purged.c.id, "keep"))
    )
)
_ENTRY_URI = sa.select(purged.c.artifact_uri).where(*_ENTRY)
_IS_PURGED = prepared(_ENTRY_URI)
_PURGED_AMONG = prepared(sa.select(purged.c.id).where(_ENTRY[0], among_given(purged.c.id, "names")))
_NOTE_DONE = sa.update(purged).where(*_ENTRY).values(artifact_uri=None)


class PurgePart(Part):
    """Deletion for good."""

    def purge(
        self, until: int, *, keep: Collection[str] = (), discard: Callable[[Purged], object] | None = None
    ) -> Sequence[Purged]:
        """See `TrackingStore.purge`."""
        asked = {"until": until, "keep": json_list(keep)}
        with self._database.reading() as connection:
            found = [Purged(PurgedKind(kind), name, uri) for kind, name, uri in _PENDING.execute(connection, asked)]
            for kind, wanted in _FIND_ALL.items():
                found += [Purged(kind, str(name), uri) for name, uri in wanted.execute(connection, asked)]
        if discard is None:
            return found
        gone = [each for each in found if self._purge(each, asked, discard)]
        with self._database.writing() as connection:
            connection.execute(sa.delete(datasets).where(datasets.c.id.not_in(sa.select(inputs.c.dataset))))
        return gone

    def _purge(self, doomed: Purged, asked: Mapping[str, Any], discard: Callable[[Purged], object]) -> bool:
        """Claim a thing, have its files removed and note that; return whether it was still to be purged."""
        named = {"of": doomed.kind.value, "named": doomed.id}
        with self._database.writing() as connection:
            if not _claim(connection, doomed, {**asked, **named}):
                return False
        discard(doomed)
        with self._database.writing() as connection:
            connection.execute(_NOTE_DONE, named)
        return True


def deleted_time(stage: LifecycleStage, now: int) -> sa.ColumnElement[int] | None:
    """Return the value of a run's `deleted_time` in a stage: the time of the first deletion stays."""
    return sa.func.coalesce(runs.c.deleted_time, now) if stage is LifecycleStage.DELETED else None


def is_purged(connection: sa.Connection, kind: PurgedKind, name: str) -> bool:
    """Return whether a thing with this id was deleted for good."""
    return _IS_PURGED.execute(connection, {"of": kind.value, "named": name}).fetchone() is not None


def asked_purged(driver: Driver, kind: PurgedKind, name: str) -> tuple[Statement, Sequence[Any]]:
    """Return the statement that finds a row where a thing with this id was deleted for good, and its values."""
    return _IS_PURGED.asked(driver, {"of": kind.value, "named": name})


def asked_purged_among(driver: Driver, kind: PurgedKind, names: str) -> tuple[Statement, Sequence[Any]]:
    """Return the statement that finds which of some ids, a `json_list`, were deleted for good, and its values."""
    return _PURGED_AMONG.asked(driver, {"of": kind.value, "names": names})


def _claim(connection: sa.Connection, doomed: Purged, asked: Mapping[str, Any]) -> bool:
    """Take a thing out of its tables; return False where it was restored meanwhile, or is gone altogether."""
    entry = connection.execute(_ENTRY_URI, {"of": asked["of"], "named": asked["named"]}).one_or_none()
    if entry is not None:
        return entry.artifact_uri is not None
    if _FIND_ONE[doomed.kind].execute(connection, asked).fetchone() is None:
        return False
    if doomed.kind is PurgedKind.EXPERIMENT:
        return _remove_experiment(connection, int(doomed.id))
    values = {"kind": doomed.kind.value, "id": doomed.id, "artifact_uri": doomed.artifact_uri}
    connection.execute(sa.insert(purged), values)
    if doomed.kind is PurgedKind.LOGGED_MODEL:
        connection.execute(sa.delete(model_points).where(model_points.c.model_id == doomed.id))
    else:
        _remove_entries(connection, doomed.id)
    column = _IDS[doomed.kind]
    connection.execute(sa.delete(column.table).where(column == doomed.id))
    return True


def _remove_entries(connection: sa.Connection, run_id: str) -> None:
    """Remove what triggers count: in MariaDB none acts where rows go with the row that they refer to."""
    row = sa.select(runs.c.id).where(runs.c.run_id == run_id).scalar_subquery()
    for table in (series, params, tags):
        connection.execute(sa.delete(table).where(table.c.run == row))


def _remove_experiment(connection: sa.Connection, row: int) -> bool:
    """Remove an experiment, unless something is in it still."""
    empty = (~sa.exists().where(table.c.experiment == row) for table in (runs, logged_models))
    return connection.execute(sa.delete(experiments).where(experiments.c.id == row, *empty)).rowcount == 1
