"""Comparisons as conditions of SQL, with their values as bound parameters."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from hookline.entities import LifecycleStage, ViewType
from hookline.search.syntax import Comparison, Entity, Operator, Query
from hookline_tracking_sql.functions import like
from hookline_tracking_sql.schema import value_prefix
from hookline_tracking_sql.search.targets import Column, Keyed, Target
from hookline_tracking_sql.statements import among, in_list, json_list

Condition = sa.ColumnElement[bool]

_COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.GREATER_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_EQUAL: operator.le,
}
_LISTS = (Operator.IN, Operator.NOT_IN)


def conditions(target: Target, query: Query) -> list[Condition]:
    """Return what a query demands: its view and all its comparisons.

    What a thing has by key is asked for with `IN (SELECT owner ...)`, never with a join, so that nothing appears twice.
    """
    found = [_condition(target, comparison) for comparison in query.where]
    if target.lifecycle is not None and query.view is not ViewType.ALL:
        active = query.view is ViewType.ACTIVE_ONLY
        found.append(target.lifecycle == (LifecycleStage.ACTIVE if active else LifecycleStage.DELETED).value)
    return found


def one_of(column: Column, values: Sequence[int]) -> Condition:
    """Return the condition that a column holds one of some ids; for one id an index can give the order then."""
    return column == values[0] if len(values) == 1 else among(column, values)


def bound_value(comparison: Comparison) -> Any:
    """Return the value of a comparison as the driver takes it for the parameter that `attribute_test` compares with."""
    wanted: Any = comparison.value
    if comparison.operator in _LISTS:
        return json_list(wanted)
    if isinstance(wanted, int) and not -(2**63) <= wanted < 2**63:
        return float(wanted)
    return wanted


def attribute_test(column: Column, comparison: Comparison, wanted: "sa.BindParameter[Any]") -> Condition:
    """Return the condition that a column compares so with a parameter; a missing value holds for `IS NULL` alone."""
    if comparison.operator is Operator.IS_NULL:
        return column.is_(None)
    if comparison.operator is Operator.IS_NOT_NULL:
        return column.is_not(None)
    return text_test(column, comparison.operator, wanted)


def text_test(column: Column, sign: Operator, wanted: "sa.BindParameter[Any]") -> Condition:
    """Return the condition that a number or a text, which is there, compares so with a parameter."""
    match sign:
        case Operator.LIKE | Operator.ILIKE:
            return like(column, wanted, ignore_case=sign is Operator.ILIKE)
        case Operator.IN:
            return in_list(column, wanted)
        case Operator.NOT_IN:
            return sa.and_(column.is_not(None), sa.not_(in_list(column, wanted)))
        case _:
            test: Condition = _COMPARE[sign](column, wanted)
            return test


def metric_test(column: Column, sign: Operator, wanted: "sa.BindParameter[Any]") -> Condition:
    """Return the condition for a metric, which is NaN where it is NULL: it differs from every number."""
    test = text_test(column, sign, wanted)
    return sa.or_(test, column.is_(None)) if sign is Operator.NOT_EQUAL else test


def compares_with_nan(comparison: Comparison) -> bool:
    """Return whether a comparison is with NaN, for which no operator but `!=` holds, and that for every value."""
    return isinstance(comparison.value, float) and math.isnan(comparison.value)


def prefix_test(column: Column, wanted: "sa.BindParameter[str]") -> Condition:
    """Return what an index by `value_prefix` answers of the condition that a text is equal to a parameter."""
    return value_prefix(column) == value_prefix(wanted)


def _condition(target: Target, comparison: Comparison) -> Condition:
    field = comparison.field
    if field.entity is Entity.ATTRIBUTE:
        return attribute_test(target.attributes[field.key], comparison, _bound(comparison))
    return _keyed_condition(target.keyed[field.entity], comparison)


def _bound(comparison: Comparison) -> "sa.BindParameter[Any]":
    return sa.bindparam(None, bound_value(comparison), None if comparison.field.numeric else sa.Text)


def _keyed_condition(keyed: Keyed, comparison: Comparison) -> Condition:
    key = comparison.field.key
    owners = sa.select(keyed.owner).where(keyed.has_key(key))
    if comparison.operator is Operator.IS_NULL:
        return keyed.thing.not_in(owners)
    if comparison.operator is not Operator.IS_NOT_NULL:
        owners = owners.where(_entry_test(keyed, comparison))
    return keyed.thing.in_(owners)


def _entry_test(keyed: Keyed, comparison: Comparison) -> Condition:
    value, wanted = keyed.value, _bound(comparison)
    if keyed.number:
        if compares_with_nan(comparison):
            return sa.true() if comparison.operator is Operator.NOT_EQUAL else sa.false()
        return metric_test(value, comparison.operator, wanted)
    if keyed.prefixed and comparison.operator is Operator.EQUAL:
        # Not `=` for the whole: SQLite would put the constant into the prefix, and then find no index for it.
        return sa.and_(prefix_test(value, wanted), value.is_not_distinct_from(wanted))
    return text_test(value, comparison.operator, wanted)
