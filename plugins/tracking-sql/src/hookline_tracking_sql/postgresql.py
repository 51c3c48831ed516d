"""A tracking store and a model registry on PostgreSQL."""

from hookline_tracking_sql.dialects.postgresql import PostgresqlDialect
from hookline_tracking_sql.options import ServerOptions
from hookline_tracking_sql.registry import RegistryTables
from hookline_tracking_sql.store import TrackingTables


class PostgresqlTrackingStore(TrackingTables):
    """Experiments, runs, logged models and documents in a database of PostgreSQL.

    Args:
        uri: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. The database must be there; tables are made in it, in the
            first schema of the search path.
        options: default `ServerOptions()`.

    Raises:
        InvalidValue: the URI has another form.
        Refused: the database is one of MLflow, or refuses this user.
        Unavailable: the server cannot be reached.
        InvalidState: the tables are of a newer version, or of an older one and need `hookline db upgrade`.
    """

    def __init__(self, uri: str, options: ServerOptions | None = None) -> None:
        super().__init__(uri, PostgresqlDialect(uri, options))


class PostgresqlModelRegistry(RegistryTables):
    """Registered models in a database of PostgreSQL, which may be that of a tracking store.

    Args, and what is raised: as for `PostgresqlTrackingStore`.
    """

    def __init__(self, uri: str, options: ServerOptions | None = None) -> None:
        super().__init__(uri, PostgresqlDialect(uri, options))
