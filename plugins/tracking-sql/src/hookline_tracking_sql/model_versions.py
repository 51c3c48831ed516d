"""Versions of registered models, and aliases, in tables."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hookline.entities import ModelVersion, NewModelVersion, Page, VersionChange, check_alias, now_ms
from hookline.errors import NotFound
from hookline.search.syntax import Query
from hookline.store_rules import changed_version, new_version, version_not_found
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.entries import delete_entries, set_entries
from hookline_tracking_sql.registered_models import find_model, touch_model
from hookline_tracking_sql.schema import aliases, model_version_tags, model_versions, registered_models
from hookline_tracking_sql.search.paging import fetch_page
from hookline_tracking_sql.search.targets import MODEL_VERSIONS
from hookline_tracking_sql.statements import Row, insert_row
from hookline_tracking_sql.version_records import SELECT_VERSIONS, read_versions


class ModelVersionPart:
    """The versions and aliases of a registry's models."""

    _database: Database

    def create_version(self, version: NewModelVersion) -> ModelVersion:
        """See `ModelRegistry.create_version`."""
        with self._database.writing() as connection:
            model = find_model(connection, version.name)
            created = new_version(version, model.last_number + 1, now_ms())
            row = insert_row(
                connection,
                model_versions,
                model=model.id,
                number=created.version,
                source=created.source,
                run_id=created.run_id,
                model_id=created.model_id,
                user_id=created.user_id,
                status=created.status.value,
                creation_time=created.creation_time,
                **_changeable(created),
            )
            set_entries(connection, model_version_tags, row, created.tags)
            connection.execute(
                sa.update(registered_models)
                .where(registered_models.c.id == model.id)
                .values(last_number=created.version, last_update_time=created.creation_time)
            )
        return created

    def get_version(self, name: str, version: int) -> ModelVersion:
        """See `ModelRegistry.get_version`."""
        with self._database.reading() as connection:
            model = find_model(connection, name)
            return read_versions(connection, [_find(connection, model, version)])[0]

    def get_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """See `ModelRegistry.get_version_by_alias`."""
        with self._database.reading() as connection:
            model = find_model(connection, name)
            wanted = SELECT_VERSIONS.join(aliases, aliases.c.version == model_versions.c.id)
            row = connection.execute(wanted.where(aliases.c.model == model.id, aliases.c.alias == alias)).one_or_none()
            if row is None:
                raise NotFound(f"Registered model alias {alias} not found.")
            return read_versions(connection, [row])[0]

    def update_version(self, name: str, version: int, change: VersionChange) -> ModelVersion:
        """See `ModelRegistry.update_version`."""
        with self._database.writing() as connection:
            model = find_model(connection, name)
            row = _find(connection, model, version)
            present = read_versions(connection, [row])[0]
            changed = changed_version(present, change, now_ms())
            connection.execute(
                sa.update(model_versions).where(model_versions.c.id == row.id).values(**_changeable(changed))
            )
            set_entries(connection, model_version_tags, row.id, dict(changed.tags.items() - present.tags.items()))
            delete_entries(connection, model_version_tags, row.id, present.tags.keys() - changed.tags.keys())
            if change.archive_existing:
                _archive_others(connection, row, changed)
            touch_model(connection, model.id, changed.last_update_time)
        return changed

    def delete_version(self, name: str, version: int) -> None:
        """See `ModelRegistry.delete_version`."""
        with self._database.writing() as connection:
            model = find_model(connection, name)
            row = _find(connection, model, version)
            connection.execute(sa.delete(model_versions).where(model_versions.c.id == row.id))
            touch_model(connection, model.id, now_ms())

    def search_versions(self, query: Query) -> Page[ModelVersion]:
        """See `ModelRegistry.search_versions`."""
        with self._database.reading() as connection:
            rows, token = fetch_page(connection, MODEL_VERSIONS, query)
            return Page(read_versions(connection, rows), token)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """See `ModelRegistry.set_alias`."""
        check_alias(alias)
        with self._database.writing() as connection:
            model = find_model(connection, name)
            row = _find(connection, model, version)
            statement = insert(aliases).values(model=model.id, alias=alias, version=row.id)
            statement = statement.on_conflict_do_update(
                index_elements=[aliases.c.model, aliases.c.alias], set_={"version": statement.excluded.version}
            )
            connection.execute(statement)
            touch_model(connection, model.id, now_ms())

    def delete_alias(self, name: str, alias: str) -> None:
        """See `ModelRegistry.delete_alias`."""
        with self._database.writing() as connection:
            model = find_model(connection, name)
            removed = sa.delete(aliases).where(aliases.c.model == model.id, aliases.c.alias == alias)
            if connection.execute(removed).rowcount:
                touch_model(connection, model.id, now_ms())


def _find(connection: sa.Connection, model: Row, version: int) -> Row:
    wanted = SELECT_VERSIONS.where(model_versions.c.model == model.id, model_versions.c.number == version)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise version_not_found(model.name, version)
    return row


def _changeable(version: ModelVersion) -> dict[str, Any]:
    return {
        "description": version.description,
        "current_stage": version.current_stage,
        "last_update_time": version.last_update_time,
    }


def _archive_others(connection: sa.Connection, row: Row, changed: ModelVersion) -> None:
    connection.execute(
        sa.update(model_versions)
        .where(
            model_versions.c.model == row.model,
            model_versions.c.id != row.id,
            model_versions.c.current_stage == changed.current_stage,
        )
        .values(current_stage="Archived", last_update_time=changed.last_update_time)
    )
