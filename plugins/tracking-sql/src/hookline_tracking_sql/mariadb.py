"""A tracking store and a model registry on MariaDB."""

from hookline_tracking_sql.dialects.mariadb import MariadbDialect
from hookline_tracking_sql.options import ServerOptions
from hookline_tracking_sql.registry import RegistryTables
from hookline_tracking_sql.store import TrackingTables


class MariadbTrackingStore(TrackingTables):
    """Experiments, runs, logged models and documents in a database of MariaDB.

    Args:
        uri: `mariadb://USER:PASSWORD@HOST:PORT/DATABASE`. The database must be there; tables are made in it.
        options: default `ServerOptions()`.

    Raises:
        InvalidValue: the URI has another form.
        Refused: the database is one of MLflow, or refuses this user.
        Unavailable: the server cannot be reached.
        InvalidState: the tables are of a newer version, or of an older one and need `hookline db upgrade`.
    """

    def __init__(self, uri: str, options: ServerOptions | None = None) -> None:
        super().__init__(uri, MariadbDialect(uri, options))


class MariadbModelRegistry(RegistryTables):
    """Registered models in a database of MariaDB, which may be that of a tracking store.

    Args, and what is raised: as for `MariadbTrackingStore`.
    """

    def __init__(self, uri: str, options: ServerOptions | None = None) -> None:
        super().__init__(uri, MariadbDialect(uri, options))
