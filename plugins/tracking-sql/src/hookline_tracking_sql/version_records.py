"""Model versions as entities: their rows together with their tags and aliases, one statement for each table."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from hookline.entities import ModelVersion, VersionStatus
from hookline.store_rules import latest_versions
from hookline_tracking_sql.entries import read_entries
from hookline_tracking_sql.schema import aliases, model_version_tags, model_versions
from hookline_tracking_sql.search.targets import MODEL_VERSIONS
from hookline_tracking_sql.statements import Row, among

SELECT_VERSIONS = sa.select(*MODEL_VERSIONS.columns).select_from(MODEL_VERSIONS.source)
"""Versions with the names of their models."""


def read_versions(connection: sa.Connection, rows: Iterable[Row]) -> list[ModelVersion]:
    """Return the versions of rows of `SELECT_VERSIONS`, in their order."""
    found = {row.id: row for row in rows}
    tags = read_entries(connection, model_version_tags, found)
    pointing: dict[int, list[str]] = {}
    wanted = sa.select(aliases.c.version, aliases.c.alias).where(among(aliases.c.version, found))
    for version, alias in connection.execute(wanted.order_by(aliases.c.alias)):
        pointing.setdefault(version, []).append(alias)
    return [
        ModelVersion(
            name=row.name,
            version=row.number,
            source=row.source,
            run_id=row.run_id,
            model_id=row.model_id,
            description=row.description,
            user_id=row.user_id,
            status=VersionStatus(row.status),
            current_stage=row.current_stage,
            creation_time=row.creation_time,
            last_update_time=row.last_update_time,
            tags=tags[row.id],
            aliases=tuple(pointing.get(row.id, ())),
        )
        for row in found.values()
    ]


def read_latest(connection: sa.Connection, models: Collection[int]) -> dict[int, tuple[ModelVersion, ...]]:
    """Return the highest version of every stage, by the row id of the model."""
    table = model_versions.c
    highest = (
        sa.select(sa.func.max(table.number))
        .where(among(table.model, models))
        .group_by(table.model, table.current_stage)
        .with_only_columns(table.model, sa.func.max(table.number).label("number"))
        .subquery()
    )
    wanted = SELECT_VERSIONS.join(highest, sa.and_(highest.c.model == table.model, highest.c.number == table.number))
    rows = connection.execute(wanted).all()
    by_model: dict[int, list[ModelVersion]] = {}
    for row, version in zip(rows, read_versions(connection, rows), strict=True):
        by_model.setdefault(row.model, []).append(version)
    return {model: latest_versions(versions) for model, versions in by_model.items()}
