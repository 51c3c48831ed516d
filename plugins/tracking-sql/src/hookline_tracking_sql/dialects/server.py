"""What database servers have in common, as against files."""

from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from hookline.errors import HooklineError, InvalidValue, Refused
from hookline.uris import without_secrets
from hookline_tracking_sql import schema
from hookline_tracking_sql.dialects.base import Dialect
from hookline_tracking_sql.options import ServerOptions


class ServerDialect(Dialect):
    """A database on a server, for a URI `SCHEME://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE`.

    Attributes:
        example: a URI, for messages. drivername: SQLAlchemy's name for system and driver.

    Raises:
        InvalidValue: the URI has another form, or names no database.
    """

    example: ClassVar[str]
    drivername: ClassVar[str]

    def __init__(self, uri: str, options: ServerOptions | None = None) -> None:
        self._options = options or ServerOptions()
        self.place = f"The database {without_secrets(uri).partition('?')[0]}"
        try:
            parsed = sa.make_url(uri)
        except (sa.exc.ArgumentError, ValueError) as error:
            raise InvalidValue(f"{self.place} is not of the form of {self.example}") from error
        if not parsed.database:
            raise InvalidValue(f"{self.place}: the URI names no database. An example: {self.example}")
        self._url = parsed.set(drivername=self.drivername)

    def engine_options(self) -> Mapping[str, Any]:
        """See `Dialect.engine_options`. A connection is tried before its use, since the server may have closed it."""
        few = min(4, self._options.connections)
        return {
            "pool_size": few,
            "max_overflow": self._options.connections - few + 1,  # the one that writes
            "pool_timeout": self._options.busy_timeout,
            "pool_pre_ping": True,
        }

    def url(self) -> sa.URL:
        """See `Dialect.url`."""
        return self._url

    def is_mlflows(self) -> HooklineError:
        """See `Dialect.is_mlflows`."""
        return Refused(
            f"{self.place} is one of MLflow. Hookline never writes into one, and nothing in it was changed. Make "
            "another database for Hookline, and name that."
        )

    def damage(self, connection: sa.Connection) -> list[str]:
        """See `Dialect.damage`: a server looks after its files itself; what can be seen is whether tables are there."""
        missing = schema.metadata.tables.keys() - {*sa.inspect(connection).get_table_names()}
        return [f"the table {name} is not there" for name in sorted(missing)]
