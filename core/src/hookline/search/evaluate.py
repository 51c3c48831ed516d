"""Answers a query by looking at every entity: slow, plain and exact, the oracle that every store is tested against."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from hookline.entities import Page, RunData, RunRecord
from hookline.errors import InvalidValue
from hookline.search.like import like
from hookline.search.paging import decode_token, encode_token
from hookline.search.syntax import Columns, Comparison, Operator, OrderBy, Query
from hookline.search.vocabulary import Vocabulary, vocabulary_of

T = TypeVar("T")
_Test = Callable[[Any], bool]

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.GREATER_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_EQUAL: operator.le,
}


def matches(query: Query, item: object) -> bool:
    """Return whether an entity is in the query's view and all comparisons hold for it."""
    return bool(_selected(query, [item]))


def ordered(query: Query, items: Iterable[T]) -> list[T]:
    """Return entities in the query's order, which does not filter."""
    result = list(items)
    if not result:
        return result
    vocabulary = vocabulary_of(result[0])
    # Sorting is stable, so sorting by the last key first sorts by all of them.
    for order in reversed(query.order_by):
        result.sort(key=_sort_key(vocabulary, order), reverse=not order.ascending)
    return result


def page(query: Query, items: Iterable[T], *, scope: Sequence[str] = ()) -> Page[T]:
    """Return the page of the query's results among entities of one kind.

    Args:
        scope: what else the entities depend on, such as the ids of the experiments that are searched; a page token is
            good for the same scope only.

    Raises:
        InvalidValue: the page token is damaged, or belongs to another query.
    """
    start = decode_token(query, scope) or 0
    if isinstance(start, bool) or not isinstance(start, int) or start < 0:
        raise InvalidValue("Invalid page token: its position is not a number of results.")
    found = ordered(query, _selected(query, items))
    end = start + query.max_results
    return Page(found[start:end], encode_token(query, end, scope) if end < len(found) else None)


def selected_columns(record: RunRecord, columns: Columns | None) -> RunRecord:
    """Return a run with the data that a query wants of it."""
    if columns is None:
        return record

    def of(values: Mapping[str, T], keys: frozenset[str]) -> dict[str, T]:
        return {key: value for key, value in values.items() if key in keys}

    data = record.data
    return RunRecord(
        record.info,
        RunData(of(data.params, columns.params), of(data.latest, columns.metrics), of(data.tags, columns.tags)),
    )


def _selected(query: Query, items: Iterable[T]) -> list[T]:
    tests = [(comparison.field, _test(comparison)) for comparison in query.where]
    found = []
    for item in items:
        vocabulary = vocabulary_of(item)
        if vocabulary.lifecycle and not query.view.admits(attrgetter(vocabulary.lifecycle)(item)):
            continue
        if all(test(vocabulary.values(item, field)) for field, test in tests):
            found.append(item)
    return found


def _test(comparison: Comparison) -> _Test:
    """Return the function that decides a comparison for all values that an entity has for its field."""
    if comparison.operator is Operator.IS_NULL:
        return lambda values: not any(True for _ in values)
    holds = _holds(comparison)
    return lambda values: any(holds(value) for value in values)


def _holds(comparison: Comparison) -> _Test:
    value: Any = comparison.value
    match comparison.operator:
        case Operator.IS_NOT_NULL:
            return lambda _present: True
        case Operator.LIKE:
            return like(value)
        case Operator.ILIKE:
            return like(value, ignore_case=True)
        case Operator.IN:
            return frozenset(value).__contains__
        case Operator.NOT_IN:
            listed = frozenset(value)
            return lambda present: present not in listed
        case _:
            compare = _COMPARE[comparison.operator]
            return lambda present: compare(present, value)


def _sort_key(vocabulary: Vocabulary, order: OrderBy) -> Callable[[Any], tuple[int, Any]]:
    """Return a key that puts NaN after values and what is missing last, also when the sort is reversed."""
    sign = 1 if order.ascending else -1

    def key(item: Any) -> tuple[int, Any]:
        value = vocabulary.order_value(item, order)
        if value is None:
            return (2 * sign, 0)
        if value != value:
            return (sign, 0)
        return (0, value)

    return key
