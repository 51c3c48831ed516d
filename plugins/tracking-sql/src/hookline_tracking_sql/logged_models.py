"""Logged models in tables."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from hookline.entities import (
    LifecycleStage,
    LoggedModel,
    LoggedModelChange,
    Metric,
    ModelStatus,
    NewLoggedModel,
    Page,
    PurgedKind,
    now_ms,
)
from hookline.search.syntax import Query
from hookline.store_rules import changed_logged_model, logged_model_not_found, logged_model_purged, new_logged_model
from hookline_tracking_sql.base import Part, experiment_row_ids
from hookline_tracking_sql.entries import delete_entries, read_entries, set_entries
from hookline_tracking_sql.experiments import experiment_by_id
from hookline_tracking_sql.keys import Keys
from hookline_tracking_sql.purging import is_purged
from hookline_tracking_sql.run_records import NAN
from hookline_tracking_sql.schema import logged_model_params, logged_model_tags, logged_models, model_points
from hookline_tracking_sql.search.conditions import one_of
from hookline_tracking_sql.search.paging import fetch_page
from hookline_tracking_sql.search.targets import LOGGED_MODELS
from hookline_tracking_sql.statements import Row, among, driver_of, insert_row


class LoggedModelPart(Part):
    """The logged models of a store."""

    def create_logged_model(self, model: NewLoggedModel) -> LoggedModel:
        """See `LoggedModels.create_logged_model`."""
        with self._database.writing() as connection:
            row = _find(connection, model.model_id)
            if row is None:
                if is_purged(connection, PurgedKind.LOGGED_MODEL, model.model_id):
                    raise logged_model_purged(model.model_id)
                experiment = experiment_by_id(driver_of(connection), model.experiment_id)
                _insert(connection, new_logged_model(model, experiment))
            return self._model(connection, model.model_id)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """See `LoggedModels.get_logged_model`."""
        with self._database.reading() as connection:
            found = self._model(connection, model_id)
        if found.lifecycle_stage is LifecycleStage.DELETED:
            raise logged_model_not_found(model_id)
        return found

    def update_logged_model(self, model_id: str, change: LoggedModelChange) -> LoggedModel:
        """See `LoggedModels.update_logged_model`."""
        with self._database.writing() as connection:
            present = self._model(connection, model_id)
            changed = changed_logged_model(present, change, now_ms())
            _store_change(connection, present, changed)
        return changed

    def search_logged_models(self, experiment_ids: Sequence[str], query: Query) -> Page[LoggedModel]:
        """See `LoggedModels.search_logged_models`."""
        scope = sorted(set(experiment_ids))
        experiments = experiment_row_ids(scope)
        within = [one_of(logged_models.c.experiment, experiments)] if scope else []
        with self._database.reading() as connection:
            rows, token = fetch_page(connection, LOGGED_MODELS, query, within=within, scope=scope)
            return Page(_models(connection, self._keys, rows), token)

    def _model(self, connection: sa.Connection, model_id: str) -> LoggedModel:
        row = _find(connection, model_id)
        if row is None:
            raise logged_model_not_found(model_id)
        return _models(connection, self._keys, [row])[0]


def _find(connection: sa.Connection, model_id: str) -> Row | None:
    return connection.execute(sa.select(logged_models).where(logged_models.c.model_id == model_id)).one_or_none()


def _insert(connection: sa.Connection, model: LoggedModel) -> None:
    row = insert_row(
        connection,
        logged_models,
        model_id=model.model_id,
        experiment=int(model.experiment_id),
        name=model.name,
        artifact_uri=model.artifact_uri,
        model_type=model.model_type,
        source_run_id=model.source_run_id,
        creation_time=model.creation_time,
        **_changeable(model),
    )
    set_entries(connection, logged_model_params, row, model.params)
    set_entries(connection, logged_model_tags, row, model.tags)


def _changeable(model: LoggedModel) -> dict[str, Any]:
    return {
        "status": model.status.value,
        "status_message": model.status_message,
        "lifecycle_stage": model.lifecycle_stage.value,
        "last_update_time": model.last_update_time,
    }


def _store_change(connection: sa.Connection, present: LoggedModel, changed: LoggedModel) -> None:
    where = logged_models.c.model_id == changed.model_id
    row = connection.execute(sa.select(logged_models.c.id).where(where)).scalar_one()
    connection.execute(sa.update(logged_models).where(where).values(**_changeable(changed)))
    set_entries(connection, logged_model_params, row, dict(changed.params.items() - present.params.items()))
    set_entries(connection, logged_model_tags, row, dict(changed.tags.items() - present.tags.items()))
    delete_entries(connection, logged_model_tags, row, present.tags.keys() - changed.tags.keys())


def _models(connection: sa.Connection, keys: Keys, rows: Iterable[Row]) -> list[LoggedModel]:
    found = {row.id: row for row in rows}
    params = read_entries(connection, logged_model_params, found)
    tags = read_entries(connection, logged_model_tags, found)
    metrics = _metrics(connection, keys, [row.model_id for row in found.values()])
    return [
        LoggedModel(
            model_id=row.model_id,
            experiment_id=str(row.experiment),
            name=row.name,
            artifact_uri=row.artifact_uri,
            status=ModelStatus(row.status),
            status_message=row.status_message,
            lifecycle_stage=LifecycleStage(row.lifecycle_stage),
            model_type=row.model_type,
            source_run_id=row.source_run_id,
            creation_time=row.creation_time,
            last_update_time=row.last_update_time,
            params=params[row.id],
            tags=tags[row.id],
            metrics=tuple(metrics.get(row.model_id, ())),
        )
        for row in found.values()
    ]


def _metrics(connection: sa.Connection, keys: Keys, model_ids: Collection[str]) -> dict[str, list[Metric]]:
    wanted = sa.select(model_points).where(among(model_points.c.model_id, model_ids)).order_by(model_points.c.id)
    rows = connection.execute(wanted).all()
    names = keys.names(connection, {row.key for row in rows})
    found: dict[str, list[Metric]] = {}
    for row in rows:
        point = Metric(
            key=names[row.key],
            value=NAN if row.value is None else row.value,
            step=row.step,
            timestamp=row.timestamp,
            model_id=row.model_id,
            dataset_name=row.dataset_name or None,
            dataset_digest=row.dataset_digest or None,
        )
        found.setdefault(row.model_id, []).append(point)
    return found
