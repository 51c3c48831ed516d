"""What the runs of a store have in common: how many there are, and which keys they have."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from hookline.entities import KeyKind, RunKey, ValueType
from hookline.search.syntax import Query
from hookline.store_rules import reads_as_number
from hookline_tracking_sql.base import Part, experiment_row_ids
from hookline_tracking_sql.expressions import value_prefix
from hookline_tracking_sql.schema import params, run_keys, tags
from hookline_tracking_sql.search.run_search import run_search
from hookline_tracking_sql.statements import Prepared, among_given, json_list, prepared

SAMPLE = 20
"""So many values are looked at on either end of an index, in each experiment, to tell numbers from other texts."""
_TABLES = {KeyKind.PARAM: params, KeyKind.TAG: tags}
_KEYS = prepared(
    sa.select(run_keys.c.experiment, run_keys.c.kind, run_keys.c.key, run_keys.c.runs).where(
        among_given(run_keys.c.experiment, "experiments"), run_keys.c.runs > 0
    )
)


def _some_values(table: sa.Table) -> list[Prepared]:
    """Return the statements that read some values of a key, from the least and from the greatest on."""
    start = value_prefix(table.c.value)
    wanted = sa.select(start).where(table.c.experiment == sa.bindparam("place"), table.c.key == sa.bindparam("named"))
    size = sa.bindparam("size", type_=sa.Integer)
    return [prepared(wanted.order_by(order).limit(size)) for order in (start.asc(), start.desc())]


_SOME_VALUES = {kind: _some_values(table) for kind, table in _TABLES.items()}


class CataloguePart(Part):
    """Counts of runs, and the keys that they have."""

    def count_runs(self, experiment_ids: Sequence[str], query: Query) -> int:
        """See `TrackingStore.count_runs`."""
        with self._database.reading() as connection:
            asked = run_search(connection, self._keys, experiment_row_ids(experiment_ids), query)
            return asked.count() if asked else 0

    def run_keys(self, experiment_ids: Sequence[str]) -> Sequence[RunKey]:
        """See `TrackingStore.run_keys`: counts are kept, and of the values some are looked at."""
        given = {"experiments": json_list(experiment_row_ids(experiment_ids))}
        places: dict[tuple[KeyKind, int], dict[int, int]] = {}
        with self._database.reading() as connection:
            for experiment, kind, key, count in _KEYS.execute(connection, given).fetchall():
                places.setdefault((KeyKind(kind), key), {})[experiment] = count
            names = self._keys.names(connection, {key for _, key in places})
            found = [
                RunKey(kind, names[key], _type(connection, kind, key, counts), sum(counts.values()))
                for (kind, key), counts in places.items()
            ]
        return sorted(found, key=lambda each: (each.kind, each.key))


def _type(connection: sa.Connection, kind: KeyKind, key: int, experiments: Collection[int]) -> ValueType:
    """Return how the values of a key read. What is no number begins with what sorts before or behind all digits."""
    if kind is KeyKind.METRIC:
        return ValueType.NUMBER
    for experiment in experiments:
        for statement in _SOME_VALUES[kind]:
            given: Mapping[str, int] = {"place": experiment, "named": key, "size": SAMPLE}
            if not all(reads_as_number(value) for (value,) in statement.execute(connection, given)):
                return ValueType.TEXT
    return ValueType.NUMBER
