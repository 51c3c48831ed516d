"""Tables of texts by an owner and a key: the tags and params of everything but runs."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hookline_tracking_sql.statements import Prepared, among_given, json_list, prepared


def owner_of(table: sa.Table) -> "sa.Column[int]":
    """Return the column that names the owner: the first of the table."""
    return next(iter(table.columns))


def read_entries(connection: sa.Connection, table: sa.Table, owners: Collection[int]) -> dict[int, dict[str, str]]:
    """Return the entries of each owner; one without any has an empty mapping."""
    found: dict[int, dict[str, str]] = {owner: {} for owner in owners}
    for owner, key, value in _reading(table).execute(connection, {"owners": json_list(owners)}):
        found[owner][key] = value
    return found


@cache
def _reading(table: sa.Table) -> Prepared:
    """Return the statement that reads a table, made once: that takes longer than executing it."""
    wanted = sa.select(owner_of(table), table.c.key, table.c.value)
    return prepared(wanted.where(among_given(owner_of(table), "owners")))


def set_entries(connection: sa.Connection, table: sa.Table, owner: int, entries: Mapping[str, str]) -> None:
    """Set entries of an owner; the others stay."""
    if entries:
        statement = insert(table)
        statement = statement.on_conflict_do_update(
            index_elements=[owner_of(table), table.c.key], set_={"value": statement.excluded.value}
        )
        name = owner_of(table).name
        connection.execute(statement, [{name: owner, "key": key, "value": entries[key]} for key in entries])


def delete_entries(connection: sa.Connection, table: sa.Table, owner: int, keys: Iterable[str]) -> None:
    """Remove entries of an owner; a missing one is no error."""
    listed = list(keys)
    if listed:
        connection.execute(sa.delete(table).where(owner_of(table) == owner, table.c.key.in_(listed)))
