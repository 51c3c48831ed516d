"""Registered models in tables."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from hookline.entities import ModelChange, Page, RegisteredModel, now_ms
from hookline.search.syntax import Query
from hookline.store_rules import changed_model, model_exists, model_not_found, new_model
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.entries import delete_entries, read_entries, set_entries
from hookline_tracking_sql.schema import aliases, model_versions, registered_model_tags, registered_models
from hookline_tracking_sql.search.paging import fetch_page
from hookline_tracking_sql.search.targets import REGISTERED_MODELS
from hookline_tracking_sql.statements import Row, among, insert_row
from hookline_tracking_sql.version_records import read_latest


class RegisteredModelPart:
    """The registered models of a registry."""

    _database: Database

    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """See `ModelRegistry.create_model`."""
        created = new_model(name, description, tags, now_ms())
        with self._database.writing() as connection:
            _require_free(connection, name)
            row = insert_row(
                connection,
                registered_models,
                name=created.name,
                description=created.description,
                creation_time=created.creation_time,
                last_update_time=created.last_update_time,
                last_number=0,
            )
            set_entries(connection, registered_model_tags, row, created.tags)
        return created

    def get_model(self, name: str) -> RegisteredModel:
        """See `ModelRegistry.get_model`."""
        with self._database.reading() as connection:
            return _models(connection, [find_model(connection, name)])[0]

    def update_model(self, name: str, change: ModelChange) -> RegisteredModel:
        """See `ModelRegistry.update_model`."""
        with self._database.writing() as connection:
            row = find_model(connection, name)
            present = _models(connection, [row])[0]
            changed = changed_model(present, change, now_ms())
            if changed.name != present.name:
                _require_free(connection, changed.name)
            connection.execute(
                sa.update(registered_models)
                .where(registered_models.c.id == row.id)
                .values(name=changed.name, description=changed.description, last_update_time=changed.last_update_time)
            )
            set_entries(connection, registered_model_tags, row.id, dict(changed.tags.items() - present.tags.items()))
            delete_entries(connection, registered_model_tags, row.id, present.tags.keys() - changed.tags.keys())
            return _models(connection, [find_model(connection, changed.name)])[0]

    def delete_model(self, name: str) -> None:
        """See `ModelRegistry.delete_model`."""
        with self._database.writing() as connection:
            row = find_model(connection, name)
            connection.execute(sa.delete(registered_models).where(registered_models.c.id == row.id))

    def search_models(self, query: Query) -> Page[RegisteredModel]:
        """See `ModelRegistry.search_models`."""
        with self._database.reading() as connection:
            rows, token = fetch_page(connection, REGISTERED_MODELS, query)
            return Page(_models(connection, rows), token)


def find_model(connection: sa.Connection, name: str) -> Row:
    """Return the row of a registered model. Raises `NotFound`."""
    row = connection.execute(sa.select(registered_models).where(registered_models.c.name == name)).one_or_none()
    if row is None:
        raise model_not_found(name)
    return row


def touch_model(connection: sa.Connection, model: int, now: int) -> None:
    """Note that a version or an alias of a model changed."""
    connection.execute(sa.update(registered_models).where(registered_models.c.id == model).values(last_update_time=now))


def _require_free(connection: sa.Connection, name: str) -> None:
    taken = sa.select(registered_models.c.id).where(registered_models.c.name == name)
    if connection.execute(taken).scalar() is not None:
        raise model_exists(name)


def _models(connection: sa.Connection, rows: Iterable[Row]) -> list[RegisteredModel]:
    found = {row.id: row for row in rows}
    tags = read_entries(connection, registered_model_tags, found)
    latest = read_latest(connection, found)
    pointing: dict[int, dict[str, int]] = {}
    wanted = (
        sa.select(aliases.c.model, aliases.c.alias, model_versions.c.number)
        .join(model_versions, model_versions.c.id == aliases.c.version)
        .where(among(aliases.c.model, found))
    )
    for model, alias, number in connection.execute(wanted):
        pointing.setdefault(model, {})[alias] = number
    return [
        RegisteredModel(
            name=row.name,
            description=row.description,
            creation_time=row.creation_time,
            last_update_time=row.last_update_time,
            tags=tags[row.id],
            aliases=pointing.get(row.id, {}),
            latest_versions=latest.get(row.id, ()),
        )
        for row in found.values()
    ]
