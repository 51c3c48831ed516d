"""Writes a search as the texts that `parse` reads: for stores that are asked over a network.

`parse(vocabulary, written_filter(...), written_order(...))` gives the same query again.
"""

from collections.abc import Sequence
from math import inf

from hookline.errors import NotSupported
from hookline.search.syntax import Comparison, Entity, Field, Operator, OrderBy, Query
from hookline.search.vocabulary import PROMPT_TAG, Vocabulary


def written_filter(vocabulary: Vocabulary, query: Query, *, plain: bool = False) -> str:
    """Return the comparisons of a query as one filter; "" where there are none.

    Args:
        plain: whether attributes are written by their names alone, which some of MLflow's searches ask for.
    """
    hidden = Comparison(Field(Entity.TAG, PROMPT_TAG), Operator.IS_NULL) if vocabulary.hides_prompts else None
    asked = (each for each in query.where if each != hidden)
    return " AND ".join(_comparison(written_field(vocabulary, each.field, plain=plain), each) for each in asked)


def written_order(vocabulary: Vocabulary, query: Query, *, plain: bool = False) -> list[str]:
    """Return the order of a query as items such as `"metrics.rmse DESC"`, without the tie-breaks that end it.

    Args:
        plain: as for `written_filter`.

    Raises:
        NotSupported: an item orders by the metric of a dataset, which no text says.
    """
    return [_item(written_field(vocabulary, each.field, plain=plain), each) for each in asked_order(vocabulary, query)]


def asked_order(vocabulary: Vocabulary, query: Query) -> Sequence[OrderBy]:
    """Return the order of a query without the tie-breaks that `parse` adds by itself."""
    items = list(query.order_by)
    for tie in reversed(vocabulary.tie_break):
        if items and items[-1] == tie:
            items.pop()
        else:
            break
    return items


def written_field(vocabulary: Vocabulary, field: Field, *, plain: bool = False) -> str:
    """Return a field as it is written in a filter; `plain` as there."""
    if field.entity is Entity.ATTRIBUTE:
        return field.key if plain else f"{vocabulary.attribute_names[0]}.{field.key}"
    return f"{field.entity.value}s.{_quoted(field.key, '`')}"


def _item(field: str, order: OrderBy) -> str:
    if order.dataset_name is not None:
        raise NotSupported("An order by a metric on a dataset cannot be written as a text.")
    return f"{field} {'ASC' if order.ascending else 'DESC'}"


def _comparison(field: str, asked: Comparison) -> str:
    if asked.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return f"{field} {asked.operator}"
    return f"{field} {asked.operator} {_value(asked)}"


def _value(asked: Comparison) -> str:
    value = asked.value
    if isinstance(value, tuple):
        return f"({', '.join(_quoted(each) for each in value)})"
    if isinstance(value, str):
        return _quoted(value)
    return "1e999" if value == inf else "-1e999" if value == -inf else repr(value).replace("e+", "e")


def _quoted(text: str, quote: str = "") -> str:
    """Return a text in quotes, if it can be in those that it does not hold: MLflow's server knows no doubled ones."""
    quote = quote or ('"' if "'" in text and '"' not in text else "'")
    return quote + text.replace(quote, quote * 2) + quote
