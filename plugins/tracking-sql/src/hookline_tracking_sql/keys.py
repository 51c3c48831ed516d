"""The names of metrics, params and tags as small integers."""

from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hookline_tracking_sql import schema
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.statements import among, driver_of, driver_text

_ADD = driver_text(insert(schema.keys).on_conflict_do_nothing(), "name")


class Keys:
    """Knows the ids of names. An id never changes nor ends once it is committed, so both directions are remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def ids(self, names: Iterable[str]) -> Mapping[str, int]:
        """Return a mapping that holds the ids of `names`, and of others.

        Unknown names are stored in a transaction of their own, which must not be opened inside another one: an id
        that is remembered cannot be rolled back then.
        """
        missing = [name for name in names if name not in self._ids]
        if missing:
            with self._database.writing() as connection:
                driver_of(connection).executemany(_ADD, [(name,) for name in missing])
                found = self._read(connection, schema.keys.c.name, missing)
            self._remember(found)
        return self._ids

    def known(self, connection: sa.Connection, names: Iterable[str]) -> Mapping[str, int]:
        """Return a mapping that holds the ids of those of `names` that were ever used, and of others."""
        missing = [name for name in names if name not in self._ids]
        if missing:
            self._remember(self._read(connection, schema.keys.c.name, missing))
        return self._ids

    def names(self, connection: sa.Connection, ids: Collection[int]) -> Mapping[int, str]:
        """Return a mapping that holds the names of `ids`, which are read from stored rows."""
        missing = [each for each in ids if each not in self._names]
        if missing:
            self._remember(self._read(connection, schema.keys.c.id, missing))
        return self._names

    def _remember(self, found: Iterable[tuple[int, str]]) -> None:
        for key, name in found:
            self._ids[name] = key
            self._names[key] = name

    @staticmethod
    def _read(
        connection: sa.Connection, column: "sa.Column[int] | sa.Column[str]", values: Iterable[int | str]
    ) -> list[tuple[int, str]]:
        wanted = sa.select(schema.keys.c.id, schema.keys.c.name).where(among(column, values))
        return [(key, name) for key, name in connection.execute(wanted)]


def key_id(name: str) -> sa.ScalarSelect[int]:
    """Return the id of a name as an expression; NULL, which equals nothing, where the name was never used."""
    return sa.select(schema.keys.c.id).where(schema.keys.c.name == name).scalar_subquery()
