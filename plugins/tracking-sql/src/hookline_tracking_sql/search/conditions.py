"""Comparisons as conditions of SQL, with their values as bound parameters."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from hookline.entities import LifecycleStage, ViewType
from hookline.search.syntax import Comparison, Entity, Operator, Query
from hookline_tracking_sql.column_types import Number
from hookline_tracking_sql.expressions import equals_number, ilike, in_list, like, lower_zero, value_prefix
from hookline_tracking_sql.search.targets import Column, Keyed, Target
from hookline_tracking_sql.statements import among, json_list

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
_LEAST, _GREATEST = -(2**63), 2**63 - 1


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
    if isinstance(wanted, str) or wanted is None:
        return wanted
    if comparison.field.entity is Entity.ATTRIBUTE:
        return _among_integers(wanted, comparison.operator)
    if isinstance(wanted, int):
        return wanted if _LEAST <= wanted <= _GREATEST else float(wanted)
    return wanted or 0.0  # and not -0.0


def _among_integers(wanted: float, sign: Operator) -> int | None:
    """Return the integer that an attribute compares with as it does with a number, which databases would round.

    No attribute is as little or as great as an integer of 64 bits can be.
    """
    if math.isnan(wanted):
        return None
    if math.isinf(wanted) or not _LEAST <= wanted <= _GREATEST:
        equal = sign in (Operator.EQUAL, Operator.NOT_EQUAL)
        return _LEAST if wanted < 0 or equal else _GREATEST
    if wanted == math.floor(wanted) or sign in (Operator.GREATER, Operator.LESS_EQUAL):
        return math.floor(wanted)
    if sign in (Operator.GREATER_EQUAL, Operator.LESS):
        return math.ceil(wanted)
    return _LEAST


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
            return ilike(column, wanted) if sign is Operator.ILIKE else like(column, wanted)
        case Operator.IN:
            return in_list(column, wanted)
        case Operator.NOT_IN:
            return sa.and_(column.is_not(None), sa.not_(in_list(column, wanted)))
        case _:
            test: Condition = _COMPARE[sign](column, wanted)
            return test


def metric_test(column: Column, sign: Operator, wanted: "sa.BindParameter[Any]") -> Condition:
    """Return the condition for a metric, which is NaN where it is NULL: it differs from every number."""
    match sign:
        case Operator.EQUAL:
            return equals_number(column, wanted)
        case Operator.NOT_EQUAL:
            return sa.or_(sa.not_(equals_number(column, wanted)), column.is_(None))
        case Operator.GREATER_EQUAL | Operator.LESS:
            return text_test(column, sign, lower_zero(wanted))
        case _:
            return text_test(column, sign, wanted)


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
    kind = Number if comparison.field.entity is Entity.METRIC else None if comparison.field.numeric else sa.Text
    return sa.bindparam(None, bound_value(comparison), kind)


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
