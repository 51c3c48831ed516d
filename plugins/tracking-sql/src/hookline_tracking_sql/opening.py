"""Opening a store's database: an empty file gets the tables, an older or newer one an error that says what to do."""

from pathlib import Path

import sqlalchemy as sa

from hookline.entities import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, now_ms
from hookline.errors import InvalidState, NotFound
from hookline.store_rules import new_experiment
from hookline_tracking_sql import schema
from hookline_tracking_sql.engine import Database, driver_of
from hookline_tracking_sql.location import MARK_AS_OURS, Contents, database_path, inspect, refuse_mlflow
from hookline_tracking_sql.options import SqlOptions


def open_database(uri: str, options: SqlOptions | None) -> Database:
    """Open the database of a `sqlite:` URI, which is created where it is not there.

    Raises:
        InvalidValue: the URI or the file is none of a SQLite database.
        Refused: it is MLflow's database, or cannot be read or written.
        InvalidState: its tables are of an older or newer version of this plugin.
    """
    path = database_path(uri)
    contents = inspect(path)
    database = Database(path, options or SqlOptions())
    try:
        if contents is not Contents.OURS or revision(database) is None:
            create_schema(database)
        require_current(database)
        database.set_journal()
    except BaseException:
        database.close()
        raise
    return database


def open_existing(uri: str) -> Database:
    """Open a database that is there and is ours, whatever the version of its schema.

    Raises:
        NotFound: there is none, and none is made. Otherwise as `open_database`.
    """
    path = database_path(uri)
    if inspect(path) is not Contents.OURS:
        raise NotFound(f"{path} holds no tables of Hookline. They are made when the store is first used.")
    return Database(path, SqlOptions())


def revision(database: Database) -> str | None:
    """Return the revision of a database's schema, or None where it has none of our tables."""
    with database.reading() as connection:
        return _revision(connection)


def require_current(database: Database) -> None:
    """Raise `InvalidState` where the schema of a database is not the one that this version knows."""
    present = revision(database)
    if present == schema.HEAD:
        return
    require_known(database.path, present)
    raise InvalidState(
        f"The tables of {database.path} are of an older version (schema {present}; this version needs {schema.HEAD}). "
        "Make a copy of the file, then run: hookline db upgrade"
    )


def require_known(path: Path, present: str | None) -> None:
    """Raise `InvalidState` where a revision is none that this version knows, so that a newer version wrote it."""
    if present not in schema.SCHEMA_VERSIONS:
        raise InvalidState(
            f"The tables of {path} are of a newer version (schema {present}; this version knows up to {schema.HEAD}). "
            "Nothing was changed. Upgrade the plugin: pip install --upgrade hookline-tracking-sql"
        )


def create_schema(database: Database) -> None:
    """Create all tables and the experiment `Default`, unless another process was faster."""
    with database.writing() as connection:
        tables = sa.inspect(connection).get_table_names()
        refuse_mlflow(database.path, tables)
        if _revision(connection) is not None:
            return
        schema.metadata.create_all(connection, checkfirst=False)
        connection.execute(sa.insert(schema.schema_version).values(version_num=schema.HEAD))
        default = new_experiment(DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, None, None, now_ms())
        connection.execute(
            sa.insert(schema.experiments).values(
                id=int(DEFAULT_EXPERIMENT_ID),
                name=default.name,
                artifact_location=default.artifact_location,
                lifecycle_stage=default.lifecycle_stage.value,
                creation_time=default.creation_time,
                last_update_time=default.last_update_time,
            )
        )
        if not tables:  # a database that is shared with another program keeps that program's mark
            driver_of(connection).execute(MARK_AS_OURS)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(schema.schema_version.name):
        return None
    found: str | None = connection.execute(sa.select(schema.schema_version.c.version_num)).scalar()
    return found
