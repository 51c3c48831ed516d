"""Opening a store's database: an empty one gets the tables, an older or newer one an error that says what to do."""

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hookline.entities import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, now_ms
from hookline.errors import InvalidState, NotFound
from hookline.store_rules import new_experiment
from hookline_tracking_sql import schema
from hookline_tracking_sql.dialects.base import Dialect
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.statements import driver_of


def open_database(dialect: Dialect) -> Database:
    """Open a database, in which our tables are made where they are not there.

    Raises:
        InvalidValue: it is none of this system.
        Refused: it is MLflow's database, or cannot be read or written.
        Unavailable: it cannot be reached.
        InvalidState: its tables are of an older or newer version of this plugin.
    """
    ours = dialect.holds_our_tables()
    database = Database(dialect)
    try:
        if ours is False or revision(database) is None:
            create_schema(database)
        require_current(database)
        database.set_up()
    except BaseException:
        database.close()
        raise
    return database


def open_existing(dialect: Dialect) -> Database:
    """Open a database that is there and is ours, whatever the version of its schema.

    Raises:
        NotFound: there is none, and none is made. Otherwise as `open_database`.
    """
    ours = dialect.holds_our_tables()
    database = None if ours is False else Database(dialect)
    if database is not None:
        try:
            if ours or revision(database) is not None:
                return database
        except BaseException:
            database.close()
            raise
        database.close()
    raise NotFound(f"{dialect.place} holds no tables of Hookline. They are made when the store is first used.")


def revision(database: Database) -> str | None:
    """Return the revision of a database's schema, or None where it has none of our tables.

    Where tables are made outside of transactions, whoever makes them is waited for: a reader could see some of them, or
    not be allowed to read a table that is younger than the moment that it sees.
    """
    with database.reading() if database.dialect.is_transactional else database.writing() as connection:
        return _revision(connection)


def require_current(database: Database) -> None:
    """Raise `InvalidState` where the schema of a database is not the one that this version knows."""
    present = revision(database)
    if present == schema.HEAD:
        return
    require_known(database.place, present)
    raise InvalidState(
        f"The tables of {database.place} are of an older version (schema {present}; this version needs {schema.HEAD}). "
        "Make a copy of the database first, then run: hookline db upgrade"
    )


def require_known(place: str, present: str | None) -> None:
    """Raise `InvalidState` where a revision is none that this version knows, so that a newer version wrote it."""
    if present not in schema.SCHEMA_VERSIONS:
        raise InvalidState(
            f"The tables of {place} are of a newer version (schema {present}; this version knows up to {schema.HEAD}). "
            "Nothing was changed. Upgrade the plugin: pip install --upgrade hookline-tracking-sql"
        )


def create_schema(database: Database) -> None:
    """Create all tables and the experiment `Default`, unless another process was faster.

    Where a system cannot take tables back, what an earlier attempt made is used: the revision is written at the end.
    """
    dialect = database.dialect
    with database.writing() as connection:
        tables = sa.inspect(connection).get_table_names()
        dialect.refuse_foreign(tables)
        if _revision(connection) is not None:
            return
        schema.metadata.create_all(connection, checkfirst=not dialect.is_transactional)
        default = new_experiment(DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, None, None, now_ms())
        connection.execute(
            insert(schema.experiments)
            .values(
                id=int(DEFAULT_EXPERIMENT_ID),
                name=default.name,
                artifact_location=default.artifact_location,
                lifecycle_stage=default.lifecycle_stage.value,
                creation_time=default.creation_time,
                last_update_time=default.last_update_time,
            )
            .on_conflict_do_nothing()
        )
        connection.execute(sa.insert(schema.schema_version).values(version_num=schema.HEAD))
        if not tables:  # a database that is shared with another program keeps that program's mark
            dialect.mark(driver_of(connection))


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(schema.schema_version.name):
        return None
    found: str | None = connection.execute(sa.select(schema.schema_version.c.version_num)).scalar()
    return found
