"""The model registry: every part of it over one database, and that of SQLite."""

from hookline.interfaces import ModelRegistry
from hookline_tracking_sql.dialects.base import Dialect
from hookline_tracking_sql.dialects.sqlite import SqliteDialect
from hookline_tracking_sql.model_versions import ModelVersionPart
from hookline_tracking_sql.opening import open_database
from hookline_tracking_sql.options import SqlOptions
from hookline_tracking_sql.registered_models import RegisteredModelPart


class RegistryTables(RegisteredModelPart, ModelVersionPart, ModelRegistry):
    """Registered models in the tables of one database, which may be that of a tracking store."""

    def __init__(self, uri: str, dialect: Dialect) -> None:
        self.uri = uri
        self._database = open_database(dialect)

    def close(self) -> None:
        """Give back what the registry holds open. Closing twice is no error."""
        self._database.close()


class SqlModelRegistry(RegistryTables):
    """Registered models in one SQLite file, which may be that of a tracking store.

    Args, and what is raised: as for `SqlTrackingStore`.
    """

    def __init__(self, uri: str, options: SqlOptions | None = None) -> None:
        super().__init__(uri, SqliteDialect(uri, options))
