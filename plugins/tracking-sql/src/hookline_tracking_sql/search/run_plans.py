"""Searches for runs as statements that stay fast among millions: each finds row ids and what they are sorted by.

An index gives the order, and the search ends where the page is full; every run on the way is tested with probes into
primary keys (`EXISTS`), never with a join of metrics, params and tags. Where a filter leaves few runs its index leads
instead, and they are sorted. One statement is made for each shape of a search, since making one takes longer than
executing it: whatever differs between searches of a shape is a parameter.

    s0, s1, ...: lifecycle stages       e0, e1, ...: experiments, or `experiments`: a JSON list of them
    k0, k1, ...: keys of comparisons    w0, w1, ...: what they compare with        ids: a JSON list of run ids
    o0, o1, ...: keys of the order      p0, p1, ...: the last row before the page  size: how many rows are wanted
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from hookline.entities import LifecycleStage
from hookline.search.syntax import Comparison, Entity, Operator, OrderBy
from hookline_tracking_sql import schema
from hookline_tracking_sql.expressions import OrderedJoin, in_list, least_number, listed_texts, unindexed, value_prefix
from hookline_tracking_sql.schema import runs
from hookline_tracking_sql.search.conditions import attribute_test, metric_test, prefix_test, text_test
from hookline_tracking_sql.search.order import SortColumn, by_attribute, by_entry
from hookline_tracking_sql.search.paging import behind
from hookline_tracking_sql.search.targets import Column
from hookline_tracking_sql.statements import Prepared, prepared

_ONE: Column = sa.literal_column("1")
ATTRIBUTES: dict[str, Column] = {
    "run_id": runs.c.run_id,
    "run_name": runs.c.name,
    "user_id": runs.c.user_id,
    "status": runs.c.status,
    "artifact_uri": runs.c.artifact_uri,
    "start_time": runs.c.start_time,
    "end_time": runs.c.end_time,
}
_TABLES = {
    Entity.METRIC: schema.series,
    Entity.PARAM: schema.params,
    Entity.TAG: schema.tags,
    Entity.DATASET: schema.inputs,
}
RANGES = (Operator.EQUAL, Operator.GREATER, Operator.GREATER_EQUAL, Operator.LESS, Operator.LESS_EQUAL)
"""What an index of numbers answers by itself."""
_LOWER = (Operator.GREATER, Operator.GREATER_EQUAL)
_UPPER = (Operator.LESS, Operator.LESS_EQUAL)


class Lead(Enum):
    """Which rows a statement takes first, and so in which order it finds runs.

    An order by a metric, a param or a tag is walked in three parts: values, then NaN, then runs without any.
    """

    TIME = "all runs, by their start"
    VALUES = "values of what is ordered by first"
    NANS = "what is NaN of the metric that is ordered by first"
    MISSING = "runs without what is ordered by first"
    SORTED = "what one comparison finds, or all runs: all are sorted"


RANKS = {Lead.VALUES: 0, Lead.NANS: 1, Lead.MISSING: 2}


@frozen
class Plan:
    """The shape of a statement.

    Attributes:
        where, order: of the query, without values, and without keys but those of datasets.
        of_lead: numbers of the comparisons with the field that is ordered by first.
        driver: the number of the comparison that leads, where the lead is SORTED and not all runs.
        experiments: how many there are, each with a branch of its own; 0: a list of them.
        stages: how many lifecycle stages are searched, of the two.
        resumed: whether the statement starts behind a position.
    """

    where: tuple[Comparison, ...]
    order: tuple[OrderBy, ...]
    lead: Lead
    of_lead: tuple[int, ...] = ()
    driver: int | None = None
    experiments: int = 0
    stages: int = 1
    resumed: bool = False


@lru_cache(maxsize=512)
def page_statement(plan: Plan) -> Prepared:
    """Return the statement for a page: row ids of runs, then the values that they are sorted by."""
    by_time = plan.lead in (Lead.TIME, Lead.MISSING)
    # The index by time has an order within a stage only.
    stages = [[each] for each in range(plan.stages)] if by_time else [list(range(plan.stages))]
    places = range(plan.experiments) if plan.experiments else [None]
    branches = [_branch(plan, place, within) for place, within in product(places, stages)]
    whole = branches[0].rows if len(branches) == 1 else sa.union_all(*(each.rows for each in branches))
    return prepared(whole.order_by(*branches[0].order).limit(sa.bindparam("size", type_=sa.Integer)))


@lru_cache(maxsize=128)
def count_statement(plan: Plan) -> Prepared:
    """Return the statement that counts the runs of a SORTED plan; its order does not matter."""
    source = _source(plan, None)
    demands = _demands(plan, source, None, range(plan.stages))
    return prepared(sa.select(sa.func.count()).select_from(source.tables).where(*demands))


@lru_cache(maxsize=128)
def size_statement(comparison: Comparison, stages: int) -> Prepared | None:
    """Return the statement that counts, up to `size`, what an index finds for a comparison, which may be too much.

    None where no index finds less than all runs.
    """
    if comparison.field.entity is not Entity.ATTRIBUTE:
        table = _TABLES[comparison.field.entity]
        indexed = _indexed(table, comparison, 0)
        found = None if indexed is None else sa.select(_ONE).where(_within(table, None), *indexed)
    elif comparison.field.key == "start_time" and comparison.operator in RANGES:
        test = attribute_test(runs.c.start_time, comparison, sa.bindparam("w0"))
        found = sa.select(_ONE).where(_within(runs, None), _staged(range(stages)), test)
    else:
        found = None
    if found is None:
        return None
    some = found.limit(sa.bindparam("size", type_=sa.Integer)).subquery()
    return prepared(sa.select(sa.func.count()).select_from(some))


# Where statements start ----------------------------------------------------------------------------------------------


@frozen
class _Source:
    """Tables, the leading one first; `thing` is the column that holds the row id of a run earliest."""

    tables: sa.FromClause
    thing: Column
    lead: sa.FromClause


def _source(plan: Plan, place: int | None) -> _Source:
    if plan.lead in (Lead.VALUES, Lead.NANS):
        return _after(_TABLES[plan.order[0].field.entity].alias("lead"))
    if plan.driver is None:
        return _Source(runs, runs.c.id, runs)
    comparison = plan.where[plan.driver]
    if comparison.field.entity is not Entity.ATTRIBUTE:
        return _after(_found_by(comparison, plan.driver, place))
    if comparison.field.key != "run_id":
        return _Source(runs, runs.c.id, runs)
    ids = listed_texts(sa.bindparam("ids", type_=sa.Text)).table_valued("value", name="lead")
    return _Source(OrderedJoin(ids, runs, runs.c.run_id == ids.c.value), runs.c.id, ids)


def _after(lead: sa.FromClause) -> _Source:
    return _Source(OrderedJoin(lead, runs, runs.c.id == lead.c.run), lead.c.run, lead)


def _found_by(comparison: Comparison, number: int, place: int | None) -> sa.FromClause:
    """Return the runs for which a comparison holds, found by an index."""
    table = _TABLES[comparison.field.entity]
    indexed = _indexed(table, comparison, number) or []
    found = sa.select(table.c.run).where(_within(table, place), *indexed, *_entry_tests(table, comparison, number))
    return (found.distinct() if table is schema.inputs else found).subquery("lead")


def _indexed(table: sa.Table, comparison: Comparison, number: int) -> list[sa.ColumnElement[bool]] | None:
    """Return what an index answers of a comparison, or None where it answers nothing."""
    wanted, sign = sa.bindparam(f"w{number}"), comparison.operator
    if sign is Operator.IS_NULL:
        return None
    if table is schema.inputs:
        named = comparison.field.key == "name" and sign is Operator.EQUAL
        return [table.c.name == wanted] if named else None
    tests = [table.c.key == sa.bindparam(f"k{number}")]
    if table is schema.series:
        return [*tests, metric_test(table.c.last_value, sign, wanted)] if sign in RANGES else tests
    return [*tests, prefix_test(table.c.value, wanted)] if sign is Operator.EQUAL else tests


# What they demand ----------------------------------------------------------------------------------------------------


def _demands(plan: Plan, source: _Source, place: int | None, stages: Sequence[int]) -> list[sa.ColumnElement[bool]]:
    """Return all that is demanded of a run, except where it stands in the order."""
    found = [] if plan.stages == len(stages) == len(LifecycleStage) else [_staged(stages)]
    if plan.lead in (Lead.VALUES, Lead.NANS):
        found += _of_lead(plan, source, place)
    else:
        found.append(_within(runs, place))
    if plan.lead is Lead.MISSING:
        field = plan.order[0].field
        table = _TABLES[field.entity].alias("lead")
        found.append(~sa.exists().where(table.c.run == source.thing, table.c.key == sa.bindparam("o0")))
    done = {*plan.of_lead} if plan.lead in RANKS else {plan.driver}
    if plan.driver is not None and plan.where[plan.driver].field.entity is Entity.ATTRIBUTE:
        done = set()
    implied = _implied(plan)
    return found + [
        _test(each, number, source.thing, indexed=number not in implied)
        for number, each in enumerate(plan.where)
        if number not in done
    ]


def _implied(plan: Plan) -> set[int]:
    """Return the comparisons that bound the order on the side where the page starts behind its position.

    SQLite enters an index at one bound only, and must not take the one that is further away.
    """
    if not plan.resumed or plan.lead not in (Lead.TIME, Lead.VALUES):
        return set()
    led = plan.of_lead if plan.lead is Lead.VALUES else range(len(plan.where))
    signs = _LOWER if plan.order[0].ascending else _UPPER
    return {
        number
        for number in led
        if plan.where[number].operator in signs
        and (plan.lead is Lead.VALUES or plan.where[number].field == plan.order[0].field)
    }


def _of_lead(plan: Plan, source: _Source, place: int | None) -> list[sa.ColumnElement[bool]]:
    """Return what is demanded of the rows of what is ordered by first."""
    lead = source.lead
    found = [_within(lead, place), lead.c.key == sa.bindparam("o0")]
    value = _value(lead)
    if plan.lead is Lead.NANS:
        return [*found, value.is_(None)]
    implied = _implied(plan)
    lower = {number for number in plan.of_lead if plan.where[number].operator in (Operator.EQUAL, *_LOWER)}
    ascending = plan.order[0].ascending
    if plan.order[0].field.entity is Entity.METRIC and not lower and not (plan.resumed and ascending):
        found.append(value >= least_number())  # and so not NaN, said in a way that an index understands
    for number in plan.of_lead:
        comparison = plan.where[number]
        if number in implied:
            found += _value_tests(unindexed(value), comparison, number)
            continue
        if comparison.operator is Operator.EQUAL and comparison.field.entity is not Entity.METRIC:
            found.append(prefix_test(value, sa.bindparam(f"w{number}")))
        found += _value_tests(value, comparison, number)
    return found


def _within(table: sa.FromClause, place: int | None) -> sa.ColumnElement[bool]:
    column = table.c.experiment
    if place is not None:
        return column == sa.bindparam(f"e{place}")
    return in_list(column, sa.bindparam("experiments", type_=sa.Text))


def _staged(stages: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.or_(*(runs.c.lifecycle_stage == sa.bindparam(f"s{each}") for each in stages))


def _test(comparison: Comparison, number: int, thing: Column, *, indexed: bool = True) -> sa.ColumnElement[bool]:
    """Return the condition that a comparison holds for a run."""
    field = comparison.field
    if field.entity is Entity.ATTRIBUTE:
        column = ATTRIBUTES[field.key] if indexed else unindexed(ATTRIBUTES[field.key])
        return attribute_test(column, comparison, sa.bindparam(f"w{number}"))
    table = _TABLES[field.entity].alias(f"test_{number}")
    has = sa.exists().where(table.c.run == thing, *_entry_tests(table, comparison, number))
    return ~has if comparison.operator is Operator.IS_NULL else has


def _entry_tests(table: sa.FromClause, comparison: Comparison, number: int) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a row is one that a comparison asks for."""
    if comparison.field.entity is Entity.DATASET:
        value = table.c[comparison.field.key]
        return [text_test(value, comparison.operator, sa.bindparam(f"w{number}"))]
    return [table.c.key == sa.bindparam(f"k{number}"), *_value_tests(_value(table), comparison, number)]


def _value_tests(value: Column, comparison: Comparison, number: int) -> list[sa.ColumnElement[bool]]:
    wanted, sign = sa.bindparam(f"w{number}"), comparison.operator
    if sign in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return []
    if comparison.field.entity is Entity.METRIC:
        return [metric_test(value, sign, wanted)]
    if sign is Operator.EQUAL:
        # Not `=`: beside a condition on the start of the text SQLite would put the constant into that, and then find
        # no index for it.
        return [value.is_not_distinct_from(wanted)]
    return [text_test(value, sign, wanted)]


def _value(table: sa.FromClause) -> Column:
    value: Column = table.c.last_value if "last_value" in table.c else table.c.value
    return value


# The order -----------------------------------------------------------------------------------------------------------


@frozen
class _Branch:
    rows: "sa.Select[Any]"
    order: Sequence[Column]


def _branch(plan: Plan, place: int | None, stages: Sequence[int]) -> _Branch:
    """Return the rows of one experiment (or of a list of them) and of some stages, and the places to sort them by."""
    source = _source(plan, place)
    demands = _demands(plan, source, place, stages)
    ranked = plan.lead in RANKS
    known = [sa.literal_column(str(RANKS[plan.lead]))] if ranked else []
    if plan.lead in (Lead.NANS, Lead.MISSING):
        known.append(sa.literal_column("0"))
    tables, sorts = _sorts(source, plan.order, ranked)
    if plan.lead is Lead.VALUES:
        sorts.insert(0, SortColumn(_value(source.lead), plan.order[0].ascending))
    if plan.resumed:
        reached = [sa.bindparam(f"p{number}") for number in range(len(known), len(known) + len(sorts))]
        demands.append(behind(sorts, reached))
    selected = [runs.c.id, *known, *(sort.expression for sort in sorts)]
    order = [_place(1 + len(known) + number, sort.ascending) for number, sort in enumerate(sorts, 1)]
    if plan.lead is Lead.VALUES and plan.order[0].field.entity is not Entity.METRIC:
        # The index holds the starts of texts, which are in the order of the whole texts.
        start = SortColumn(value_prefix(sorts[0].expression), plan.order[0].ascending)
        selected.append(start.expression)
        order.insert(0, _place(len(selected), start.ascending))
        if plan.resumed:
            demands.append(start.reaches(value_prefix(sa.bindparam("p1", type_=sa.Text))))
    labelled = [each.label(f"column_{number}") for number, each in enumerate(selected)]
    return _Branch(sa.select(*labelled).select_from(tables).where(*demands), order)


def _sorts(source: _Source, order: Sequence[OrderBy], ranked: bool) -> tuple[sa.FromClause, list[SortColumn]]:
    """Return the tables with those that an order needs, and its columns; the first item is the lead's where ranked."""
    tables = source.tables
    sorts: list[SortColumn] = []
    for number, item in enumerate(order):
        field = item.field
        if ranked and number == 0:
            continue
        if field.entity is Entity.ATTRIBUTE:
            sorts += by_attribute(ATTRIBUTES[field.key], item.ascending)
            continue
        table = _TABLES[field.entity].alias(f"order_{number}")
        tables = tables.outerjoin(
            table, sa.and_(table.c.run == source.thing, table.c.key == sa.bindparam(f"o{number}"))
        )
        number_like = field.entity is Entity.METRIC
        sorts += by_entry(table.c.run.is_not(None), _value(table), item.ascending, number=number_like)
    return tables, sorts


def _place(number: int, ascending: bool) -> Column:
    """Return a column of the result as an item of ORDER BY; several selects in one know no other way."""
    column = sa.literal_column(str(number))
    return column.asc() if ascending else column.desc()
