"""The model registry: every part of it over one database."""

from hookline.interfaces import ModelRegistry
from hookline_tracking_sql.model_versions import ModelVersionPart
from hookline_tracking_sql.opening import open_database
from hookline_tracking_sql.options import SqlOptions
from hookline_tracking_sql.registered_models import RegisteredModelPart


class SqlModelRegistry(RegisteredModelPart, ModelVersionPart, ModelRegistry):
    """Registered models in one SQLite file, which may be that of a tracking store.

    Args, and what is raised: as for `SqlTrackingStore`.
    """

    def __init__(self, uri: str, options: SqlOptions | None = None) -> None:
        self.uri = uri
        self._database = open_database(uri, options)

    def close(self) -> None:
        """Give back what the registry holds open. Closing twice is no error."""
        self._database.close()
