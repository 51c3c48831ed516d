"""Leading an older database to the present schema with Alembic, which nothing else here imports."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from hookline.errors import InvalidState
from hookline_tracking_sql import schema
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.opening import require_known, revision

SCRIPTS = "hookline_tracking_sql:migrations"


def upgrade_database(database: Database) -> tuple[str | None, str]:
    """Bring a database to the present schema, whole or not at all; return the revisions before and after.

    Raises:
        InvalidState: it is newer than this version, or a migration left references that lead nowhere.
    """
    before = revision(database)
    if before == schema.HEAD:
        return before, schema.HEAD
    if before is not None:
        require_known(database.place, before)
    with database.migrating() as connection:
        command.upgrade(_config(connection), "head")
        if database.dialect.lost_references(connection):
            raise InvalidState(f"The upgrade of {database.place} would break references; nothing was changed.")
    return before, schema.HEAD


def revisions() -> tuple[str, ...]:
    """Return the revisions of all migrations, oldest first."""
    scripts = ScriptDirectory.from_config(_config(None)).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))


def _config(connection: sa.Connection | None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", SCRIPTS)
    return config
