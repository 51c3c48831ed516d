"""Searches for runs: which plan answers a query best, and its pages.

Without statistics SQLite cannot know whether a filter leaves ten runs or a million. So the indexes are asked, each up
to a limit: where one of them finds few runs they are all looked at and sorted, else the order is walked until the page
is full, which takes as long as runs that match are rare on the way.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import evolve, field, frozen

from hookline.entities import LifecycleStage, ViewType
from hookline.errors import InvalidValue
from hookline.search.paging import decode_token, encode_token
from hookline.search.syntax import Comparison, Entity, Field, Operator, OrderBy, Query
from hookline_tracking_sql import schema
from hookline_tracking_sql.keys import Keys
from hookline_tracking_sql.search.conditions import bound_value, compares_with_nan
from hookline_tracking_sql.search.paging import checked_position
from hookline_tracking_sql.search.run_plans import (
    RANKS,
    Lead,
    Plan,
    count_statement,
    page_statement,
    size_statement,
)
from hookline_tracking_sql.statements import among_given, driver_of, json_list, prepared

MOST_BRANCHES = 64
"""Up to so many experiments and stages are walked side by side; the runs of more are sorted."""
FEW = 200
"""So many runs are sorted without another thought."""
_KEYED = (Entity.METRIC, Entity.PARAM, Entity.TAG)
_STAGES = {
    ViewType.ACTIVE_ONLY: [LifecycleStage.ACTIVE],
    ViewType.DELETED_ONLY: [LifecycleStage.DELETED],
    ViewType.ALL: [LifecycleStage.ACTIVE, LifecycleStage.DELETED],
}
_LAST_RUN = prepared(sa.select(sa.func.max(schema.runs.c.id)))
_WITH_RUNS = prepared(
    sa.select(schema.experiments.c.id).where(
        among_given(schema.experiments.c.id, "experiments"),
        sa.exists().where(schema.runs.c.experiment == schema.experiments.c.id),
    )
)


@frozen
class RunSearch:
    """A query on some experiments, ready to be answered.

    Attributes:
        where, order: the shapes of the query. values: of the parameters.
    """

    connection: sa.Connection
    query: Query
    experiments: Sequence[int]
    where: tuple[Comparison, ...]
    order: tuple[OrderBy, ...]
    values: Mapping[str, Any]
    stages: Sequence[LifecycleStage] = field()

    @stages.default
    def _of_view(self) -> Sequence[LifecycleStage]:
        return _STAGES[self.query.view]

    def page(self, scope: Sequence[str]) -> tuple[list[int], str | None]:
        """Return the row ids of a page's runs, and the token of the next page where there is one.

        Raises:
            InvalidValue: the page token is damaged, or belongs to another query.
        """
        position = self._position(scope)
        wanted = self.query.max_results + 1
        rows: list[tuple[Any, ...]] = []
        for plan, values in self._plans(position):
            given = {**values, "size": wanted - len(rows)}
            rows += page_statement(plan).execute(self.connection, given)
            if len(rows) == wanted:
                break
        ids = [row[0] for row in rows[: self.query.max_results]]
        if len(rows) < wanted:
            return ids, None
        reached = list(rows[-2][1 : 1 + self._sort_count()])
        return ids, encode_token(self.query, reached, scope)

    def count(self) -> int:
        """Return how many runs there are on all pages together."""
        # All that passes is looked at: which index finds the least of it is worth asking to the end.
        plan = self._sorted(self._smallest(self._last_run())[0])
        counted: int = count_statement(plan).execute(self.connection, self.values).fetchone()[0]
        return counted

    # Plans

    def _plans(self, position: Sequence[Any] | None) -> Iterator[tuple[Plan, Mapping[str, Any]]]:
        """Yield what to execute, one after the other, until the page is full."""
        reached = {f"p{number}": value for number, value in enumerate(position or ())}
        values = {**self.values, **reached}
        few = self._few(self.query.max_results)
        leads = self._leads()
        # A comparison with what is walked bounds the walk by itself.
        walked = self.query.order_by[0].field if leads else None
        driver, size = self._smallest(few, walked)
        if size < few or not leads:
            yield evolve(self._sorted(driver), resumed=position is not None), values
            return
        start = position[0] if position is not None and leads[0] in RANKS else 0
        for lead in leads:
            rank = RANKS.get(lead, 0)
            if rank >= start:
                yield self._walked(lead, position is not None and rank == start), values

    def _sorted(self, driver: int | None) -> Plan:
        return Plan(self.where, self.order, Lead.SORTED, driver=driver, stages=len(self.stages))

    def _walked(self, lead: Lead, resumed: bool) -> Plan:
        of_lead = tuple(
            number
            for number, comparison in enumerate(self.query.where)
            if lead in RANKS and comparison.field == self.query.order_by[0].field
        )
        places, stages = len(self.experiments), len(self.stages)
        return Plan(self.where, self.order, lead, of_lead, None, places, stages, resumed)

    def _leads(self) -> list[Lead]:
        """Return how the order may be walked: not at all where no index has it."""
        first = self.query.order_by[0].field
        if len(self.experiments) * len(self.stages) > MOST_BRANCHES:
            return []
        if first.entity is Entity.ATTRIBUTE:
            return [Lead.TIME] if first.key == "start_time" else []
        signs = {each.operator for each in self.query.where if each.field == first}
        found = [] if Operator.IS_NULL in signs else [Lead.VALUES]
        if first.entity is Entity.METRIC and signs <= {Operator.NOT_EQUAL, Operator.IS_NOT_NULL}:
            found.append(Lead.NANS)
        return [*found, Lead.MISSING] if signs <= {Operator.IS_NULL} else found

    # How much there is

    def _few(self, wanted: int) -> int:
        """Return how many runs are sorted as fast as a walk finds those of a page, if runs are spread evenly."""
        return max(FEW, math.isqrt(wanted * self._last_run() // 4))

    def _last_run(self) -> int:
        """Return the greatest row id of a run, which is about how many runs there are."""
        last: int = _LAST_RUN.execute(self.connection, {}).fetchone()[0] or 0
        return last

    def _smallest(self, most: int, walked: Field | None = None) -> tuple[int | None, int]:
        """Return which comparison the fewest runs come into question for, and how many, counted up to `most`."""
        asked = [number for number, comparison in enumerate(self.query.where) if comparison.field != walked]
        sizes = {number: self._size(number, most) for number in asked}
        known = {number: size for number, size in sizes.items() if size is not None}
        if not known:
            return None, most
        best = min(known, key=known.__getitem__)
        return best, known[best]

    def _size(self, number: int, most: int) -> int | None:
        comparison = self.where[number]
        if comparison.field == _RUN_ID and comparison.operator in (Operator.EQUAL, Operator.IN):
            return 0
        statement = size_statement(comparison, len(self.stages))
        if statement is None:
            return None
        own = {"w0": self.values.get(f"w{number}"), "k0": self.values.get(f"k{number}"), "size": most}
        counted: int = statement.execute(self.connection, {**self.values, **own}).fetchone()[0]
        return counted

    # Positions

    def _sort_count(self) -> int:
        keyed_or_nullable = [each for each in self.order if each.field.entity in _KEYED or each.field == _END_TIME]
        return len(self.order) + len(keyed_or_nullable)

    def _position(self, scope: Sequence[str]) -> Sequence[Any] | None:
        position = decode_token(self.query, scope)
        if position is None:
            return None
        checked = checked_position(position, self._sort_count())
        if self.order[0].field.entity in _KEYED and checked[0] not in RANKS.values():
            raise InvalidValue("Invalid page token: it must be the next_page_token of the previous page.")
        return checked


_RUN_ID = Field(Entity.ATTRIBUTE, "run_id")
_END_TIME = Field(Entity.ATTRIBUTE, "end_time", True)


def run_search(connection: sa.Connection, keys: Keys, experiments: Sequence[int], query: Query) -> RunSearch | None:
    """Return a search that can be answered; None where nothing can be found."""
    where = [_without_nan(comparison) for comparison in query.where]
    if len(experiments) > 1:
        experiments = [row[0] for row in _WITH_RUNS.execute(connection, {"experiments": json_list(experiments)})]
    if None in where or not experiments:
        return None
    query = evolve(query, where=tuple(each for each in where if each is not None))
    fields = [*(each.field for each in query.where), *(each.field for each in query.order_by)]
    ids = keys.known(connection, {each.key for each in fields if each.entity in _KEYED})
    values: dict[str, Any] = {"experiments": json_list(experiments)}
    values |= {f"e{number}": each for number, each in enumerate(experiments[:MOST_BRANCHES])}
    values |= {f"s{number}": stage.value for number, stage in enumerate(_STAGES[query.view])}
    number_of = driver_of(connection).stored
    for number, comparison in enumerate(query.where):
        wanted = bound_value(comparison)
        values[f"w{number}"] = number_of(wanted) if comparison.field.entity is Entity.METRIC else wanted
        values[f"k{number}"] = ids.get(comparison.field.key)
        if comparison.field == _RUN_ID and comparison.operator in (Operator.EQUAL, Operator.IN):
            asked: Any = comparison.value
            values.setdefault("ids", json_list({asked} if isinstance(asked, str) else set(asked)))
    values |= {f"o{number}": ids.get(order.field.key) for number, order in enumerate(query.order_by)}
    shapes = tuple(evolve(each, field=_shape(each.field), value=None) for each in query.where)
    orders = tuple(evolve(each, field=_shape(each.field)) for each in query.order_by)
    return RunSearch(connection, query, experiments, shapes, orders, values)


def _shape(named: Field) -> Field:
    return evolve(named, key="") if named.entity in _KEYED else named


def _without_nan(comparison: Comparison) -> Comparison | None:
    """Return a comparison that is not with NaN and holds for the same; None where it holds for nothing."""
    if not compares_with_nan(comparison):
        return comparison
    return evolve(comparison, operator=Operator.IS_NOT_NULL) if comparison.operator is Operator.NOT_EQUAL else None
